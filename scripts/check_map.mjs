// SPDX-License-Identifier: BSD-3-Clause
// node scripts/check_map.mjs SITE [MS]: opens the largest map of an atlas's site in headless
// Chromium and tells how long it takes to unpack and draw it, and to colour it by a miRNA. Reading
// the files is told apart.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const { chromium } = createRequire(join(here, "../src/web/atlas/package.json"))("playwright-core");
const site = resolve(process.argv[2]);
const most = Number(process.argv[3] ?? 0);
const TYPES = { html: "text/html", js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
const server = createServer((request, response) => {
  const path = join(site, new URL(request.url, "http://x").pathname.slice(1) || "index.html");
  if (!path.startsWith(site) || !existsSync(path)) return response.writeHead(404).end();
  response.writeHead(200, { "Content-Type": TYPES[path.split(".").pop()] ?? "application/octet-stream" }).end(readFileSync(path));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const manifest = JSON.parse(readFileSync(join(site, "manifest.json")));
const table = (name) => JSON.parse(gunzipSync(readFileSync(join(site, "d", name.slice(0, 2), name + ".bin"))));
const datasets = table(manifest.files.datasets), mirnas = table(manifest.files.mirnas);
const d = datasets.id.map((_, i) => i).filter((i) => datasets.map[i]).sort((a, b) => datasets.cells[b] - datasets.cells[a])[0];
const executablePath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const browser = await chromium.launch({ executablePath, args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--enable-unsafe-swiftshader"] });
const times = [];
for (let turn = 0; turn < 3; ++turn) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`http://127.0.0.1:${server.address().port}/#/dataset/${datasets.id[d]}?colour=${mirnas.accession[0]}`);
  await page.waitForFunction(() => document.documentElement.dataset.map, null, { timeout: 120000 });
  times.push(await page.evaluate(async () => {
    const measure = (name) => performance.getEntriesByName(name).at(-1)?.duration ?? NaN;
    const files = globalThis.atlasFetched ?? [];
    const large = files.filter((x) => x.bytes > 300000);
    return { fetch: large.reduce((sum, x) => sum + x.fetch, 0), unpack: large.reduce((sum, x) => sum + x.unpack, 0), frame: measure("map-drawn"), colour: measure("map-coloured"), kind: document.documentElement.dataset.map };
  }));
  await page.close();
}
await browser.close();
server.close();
const best = times.reduce((a, b) => (a.unpack + a.frame < b.unpack + b.frame ? a : b));
const total = best.unpack + best.frame;
console.log(`map of ${datasets.cells[d]} cells (${best.kind}): unpack ${best.unpack.toFixed(0)} ms, upload and first frame ${best.frame.toFixed(0)} ms, together ${total.toFixed(0)} ms; colours anew ${best.colour.toFixed(0)} ms; fetched in ${best.fetch.toFixed(0)} ms. Best of 3.`);
if (most && total > most) {
  console.error(`FAILED: more than ${most} ms`);
  process.exitCode = 1;
}
