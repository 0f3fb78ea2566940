// The built-in functions that the FEEL editors offer: those that our FEEL has, house functions included, told in the page's
// language. Signatures and examples are those of the package; a test holds feel.json and our FEEL together.
import { camundaBuiltins } from "@camunda/feel-builtins";
import known from "./feel.json";

const english = document.documentElement.lang.startsWith("en");
const safe = (said) => said.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const HEADS = { "Function signature": "写法", Examples: "例子" };
const theirs = new Map(camundaBuiltins.map((one) => [label(one.name, one.params), one]));

function label(name, params) {
  return `${name}(${(params ?? []).map((one) => one.name).join(", ")})`;
}

/** Without the line breaks between paragraphs, which the tooltip would draw. */
const tidy = (markup) => markup.replace(/>\s+</g, "><").replace(/\s+<\/code>/g, "</code>").trim();

/** Their signature and examples under our sentence. */
function told(words, info) {
  const parts = info.match(/<p><strong>(Function signature|Examples)<\/strong><\/p><pre>[\s\S]*?<\/pre>/g) ?? [];
  return `<p>${safe(words)}</p>` + parts.join("").replace(/Function signature|Examples/g, (head) => HEADS[head]);
}

function one([signature, said]) {
  const [, name, params] = signature.match(/^(.+?)\((.*)\)$/);
  const standard = theirs.has(signature) ? tidy(theirs.get(signature).info) : "";
  const own = `<p>${safe(english ? said.en ?? "" : said.zh)}</p><pre><code>${safe(said.example ?? signature)}</code></pre>`;
  return {
    name, type: "function", params: params ? params.split(", ").map((each) => ({ name: each })) : [],
    info: standard ? (english ? standard : told(said.zh, standard)) : own,
  };
}

export const builtins = Object.entries(known).map(one);
