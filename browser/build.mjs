// Everything the browser gets, in one step: `npm ci --ignore-scripts && node browser/build.mjs`.
// Output: web/static/built/ (not committed): content-hashed files and manifest.json {"task.js": "task-3F2A….js"}.
import { build, context } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { iconSprite } from "./icons.mjs";
import { fontSheet } from "./fonts.mjs";
import { patched } from "./patches.mjs";
import { studioPatched } from "./studio/patches.mjs";

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
    heat: "browser/heat/heat.js",
    passkey: "browser/app/passkey.js",
    "app-style": "browser/css/app.css",
    "task-style": "browser/css/task.css",
    "diagram-style": "browser/css/diagram.css",
    modeler: "browser/studio/modeler.js",
    tables: "browser/studio/tables.js",
    formbuilder: "browser/studio/formbuilder.js",
    "modeler-style": "browser/studio/css/modeler.css",
    "tables-style": "browser/studio/css/tables.css",
    "formbuilder-style": "browser/studio/css/formbuilder.css",
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
  write: false,
  logLevel: "warning",
  plugins: [patched, studioPatched],
};

// A server may be running: files appear whole, the manifest changes at one moment, and what it named before stays for an hour.
const LEFT_FOR = 3600_000;
const written = new Set();

async function put(name, content, { always = false } = {}) {
  const file = join(out, name);
  written.add(name);
  if (!always && await stat(file).catch(() => null)) return;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.${process.pid}`, content);
  await rename(`${file}.${process.pid}`, file);
}

async function sweep() {
  for (const entry of await readdir(out, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath ?? entry.path, entry.name);
    if (!entry.isFile() || written.has(relative(out, file))) continue;
    if (Date.now() - (await stat(file)).mtimeMs > LEFT_FOR) await rm(file, { force: true });
  }
}

/** Write text or bytes under a name that carries its content's hash; returns that name. */
async function hashed(name, content) {
  const tag = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  const file = `${basename(name, extname(name))}-${tag}${extname(name)}`;
  await put(file, content);
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

async function finish({ metafile, outputFiles }) {
  for (const { path, contents } of outputFiles) await put(relative(out, path), contents);
  const names = namesOf(metafile);
  names["icons.svg"] = await hashed("icons.svg", await iconSprite(modules));
  names["fonts.css"] = await hashed("fonts.css", await fontSheet(modules, put));
  // axe only exists where the tests' own dependencies were installed; no page refers to it
  const axe = await readFile(join(modules, "axe-core", "axe.min.js")).catch(() => null);
  if (axe) await put("axe.min.js", axe);
  await put("manifest.json", JSON.stringify(names, null, 1) + "\n", { always: true });
  await sweep();
  return names;
}

if (process.argv.includes("--watch")) {
  const rewrite = { name: "manifest", setup: (b) => b.onEnd((r) => r.metafile && finish(r)) };
  const watching = await context({ ...options, minify: false, plugins: [...options.plugins, rewrite] });
  await watching.watch();
} else {
  const names = await finish(await build(options));
  for (const name of Object.values(names)) {
    const { length } = await readFile(join(out, name));
    console.log(`${String(Math.ceil(length / 1024)).padStart(6)} kB  ${name}`);
  }
}
