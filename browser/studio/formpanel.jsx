// Our own words of a form (forms/schema.py): its title and its buttons, and of a field what the server checks.
import { Line, Many, One, YES_NO } from "./parts.jsx";
import { text } from "./text.js";

const CHECKS = () => [["cn-id", text("身份证号")], ["uscc", text("统一社会信用代码")], ["licence-id", text("施工许可证号")], ["certificate-number", text("证件编号")]];
const STYLES = () => [["primary", text("蓝色（主要）")], ["success", text("绿色（同意）")], ["warning", text("黄色（退回）")], ["danger", text("红色（不同意）")], ["secondary", text("灰色")]];
const REMOVED = ["custom-values", "security-attributes"];

class FormPanel {
  constructor(propertiesPanel, injector) {
    this._injector = injector;
    propertiesPanel.registerProvider(this, 400);
  }

  getGroups(field, editField) {
    return (groups) => {
      if (!field) return groups;
      const kept = groups.filter((group) => !REMOVED.includes(group.id)).map(withoutUnknown);
      return field.type === "default" ? [...kept, title(field, editField), ...buttons(field, editField, this._keys())] : [...kept, ...checks(field, editField, this._schema())];
    };
  }

  _schema() { return this._injector.get("formEditor").getSchema(); }
  _keys() { return keyed(this._schema().components).map((one) => [one.key || one.path, `${one.label || one.dateLabel || one.key || one.path}（${one.key || one.path}）`]); }
}
FormPanel.$inject = ["propertiesPanel", "injector"];

/** Entries that the server does not follow. */
const NOT_FOLLOWED = new Set(["version-tag", "versionTag", "alt"]);
const withoutUnknown = (group) => (group.entries ? { ...group, entries: group.entries.filter((entry) => !NOT_FOLLOWED.has(entry.id)) } : group);

const keyed = (components = []) => components.flatMap((one) => [...(one.key || one.path ? [one] : []), ...keyed(one.components)]);
const entry = (id, draw, edited) => ({ id, component: draw, isEdited: () => Boolean(edited) });

function title(form, edit) {
  const said = form["licet:title"] ?? "";
  return { id: "licet-form", label: text("工程证件：表单"), entries: [
    entry("licet-title", () => <Line id="licet-title" label={text("标题")} value={said} set={(value) => edit(form, ["licet:title"], value)} />, said)] };
}

/** The buttons under a form: one group each, and one to add another. */
function buttons(form, edit, keys) {
  const all = form["licet:verdicts"] ?? [];
  const put = (next) => edit(form, ["licet:verdicts"], next);
  const change = (at, name, value) => put(all.map((one, n) => (n === at ? without({ ...one, [name]: value }) : one)));
  const groups = all.map((one, at) => button(one, at, keys, (name, value) => change(at, name, value), () => put(all.filter((_, n) => n !== at))));
  const add = () => put([...all, { value: `verdict_${all.length + 1}`, label: text("新按钮"), style: "secondary" }]);
  return [...groups, { id: "licet-more", label: text("工程证件：增加按钮"), entries: [entry("licet-add-button", () => (
    <div class="bio-properties-panel-entry"><button type="button" class="btn btn-sm" onClick={add}>{text("增加一个按钮")}</button></div>))] }];
}

function button(one, at, keys, set, remove) {
  const id = `licet-verdict-${at}`;
  return { id, label: text("按钮：{label}", { label: one.label || one.value }), entries: [
    entry(`${id}-label`, () => <Line id={`${id}-label`} label={text("按钮上的字")} value={one.label ?? ""} set={(value) => set("label", value)} />),
    entry(`${id}-value`, () => <Line id={`${id}-value`} label={text("结论的值")} description={text("流程图里的条件按它判断。")} value={one.value ?? ""} set={(value) => set("value", value)} />),
    entry(`${id}-style`, () => <One id={`${id}-style`} label={text("颜色")} options={STYLES()} value={one.style ?? ""} set={(value) => set("style", value)} />),
    entry(`${id}-needs`, () => <Many id={`${id}-needs`} label={text("按它时必须填写")} options={keys} value={(one.needs ?? []).join(",")} set={(value) => set("needs", value ? value.split(",") : [])} />),
    entry(`${id}-partial`, () => <One id={`${id}-partial`} label={text("其他必填项可以不填")} options={YES_NO()} value={one.partial ? "true" : ""} set={(value) => set("partial", value === "true")} />),
    entry(`${id}-confirm`, () => <Line id={`${id}-confirm`} label={text("按之前再问一句")} value={one.confirm ?? ""} set={(value) => set("confirm", value)} />),
    entry(`${id}-key`, () => <Line id={`${id}-key`} label={text("快捷键")} value={one.key ?? ""} set={(value) => set("key", value.slice(0, 1))} />),
    entry(`${id}-remove`, () => <div class="bio-properties-panel-entry"><button type="button" class="btn btn-sm" onClick={remove}>{text("删除这个按钮")}</button></div>),
  ] };
}

/** Nothing empty is kept. */
const without = (one) => Object.fromEntries(Object.entries(one).filter(([name, value]) => name === "label" || name === "value" || (value && !(Array.isArray(value) && !value.length))));

const KINDS = {
  "licet-number": ["licet:check"], "licet-ticks": ["licet:all"], datetime: ["licet:past", "licet:after"], dynamiclist: ["licet:min-rows", "licet:max-rows"],
};

function checks(field, edit, schema) {
  const names = KINDS[field.type] ?? [];
  if (!names.length) return [];
  const said = (name) => field.properties?.[name] ?? "";
  const set = (name) => (value) => edit(field, ["properties"], without2({ ...field.properties, [name]: value }));
  const verdicts = (schema["licet:verdicts"] ?? []).map((one) => [one.value, one.label]);
  const dates = keyed(schema.components).filter((one) => one.type === "datetime" && one.id !== field.id).map((one) => [one.key, one.dateLabel || one.label || one.key]);
  const drawn = {
    "licet:check": (all) => <One {...all} label={text("校验")} options={CHECKS()} />,
    "licet:all": (all) => <One {...all} label={text("按这个按钮时要全部勾选")} options={verdicts} />,
    "licet:past": (all) => <One {...all} label={text("不能是将来的日期")} options={YES_NO()} />,
    "licet:after": (all) => <One {...all} label={text("不能晚于")} options={dates} />,
    "licet:min-rows": (all) => <Line {...all} label={text("至少几行")} />,
    "licet:max-rows": (all) => <Line {...all} label={text("最多几行")} />,
  };
  return [{ id: "licet-checks", label: text("工程证件：校验"), entries: names.map((name) => entry(name, () => drawn[name]({ id: name, value: said(name), set: set(name) }), said(name))) }];
}

const without2 = (all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));

export const formPanel = { __init__: ["licetFormPanel"], licetFormPanel: ["type", FormPanel] };
