// A copy of what is not saved yet, in this browser: by draft and file, with the revision it began from. Small files are kept at once
// (localStorage), large ones in IndexedDB. Nothing here is needed for working; where the browser refuses, the server's copy is all.
const STORE = "copies";
const SMALL = 1_000_000; // characters

function base() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("licet-editor", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function large(mode, act) {
  const opened = await base();
  return new Promise((resolve, reject) => {
    const asked = act(opened.transaction(STORE, mode).objectStore(STORE));
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  }).finally(() => opened.close());
}

export async function keepCopy(key, copy) {
  try {
    if (copy.body.length > SMALL) throw new RangeError("large");
    localStorage.setItem(key, JSON.stringify(copy));
  } catch {
    await large("readwrite", (store) => store.put(copy, key)).catch(() => {});
  }
}

export async function copyOf(key) {
  try {
    const small = localStorage.getItem(key);
    if (small) return JSON.parse(small);
  } catch { /* none, or nonsense */ }
  return large("readonly", (store) => store.get(key)).catch(() => undefined);
}

export async function dropCopy(key) {
  try { localStorage.removeItem(key); } catch { /* there was none */ }
  await large("readwrite", (store) => store.delete(key)).catch(() => {});
}
