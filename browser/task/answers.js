// What is sent: the visible, editable, keyed fields and nothing else (the server refuses the rest by name).
import { get, set } from "min-dash";

/** Shown instances of keyed fields with {field, valuePath, indexes}; read-only and disabled ones left out. */
export function editable(form) {
  const registry = form.get("formFieldRegistry");
  const language = form.get("expressionLanguage");
  const locked = (field, instance) => {
    if (field.disabled) return true;
    if (!language.isExpression(field.readonly)) return Boolean(field.readonly);
    return language.evaluateUnaryTest(field.readonly, { ...form._getState().data, ...instance.expressionContextInfo?.this }) === true;
  };
  return form.get("formFieldInstanceRegistry").getAllKeyed()
    .map((instance) => ({ ...instance, field: registry.get(instance.id) }))
    .filter(({ field, ...instance }) => !locked(field, instance));
}

export function answersOf(form) {
  const { data } = form._getState();
  const answers = {};
  for (const { valuePath } of editable(form)) {
    const value = get(data, valuePath);
    if (value !== undefined) set(answers, valuePath, value);
  }
  return JSON.parse(JSON.stringify(answers));
}
