// form-js's dynamic list, with what is wrong with the list as a whole under it.
import { DynamicList, Errors } from "@bpmn-io/form-js-viewer";

export function Rows(props) {
  const errors = Array.isArray(props.errors) ? props.errors : [];
  return (
    <div id={`${props.domId}-list`} tabIndex={-1} class={errors.length ? "fjs-has-errors licet-rows" : "licet-rows"}>
      <DynamicList {...props} />
      <Errors id={`${props.domId}-error-message`} errors={errors} />
    </div>
  );
}
Rows.config = DynamicList.config;
