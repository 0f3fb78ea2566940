// The check's findings on the drawing: a mark with an icon and a number at each element, and the way to it.
import { icon } from "./findings.js";
import { text } from "./text.js";

const KIND = "licet-finding";

export function marks(modeler, findings) {
  const overlays = modeler.get("overlays");
  const known = modeler.get("elementRegistry");
  overlays.remove({ type: KIND });
  const found = new Map();
  for (const finding of findings) {
    const element = drawn(known, finding);
    if (element && !element.isRoot) found.set(element, [...(found.get(element) ?? []), finding]);
  }
  for (const [element, all] of found) overlays.add(element, KIND, { position: { bottom: 12, left: -8 }, html: mark(all) });
}

function mark(all) {
  const severity = all.some((one) => one.severity === "error") ? "error" : "warning";
  const made = Object.assign(document.createElement("div"), { className: `finding-mark finding-${severity}`, title: all.map((one) => one.text).join("\n") });
  made.append(icon(severity), Object.assign(document.createElement("span"), { textContent: String(all.length) }));
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", text("{n} 条检查结果", { n: all.length }));
  return made;
}

/** The element a finding is about; the plane for what has no shape of its own (a process in no pool). */
function drawn(known, finding) {
  const found = finding.element && known.get(finding.element);
  if (found) return found.parent ? found : { ...found, isRoot: true };
  return finding.element && known.find((one) => one.businessObject?.processRef?.id === finding.element);
}

export function goTo(modeler, finding) {
  const element = modeler.get("elementRegistry").get(finding.element) ?? drawn(modeler.get("elementRegistry"), finding);
  if (!element?.id) return;
  const canvas = modeler.get("canvas");
  const root = canvas.findRoot(element);
  if (root && root !== canvas.getRootElement()) canvas.setRootElement(root);
  if (element.parent) canvas.scrollToElement(element, { top: 120, bottom: 120, left: 160, right: 160 });
  modeler.get("selection").select(element);
}
