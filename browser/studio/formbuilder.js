// A form: form-js's editor with our own components, and the form as it will be on a phone beside it.
import { page, part, reading, load, buttons, enable, keepFile, panelSwitch, opened, notOpened } from "./page.js";
import "../app/text.js";
import { FormEditor } from "@bpmn-io/form-js-editor";
import { QuietForm } from "../task/quiet.js";
import { fields } from "../task/fields.js";
import { editorFields, readable } from "./formfields.jsx";
import { formPanel } from "./formpanel.jsx";
import { checking } from "./findings.js";
import { saving } from "./saving.js";

const write = (schema) => `${JSON.stringify(schema, null, 2)}\n`;

async function open() {
  const file = await load();
  const schema = JSON.parse(file.body);
  if (page.may_edit && innerWidth >= 640) return edit(file, schema);
  reading();
  part("palette")?.remove();
  part("canvas").remove();
  await preview(schema);
  buttons({ file: () => keepFile(page.file, file.body, "application/json") });
  return opened();
}

async function edit({ number, body }, schema) {
  const editor = new FormEditor({
    container: part("canvas"), palette: { parent: part("palette") }, propertiesPanel: { parent: part("panel"), feelPopupContainer: part("frame") },
    additionalModules: [editorFields, formPanel],
  });
  await editor.importSchema(schema);
  const began = write(editor.saveSchema());
  // form-js writes what it read a little differently: that alone is no change
  const read = async () => { const now = write(editor.saveSchema()); return now === began ? body : now; };
  const keep = saving({ number, body, read, show: (said) => editor.importSchema(JSON.parse(said)) });
  const check = checking({ read, mark: () => {}, go: (finding) => goTo(editor, finding) });
  const stack = editor.get("commandStack");
  editor.on("commandStack.changed", () => {
    enable("undo", stack.canUndo());
    enable("redo", stack.canRedo());
    keep.changed();
    check.later();
    later(() => preview(editor.saveSchema()));
  });
  await preview(schema);
  buttons({
    undo: () => stack.undo(), redo: () => stack.redo(), save: () => keep.save({ how: "saved" }),
    file: async () => keepFile(page.file, await read(), "application/json"), panel: panelSwitch(),
  });
  enable("undo", false);
  enable("redo", false);
  addEventListener("keydown", (event) => { if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); keep.save({ how: "saved" }); } });
  part("frame").licetForm = editor;
  opened();
  check.look();
}

let waiting = 0;
const later = (act) => { clearTimeout(waiting); waiting = setTimeout(act, 300); };

let shown = null;

/** The form as an applicant or reviewer has it on a phone; what is filled in there stays while the form is changed. */
async function preview(schema) {
  const place = part("phone");
  const data = shown?._getState().data ?? {};
  shown?.destroy();
  place.replaceChildren();
  const copy = structuredClone(schema);
  copy.id = "preview";
  shown = new QuietForm({ container: place, debounce: false, licet: { files: {} }, additionalModules: [fields, readable] });
  await shown.importSchema(copy, { ...data, verdict: null });
  verdicts(schema);
}

function verdicts(schema) {
  part("verdicts").replaceChildren(...(schema["licet:verdicts"] ?? []).map(({ label, value, style = "secondary" }) =>
    Object.assign(document.createElement("span"), { className: `btn btn-${["primary", "success", "warning", "danger", "secondary"].includes(style) ? style : "secondary"}`, textContent: label || value })));
}

function goTo(editor, finding) {
  const field = editor.get("formFieldRegistry").getAll().find((one) => finding.element && (one.id === finding.element || one.key === finding.element));
  if (field) editor.get("selection").set(field);
}

open().catch(notOpened);
