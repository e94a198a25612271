// SPDX-License-Identifier: BSD-3-Clause
// Builds the site's program into dist/, which is committed. --check: builds elsewhere and compares.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const MOST = 150_000, MOST_FIRST = 60_000;  // bytes of script, gzipped

async function make(out) {
  const assets = join(out, "assets");
  mkdirSync(assets, { recursive: true });
  const options = { bundle: true, minify: true, target: "es2022", charset: "ascii", legalComments: "none", absWorkingDir: here, write: false };
  const app = await build({ ...options, entryPoints: { app: "src/app.ts" }, format: "esm", splitting: true, outdir: "out", entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]", metafile: true });
  const boot = await build({ ...options, entryPoints: { boot: "src/boot.ts" }, format: "iife", outdir: "out", entryNames: "[name]-[hash]" });
  const style = await build({ ...options, entryPoints: { style: "src/style.css" }, outdir: "out", entryNames: "[name]-[hash]" });
  const named = {};
  for (const { path, contents } of [...app.outputFiles, ...boot.outputFiles, ...style.outputFiles]) {
    const name = basename(path);
    writeFileSync(join(assets, name), contents);
    named[name.replace(/-[A-Z0-9]+\./, ".")] ??= name;
  }
  const icon = readFileSync(join(here, "src/icon.svg"));
  const iconName = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8)}.svg`;
  writeFileSync(join(assets, iconName), icon);
  const page = readFileSync(join(here, "src/index.html"), "utf8").replaceAll("APP_JS", "assets/" + named["app.js"])
    .replaceAll("BOOT_JS", "assets/" + named["boot.js"]).replaceAll("STYLE_CSS", "assets/" + named["style.css"]).replaceAll("STYLE_ICON", "assets/" + iconName);
  writeFileSync(join(out, "index.html"), page);
  // What the first page loads: the entry and all that it imports outright.
  const outputs = app.metafile.outputs, first = new Set();
  const visit = (name) => {
    if (first.has(name)) return;
    first.add(name);
    for (const { path, kind } of outputs[name].imports) if (kind === "import-statement") visit(path);
  };
  visit(Object.keys(outputs).find((name) => outputs[name].entryPoint === "src/app.ts"));
  const size = (name) => gzipSync(readFileSync(join(assets, basename(name))), { level: 9 }).length;
  const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
  const all = scripts.reduce((sum, name) => sum + size(name), 0);
  const opening = [...first].reduce((sum, name) => sum + size(name), 0) + size(named["boot.js"]);
  console.log(`scripts: ${all} bytes gzipped in ${scripts.length} files, of which the first page loads ${opening}; style: ${size(named["style.css"])}`);
  if (all > MOST || opening > MOST_FIRST) throw new Error(`more than ${MOST} or ${MOST_FIRST} bytes of script`);
}

const listing = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name)).map((path) => path.slice(folder.length + 1)).sort();

const dist = join(here, "dist");
if (process.argv.includes("--check")) {
  const other = mkdtempSync(join(tmpdir(), "site-"));
  try {
    await make(other);
    const a = listing(dist), b = listing(other);
    const differ = a.length !== b.length || a.some((name, i) => name !== b[i] || !readFileSync(join(dist, name)).equals(readFileSync(join(other, name))));
    if (differ) {
      console.error("dist/ is not what the sources build. Run: npm run build");
      process.exitCode = 1;
    } else {
      console.log(`dist/: ${a.length} files, equal to a new build`);
    }
  } finally {
    rmSync(other, { recursive: true });
  }
} else {
  rmSync(dist, { recursive: true, force: true });
  await make(dist);
}
