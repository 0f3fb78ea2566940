// What the house's check says about the file as it stands, after each change: a count above, a list below, marks on the elements.
import { post } from "../app/request.js";
import { page, part } from "./page.js";
import { text } from "./text.js";

const WAIT = 600;
const MOST_SHOWN = 200;

/** `read()` gives the file's text, `mark(findings)` puts marks on the drawing, `go(finding)` leads to the place. */
export function checking({ read, mark, go }) {
  let timer = 0, asked = 0, running = false, again = false;

  async function look() {
    if (running) { again = true; return; }
    running = true;
    asked += 1;
    count(null);
    const answer = await post(page.urls.findings, { file: page.file, body: await read() }, { json: true });
    running = false;
    if (again) { again = false; return void look(); }
    if (!answer.ok) return count(undefined);
    const { findings } = answer.body;
    count(findings);
    list(findings, go);
    mark(findings);
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT);
  }
  return { later, look };
}

const ICONS = { error: "circle-x", warning: "alert-triangle", sure: "circle-check" };

export function icon(severity) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${page.icons}#${ICONS[severity] ?? ICONS.warning}`);
  svg.append(use);
  return svg;
}

function count(findings) {
  const line = part("count");
  if (findings === null) return void line.replaceChildren(text("检查中…"));
  if (findings === undefined) return void line.replaceChildren(text("没有检查成"));
  const errors = findings.filter((one) => one.severity === "error").length;
  const warnings = findings.length - errors;
  line.dataset.state = errors ? "error" : warnings ? "warning" : "sure";
  line.replaceChildren(...(errors ? [icon("error"), text("{n} 处错误", { n: errors })] : []),
    ...(warnings ? [icon("warning"), text("{n} 条提示", { n: warnings })] : []),
    ...(findings.length ? [] : [icon("sure"), text("检查通过")]));
}

function list(findings, go) {
  const place = part("findings");
  place.replaceChildren(...findings.slice(0, MOST_SHOWN).map((finding) => row(finding, go)));
  if (findings.length > MOST_SHOWN) {
    place.append(Object.assign(document.createElement("li"), { className: "licet-muted", textContent: text("还有 {n} 条，改正上面的以后再看。", { n: findings.length - MOST_SHOWN }) }));
  }
  part("no-findings").hidden = findings.length > 0;
}

function row(finding, go) {
  const item = document.createElement("li");
  item.dataset.severity = finding.severity;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "finding" });
  const head = Object.assign(document.createElement("span"), { className: "finding-words" });
  head.append(icon(finding.severity), said("visually-hidden", finding.severity === "error" ? text("错误：") : text("提示：")));
  if (finding.name || finding.element) head.append(said("finding-place", finding.name || finding.element));
  head.append(said("", finding.text));
  button.append(head);
  if (finding.remedy) button.append(said("finding-remedy", finding.remedy));
  if (finding.example) button.append(said("finding-remedy", text("例如：{row}", { row: finding.example })));
  if (finding.file && finding.file !== page.file) button.append(said("finding-remedy", text("在文件 {file} 中", { file: finding.file })));
  button.addEventListener("click", () => go(finding));
  item.append(button);
  return item;
}

function said(className, words) {
  return Object.assign(document.createElement("span"), { className, textContent: words });
}
