// form-js 1.23 has no translations of its own and draws dates with flatpickr. Each replacement must match exactly as often as
// said, so that an update of form-js that moves the text breaks the build and not the page.
import { readFile } from "node:fs/promises";

const TEXT = "globalThis.licetText";

const FORM_JS = [
  ["'Add new'", `${TEXT}("添加一行")`, 1],
  ["`Expand all (${values.length - 1})`", `${TEXT}("展开全部")`, 1],
  [`" ", 'Collapse'`, `" ", ${TEXT}("收起")`, 1],
  ["`Remove list item ${itemIndex + 1}`", `${TEXT}("删除第 {n} 行", { n: itemIndex + 1 })`, 1],
  ["'No results'", `${TEXT}("没有匹配的选项")`, 2],
  ["placeholder: 'Search'", `placeholder: ${TEXT}("输入以查找")`, 1],
  ["placeholder: disabled || readonly ? undefined : 'Search'", `placeholder: disabled || readonly ? undefined : ${TEXT}("输入以查找")`, 1],
  ['"aria-label": "Increment"', `"aria-label": ${TEXT}("增加")`, 1],
  ['"aria-label": "Decrement"', `"aria-label": ${TEXT}("减少")`, 1],
];

function replaceExactly(source, [text, by, times], path) {
  const parts = source.split(text);
  if (parts.length !== times + 1) throw new Error(`patches.mjs: ${JSON.stringify(text)} occurs ${parts.length - 1} times in ${path}`);
  return parts.join(by);
}

export const patched = {
  name: "patched",
  setup(build) {
    build.onLoad({ filter: /form-js-viewer[\\/]dist[\\/]index\.es\.js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      return { contents: FORM_JS.reduce((text, rule) => replaceExactly(text, rule, path), source), loader: "js" };
    });
    // never called: task/date.jsx draws every date field
    build.onResolve({ filter: /^flatpickr$/ }, () => ({ path: "flatpickr", namespace: "left-out" }));
    build.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "export default undefined;", loader: "js" }));
  },
};
