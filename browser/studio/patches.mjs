// What the editors' packages need to run under our policy, to speak Chinese where they have no translations of their own, and to
// take names in a drawing as text. Each replacement must match exactly as often as said: an update that moves the text breaks the
// build and not the page.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const chinese = JSON.parse(readFileSync(join(here, "words.zh.json"), "utf8"));
const said = (text) => `globalThis.licetWords(${JSON.stringify(text)})`;

/** [text, replacement, times] */
const exactly = (...rules) => (source, path) => rules.reduce((text, [what, by, times]) => {
  const parts = text.split(what);
  if (parts.length !== times + 1) throw new Error(`studio/patches.mjs: ${JSON.stringify(what)} occurs ${parts.length - 1} times in ${path}`);
  return parts.join(by);
}, source);

/** String literals that people read, where the table knows them: `label: 'Value'`, `return 'Must be unique.'`. */
const PLACES = /(\b(?:label|title|children|description|tooltip|placeholder|text|closeButtonTooltip|headline|placeholderContent|explanation)\s*[:=]\s*\[?\s*|return (?:canClaim \? null : )?|\? |\}\), |, FIELD_LABELS\[|isRepeating \? '[^']*' : )(['"])((?:\\.|(?!\2)[^\n])*)\2(?!\s*:)/g;
const literals = (times) => (source, path) => {
  let found = 0;
  const done = source.replace(PLACES, (whole, before, quote, inside) => {
    const text = inside.replace(/\\(['"])/g, "$1").replace(/\\n/g, "\n");
    if (!/^[A-Z<]/.test(text) || !(text in chinese)) return whole;
    found += 1;
    return `${before}${said(text)}`;
  });
  if (found !== times) throw new Error(`studio/patches.mjs: ${found} texts instead of ${times} in ${path}`);
  return done;
};

/** Words inside the markup of token simulation. */
const TITLES = /title="([A-Z][A-Za-z /]+)"/g;
const markup = (source) => source
  .replace(TITLES, (whole, text) => (text in chinese ? `title="\${${said(text)}}"` : whole))
  .replace(/(elementName \|\| |text: )'([A-Z][A-Za-z ]+)'/g, (whole, before, text) => (text in chinese ? before + said(text) : whole));

const plain = (...rules) => (source, path) => markup(exactly(...rules)(source, path));
const svgStyle = (source) => source.replace(/style="([^"]*)"/g, (_, css) =>
  css.split(";").map((one) => one.split(":")).filter(([, value]) => value).map(([name, value]) => `${name.trim()}="${value.trim()}"`).join(" "));

// what the panels say where nobody hands them a translation
const FALLBACK = ["function translateFallback(template, replacements) {", "function translateFallback(template, replacements) {\n  return globalThis.licetWords(template, replacements);", 1];
const TEXT = "globalThis.licetPlain(text)";
const FILES = [
  [/style-mod[\\/]src[\\/]style-mod\.js$/, exactly(["if (!root.head && root.adoptedStyleSheets", "if (root.adoptedStyleSheets", 1])],
  [/diagram-js[\\/]lib[\\/]features[\\/]context-pad[\\/]ContextPad\.js$/, (source) => source.replace(/console\.warn\(new Error\('ContextPad#getPad is deprecated[^\n]*\n/, "\n")], // bpmn-js itself asks it
  [/(align|distribute)-elements[\\/]\w+Icons\.js$/, svgStyle],
  [/token-simulation[\\/]lib[\\/]features[\\/]log[\\/]Log\.js$/, plain(
    ['title="${ text }">${text}<', `title="\${ ${TEXT} }">\${${TEXT}}<`, 1],
    ["        Simulation Log", `        \${${said("Simulation Log")}}`, 1],
    [">No Entries<", `>\${${said("No Entries")}}<`, 2],
    ['aria-label="Close"', `aria-label="\${${said("Close popup")}}"`, 1])],
  [/token-simulation[\\/]lib[\\/]features[\\/]notifications[\\/]Notifications\.js$/, plain(['title="${ text }">${text}<', `title="\${ ${TEXT} }">\${${TEXT}}<`, 1])],
  [/features[\\/]element-notifications[\\/]ElementNotifications\.js$/, plain(["${ text }", `\${ ${TEXT} }`, 1])],
  [/features[\\/]toggle-mode[\\/]modeler[\\/]ToggleMode\.js$/, plain(["`Token Simulation <", `\`\${${said("Token Simulation")}} <`, 2])],
  [/features[\\/]set-animation-speed[\\/]SetAnimationSpeed\.js$/, plain(["Set animation speed = ${ label }", "${globalThis.licetWords(`Set animation speed = ${label}`)}", 1])],
  [/features[\\/]context-pads[\\/]handler[\\/]PauseHandler\.js$/, plain(["${ wait ? 'Remove' : 'Add' } pause point", "${globalThis.licetWords(wait ? 'Remove pause point' : 'Add pause point')}", 1])],
  [/bpmn-js-token-simulation[\\/]lib[\\/]features[\\/][\w-]+[\\/].*\.js$/, markup],
  [/dmn-js-decision-table[\\/]lib[\\/]features[\\/]hit-policy[\\/]HitPolicies\.js$/, literals(22)],
  [/@bpmn-io[\\/]feel-editor[\\/]dist[\\/]index\.js$/, exactly(["import { camundaBuiltins } from '@camunda/feel-builtins';",
    `import { builtins as camundaBuiltins } from ${JSON.stringify(join(here, "feel.js"))};`, 1])],
  [/@bpmn-io[\\/]feel-lint[\\/]dist[\\/]index\.js$/, exactly(["source: message.type", "message: globalThis.licetParsed(message.message),\n    source: globalThis.licetParsed(message.type)", 1])],
  [/@bpmn-io[\\/]lang-feel[\\/]dist[\\/]index\.js$/, (source) => source.replace(/detail: '([a-z ]+)'/g, (_, text) => `detail: ${said(text)}`)],
  [/@bpmn-io[\\/]properties-panel[\\/]dist[\\/]index\.esm\.js$/, exactly(FALLBACK)],
  [/@bpmn-io[\\/]form-js-editor[\\/]dist[\\/]index\.es\.js$/, (source, path) => literals(186)(exactly(
    // a component that is drawn but not offered has no group in the palette
    ["getGroup(group).entries.push(entry)", "getGroup(group)?.entries.push(entry)", 1],
    FALLBACK,
    ["label: 'Input',", `label: ${said("Inputs")},`, 1])(source, path), path)],
];

export const studioPatched = {
  name: "studio-patched",
  setup(build) {
    // form-js's editor brings an older preact, the properties panel a copy of its own: one for all, or hooks break
    build.onResolve({ filter: /^(@bpmn-io\/properties-panel\/|\.\.\/)?preact($|\/)/ }, ({ path, pluginData, kind }) => pluginData === "own" ? undefined
      : build.resolve(path.replace(/^.*?preact/, "preact"), { resolveDir: root, kind, pluginData: "own" }));
    build.onResolve({ filter: /^domify$/ }, () => ({ path: join(here, "domify.js") }));
    for (const [filter, change] of FILES)
      build.onLoad({ filter }, async ({ path }) => ({ contents: change(await readFile(path, "utf8"), path), loader: "js" }));
  },
};
