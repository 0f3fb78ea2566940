// The keyboard: "/" search, "?" this list, and whatever a page declares: data-key="c" on a link or button presses it;
// [data-rows] holds rows with a [data-row-link] each: j/k or arrows move, Enter opens, x ticks.
import { text } from "./text.js";

const TICK = '[data-row] input[type="checkbox"]';
const typing = (element) => !element.matches?.(TICK) && element.closest?.("input, textarea, select, [contenteditable], dialog[open]");
const seen = (element) => element.checkVisibility?.() ?? true;
/** An entry of a closed menu is within reach of its key while the menu itself is seen. */
const reached = (element) => seen(element) || (element.closest(".more-verbs:not([open])")?.checkVisibility?.() ?? false);

function rows() {
  return [...document.querySelectorAll("[data-rows] [data-row-link]")].filter(seen);
}

function step(by) {
  const all = rows();
  if (!all.length) return false;
  const at = all.indexOf(document.activeElement?.closest("[data-row]")?.querySelector("[data-row-link]"));
  const next = all[Math.min(all.length - 1, Math.max(0, at === -1 ? 0 : at + by))];
  next.focus();
  next.closest("[data-row]")?.scrollIntoView({ block: "nearest" });
  return true;
}

function tick() {
  const box = document.activeElement.closest?.("[data-row]")?.querySelector('input[type="checkbox"]');
  box?.click();
  return Boolean(box);
}

function press(key) {
  const wanted = `[data-key="${CSS.escape(key)}"]`;
  const row = document.activeElement?.closest("[data-row]"); // what is ticked, then a row's own button, then the page's
  const target = [...document.querySelectorAll(`[data-bulk]:not([hidden]) ${wanted}`), ...(row?.querySelectorAll(wanted) ?? []),
    ...document.querySelectorAll(wanted)].find(reached);
  if (!target) return false;
  if (target.matches("input, textarea, select")) target.focus();
  else target.click();
  return true;
}

const OWN = { j: () => step(1), k: () => step(-1), x: tick, "?": () => help() };

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (event.key === "Escape" || typing(event.target)) return;
  const done = press(event.key) || OWN[event.key]?.();
  if (done) event.preventDefault();
});

// An open menu closes by Escape, which gives the focus back to its button, and by a click beside it.
addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && !document.querySelector("dialog[open]") && document.querySelector(".more-verbs[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
  event.preventDefault();
  event.stopImmediatePropagation();
}, { capture: true });

addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll(".more-verbs[open]")) if (!menu.contains(target)) menu.open = false;
});

function help() {
  const dialog = document.createElement("dialog");
  dialog.className = "licet-dialog";
  const list = document.createElement("dl");
  list.className = "licet-keys";
  const own = rows().length ? [["j / k", text("下一行 / 上一行")], ["x", text("选中这一行")]] : [];
  const once = (e, index, all) => all.findIndex((other) => other.dataset.key === e.dataset.key) === index;
  const declared = [...document.querySelectorAll("[data-key]")].filter(reached).filter(once)
    .map((e) => [e.dataset.key, e.dataset.keyName ?? e.getAttribute("aria-label") ?? e.textContent.trim()]);
  for (const [key, meaning] of [...declared, ...own, ["?", text("显示快捷键")]]) {
    const term = document.createElement("dt");
    term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    list.append(term, Object.assign(document.createElement("dd"), { textContent: meaning }));
  }
  const title = Object.assign(document.createElement("h2"), { textContent: text("快捷键"), id: "licet-keys-title" });
  const close = Object.assign(document.createElement("button"), { textContent: text("关闭"), className: "btn", autofocus: true });
  close.addEventListener("click", () => dialog.close());
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.append(title, list, close);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return true;
}
