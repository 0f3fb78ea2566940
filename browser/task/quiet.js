// form-js finds fault with every keystroke. Ours waits until a field is left, then keeps what it says up to date while the field is
// put right; an empty field is not complained of before sending.
import { ExpressionFieldModule, ExpressionLanguageModule, Form, MarkdownRendererModule, RepeatRenderModule } from "@bpmn-io/form-js-viewer";
import { get, set } from "min-dash";

const pathOf = ({ id, indexes }) => [id, ...Object.values(indexes ?? {})];
const empty = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);

export class QuietForm extends Form {
  _getModules() { // without form-js's own validation on leaving a field and on opening
    return [ExpressionLanguageModule, ExpressionFieldModule, MarkdownRendererModule, RepeatRenderModule];
  }

  _update(update) {
    const { fieldInstance, value } = update;
    const { data, errors } = this._getState();
    set(data, fieldInstance.valuePath, value);
    const field = this.get("formFieldRegistry").get(fieldInstance.id);
    let next = JSON.parse(JSON.stringify(errors));
    if (field.type === "dynamiclist") next = withoutRows(next, field);
    else if (get(errors, pathOf(fieldInstance))) next = this.judged(next, fieldInstance, value);
    this._emit("field.updated", update);
    this._setState({ data: JSON.parse(JSON.stringify(data)), errors: next });
  }

  /** The errors with those of one field as they are now. */
  judged(errors, instance, value) {
    const found = this.get("validator").validateFieldInstance(instance, value);
    set(errors, pathOf(instance), found.length ? found : undefined);
    return errors;
  }

  /** A control was left: say what is wrong with what stands there. */
  left(element) {
    const prefix = `fjs-form-${this._id}-`;
    const name = element.id?.startsWith(prefix) && element.id.slice(prefix.length);
    const instance = name && this.get("formFieldInstanceRegistry").getAllKeyed().find((one) => pathOf(one).join("_") === name);
    if (!instance) return;
    const value = get(this._getState().data, instance.valuePath);
    const errors = JSON.parse(JSON.stringify(this._getState().errors));
    if (!empty(value)) this._setState({ errors: this.judged(errors, instance, value) });
  }
}

/** Rows have moved: what was said of them may be at the wrong row now. */
function withoutRows(errors, list) {
  const gone = new Set([list.id]);
  const collect = (components = []) => components.forEach((inner) => { gone.add(inner.id); collect(inner.components); });
  collect(list.components);
  return Object.fromEntries(Object.entries(errors).filter(([id]) => !gone.has(id)));
}
