// Counts in the navigation: <nav data-counts-url="/counts"> and <span data-count="inbox">; the answer is {"inbox": 3, …}.
// Asked again when the page comes back into view and once a minute while it is visible.
const EVERY = 60_000;

function show(counts) {
  for (const badge of document.querySelectorAll("[data-count]")) {
    const n = Number(counts[badge.dataset.count] ?? 0);
    badge.textContent = n > 99 ? "99+" : String(n);
    badge.hidden = n === 0;
  }
}

async function ask(url) {
  try {
    const response = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (response.ok && !response.redirected) show(await response.json());
  } catch { /* offline: the old numbers stay */ }
}

export function watchCounts() {
  const url = document.querySelector("[data-counts-url]")?.dataset.countsUrl;
  if (!url) return;
  const visible = () => document.visibilityState === "visible" && ask(url);
  document.addEventListener("visibilitychange", visible);
  setInterval(visible, EVERY);
}
