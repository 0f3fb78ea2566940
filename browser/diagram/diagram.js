// <div data-diagram="/…/diagram.bpmn" data-marks='{"active": ["A3"], "completed": ["A1"], "failed": []}' data-label="…">
// (or data-diagram-text="id" of a <script type="application/json"> that holds the XML itself)
// (and data-numbers='{"A3": {"here": 2, "done": 3}}': tokens that stand at an element, how often it was completed)
// draws the diagram, marks where the request stands, and can be moved, zoomed and read with mouse, finger and keyboard.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { text } from "../app/text.js";

const STATES = { active: "正在进行", completed: "已完成", failed: "出错", added: "新增", removed: "删除", changed: "修改", moved: "移动", both: "两版都经过", only: "只有这一版经过" };
const SIGNS = { added: "+", removed: "−", changed: "≠", moved: "↔" }; // what differs between versions has a sign too

async function draw(place) {
  const canvasPlace = Object.assign(document.createElement("div"), { className: "licet-diagram-canvas", tabIndex: 0 });
  canvasPlace.setAttribute("role", "group");
  canvasPlace.setAttribute("aria-label", place.dataset.label ?? text("流程图"));
  place.replaceChildren(canvasPlace);
  const xml = await drawing(place);
  const viewer = new NavigatedViewer({ container: canvasPlace });
  await viewer.importXML(xml);
  const marks = JSON.parse(place.dataset.marks ?? "{}");
  mark(viewer, marks);
  count(viewer, JSON.parse(place.dataset.numbers ?? "{}"));
  const fit = () => canvasPlace.clientWidth && viewer.get("canvas").zoom("fit-viewport", "auto");
  place.append(tools(viewer, fit), legend(marks), name(viewer, place));
  keyboard(viewer, canvasPlace, fit);
  const drawn = (id) => viewer.get("elementRegistry").get(id)?.width;
  const first = [marks.changed, marks.added, marks.removed, marks.only].map((ids) => ids?.filter(drawn)).find((ids) => ids?.length) ?? [];
  const begin = () => (fit(), focus(viewer, marks.active ?? first.slice(0, 1)));
  begin();
  new ResizeObserver(() => { if (!("moved" in place.dataset)) begin(); }).observe(canvasPlace);
  viewer.on("canvas.viewbox.changed", () => { if (document.activeElement && place.contains(document.activeElement)) place.dataset.moved = ""; });
  place.licetDiagram = viewer;
  place.removeAttribute("aria-busy");
  place.dispatchEvent(new CustomEvent("licet:drawn", { bubbles: true }));
}

async function drawing(place) {
  if (place.dataset.diagramText) return JSON.parse(document.getElementById(place.dataset.diagramText).textContent);
  const response = await fetch(place.dataset.diagram, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`diagram ${response.status}`);
  return response.text();
}

function mark(viewer, marks) {
  const canvas = viewer.get("canvas");
  const known = viewer.get("elementRegistry");
  for (const state of Object.keys(STATES))
    for (const id of marks[state] ?? []) {
      const element = known.get(id);
      if (!element) continue;
      canvas.addMarker(id, `licet-${state}`);
      if (SIGNS[state] && !element.waypoints) viewer.get("overlays").add(id, { position: { top: -10, left: -10 }, scale: { min: .7, max: 1.2 }, html: sign(state) });
    }
}

function count(viewer, counts) {
  for (const [id, { here, done }] of Object.entries(counts)) {
    const element = viewer.get("elementRegistry").get(id);
    if (!element?.width) continue;
    const put = (number, kind, words, position) => number && viewer.get("overlays").add(id, {
      position, scale: { min: .8, max: 1.2 },
      html: Object.assign(document.createElement("span"), { className: `licet-tokens licet-tokens-${kind}`, textContent: words.sign, title: words.title }),
    });
    put(here, "here", { sign: `${here}`, title: text("停在这里的数量：{n}", { n: here }) }, { top: -12, right: 12 });
    put(done, "done", { sign: `×${done}`, title: text("做完的次数：{n}", { n: done }) }, { bottom: 12, right: 16 });
  }
}

function sign(state) {
  return Object.assign(document.createElement("span"), { className: `licet-differs licet-differs-${state}`, textContent: SIGNS[state], title: text(STATES[state]) });
}

/** <button data-centre="element id">: every diagram of the page that has the element shows it in its middle. */
function centre(id) {
  let shown = null;
  for (const place of document.querySelectorAll("[data-diagram]")) {
    const viewer = place.licetDiagram;
    const element = viewer?.get("elementRegistry").get(id);
    for (const one of viewer ? viewer.get("elementRegistry").filter(() => true) : []) viewer.get("canvas").removeMarker(one, "licet-chosen");
    if (!element) continue;
    const canvas = viewer.get("canvas");
    const box = element.waypoints ? middleOf(element.waypoints) : element;
    const { outer } = canvas.viewbox();
    const scale = Math.min(1, Math.max(READABLE, canvas.zoom()));
    const [width, height] = [outer.width / scale, outer.height / scale];
    canvas.viewbox({ x: box.x + (box.width ?? 0) / 2 - width / 2, y: box.y + (box.height ?? 0) / 2 - height / 2, width, height });
    canvas.addMarker(element, "licet-chosen");
    place.dataset.moved = "";
    shown ??= place;
  }
  shown?.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

const middleOf = (points) => points[Math.floor(points.length / 2)];

const READABLE = 0.62; // below this the names in a drawing cannot be read
const AROUND = 20; // so much of the paper is seen around a drawing

/** A drawing too large to be read as a whole begins at what is active; the last tool button shows all of it. */
function focus(viewer, ids) {
  const canvas = viewer.get("canvas");
  const boxes = ids.map((id) => viewer.get("elementRegistry").get(id)).filter((element) => element?.width && !element.children?.length);
  if (!boxes.length || canvas.zoom() >= READABLE) return;
  const middle = (low, size) => boxes.reduce((sum, box) => sum + box[low] + box[size] / 2, 0) / boxes.length;
  const { outer } = canvas.viewbox();
  const { inner } = canvas.viewbox();
  const [width, height] = [outer.width / READABLE, outer.height / READABLE];
  const within = (low, size, seen) => seen >= inner[size] + 2 * AROUND
    ? inner[low] + (inner[size] - seen) / 2
    : Math.min(Math.max(middle(low, size) - seen / 2, inner[low] - AROUND), inner[low] + inner[size] + AROUND - seen);
  canvas.viewbox({ x: within("x", "width", width), y: within("y", "height", height), width, height });
}

function tools(viewer, fit) {
  const bar = Object.assign(document.createElement("div"), { className: "licet-diagram-tools" });
  const zoom = (by) => () => viewer.get("zoomScroll").stepZoom(by);
  for (const [label, sign, act] of [["放大", "+", zoom(1)], ["缩小", "−", zoom(-1)], ["看全图", "⤢", fit]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-icon", textContent: sign, ariaLabel: text(label), title: text(label) });
    button.addEventListener("click", act);
    bar.append(button);
  }
  return bar;
}

function legend(marks) {
  const list = Object.assign(document.createElement("ul"), { className: "licet-diagram-legend" });
  for (const [state, words] of Object.entries(STATES))
    if (marks[state]?.length) list.append(Object.assign(document.createElement("li"), { className: `licet-legend-${state}`, textContent: text(words) }));
  return list;
}

/** The full name and documentation of what the pointer is on, or was clicked. */
function name(viewer, place) {
  const line = Object.assign(document.createElement("p"), { className: "licet-diagram-name", ariaLive: "polite" });
  const say = (element) => {
    const { name: words, documentation } = element?.businessObject ?? {};
    line.textContent = [words, documentation?.[0]?.text].filter(Boolean).join(" · ").replace(/\s+/g, " ");
  };
  let chosen = null;
  viewer.on("element.hover", ({ element }) => say(element.parent ? element : chosen));
  viewer.on("element.out", () => say(chosen));
  viewer.on("element.click", ({ element }) => {
    chosen = element.parent ? element : null;
    say(chosen);
    place.dispatchEvent(new CustomEvent("licet:element", { bubbles: true, detail: { id: chosen?.id ?? null } }));
  });
  return line;
}

function keyboard(viewer, place, fit) {
  const canvas = viewer.get("canvas");
  const acts = {
    ArrowLeft: () => canvas.scroll({ dx: 60, dy: 0 }), ArrowRight: () => canvas.scroll({ dx: -60, dy: 0 }),
    ArrowUp: () => canvas.scroll({ dx: 0, dy: 60 }), ArrowDown: () => canvas.scroll({ dx: 0, dy: -60 }),
    "+": () => viewer.get("zoomScroll").stepZoom(1), "=": () => viewer.get("zoomScroll").stepZoom(1),
    "-": () => viewer.get("zoomScroll").stepZoom(-1), 0: fit,
  };
  place.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  });
}

/** Diagrams in a closed <details> are drawn when it opens: a hidden canvas has no size to fit into. */
function drawVisible() {
  for (const place of document.querySelectorAll("[data-diagram]:not([data-drawn])")) {
    if (!(place.checkVisibility?.() ?? true)) continue;
    place.dataset.drawn = "";
    draw(place).catch(() => { place.textContent = text("流程图没有打开。"); });
  }
}

drawVisible();
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-centre]");
  if (button) centre(button.dataset.centre);
});
document.addEventListener("toggle", drawVisible, { capture: true });
document.addEventListener("htmx:after:swap", drawVisible);
document.addEventListener("shown.bs.collapse", drawVisible);
document.addEventListener("shown.bs.tab", drawVisible);
