// On every page: htmx and small behaviours. Markup contracts are in browser/README.md.
import htmx from "htmx.org/dist/htmx.esm.js";
import "@tabler/core/dist/js/tabler.esm.js";
import "./keys.js";
import "./confirm.js";
import "./forms.js";
import "./insert.js";
import { openInbox } from "./inbox.js";
import { watchLive } from "./live.js";
import { watchCounts } from "./notices.js";
import { openPads } from "./pad.js";
import { token } from "./request.js";

htmx.config.history = true;
// htmx 4 does not inherit hx-headers: the token is put on every unsafe request here instead.
document.addEventListener("htmx:config:request", ({ detail }) => {
  const { request } = detail.ctx;
  if (!["GET", "HEAD"].includes(request.method?.toUpperCase())) request.headers["X-CSRF-Token"] = token();
});
globalThis.htmx = htmx;
watchCounts();
for (const tabs of document.querySelectorAll(".tabs")) { // on a narrow screen one begins at the tab that is open
  const [open, whole] = [tabs.querySelector("[aria-current]"), tabs.getBoundingClientRect()];
  const place = open?.getBoundingClientRect();
  if (place && place.right > whole.right) tabs.scrollLeft += place.left - whole.left - (whole.width - place.width) / 2;
}
watchLive(openInbox());
openPads();
