// A native <select>. Options: `values`, `valuesKey` (a list in the data) or `valuesExpression` (FEEL), as in form-js.
import { FormContext, LocalExpressionContext, Select, useExpressionEvaluation } from "@bpmn-io/form-js-viewer";
import { useContext } from "preact/hooks";
import { text } from "../app/text.js";
import { Frame, told } from "./frame.jsx";

const normal = (option) => (option !== null && typeof option === "object" ? { label: option.label ?? String(option.value), value: option.value } : { label: String(option), value: option });

/** The options of a select-like field as [{label, value, …}]. */
export function useChoices(field) {
  const form = useContext(FormContext).getService("form");
  const computed = useExpressionEvaluation(field.valuesExpression);
  useContext(LocalExpressionContext); // redraw when the data changes
  const found = field.valuesExpression ? computed : field.valuesKey ? form._getState().data[field.valuesKey] : field.values;
  return Array.isArray(found) ? found.map((option) => ({ ...(typeof option === "object" ? option : {}), ...normal(option) })) : [];
}

export function Choice(props) {
  const { disabled, domId, errors = [], field, onBlur, onChange, onFocus, readonly, value } = props;
  const options = useChoices(field);
  const at = options.findIndex((option) => option.value === value);
  if (readonly) return <Frame type="select" props={props}><input id={domId} class="fjs-input" type="text" readOnly value={options[at]?.label ?? ""} /></Frame>;
  return (
    <Frame type="select" props={props}>
      <select id={domId} class="fjs-input licet-select" disabled={disabled} value={String(at)} aria-describedby={told(domId)}
        aria-invalid={errors.length > 0} required={field.validate?.required} onBlur={onBlur} onFocus={onFocus}
        onChange={({ target }) => onChange({ value: options[Number(target.value)]?.value ?? null })}>
        <option value="-1">{text("请选择")}</option>
        {options.map((option, index) => <option key={index} value={String(index)}>{option.label}</option>)}
      </select>
    </Frame>
  );
}
Choice.config = { ...Select.config, sanitizeValue: ({ value }) => (value === "" ? null : value) };
