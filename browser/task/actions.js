// The buttons under a form: one per verdict of the schema. The first press of a verdict that needs answers shows the fields for
// them (their `hide` conditions see the variable "verdict"); with everything in place it asks where `confirm` says so, and sends.
import { ask } from "../app/confirm.js";
import { post } from "../app/request.js";
import { text } from "../app/text.js";
import { answersOf } from "./answers.js";
import { reach, showFound, showProblems } from "./problems.js";

const PLAIN = [{ value: "submit", label: "提交", style: "primary" }];
const drawn = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

export function actions(root, form, schema, draft) {
  const bar = root.querySelector('[data-part="actions"]');
  if (!bar) return;
  const verdicts = schema["licet:verdicts"] ?? PLAIN;
  bar.replaceChildren(...verdicts.map((verdict) => button(verdict, () => press(verdict))));
  const busy = (on) => bar.querySelectorAll("button").forEach((b) => { b.disabled = on; b.ariaBusy = String(on); });
  const mark = () => bar.querySelectorAll("button").forEach((b) => b.setAttribute("aria-pressed", String(b.value === form._getState().data.verdict)));

  /** Choose a verdict; the fields that it brings onto the page. */
  async function choose(verdict) {
    document.activeElement?.blur?.(); // fields settle what is typed when they lose the focus
    await drawn();
    const before = shown(form);
    form.get("validator").choose(verdict);
    form._setState({ data: { ...form._getState().data, verdict: verdict.value } });
    mark();
    await drawn();
    return shown(form).filter(({ key }) => !before.some((old) => old.key === key) && verdict.needs?.some((need) => key === need || key.startsWith(`${need}.`)));
  }

  async function press(verdict) {
    const fresh = await choose(verdict);
    if (fresh.length) return reach(fresh[0].id);
    const errors = { ...form.validate(), ...unfilled(form, verdict) };
    form._setState({ errors });
    if (Object.keys(errors).length) return showFound(root, form, errors);
    showProblems(root, form, {});
    if (verdict.confirm && !await ask(verdict.confirm, { yes: verdict.label, danger: verdict.style === "danger" })) return;
    busy(true);
    await send(root, form, verdict, draft);
    busy(false);
  }

  const wanted = verdicts.find(({ value, needs }) => needs?.length && location.hash === `#verdict=${value}`); // from the inbox: r
  if (wanted) choose(wanted).then((fresh) => fresh.length && reach(fresh[0].id));
}

function button(verdict, press) {
  const made = Object.assign(document.createElement("button"), {
    type: "button", name: "verdict", value: verdict.value, textContent: verdict.label, className: `btn btn-${verdict.style ?? "secondary"}`,
  });
  if (verdict.key) made.dataset.key = verdict.key;
  made.addEventListener("click", press);
  return made;
}

/** Keys of the fields on the page now, with their DOM ids. */
function shown(form) {
  return form.get("formFieldInstanceRegistry").getAllKeyed().map(({ id, valuePath, indexes }) => ({
    key: valuePath.join("."), id: `fjs-form-${form._id}-${[id, ...Object.values(indexes ?? {})].join("_")}`,
  }));
}

/** Tick lists that must be complete for this verdict (licet:all), as form-js errors. */
function unfilled(form, verdict) {
  const { data } = form._getState();
  const open = form.get("formFieldRegistry").getAll().filter((field) => field.properties?.["licet:all"] === verdict.value)
    .filter((field) => (data[field.valuesKey] ?? field.values ?? []).length > (data[field.key] ?? []).length);
  return Object.fromEntries(open.map((field) => [field.id, [text("还有没核对的项目")]]));
}

async function send(root, form, verdict, draft) {
  draft?.stop();
  const body = new URLSearchParams({ answers: JSON.stringify(answersOf(form)), verdict: verdict.value, ...(root.dataset.version ? { version: root.dataset.version } : {}) });
  const answer = await post(root.dataset.action, body);
  const next = answer.body.location ?? answer.redirected;
  if (answer.ok && next) return location.assign(next);
  if (answer.ok) return location.reload();
  draft?.resume();
  const words = answer.offline ? text("没有提交：网络不通。您填写的内容还在，请稍后再试。") : answer.body.error ?? text("没有提交（{status}）。您填写的内容还在。", { status: answer.status });
  showProblems(root, form, answer.body.problems ?? {}, Object.keys(answer.body.problems ?? {}).length ? "" : words, answer.body.login);
}
