// Saves by itself: two seconds after the last change and on leaving. PUT {base, how, body} -> 200 {number, merged, conflicts},
// 409 {error, conflicts, settle}; where others' changes came in, `body` is the file with both. What could not be saved is kept in this browser and tried again.
import { post } from "../app/request.js";
import { copyOf, dropCopy, keepCopy } from "./copies.js";
import { page, part } from "./page.js";
import { text } from "./text.js";

const WAIT = 2_000;
const RETRY = [3_000, 6_000, 15_000, 30_000];
const KEEPALIVE = 60_000; // a request that outlives its page may carry 64 kB
const keyOf = () => `licet.copy.${page.draft}.${page.file}`;

/** `read()` gives the file's text now, `show(text)` puts another in its place and keeps the view. */
export function saving({ number, body, read, show }) {
  let base = number, saved = body, last = body, timer = 0, attempt = 0, busy = false, dirty = false, stopped = false;

  async function save({ how = "autosaved", keepalive = false } = {}) {
    clearTimeout(timer);
    if (busy || stopped || !(dirty || how === "saved")) return;
    dirty = false;
    const now = await read();
    if (now === saved) return quiet();
    busy = true;
    state(text("正在保存…"), "saving");
    const small = keepalive && now.length < KEEPALIVE / 3;
    const answer = await post(page.urls.save, { base, how, body: now }, { json: true, method: "PUT", keepalive: small });
    busy = false;
    if (answer.ok) return done(now, answer.body);
    dirty = true;
    last = now;
    await keepCopy(keyOf(), { base, body: now, at: Date.now() });
    failed(answer);
  }

  async function done(now, answer) {
    const merged = answer.merged?.includes(page.file);
    // what was done while this was under way is not in what came back: it is saved on top of what it was made from
    if (!merged || !dirty) base = answer.number;
    saved = now;
    attempt = 0;
    bar();
    await dropCopy(keyOf());
    if (merged && !dirty) {
      await show(answer.body);
      saved = await read();
    }
    const at = new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
    state(merged ? text("已与他人的修改合并，{at} 保存", { at }) : text("已保存 {at}", { at }), "saved");
    if (dirty) later();
  }

  function failed({ offline, status, body: said }) {
    state(text("未保存"), "failed");
    if (status === 409 && said.settle) {
      stopped = true;
      bar(said.error, [[text("去合并"), said.settle]]);
    } else if (offline || status >= 500) {
      bar(text("未保存，正在重试。您的修改在本机留有副本，请不要关闭页面。"), [], () => save());
      timer = setTimeout(save, RETRY[Math.min(attempt++, RETRY.length - 1)]);
    } else {
      bar(said.error ?? text("没有保存。您的修改在本机留有副本。"), said.login ? [[text("在新窗口登录"), said.login, true]] : [], () => save());
    }
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(save, WAIT);
  }

  const quiet = () => part("state").dataset.state === "saving" || state(text("没有新的修改"), "saved");

  /** Something was changed. */
  function changed() {
    if (!page.may_edit) return;
    dirty = true;
    state(text("有未保存的修改"), "dirty");
    if (!stopped) later();
  }

  addEventListener("online", () => save());
  addEventListener("focus", () => save()); // perhaps signed in again in another tab
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && save({ keepalive: true }));
  addEventListener("pagehide", () => save({ keepalive: true }));
  addEventListener("beforeunload", (event) => {
    if (!dirty && !busy) return;
    if (attempt || stopped || last.length > KEEPALIVE / 3) event.preventDefault();
  });
  offerCopy({ saved: () => saved, show, changed });
  return { changed, save, drawn: (now) => { saved = now; last = now; } };
}

/** What this browser kept from last time and never reached the server. */
async function offerCopy({ saved, show, changed }) {
  const kept = await copyOf(keyOf());
  if (!kept?.body || kept.body === saved()) return;
  const at = new Date(kept.at).toLocaleString("zh-CN", { hour12: false });
  bar(text("本机留有 {at} 未保存的修改。", { at }), [], async () => {
    bar();
    await show(kept.body);
    changed();
  }, text("恢复它"), async () => { bar(); await dropCopy(keyOf()); });
}

function state(words, kind) {
  const line = part("state");
  line.textContent = words;
  line.dataset.state = kind;
}

/** The bar above the editor; without words it goes. */
function bar(words = "", links = [], again = null, label = text("现在重试"), away = null) {
  const line = part("bar");
  line.hidden = !words;
  line.replaceChildren(words);
  for (const [said, href, beside] of links) {
    const link = Object.assign(document.createElement("a"), { href, textContent: said, className: "btn btn-sm btn-primary" });
    if (beside) link.target = "_blank";
    line.append(" ", link);
  }
  if (again) line.append(" ", button(label, again));
  if (away) line.append(" ", button(text("不要了"), away));
}

function button(label, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: label });
  made.addEventListener("click", act);
  return made;
}
