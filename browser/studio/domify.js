// domify for the editors: a `style="…"` in markup is stopped by our Content-Security-Policy, the same set through the CSSOM is not.
import parse from "../../node_modules/domify/index.js";

export default function domify(markup, ...others) {
  if (!/\sstyle="/.test(markup)) return parse(markup, ...others);
  const made = parse(markup.replace(/\sstyle="/g, ' data-style="'), ...others);
  for (const node of [made, ...made.querySelectorAll("[data-style]")]) {
    if (!node.dataset?.style) continue;
    node.style.cssText = node.dataset.style;
    delete node.dataset.style;
  }
  return made;
}
