// Decision tables: dmn-js with what the prover finds - gaps, overlaps, rules that nothing reaches - at the rows and below.
import { page, part, reading, load, buttons, enable, keepFile, opened, notOpened } from "./page.js";
import DmnModeler from "dmn-js/lib/Modeler.js";
import DmnViewer from "dmn-js/lib/NavigatedViewer.js";
import { checking } from "./findings.js";
import { saving } from "./saving.js";
import { text, translations } from "./text.js";

async function open() {
  const file = await load();
  return page.may_edit && innerWidth >= 640 ? edit(file) : show(file);
}

const views = () => Object.fromEntries(["drd", "decisionTable", "literalExpression", "boxedExpression"].map((name) => [name, { additionalModules: [translations] }]));

async function show({ body }) {
  const viewer = new DmnViewer({ container: part("canvas"), ...views() });
  await viewer.importXML(body);
  await firstTable(viewer);
  tabs(viewer);
  reading();
  requestAnimationFrame(reachable);
  buttons({ file: () => keepFile(page.file, body, "application/xml") });
  opened();
}

async function edit({ number, body }) {
  const modeler = new DmnModeler({ container: part("canvas"), ...views() });
  let found = [];
  const read = async () => (await modeler.saveXML({ format: true })).xml;
  const keep = saving({ number, body, read, show: (xml) => again(modeler, xml) });
  const check = checking({ read, mark: (findings) => { found = findings; markRows(modeler, found); }, go: (finding) => goTo(modeler, finding) });
  const listening = new WeakSet();
  modeler.on("views.changed", () => {
    tabs(modeler);
    const viewer = modeler.getActiveViewer();
    if (viewer && !listening.has(viewer)) {
      listening.add(viewer);
      viewer.on("commandStack.changed", ({ trigger }) => {
        undoable(modeler);
        if (trigger === "clear") return;
        keep.changed();
        check.later();
      });
    }
    undoable(modeler);
    requestAnimationFrame(() => { reachable(); markRows(modeler, found); });
  });
  await modeler.importXML(body);
  await firstTable(modeler);
  buttons({
    undo: () => stack(modeler)?.undo(), redo: () => stack(modeler)?.redo(),
    save: () => keep.save({ how: "saved" }), file: async () => keepFile(page.file, await read(), "application/xml"),
  });
  addEventListener("keydown", (event) => { if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); keep.save({ how: "saved" }); } });
  part("frame").licetTables = modeler;
  undoable(modeler);
  opened();
  check.look();
}

const stack = (modeler) => modeler.getActiveViewer()?.get("commandStack", false);

function undoable(modeler) {
  enable("undo", Boolean(stack(modeler)?.canUndo()));
  enable("redo", Boolean(stack(modeler)?.canRedo()));
}

/** What scrolls is reached by keyboard too. */
function reachable() {
  for (const place of part("canvas").querySelectorAll(".tjs-table-container")) place.tabIndex = 0;
}

/** A file with one decision opens at its table. */
async function firstTable(viewer) {
  const tables = viewer.getViews().filter((view) => view.type !== "drd");
  if (tables.length) await viewer.open(tables[0]);
}

const NAMES = { drd: "关系图", decisionTable: "决策表", literalExpression: "表达式", boxedExpression: "函数" };

/** One tab for each decision of the file and one for how they depend on each other. */
function tabs(viewer) {
  reachable();
  const place = part("views");
  const active = viewer.getActiveView();
  place.replaceChildren(...viewer.getViews().map((view) => {
    const name = view.type === "drd" ? text("决策关系图") : view.element.name || view.element.id;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "editor-view", textContent: name, title: text(NAMES[view.type] ?? "决策表") });
    button.setAttribute("aria-pressed", String(active?.element === view.element));
    button.addEventListener("click", () => viewer.open(view));
    return button;
  }));
}

async function again(modeler, xml) {
  const id = modeler.getActiveView()?.element?.id;
  await modeler.importXML(xml);
  const same = modeler.getViews().find((view) => view.element.id === id);
  await (same ? modeler.open(same) : firstTable(modeler));
}

/** What the prover says of a rule stands at its row. */
function markRows(modeler, findings) {
  const decision = modeler.getActiveView()?.element;
  for (const row of part("canvas").querySelectorAll("[data-finding]")) {
    row.removeAttribute("data-finding");
    row.removeAttribute("title");
  }
  for (const finding of findings.filter((one) => one.element === decision?.id)) {
    const cells = (finding.rules ?? []).map((id) => part("canvas").querySelector(`td.rule-index[data-row-id="${CSS.escape(id)}"]`));
    if (!cells.length) cells.push(part("canvas").querySelector("tfoot td")); // a gap stands where its rule would be added
    for (const cell of cells.filter(Boolean)) {
      cell.dataset.finding = cell.dataset.finding === "error" ? "error" : finding.severity;
      cell.title = [cell.title, finding.text].filter(Boolean).join("\n");
    }
  }
}

async function goTo(modeler, finding) {
  const view = modeler.getViews().find((one) => one.element.id === finding.element);
  if (view && modeler.getActiveView()?.element !== view.element) await modeler.open(view);
  const [rule] = finding.rules ?? [];
  const row = rule ? part("canvas").querySelector(`td[data-row-id="${CSS.escape(rule)}"]`) : part("canvas").querySelector("tfoot td");
  (row ?? part("canvas")).scrollIntoView({ block: "center", behavior: "auto" });
  row?.parentElement.querySelector("td:not(.rule-index)")?.focus?.();
}

open().catch(notOpened);
