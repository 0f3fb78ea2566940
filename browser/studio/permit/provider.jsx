// The panel beside a drawing: Zeebe's groups without what the engine does not follow, with choices from the house where Zeebe has
// typed ids, and our own groups (licet:* properties).
import { getBusinessObject, is } from "bpmn-js/lib/util/ModelUtil";
import { Line, Many, One, OrFormula, YES_NO, days } from "../parts.jsx";
import { text } from "../text.js";
import { Words, extension, holder, properties } from "./extensions.js";
import { fixed, groups as ownGroups } from "./fields.js";

const NOT_FOLLOWED = new Set(["businessRuleImplementation", "scriptImplementation", "userTaskImplementation", "adHocSubProcessImplementation",
  "headers", "Zeebe__ExecutionListeners", "Zeebe__TaskListeners", "activeElements", "outputCollection"]);
const NOT_READ = new Set(["bindingType", "versionTag", "taskScheduleFollowUpDate", "variableNames", "variableEvents", "isExecutable"]);
const FORM = new Set(["formType", "formConfiguration", "formId", "customFormKey", "externalReference"]);

/** {id of Zeebe's entry: how it is drawn}: which word it writes and what is offered. `formula`: may be an expression. */
const PICKED = {
  assignmentDefinitionCandidateGroups: { type: "zeebe:AssignmentDefinition", name: "candidateGroups", picker: Many, of: "roles", formula: true, label: () => text("办理角色") },
  taskDefinitionType: { type: "zeebe:TaskDefinition", name: "type", picker: One, of: "steps", label: () => text("系统步骤") },
  formId: { type: "zeebe:FormDefinition", name: "formId", picker: One, of: "forms", formula: true, label: () => text("表单") },
  decisionId: { type: "zeebe:CalledDecision", name: "decisionId", picker: One, of: "decisions", label: () => text("决策表") },
  targetProcessId: { type: "zeebe:CalledElement", name: "processId", picker: One, of: "processes", formula: true, label: () => text("流程") },
};

export class PermitProvider {
  constructor(panel, injector, words, choices) {
    this._injector = injector;
    this._words = words;
    this._choices = choices;
    panel.registerProvider(400, this); // after Zeebe's (500)
  }

  getGroups(element) {
    return (groups) => [
      ...groups.filter((group) => !NOT_FOLLOWED.has(group.id)).map((group) => this._group(group, element)).filter((group) => group.items || group.component || group.entries?.length),
      ...this._own(element),
    ];
  }

  _group(group, element) {
    if (!group.entries) return group;
    let entries = group.entries.filter((entry) => !NOT_READ.has(entry.id));
    if (group.id === "form") entries = [{ id: "formId" }, ...entries.filter((entry) => !FORM.has(entry.id))];
    entries = entries.map((entry) => (PICKED[entry.id] ? this._picked(entry.id, element) : entry));
    if (group.id === "timer") entries = [this._workingDays(element), ...entries];
    return { ...group, entries };
  }

  _picked(id, element) {
    const { type, name, picker, of, formula, label } = PICKED[id];
    const words = this._words;
    const options = () => offered(this._choices, of, element);
    const component = () => {
      const value = extension(holder(element), type)?.get(name) ?? "";
      const entry = { id, label: label(), value, options: options(), set: (next) => words.set(element, type, { [name]: next }) };
      const Picker = picker;
      return formula ? <OrFormula {...entry} Picker={Picker} /> : <Picker {...entry} />;
    };
    return { id, element, component, isEdited: () => Boolean(extension(holder(element), type)?.get(name)) };
  }

  /** A timer in working days of the house's calendar; writes a date expression. */
  _workingDays(element) {
    const modeling = this._injector.get("modeling");
    const factory = this._injector.get("bpmnFactory");
    const timer = () => getBusinessObject(element).get("eventDefinitions")?.find((one) => is(one, "bpmn:TimerEventDefinition"));
    const read = () => timer()?.get("timeDate")?.get("body")?.match(/^=\s*working days after\(\s*today\(\)\s*,\s*(\d+)\s*\)$/)?.[1] ?? "";
    const set = (value) => modeling.updateModdleProperties(element, timer(), {
      timeDuration: undefined, timeCycle: undefined,
      timeDate: value && !days(value) ? factory.create("bpmn:FormalExpression", { body: `=working days after(today(), ${value})` }) : undefined,
    });
    return { id: "licet-working-days", element, isEdited: () => Boolean(read()), component: () => (
      <Line id="licet-working-days" label={text("工作日数")} description={text("按本系统的工作日历，从到达这里的当天起算。也可以在下面写日期、时长或周期。")}
        value={read()} check={days} set={(value) => (value === "" || !days(value)) && set(value)} />) };
  }

  _own(element) {
    return ownGroups().map((group) => ({
      id: group.id, label: group.label,
      entries: group.fields.filter((field) => belongs(field, group, element)).map((field) => this._field(field, element)),
    })).filter((group) => group.entries.length);
  }

  _field(field, element) {
    const said = () => properties(element)[field.name] ?? "";
    const set = (value) => this._words.property(element, field.name, value.trim());
    return { id: field.name, element, isEdited: () => Boolean(said()), component: () => this._drawn(field, element, { id: field.name, label: field.label, description: field.description, value: said(), set }) };
  }

  _drawn({ kind }, element, entry) {
    const of = (name) => offered(this._choices, name, element);
    if (kind === "days") return <Line {...entry} check={days} />;
    if (kind === "flag") return <One {...entry} options={YES_NO()} />;
    if (kind === "role") return <One {...entry} options={of("roles")} />;
    if (kind === "roles") return <Many {...entry} options={of("roles")} />;
    if (kind === "elements") return <Many {...entry} options={tasksBeside(this._injector.get("elementRegistry"), element)} />;
    if (kind === "verdicts") return <Many {...entry} options={verdicts(this._choices, element)} />;
    if (kind === "verdict") return <OrFormula {...entry} Picker={One} options={verdicts(this._choices, element)} />;
    if (kind === "ways") return <Many {...entry} options={fixed.ways()} />;
    if (fixed[kind]) return <One {...entry} options={fixed[kind]()} />;
    if (kind === "stage" || kind === "outcome") return <Line {...entry} list={of(`${kind}s`)} />;
    return <Line {...entry} />;
  }
}
PermitProvider.$inject = ["propertiesPanel", "injector", "permitWords", "config.choices"];

/** [[key, words]] of what the house offers; steps are those of the process the element is in. */
function offered(choices, of, element) {
  if (of !== "steps") return (choices[of] ?? []).map((one) => [one.key, one.name && one.name !== one.key ? `${one.name}（${one.key}）` : one.key]);
  const process = processOf(element);
  return (choices.steps ?? []).filter((one) => one.process === process).map((one) => [one.key, one.name ? `${one.name}（${one.key}）` : one.key]);
}

function processOf(element) {
  for (let object = holder(element); object; object = object.$parent) if (is(object, "bpmn:Process")) return object.get("id");
  return "";
}

function belongs(field, group, element) {
  if (group.voting && !is(getBusinessObject(element).get?.("loopCharacteristics"), "bpmn:MultiInstanceLoopCharacteristics")) return false;
  return element.type !== "label" && !element.labelTarget && field.on.some((type) => is(element, type));
}

function tasksBeside(registry, element) {
  return registry.filter((other) => is(other, "bpmn:UserTask") && other !== element && !other.labelTarget)
    .map((other) => [other.id, getBusinessObject(other).get("name") || other.id]);
}

/** The verdicts of the task's own form. */
function verdicts(choices, element) {
  const key = extension(holder(element), "zeebe:FormDefinition")?.get("formId");
  return (choices.forms ?? []).find((form) => form.key === key)?.verdicts?.map((one) => [one.value, `${one.label}（${one.value}）`]) ?? [];
}

export const permitModule = {
  __init__: ["permitProvider"],
  permitWords: ["type", Words],
  permitProvider: ["type", PermitProvider],
};
