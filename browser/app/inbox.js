// The inbox: a row's preview beside the list on wide screens, following j and k; the list put in place anew without losing
// the focus, what is ticked, or the place. Contracts: [data-inbox] around [data-live-part="…"], rows say data-id, data-preview.
const WIDE = matchMedia("(min-width: 1200px)");
const FRAGMENT = { headers: { "HX-Request": "true" }, credentials: "same-origin" };
let byKey = false;
let waiting;
let asking;

const pane = () => document.getElementById("inbox-preview");
const parse = (html) => new DOMParser().parseFromString(html, "text/html");

async function preview(row) {
  const place = pane();
  if (!place || !WIDE.matches || !row?.dataset.preview) return;
  if (!place.hidden && place.dataset.of === row.dataset.id) return;
  asking?.abort();
  asking = new AbortController();
  place.dataset.of = row.dataset.id;
  mark();
  const back = encodeURIComponent(location.pathname + location.search);
  try {
    const answer = await fetch(`${row.dataset.preview}?next=${back}`, { ...FRAGMENT, signal: asking.signal });
    if (answer.redirected) return;
    place.replaceChildren(...parse(await answer.text()).body.childNodes);
    place.hidden = false;
    place.scrollTop = 0;
  } catch { /* gone on to another row, or offline: the old preview stays */ }
}

function shut() {
  const place = pane();
  if (!place || place.hidden) return false;
  place.hidden = true;
  delete place.dataset.of;
  place.replaceChildren();
  mark();
  return true;
}

function mark() {
  const of = pane()?.dataset.of;
  for (const row of document.querySelectorAll("[data-inbox] [data-row]")) row.classList.toggle("row-shown", row.dataset.id === of);
}

function watchPreview(root) {
  addEventListener("keydown", (event) => {
    byKey = true;
    if (event.key === "Escape" && !event.target.closest?.("dialog[open], input, textarea") && shut()) event.preventDefault();
  }, { capture: true });
  addEventListener("pointerdown", () => { byKey = false; }, { capture: true });
  root.addEventListener("focusin", ({ target }) => {
    clearTimeout(waiting);
    const row = byKey && target.matches("[data-row-link]") && target.closest("[data-row]");
    if (row) waiting = setTimeout(() => preview(row), 120);
  });
  root.addEventListener("click", ({ target }) => {
    const row = target.closest("[data-row]");
    if (!row || target.closest("a, button:not([data-show-preview]), input, label, form")) return;
    if (pane()?.dataset.of === row.dataset.id) shut();
    else preview(row);
  });
}

/** Fetch the list as it is now; false where it was left alone (somebody is typing in it, or there was no answer). */
export async function refresh(root) {
  if (root.querySelector(".inbox-bulk:focus-within, form[data-sent]")) return false;
  const answer = await fetch(root.dataset.partUrl, FRAGMENT).catch(() => null);
  if (!answer?.ok || answer.redirected) return false;
  const fresh = parse(await answer.text());
  let changed = false;
  for (const old of root.querySelectorAll("[data-live-part]")) {
    const next = fresh.querySelector(`[data-live-part="${old.dataset.livePart}"]`);
    if (next && said(next) !== said(old)) changed = swap(old, document.importNode(next, true)) || changed;
  }
  if (changed) tell(root);
  return true;
}

const ids = (part) => [...part.querySelectorAll("[data-row]")].map((row) => row.dataset.id).join(" ");
const said = (part) => `${ids(part)} ${[...part.querySelectorAll("input[name=task]")].map((box) => box.value)} ${part.textContent.replace(/\s+/g, " ")}`;

function swap(old, next) {
  const held = document.activeElement?.closest("[data-live-part]") === old ? keep(document.activeElement) : null;
  const ticked = new Set([...old.querySelectorAll("[data-row] input:checked")].map((box) => box.closest("[data-row]").dataset.id));
  const opinion = old.querySelector("#bulk-opinion")?.value;
  old.replaceWith(next);
  for (const row of next.querySelectorAll("[data-row]")) if (ticked.has(row.dataset.id)) tick(row);
  if (opinion) next.querySelector("#bulk-opinion")?.setAttribute("value", opinion);
  next.querySelector("[data-row] input")?.dispatchEvent(new Event("change", { bubbles: true }));
  if (held) find(next, held)?.focus({ preventScroll: true });
  if (pane() && !next.querySelector(`[data-id="${pane().dataset.of}"]`) && old.querySelector("[data-row]")) shut();
  mark();
  return true;
}

const tick = (row) => { const box = row.querySelector("input[name=task]"); if (box) box.checked = true; };
const KINDS = "a, button, input";

/** Where the focus is: the row and which of its links, buttons and fields; the row's number where the row goes. */
function keep(element) {
  const row = element.closest("[data-row]");
  if (!row) return null;
  return { id: row.dataset.id, at: [...row.querySelectorAll(KINDS)].indexOf(element), place: [...row.parentElement.children].indexOf(row) };
}

function find(part, { id, at, place }) {
  const rows = [...part.querySelectorAll("[data-row]")];
  const same = rows.find((row) => row.dataset.id === id);
  const row = same ?? rows[Math.min(place, rows.length - 1)];
  return (same && [...row.querySelectorAll(KINDS)][at]) || row?.querySelector("[data-row-link]");
}

function tell(root) {
  const words = root.querySelector("[data-live-status]");
  if (words) words.textContent = words.dataset.changed;
  const n = Number(root.querySelector("[data-waiting]")?.dataset.waiting ?? 0);
  for (const badge of document.querySelectorAll('[data-count="inbox"]')) {
    badge.textContent = n > 99 ? "99+" : String(n);
    badge.hidden = n === 0;
  }
}

export function openInbox() {
  const root = document.querySelector("[data-inbox]");
  if (root) watchPreview(root);
  return root;
}
