// What every own field has around it: label, description, errors, wired with ids.
import { Description, Errors, Label } from "@bpmn-io/form-js-viewer";

export const classes = (type, { errors = [], disabled, readonly }) =>
  ["fjs-form-field", `fjs-form-field-${type}`, errors.length && "fjs-has-errors", disabled && "fjs-disabled", readonly && "fjs-readonly"]
    .filter(Boolean).join(" ");

/** ids for aria-describedby */
export const told = (domId) => `${domId}-description ${domId}-error-message`;

/** A field with one labelled control. */
export function Frame({ type, props, children }) {
  const { domId, errors = [], field } = props;
  return (
    <div class={classes(type, props)}>
      <Label htmlFor={domId} label={field.label} required={field.validate?.required} />
      {children}
      <Description id={`${domId}-description`} description={field.description} />
      <Errors id={`${domId}-error-message`} errors={errors} />
    </div>
  );
}

/** A field of several controls: role group, named by its label. */
export function GroupFrame({ type, props, children }) {
  const { domId, errors = [], field } = props;
  return (
    <div class={classes(type, props)} role="group" aria-labelledby={`${domId}-label`} aria-describedby={told(domId)} id={domId} tabIndex={-1}>
      <span class="fjs-form-field-label" id={`${domId}-label`}>
        {field.label}{field.validate?.required && <span class="fjs-asterix" aria-hidden="true">*</span>}
      </span>
      <Description id={`${domId}-description`} description={field.description} />
      {children}
      <Errors id={`${domId}-error-message`} errors={errors} />
    </div>
  );
}
