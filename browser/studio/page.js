// What every editor page has around the editor: what it was given, its buttons, the download menu, the width of its panel.
import "./text.js";
import { parsed } from "./parsing.js";
import { text } from "./text.js";

/** {draft, file, kind, revision, urls: {…}, may_edit, …} as the server wrote it. */
export const page = JSON.parse(document.getElementById("editor-page").textContent);

/** A part of the page: [data-editor="canvas"]. */
export const part = (name) => document.querySelector(`[data-editor="${name}"]`);

/** The file and the revision it is of. Throws where it cannot be had. */
export async function load() {
  const response = await fetch(page.urls.body, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!response.ok) throw new Error(`${page.urls.body} ${response.status}`);
  return response.json();
}

/** What the house offers to choose from; nothing where it cannot be had (then it is typed). */
export async function choices() {
  const response = await fetch(page.urls.choices, { headers: { Accept: "application/json" }, credentials: "same-origin" }).catch(() => null);
  return response?.ok ? response.json() : { roles: [], steps: [], forms: [], decisions: [], processes: [] };
}

/** Wire the buttons [data-do="undo"]; one whose deed is not among `deeds` is taken away. */
export function buttons(deeds) {
  for (const button of document.querySelectorAll("[data-do]")) {
    const deed = deeds[button.dataset.do];
    if (!deed) button.remove();
    else button.addEventListener("click", () => deed(button));
  }
}

export const enable = (name, on) => document.querySelectorAll(`[data-do="${name}"]`).forEach((button) => { button.disabled = !on; });

/** Hand a file to the browser to be kept. */
export function keepFile(name, body, type) {
  const url = URL.createObjectURL(body instanceof Blob ? body : new Blob([body], { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A picture of an SVG on white, at most 16,000 points a side and 60 million in all (more is no picture in some browsers). */
export async function asPng(svg) {
  const [, width, height] = svg.match(/<svg[^>]*\swidth="([\d.]+)"[^>]*\sheight="([\d.]+)"/) ?? [0, 1200, 800];
  const picture = new Image();
  picture.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  await picture.decode();
  const scale = Math.min(2, 16_000 / width, 16_000 / height, Math.sqrt(60e6 / (width * height)));
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.ceil(width * scale), height: Math.ceil(height * scale) });
  const paint = canvas.getContext("2d");
  paint.fillStyle = "#fff";
  paint.fillRect(0, 0, canvas.width, canvas.height);
  paint.drawImage(picture, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(picture.src);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("picture"))), "image/png"));
}

/** Show or hide what stands beside the editor; remembered. Narrow screens begin without it. */
export function panelSwitch(after = () => {}) {
  const frame = part("frame");
  const remembered = read("licet.editor.panel");
  const show = (on) => {
    frame.classList.toggle("editor-without-panel", !on);
    document.querySelectorAll('[data-do="panel"]').forEach((button) => button.setAttribute("aria-pressed", String(on)));
    after();
  };
  show(remembered === null ? innerWidth >= 1100 : remembered === "1");
  return () => {
    const on = frame.classList.contains("editor-without-panel");
    try { localStorage.setItem("licet.editor.panel", on ? "1" : "0"); } catch { /* not remembered then */ }
    show(on);
  };
}

function read(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

/** The editor stands; or it could not be opened, and why. */
export function opened() {
  part("frame").removeAttribute("aria-busy");
  part("waiting")?.remove();
  part("frame").dispatchEvent(new CustomEvent("licet:drawn", { bubbles: true }));
}

/** Nothing is changed here: what tells of changes goes. */
export function reading() {
  part("panel")?.remove();
  part("count").replaceChildren();
  part("state").textContent = text("只能查看");
}

export function notOpened(error) {
  const line = part("waiting");
  if (line) {
    line.textContent = text("没有打开：{why}。原文件没有改动，可以下载后检查。", { why: parsed(error?.message) });
    line.classList.add("editor-failed");
    line.setAttribute("role", "alert");
  }
  part("frame").removeAttribute("aria-busy");
  console.warn(error);
}
