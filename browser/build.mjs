// Everything the browser gets, in one step: `npm ci --ignore-scripts && node browser/build.mjs`.
// Output: web/static/built/ (not committed): content-hashed files and manifest.json {"task.js": "task-3F2A….js"}.
import { build, context } from "esbuild";
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { iconSprite } from "./icons.mjs";
import { fontSheet } from "./fonts.mjs";
import { patched } from "./patches.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const modules = join(root, "node_modules");
const out = join(root, "web", "static", "built");

const options = {
  absWorkingDir: root,
  entryPoints: {
    app: "browser/app/app.js",
    theme: "browser/app/theme.js",
    task: "browser/task/task.js",
    diagram: "browser/diagram/diagram.js",
    "app-style": "browser/css/app.css",
    "task-style": "browser/css/task.css",
    "diagram-style": "browser/css/diagram.css",
  },
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022", "chrome111", "firefox115", "safari16.4"],
  outdir: out,
  entryNames: "[name]-[hash]",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".svg": "dataurl", ".woff2": "file" },
  legalComments: "linked",
  metafile: true,
  logLevel: "warning",
  plugins: [patched],
};

/** Write text or bytes under a name that carries its content's hash; returns that name. */
async function hashed(name, content) {
  const tag = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  const file = `${basename(name, extname(name))}-${tag}${extname(name)}`;
  await writeFile(join(out, file), content);
  return file;
}

function namesOf(metafile) {
  const names = {};
  for (const [path, output] of Object.entries(metafile.outputs)) {
    if (!output.entryPoint) continue;
    const ext = extname(path);
    names[basename(output.entryPoint, extname(output.entryPoint)) + ext] = basename(path);
  }
  return names;
}

async function finish(metafile) {
  const names = namesOf(metafile);
  await mkdir(join(out, "fonts"), { recursive: true });
  names["icons.svg"] = await hashed("icons.svg", await iconSprite(modules));
  names["fonts.css"] = await hashed("fonts.css", await fontSheet(modules, join(out, "fonts")));
  // axe only exists where the tests' own dependencies were installed; no page refers to it
  await cp(join(modules, "axe-core", "axe.min.js"), join(out, "axe.min.js")).catch(() => undefined);
  await writeFile(join(out, "manifest.json"), JSON.stringify(names, null, 1) + "\n");
  return names;
}

if (process.argv.includes("--watch")) {
  const rewrite = { name: "manifest", setup: (b) => b.onEnd((r) => r.metafile && finish(r.metafile)) };
  const watching = await context({ ...options, minify: false, plugins: [...options.plugins, rewrite] });
  await watching.watch();
} else {
  await rm(out, { recursive: true, force: true });
  const result = await build(options);
  const names = await finish(result.metafile);
  for (const name of Object.values(names)) {
    const { length } = await readFile(join(out, name));
    console.log(`${String(Math.ceil(length / 1024)).padStart(6)} kB  ${name}`);
  }
}
