// The few words the scripts say themselves. Chinese is the message id; English comes from texts.en.json.
import english from "../texts.en.json";

/** A message in the page's language, with named values ("{n}") put in. */
export function text(message, params = {}) {
  const said = document.documentElement.lang.startsWith("en") ? english[message] ?? message : message;
  return said.replace(/\{(\w+)\}/g, (whole, name) => params[name] ?? whole);
}

globalThis.licetText = text; // form-js's own words go through it too: see patches.mjs
