// What is wrong, at the fields and in one list above them whose entries lead to the fields.
import { set } from "min-dash";
import { text } from "../app/text.js";

/** Put {"returns.0.reason": ["…"]} at the fields; keys that are no field ("" among them) stay in the list above. */
export function showProblems(root, form, problems, message = "", login = "") {
  const errors = {};
  const entries = [];
  for (const [key, found] of Object.entries(problems)) {
    const place = placeOf(form, key);
    if (place) set(errors, place.path, found);
    for (const words of found) entries.push({ words, place });
  }
  if (entries.length) form._setState({ errors });
  summary(root, form, entries, message, login);
}

/** A link to sign in again without leaving what is typed. */
export function signIn(address) {
  return Object.assign(document.createElement("a"), { href: address, target: "_blank", rel: "noopener", textContent: text("在新标签页重新登录") });
}

/** form-js found {fieldId: [...] or {index: [...]}}: the same list. */
export function showFound(root, form, errors) {
  const registry = form.get("formFieldInstanceRegistry");
  const entries = registry.getAllKeyed().flatMap((instance) => {
    const path = [instance.id, ...Object.values(instance.indexes ?? {})];
    const found = path.reduce((at, step) => at?.[step], errors);
    return (Array.isArray(found) ? found : []).filter((words) => typeof words === "string")
      .map((words) => ({ words, place: { path, id: domId(form, path), label: labelOf(form, instance.id) } }));
  });
  summary(root, form, entries, "");
}

const domId = (form, [id, ...indexes]) => `fjs-form-${form._id}-${[id, ...indexes].join("_")}`;
const labelOf = (form, id) => { const field = form.get("formFieldRegistry").get(id); return field?.label ?? field?.dateLabel ?? ""; };

function placeOf(form, key) {
  if (!key) return null;
  const all = form.get("formFieldInstanceRegistry").getAll?.() ?? form.get("formFieldInstanceRegistry").getAllKeyed();
  const instance = all.find(({ valuePath }) => valuePath.join(".") === key);
  if (instance) {
    const path = [instance.id, ...Object.values(instance.indexes ?? {})];
    return { path, id: domId(form, path), label: labelOf(form, instance.id) };
  }
  const list = form.get("formFieldRegistry").getAll().find((field) => field.path === key && field.type === "dynamiclist");
  return list && { path: [list.id], id: `${domId(form, [list.id])}-list`, label: list.label };
}

function summary(root, form, entries, message, login = "") {
  root.querySelector('[data-part="problems-list"]')?.remove(); // a new alert is read out, a changed one is not everywhere
  if (!entries.length && !message) return;
  const box = placeFor(root);
  const title = message || text("有 {n} 处需要修改", { n: entries.length });
  box.append(Object.assign(document.createElement("h2"), { className: "alert-title", textContent: title }));
  const list = document.createElement("ul");
  for (const { words, place } of entries) list.append(entry(words, place));
  if (entries.length) box.append(list);
  if (login) box.append(signIn(login));
  box.focus();
}

function entry(words, place) {
  const item = document.createElement("li");
  if (!place) { item.textContent = words; return item; }
  const link = Object.assign(document.createElement("a"), { href: `#${place.id}`, textContent: `${place.label ?? ""}：${words}` });
  link.addEventListener("click", (event) => { event.preventDefault(); reach(place.id); });
  item.append(link);
  return item;
}

/** Bring a field into view and give it (or its first control) the focus. */
export function reach(id) {
  const field = document.getElementById(id);
  field?.scrollIntoView({ block: "center" });
  (field?.matches("input, select, textarea") ? field : field?.querySelector("input:not([hidden]), select, textarea, button:not(:disabled)") ?? field)?.focus({ preventScroll: true });
}

function placeFor(root) {
  const box = Object.assign(document.createElement("div"), { className: "alert alert-danger", tabIndex: -1 });
  box.setAttribute("role", "alert");
  box.dataset.part = "problems-list";
  root.querySelector('[data-part="fields"]').before(box);
  return box;
}
