// One way to talk to the server: same origin, JSON back, CSRF token from the page's head.
export const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** POST; resolves to {ok, status, body, offline}. Never rejects: what went wrong is in the answer. */
export async function post(url, body, { json = false, keepalive = false } = {}) {
  const headers = { Accept: "application/json", "X-CSRF-Token": token() };
  if (json) headers["Content-Type"] = "application/json";
  try {
    const response = await fetch(url, {
      method: "POST", headers, keepalive, credentials: "same-origin",
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
