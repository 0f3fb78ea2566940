// Which components a form may have: those that forms/check.py checks (forms/schema.py KEYED, CONTAINERS, SHOWN_ONLY). Others - HTML,
// frames, tables, pictures from elsewhere - are not offered, and one that is in a file already is shown as what it is, never drawn.
import { Choice } from "../task/choice.jsx";
import { Day } from "../task/day.jsx";
import { Files } from "../task/files.jsx";
import { markdown } from "../task/markdown.js";
import { NumberText } from "../task/number.jsx";
import { Rows } from "../task/rows.jsx";
import { Signature } from "../task/signature.jsx";
import { Ticks } from "../task/ticks.jsx";
import { text, word } from "./text.js";

const FORBIDDEN = ["html", "iframe", "table", "documentPreview", "expression", "button", "default-unknown"];
const HIDDEN = ["taglist", "filepicker", "image"];
const OWN = { "licet-files": Files, "licet-number": NumberText, "licet-ticks": Ticks, "licet-signature": Signature };
const OFFERED = new Set(["licet-files", "licet-number", "licet-ticks"]);

function NotAllowed({ field }) {
  return <p class="editor-not-allowed" role="note">{text("组件“{type}”不能用，请删除。", { type: field.type })}</p>;
}

/** What a component is called: form-js's names are English, ours Chinese. */
const called = (name) => text(word(name));

const named = (config) => {
  const label = config.create?.({})?.label;
  return { ...config, name: called(config.name), ...(config.label && { label: called(config.label) }),
    create: (options = {}) => config.create({ ...(label && { label: called(label) }), ...options }) };
};

/** The same component with its name in the page's language. */
function spoken(Component, more = {}) {
  const Said = (props) => <Component {...props} />;
  Said.config = { ...named(Component.config), ...more };
  return Said;
}

const forbidden = (type) => Object.assign((props) => <NotAllowed {...props} />, { config: { type, name: type, keyed: false, group: "none", create: (options = {}) => options } });

class Readable {
  constructor(formFields) {
    for (const type of FORBIDDEN) formFields.register(type, forbidden(type));
  }
}
Readable.$inject = ["formFields"];

/** For the preview. */
export const readable = { __init__: ["readableFields"], readableFields: ["type", Readable] };

class EditorFields {
  constructor(formFields) {
    const entries = ["label", "description", "key", "disabled", "readonly"];
    for (const [type, Component] of Object.entries(OWN))
      formFields.register(type, spoken(Component, { propertiesPanelEntries: [...entries, ...(type === "licet-ticks" ? ["values"] : [])], group: OFFERED.has(type) ? "basic-input" : "none", icon: icon(type) }));
    for (const [type, Component] of Object.entries({ datetime: Day, select: Choice, dynamiclist: Rows })) formFields.register(type, spoken(Component));
    for (const [type, Component] of Object.entries(formFields._formFields)) {
      if (FORBIDDEN.includes(type)) formFields.register(type, forbidden(type));
      else if (HIDDEN.includes(type)) formFields.register(type, spoken(Component, { group: "none" }));
      else if (!OWN[type] && Component.config?.name && !["datetime", "select", "dynamiclist"].includes(type)) formFields.register(type, spoken(Component));
    }
  }
}
EditorFields.$inject = ["formFields"];

const PATHS = {
  "licet-files": "M34 14 22 26a5 5 0 0 0 7 7l13-13a8.500 8.500 0 0 0-12-12L17 21a12 12 0 0 0 17 17l11-11",
  "licet-number": "M10 20h34M10 34h34M22 12l-4 30M36 12l-4 30",
  "licet-ticks": "m9 15 4 4 7-8M26 15h19M9 35l4 4 7-8M26 35h19",
  "licet-signature": "M8 38c6 0 10-22 14-22s0 20 4 20 4-10 8-10 3 10 12 8",
};

function icon(type) {
  return () => <svg width="54" height="54" viewBox="0 0 54 54" aria-hidden="true"><path d={PATHS[type]} fill="none" stroke="currentColor" stroke-width="2.500" stroke-linecap="round" /></svg>;
}

export const editorFields = { __init__: ["editorOwnFields"], editorOwnFields: ["type", EditorFields], markdownRenderer: markdown };
