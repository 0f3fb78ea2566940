// The editors' words. Ours are written in Chinese and translated by words.en.json; those of bpmn-js, dmn-js and form-js come in
// English and are translated by words.zh.json.
import ours from "./words.en.json";
import theirs from "./words.zh.json";

const english = document.documentElement.lang.startsWith("en");
const filled = (said, params) => said.replace(/\{\s*(\w+)\s*\}/g, (whole, name) => params?.[name] ?? whole);

/** A sentence of ours in the page's language. */
export const text = (message, params = {}) => filled(english ? ours[message] ?? message : message, params);

/** Words of theirs that have no translation yet; a test looks. */
export const missing = (globalThis.licetMissing = new Set());

/** A text of theirs in the page's language: the `translate` of bpmn-js, dmn-js and the properties panels. */
export function word(message, params) {
  if (english || typeof message !== "string") return filled(String(message ?? ""), params);
  const known = theirs[message] ?? theirs[message.trim()];
  if (known === undefined && /[A-Za-z]{3}/.test(message)) missing.add(message);
  return filled(known ?? message, params);
}

/** Text made safe to stand in markup. */
const plain = (said) => String(said ?? "").replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

Object.assign(globalThis, { licetWords: word, licetPlain: plain }); // see patches.mjs

export const translations = { translate: ["value", word] };
