// One way to talk to the server: same origin, JSON back, CSRF token from the page's head.
export const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** Somebody who signed in again in another tab has a new token: fetch it with this page. Whether there was a new one. */
export async function renewToken() {
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (!response.ok || response.redirected) return false;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector('meta[name="csrf-token"]')?.content;
    if (!fresh || fresh === token()) return false;
    document.querySelector('meta[name="csrf-token"]').content = fresh;
    return true;
  } catch {
    return false;
  }
}

/** POST (or another method); resolves to {ok, status, body, offline}. Never rejects: what went wrong is in the answer. */
export async function post(url, body, options = {}) {
  const answer = await once(url, body, options);
  const stale = answer.status === 400 && !answer.body.problems && !options.keepalive;
  return stale && await renewToken() ? once(url, body, options) : answer;
}

async function once(url, body, { json = false, keepalive = false, method = "POST" }) {
  const headers = { Accept: "application/json", "X-CSRF-Token": token() };
  if (json) headers["Content-Type"] = "application/json";
  try {
    const response = await fetch(url, {
      method, headers, keepalive, credentials: "same-origin",
      body: json ? JSON.stringify(body) : body,
    });
    return { ok: response.ok, status: response.status, redirected: response.redirected && response.url, body: await read(response) };
  } catch {
    return { ok: false, status: 0, offline: true, body: {} };
  }
}

async function read(response) {
  if (!(response.headers.get("Content-Type") ?? "").includes("json")) return {};
  return response.json().catch(() => ({}));
}
