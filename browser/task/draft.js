// The draft is saved half a second after the last change and when the page is left; where the network fails it is tried again.
// POST data-draft-url {"answers": {…}} -> 2xx. What happened is said in [data-part="status"].
import { post } from "../app/request.js";
import { text } from "../app/text.js";
import { answersOf } from "./answers.js";
import { signIn } from "./problems.js";

const WAIT = 500;
const RETRY = [2_000, 5_000, 15_000, 30_000];

export function keepDraft(root, form) {
  const status = root.querySelector('[data-part="status"]');
  const say = (words, state, link = "") => {
    if (!status) return;
    status.replaceChildren(words, ...(link ? [" ", signIn(link)] : []));
    status.dataset.state = state;
  };
  let saved = JSON.stringify(answersOf(form));
  let timer, attempt = 0, busy = false, stopped = false, failing = false;

  async function save({ keepalive = false } = {}) {
    clearTimeout(timer);
    const now = JSON.stringify(answersOf(form));
    if (stopped || now === saved || (busy && !keepalive)) return;
    busy = true;
    say(text("正在保存…"), "saving");
    const answer = await post(root.dataset.draftUrl, { answers: JSON.parse(now) }, { json: true, keepalive });
    busy = false;
    if (stopped) return;
    if (answer.ok) return done(now);
    failed(answer);
  }
  function done(now) {
    saved = now;
    attempt = 0;
    failing = false;
    const at = new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
    say(text("草稿已保存 {at}", { at }), "saved");
    later(); // what was typed meanwhile
  }
  function failed({ offline, status: code, body }) {
    failing = true;
    if (offline || code >= 500) {
      say(text("还没有保存：网络不通，会自动重试。请不要关闭页面。"), "failed");
      timer = setTimeout(save, RETRY[Math.min(attempt++, RETRY.length - 1)]);
    } else {
      say(body.error ?? text("草稿没有保存。"), "failed", body.login);
    }
  }
  function later() {
    if (stopped || JSON.stringify(answersOf(form)) === saved) return;
    clearTimeout(timer);
    timer = setTimeout(save, WAIT);
  }
  const tooBig = () => JSON.stringify(answersOf(form)).length > 20_000; // a request that outlives its page may carry 64 kB
  const unsaved = () => !stopped && JSON.stringify(answersOf(form)) !== saved;

  form.on("changed", later);
  addEventListener("online", () => save());
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && save({ keepalive: true }));
  addEventListener("focus", () => save()); // perhaps signed in again in another tab
  // An ordinary draft is sent on leaving; only one that does not get through is worth a question.
  addEventListener("beforeunload", (event) => { if (unsaved() && (failing || tooBig())) event.preventDefault(); });
  return { save, stop: () => { stopped = true; clearTimeout(timer); }, resume: () => { stopped = false; later(); } };
}
