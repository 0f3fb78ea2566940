// Noto Sans SC in about 100 slices by unicode-range: a browser fetches only the slices whose characters a page shows and the
// machine's own Chinese font (first in our font stack) does not have. Regular only: bold is drawn from it, and the list of
// slices (30 kB compressed) is on every page.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const WEIGHTS = [400];
const FACE = /@font-face\s*\{[^}]*\}/g;

export async function fontSheet(modules, put) {
  const from = join(modules, "@fontsource", "noto-sans-sc");
  const faces = [];
  for (const weight of WEIGHTS) {
    for (const face of (await readFile(join(from, `${weight}.css`), "utf8")).match(FACE)) {
      const file = /url\(\.\/files\/([^)]+\.woff2)\)/.exec(face)[1];
      await put(`fonts/${file}`, await readFile(join(from, "files", file)));
      faces.push(face.replace(/src:[^;]*;/, `src:url(fonts/${file}) format("woff2");`).replace(/\s*\n\s*/g, ""));
    }
  }
  return faces.join("\n") + "\n";
}
