// The inbox keeps itself up to date. The server says "look" over an event stream (data-live-url), and the page fetches its
// list again, each a little later than the next. Without a stream (no thread left, no network) it asks about once a minute.
// A hidden page keeps no stream.
import { refresh } from "./inbox.js";

const SLOW = 60_000;
const AGAIN = 300_000;
const around = (ms) => ms * (0.75 + Math.random() / 2);
const visible = () => document.visibilityState === "visible";

export function watchLive(root) {
  const url = root?.dataset.liveUrl;
  if (!url) return;
  let stream = null;
  let missed = true;
  let soon;
  let opening;

  const look = (within) => { clearTimeout(soon); soon = setTimeout(() => refresh(root).then((done) => done || look(5000)), Math.random() * within); };
  const shut = () => { stream?.close(); stream = null; missed = true; clearTimeout(opening); };

  function open() {
    if (stream || !visible()) return;
    stream = new EventSource(url);
    stream.addEventListener("open", () => { if (missed) look(300); missed = false; });
    stream.addEventListener("look", () => look(700));
    stream.addEventListener("error", () => {
      missed = true;
      if (stream?.readyState !== EventSource.CLOSED) return; // the browser opens it again by itself
      stream = null;
      opening = setTimeout(open, around(AGAIN));
    });
  }

  function poll() {
    if (visible() && stream?.readyState !== EventSource.OPEN) look(0);
    setTimeout(poll, around(SLOW));
  }

  document.addEventListener("visibilitychange", () => {
    if (visible()) open();
    else shut();
  });
  addEventListener("pagehide", shut);
  addEventListener("pageshow", ({ persisted }) => persisted && open());
  opening = setTimeout(open, around(1500)); // who only passes through needs none
  setTimeout(poll, around(SLOW));
}
