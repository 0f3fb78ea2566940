// Reading and writing the extension elements of an element (Zeebe's words and our licet:* properties), each write one undoable command.
import { getBusinessObject, is } from "bpmn-js/lib/util/ModelUtil";

/** What carries the words: a pool's are its process's. */
export function holder(element) {
  const object = getBusinessObject(element);
  return is(element, "bpmn:Participant") ? object.get("processRef") ?? object : object;
}

const values = (object) => object.get("extensionElements")?.get("values") ?? [];
export const extension = (object, type) => values(object).find((one) => is(one, type));

/** {"licet:sla": "3"} of an element. */
export function properties(element) {
  const group = extension(holder(element), "zeebe:Properties");
  return Object.fromEntries((group?.get("properties") ?? []).map((line) => [line.get("name"), line.get("value") ?? ""]));
}

export class Words {
  constructor(modeling, bpmnFactory) {
    this._modeling = modeling;
    this._factory = bpmnFactory;
  }

  /** Set attributes of one extension element; it is made where there is none and goes when nothing is left in it. */
  set(element, type, attributes) {
    const object = holder(element);
    const found = extension(object, type);
    const kept = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, value === "" ? undefined : value]));
    if (found) {
      const empty = Object.entries({ ...found, ...kept }).every(([name, value]) => name.startsWith("$") || value === undefined);
      return empty ? this._put(element, object, values(object).filter((one) => one !== found)) : this._update(element, found, kept);
    }
    if (Object.values(kept).every((value) => value === undefined)) return undefined;
    return this._put(element, object, [...values(object), this._factory.create(type, kept)]);
  }

  /** Set one licet:* property; "" takes it away. */
  property(element, name, value) {
    const object = holder(element);
    const group = extension(object, "zeebe:Properties");
    const lines = group?.get("properties") ?? [];
    const line = lines.find((one) => one.get("name") === name);
    if (line && value !== "") return this._update(element, line, { value });
    const next = value === "" ? lines.filter((one) => one !== line) : [...lines, this._factory.create("zeebe:Property", { name, value })];
    if (group && next.length) return this._children(element, group, next);
    const others = values(object).filter((one) => one !== group);
    if (!next.length) return group ? this._put(element, object, others) : undefined;
    const made = this._factory.create("zeebe:Properties", { properties: next });
    next.forEach((one) => { one.$parent = made; });
    return this._put(element, object, [...others, made]);
  }

  _children(element, group, next) {
    next.forEach((one) => { one.$parent = group; });
    return this._update(element, group, { properties: next });
  }

  _put(element, object, next) {
    const there = object.get("extensionElements");
    if (there) {
      next.forEach((one) => { one.$parent = there; });
      return this._update(element, there, { values: next });
    }
    const made = this._factory.create("bpmn:ExtensionElements", { values: next });
    made.$parent = object;
    next.forEach((one) => { one.$parent = made; });
    return this._update(element, object, { extensionElements: made });
  }

  _update(element, object, attributes) {
    this._modeling.updateModdleProperties(element, object, attributes);
  }
}
Words.$inject = ["modeling", "bpmnFactory"];
