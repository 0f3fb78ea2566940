// One sprite of the icons the pages use; `<svg class="icon"><use href="…icons.svg#check"/></svg>`. Add a name, build again.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const NAMES = [
  "home", "inbox", "send", "certificate", "users", "building", "book", "chart-bar", "sitemap", "settings", "scan", "user",
  "search", "bell", "sun", "moon", "language", "logout", "menu-2", "dots", "dots-vertical", "plus", "x", "check", "circle-check",
  "alert-triangle", "alert-circle", "circle-x", "ban", "clock", "calendar", "calendar-due", "hourglass", "history", "file",
  "file-text", "files", "paperclip", "upload", "download", "camera", "photo", "trash", "edit", "eye", "eye-off", "lock",
  "lock-open", "shield-check", "arrow-left", "arrow-right", "arrow-back-up", "chevron-left", "chevron-right", "chevron-down",
  "chevron-up", "filter", "columns", "refresh", "printer", "qrcode", "help-circle", "info-circle", "external-link",
  "zoom-in", "zoom-out", "maximize", "route", "checklist", "clipboard-check", "rubber-stamp", "gavel", "building-community",
  "helmet", "id", "phone", "mail", "message", "star", "pin", "link", "list", "layout-grid", "selector", "player-pause",
  "player-play", "rotate", "wifi-off", "device-floppy", "keyboard", "archive", "folder", "bolt", "user-check", "user-plus",
  "device-mobile", "arrow-forward-up", "table", "forms",
];

const PAINT = 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"';

export async function iconSprite(modules) {
  const symbols = await Promise.all(NAMES.map(async (name) => {
    const path = join(modules, "@tabler", "icons", "icons", "outline", `${name}.svg`);
    const svg = await readFile(path, "utf8").catch(() => { throw new Error(`icons.mjs: there is no icon "${name}"`); });
    const inner = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
    return `<symbol id="${name}" viewBox="0 0 24 24" ${PAINT}>${inner.replace(/\s*\n\s*/g, "")}</symbol>`;
  }));
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`;
}
