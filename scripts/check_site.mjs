// SPDX-License-Identifier: BSD-3-Clause
// node scripts/check_site.mjs SITE [--pictures FOLDER] [--quick] [--questions TABLE PROGRAM ATLAS]: looks at every page of an atlas's
// site in Chromium: errors, policy, foreign requests, axe, width, dark, keyboard, search, links,
// colours, lasso, saved tables, hostile names, file://, no WebGL. Figures are computed here a second
// time from the files.
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(here, "../src/web/atlas/package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const site = resolve(process.argv[2] ?? "");
const pictures = process.argv.includes("--pictures") ? process.argv[process.argv.indexOf("--pictures") + 1] : null;
const quick = process.argv.includes("--quick");
const asked = process.argv.includes("--questions") ? process.argv.slice(process.argv.indexOf("--questions") + 1).slice(0, 3) : null;
const POLICY = "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css", svg: "image/svg+xml", json: "application/json" };

let failures = 0, checks = 0;
const check = (fine, what) => {
  checks += 1;
  if (!fine) {
    failures += 1;
    console.error(`FAILED: ${what}`);
  }
};
const near = (a, b, tolerance = 6e-4) => Math.abs(a - b) <= tolerance;

// --- the files, read a second time -------------------------------------------------------------
const raw = (hash) => gunzipSync(readFileSync(join(site, "d", hash.slice(0, 2), hash + ".bin")));
const table = (hash) => JSON.parse(raw(hash));
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1, power = (bits >> 10) & 31, rest = bits & 1023;
  if (power === 31) return rest ? NaN : sign * Infinity;
  return power ? sign * 2 ** (power - 15) * (1 + rest / 1024) : sign * 2 ** -14 * (rest / 1024);
}
function bundle(hash) {
  const data = raw(hash), length = data.readUInt32LE(4), header = JSON.parse(data.subarray(8, 8 + length)), start = Math.ceil((8 + length) / 8) * 8;
  const arrays = {};
  for (const { name, type, offset, length: n } of header.arrays) {
    const at = start + offset;
    arrays[name] = Array.from({ length: n }, (_, i) => (type === "u8" ? data[at + i] : type === "u16" ? data.readUInt16LE(at + 2 * i) : type === "f16" ? half(data.readUInt16LE(at + 2 * i)) : data.readFloatLE(at + 4 * i)));
  }
  return { header, arrays };
}
const manifest = JSON.parse(readFileSync(join(site, "manifest.json")));
const mirnas = table(manifest.files.mirnas), types = table(manifest.files.types), terms = table(manifest.files.terms), datasets = table(manifest.files.datasets), groups = table(manifest.files.groups);
const average = (list) => list.reduce((a, b) => a + b, 0) / list.length;
/** Over data sets of the first kind, each the mean of its groups. */
function ranked(values, by) {
  return terms_of(by).map((_, item) => {
    const sets = datasets.id.map((_, d) => values.filter((v, g) => groups[by][g] === item && groups.dataset[g] === d && datasets.comparable[d] === 0 && !Number.isNaN(v))).filter((list) => list.length).map(average);
    return { item, mean: sets.length ? average(sets) : NaN, n: sets.length };
  }).filter((x) => x.n).sort((a, b) => b.mean - a.mean);
}
const terms_of = (by) => (by === "type" ? types.name : terms[by].name);

// --- server and browser ------------------------------------------------------------------------
let missing = new Set();
const server = createServer((request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname)).replace(/^\/+/, "") || "index.html";
  const file = join(site, path);
  if (!file.startsWith(site) || missing.has(path) || !existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
  response.writeHead(200, { "Content-Type": TYPES[path.split(".").pop()] ?? "application/octet-stream", "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Cache-Control": /^(d|assets|downloads)\//.test(path) ? "max-age=31536000, immutable" : "no-cache" });
  response.end(readFileSync(file));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const base = `http://127.0.0.1:${server.address().port}/`;
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-sync", "--no-first-run", "--disable-domain-reliability", "--disable-features=OptimizationHints,MediaRouter,Translate"];
const executablePath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const launch = (more = []) => chromium.launch({ executablePath, args: [...flags, "--enable-unsafe-swiftshader", ...more] });
const browser = await launch();

async function open(options = {}) {
  const context = await (options.browser ?? browser).newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true, ...options.context });
  const page = await context.newPage();
  await page.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    globalThis.alert = () => globalThis.violations.push("alert() was called");
  });
  page.on("pageerror", (error) => check(false, `${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !options.lenient) check(false, `${page.url()}: ${message.text()}`);
  });
  page.on("request", (request) => {
    const to = request.url();
    if (!to.startsWith(base) && !to.startsWith("blob:") && !to.startsWith("file:") && to !== "about:blank") check(false, `${page.url()} asked for ${to}`);
  });
  const visit = async (route) => {
    await page.goto("about:blank");
    await page.goto(base + "#/" + route);
    await settle(page);
  };
  return { context, page, visit };
}
const settle = (page) => page.waitForFunction(() => document.documentElement.dataset.page && !document.querySelector(".loading,[aria-busy]") && (!document.querySelector("canvas.map") || document.documentElement.dataset.map), null, { timeout: 60000 });
const lines = (page, caption) => page.evaluate((text) => {
  const found = [...document.querySelectorAll("table")].find((t) => t.caption.textContent.startsWith(text));
  return found ? [...found.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent)) : null;
}, caption);
const figureOf = (text) => Number(text.replace("−", "-").replaceAll(",", ""));
async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return readFileSync(await download.path(), "utf8");
}

const part = (text) => encodeURIComponent(text).replaceAll("%3A", ":");
const m0 = Math.max(0, mirnas.name.indexOf(manifest.examples.mirnas[0]));
const t0 = types.name.indexOf(manifest.examples.types[0]);
const mapped = datasets.map.findIndex((x) => x), withEdges = datasets.edges.findIndex((x) => x);
const hostile = types.name.find((name) => name.includes("<"));
const routes = { start: "", mirna: `mirna/${mirnas.accession[m0]}`, "mirna-tissue": `mirna/${mirnas.accession[m0]}?by=tissue`, type: `type/${part(types.key[t0])}`, mirnas: "mirnas", types: "types", terms: "terms", datasets: "datasets",
  compare: "compare", dots: "dots", network: "network", crosstalk: "crosstalk", list: `list?names=${mirnas.name[m0]},hsa-let-7a,nothing`, downloads: "downloads", methods: "methods", cite: "cite", api: "api", nothing: "mirna/none" };
for (const kind of ["tissue", "disease"]) if (terms[kind].key.length) routes[kind] = `${kind}/${part(terms[kind].key[0])}`;
datasets.id.slice(0, 4).forEach((id, d) => (routes[`dataset-${d}`] = `dataset/${part(id)}`));
if (hostile) routes.hostile = `type/${part(types.key[types.name.indexOf(hostile)])}`;
if (withEdges >= 0) routes.gene = `gene/${part(bundle(datasets.file[withEdges]).header.targets[0])}`;
if (mapped >= 0) routes.coloured = `dataset/${part(datasets.id[mapped])}?colour=${mirnas.accession[m0]}`;

// --- every page --------------------------------------------------------------------------------
const links = new Set();
for (const [width, scheme] of quick ? [[1440, "light"], [390, "dark"]] : [[1440, "light"], [390, "light"], [1440, "dark"], [390, "dark"]]) {
  const { context, page, visit } = await open({ context: { viewport: { width, height: width === 390 ? 844 : 900 }, colorScheme: scheme } });
  for (const [name, route] of Object.entries(routes)) {
    await visit(route);
    const state = await page.evaluate(() => ({
      over: document.documentElement.scrollWidth - document.documentElement.clientWidth, h1: document.querySelectorAll("h1").length, title: document.querySelector("h1")?.textContent ?? "",
      banner: document.getElementById("banner").textContent, markup: document.querySelectorAll("main img, main script:not([src]), main iframe, main b b").length, violations: globalThis.violations,
      links: [...document.querySelectorAll("a[href]")].map((a) => a.getAttribute("href")), foreign: [...document.querySelectorAll("a[href]")].map((a) => a.href.baseVal ?? a.href).filter((to) => !/^(https?|blob):/.test(to) && !String(to).startsWith("#")),
    }));
    const where = `${name} at ${width} ${scheme}`;
    check(state.over <= 0, `${where}: ${state.over} pixels too wide`);
    check(state.h1 === 1, `${where}: ${state.h1} h1`);
    check(name === "nothing" || (state.title !== "Not found" && !state.title.includes("could not be made")), `${where}: ${state.title}`);
    check(name !== "nothing" || state.title === "Not found", `${where}: ${state.title}`);
    check(state.banner.includes("Predictions, not measurements"), `${where}: no banner`);
    check(state.markup === 0, `${where}: data became markup`);
    check(state.violations.length === 0, `${where}: ${state.violations.join("; ")}`);
    check(state.foreign.length === 0, `${where}: a link to ${state.foreign[0]}`);
    state.links.filter((to) => to.startsWith("#/")).forEach((to) => links.add(to));
    const faults = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ["violations"] }).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.slice(0, 2).map((n) => n.target.join(" ") + " " + (n.any[0]?.message ?? "")).join(" | ")))`);
    check(faults.length === 0, `${where}: axe: ${faults.join("; ")}`);
    if (pictures) {
      mkdirSync(pictures, { recursive: true });
      await page.screenshot({ path: join(pictures, `${name}-${width}-${scheme}.png`), fullPage: true });
    }
  }
  await context.close();
}

// --- what the pages say ------------------------------------------------------------------------
{
  const { context, page, visit } = await open();
  // Links: a sample of each kind of page.
  const kinds = new Map();
  for (const to of links) {
    const kind = to.split(/[/?]/)[1], held = kinds.get(kind) ?? [];
    if (held.length < (quick ? 2 : 5)) kinds.set(kind, [...held, to]);
  }
  for (const to of [...kinds.values()].flat()) {
    await visit(to.slice(2));
    const title = await page.textContent("h1");
    check(title !== "Not found" && !title.includes("could not"), `the link ${to} leads to “${title}”`);
  }

  // Ranking, against the files.
  const values = bundle(mirnas.file[m0]).arrays.mean;
  for (const by of ["type", "tissue", "disease"]) {
    const expected = ranked(values, by);
    if (!expected.length) continue;
    await visit(`mirna/${mirnas.accession[m0]}?by=${by}`);
    await page.locator(".equal-table summary").first().click();
    const shown = await lines(page, `${mirnas.name[m0]} by`);
    check(shown && shown[0][0] === terms_of(by)[expected[0].item] && near(figureOf(shown[0][1]), expected[0].mean), `${by}: the first is ${shown?.[0]}, expected ${terms_of(by)[expected[0].item]} ${expected[0].mean}`);
    check(shown && shown.every((line) => { const x = expected.find(({ item }) => terms_of(by)[item] === line[0]); return x && near(figureOf(line[1]), x.mean) && Number(line[3]) === x.n; }), `${by}: the table differs from the files`);
  }

  // Former names, other spellings, former pages.
  const [former, of] = mirnas.former.find(([name, m]) => mirnas.accession[m] && !mirnas.name.includes(name)) ?? [];
  if (former) {
    await visit(`mirna/${part(former)}`);
    await page.waitForFunction((key) => location.hash === `#/mirna/${key}`, mirnas.accession[of]);
    check(true, "former name");
  }
  await visit(`cell/${part(types.name[t0].toUpperCase())}`);
  await page.waitForFunction((key) => decodeURIComponent(location.hash) === `#/type/${key}`, types.key[t0]);

  // Search, by keyboard alone.
  await visit("");
  for (let i = 0; i < 40 && (await page.evaluate(() => document.activeElement.getAttribute("role"))) !== "combobox"; ++i) await page.keyboard.press("Tab");
  await page.keyboard.type(mirnas.name[m0].slice(4).toLowerCase());
  await page.waitForSelector(".search.large .hits li[role=option]");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForFunction((key) => location.hash === `#/mirna/${key}`, mirnas.accession[m0]);
  // The address changes before the page does.
  await page.waitForFunction((name) => document.querySelector("h1")?.textContent === name, mirnas.name[m0]).catch(() => {});
  await settle(page);
  check((await page.textContent("h1")) === mirnas.name[m0], "search by keyboard");
  for (const [kind, list, word] of [["type", types.key, types.name[t0]], ["dataset", datasets.id, datasets.id[0]], ...(terms.tissue.name.length ? [["tissue", terms.tissue.key, terms.tissue.name[0]]] : [])]) {
    await visit("");
    await page.fill(".search.large input", word.split(/[\s,]/)[0]);
    await page.waitForSelector(".search.large .hits li");
    const hits = await page.locator(".search.large .hits li").allTextContents();
    check(hits.some((text) => text.startsWith(kind === "dataset" ? datasets.id[0] : word)), `search for ${word} finds ${hits.slice(0, 3)}`);
    void list;
  }

  // Compare, against the files.
  if (types.name.length > 1) {
    const d = datasets.id.findIndex((_, i) => new Set(groups.type.filter((_, g) => groups.dataset[g] === i && groups.samples[g] > 0)).size > 1);
    if (d >= 0) {
      const own = groups.dataset.flatMap((x, g) => (x === d && groups.samples[g] > 0 ? [g] : []));
      const [a, b] = [...new Set(own.map((g) => groups.type[g]))];
      await visit(`compare?a_type=${encodeURIComponent(types.key[a])}&b_type=${encodeURIComponent(types.key[b])}&a_dataset=${datasets.id[d]}&b_dataset=${datasets.id[d]}`);
      const shown = await lines(page, "A: ");
      const all = bundle(datasets.file[d]).arrays.mean, first = groups.dataset.indexOf(d), n = mirnas.name.length;
      const side = (t, m) => average(own.filter((g) => groups.type[g] === t).map((g) => all[(g - first) * n + m]).filter((v) => !Number.isNaN(v)));
      check(shown && shown.length > 0 && shown.every((line) => { const m = mirnas.name.indexOf(line[0]); return near(figureOf(line[1]), side(a, m) - side(b, m)); }), `compare: ${shown?.[0]} differs from the files`);
    }
  }

  // Every table that is saved: texts that begin as formulas do are made harmless.
  await visit("types");
  const text = await saved(page, page.getByRole("button", { name: "Save as TSV" }).first());
  check(text.split("\n").length === types.name.length + 2 && !/(^|\t)[=+@]/m.test(text), "types.tsv");
  await visit("network");
  if (withEdges >= 0) {
    for (const kind of ["SVG", "PNG"]) {
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: `Save ${kind}` }).first().click()]);
      const file = readFileSync(await download.path());
      check(kind === "SVG" ? file.subarray(0, 4).toString() === "<svg" : file.subarray(1, 4).toString() === "PNG", `a network as ${kind}`);
    }
  }
  for (const item of manifest.downloads) {
    const response = await page.request.get(base + item.path);
    check(response.ok() && (await response.body()).length === item.bytes, `the download ${item.name}`);
  }
  await context.close();
}

// --- cells -------------------------------------------------------------------------------------
if (mapped >= 0) {
  const id = datasets.id[mapped], cells = bundle(datasets.file[mapped]).header.cells;
  const { arrays } = bundle(cells.file);
  const { context, page, visit } = await open();
  await visit(`dataset/${part(id)}?colour=${mirnas.accession[m0]}`);
  check((await page.evaluate(() => document.documentElement.dataset.map)) === "points", "the map is not drawn by WebGL2");
  const measures = await page.evaluate(() => Object.fromEntries(performance.getEntriesByType("measure").map(({ name, duration }) => [name, Math.round(duration)])));
  const files = await page.evaluate(() => performance.getEntriesByType("resource").filter(({ name }) => name.includes("/d/")).length);
  console.log(`map of ${cells.n} cells: first frame ${measures["map-drawn"]} ms, colours ${measures["map-coloured"]} ms, ${files} files`);
  await page.locator(".map-section .equal-table summary").click();
  const shown = await lines(page, "The map by cell type");
  const block = bundle(cells.blocks[Math.floor(m0 / cells.per_block)]);
  const k = m0 - block.header.first, low = block.header.low[k], step = (block.header.high[k] - low) / 254;
  const own = block.arrays.bytes.slice(k * cells.n, (k + 1) * cells.n);
  for (const line of shown ?? [null]) {
    const t = line ? cells.types.findIndex((i) => types.name[i] === line[0]) : -1;
    const values = own.filter((v, i) => arrays.type[i] === t && v !== 255).map((v) => low + v * step);
    check(line && Number(line[1].replaceAll(",", "")) === values.length && (!values.length || near(figureOf(line[2]), average(values))), `the map's mean of ${line}`);
  }
  // A lasso around everything, then a list; the first by pointer, the second without one.
  await page.evaluate(() => scrollTo(0, 0));
  await page.getByRole("button", { name: "Lasso" }).click();
  const canvas = page.locator("canvas.map");
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  await page.mouse.move(box.x + 3, box.y + 3);
  await page.mouse.down();
  for (const [x, y] of [[box.width - 3, 3], [box.width - 3, box.height - 3], [3, box.height - 3], [3, 5]]) await page.mouse.move(box.x + x, box.y + y, { steps: 3 });
  await page.mouse.up();
  const placed = arrays.x.filter((x, i) => x !== 65535 || arrays.y[i] !== 65535).length;
  const picked = await page.locator(".map-side p", { hasText: "A: " }).textContent();
  check(picked.includes(`A: ${placed.toLocaleString("en")} cell`), `the lasso: ${picked}, expected ${placed}`);
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByLabel("Of type").selectOption({ index: 1 });
  const count = arrays.type.filter((t) => t === 0).length;
  check((await page.locator(".map-side p", { hasText: "A: " }).textContent()).includes(`A: ${count.toLocaleString("en")} cell`), "a selection from the list");
  const text = await saved(page, page.getByRole("button", { name: "Save the cells" }));
  check(text.trim().split("\n").length === count + 1, "the saved cells");
  if (cells.n <= 50000) {
    await page.getByRole("button", { name: /^Compare A/ }).click();
    await page.waitForSelector("table caption:has-text('Selected cells compared')", { state: "attached", timeout: 60000 });
    const compared = await saved(page, page.locator(".table-box", { has: page.locator("caption:has-text('Selected cells compared')") }).getByRole("button", { name: "Save as TSV" }));
    const line = compared.split("\n").map((x) => x.split("\t")).find(([name]) => name === mirnas.name[m0]);
    const mean = (inside) => average(own.filter((v, i) => (arrays.type[i] === 0) === inside && v !== 255).map((v) => low + v * step));
    check(line && near(Number(line[1]), mean(true), 1e-6) && near(Number(line[2]), mean(false), 1e-6), `selected cells compared: ${line}`);
  }
  await canvas.focus();
  for (const key of ["+", "ArrowLeft", "0"]) await page.keyboard.press(key);
  check((await page.evaluate(() => globalThis.violations.length)) === 0, "the policy, on the map");
  await context.close();

  const plain = await launch(["--disable-3d-apis"]);
  const without = await open({ browser: plain, lenient: true });
  await without.visit(`dataset/${part(id)}`);
  check((await without.page.evaluate(() => document.documentElement.dataset.map)) === "density", "without WebGL there is no picture of densities");
  await plain.close();
}

// --- questions ---------------------------------------------------------------------------------
// Each is answered by steps from the first page, as a reader would go, and by the shell. One line of
// the place must hold the whole answer: a number as it is rounded there, anything else as it stands.
const holds = (cells, words) => words.every((word) => (/^[\d.]+$/.test(word)
  ? cells.some((cell) => cell.split(/[ ,]+/).some((x) => x !== "" && Number(x) >= 0 && Number(x).toFixed(word.split(".")[1]?.length ?? 0) === word && (word.includes(".") || !x.includes("."))))
  : cells.some((cell) => cell.includes(word))));
async function step(page, text) {
  const [what, rest] = [text.split(" ", 1)[0], text.slice(text.indexOf(" ") + 1)];
  if (what === "search") {
    await page.fill(".search.large input", rest);
    await page.waitForSelector(".search.large .hits li[role=option]");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.documentElement.dataset.page !== "start", null, { timeout: 5000 });
  } else if (what === "link") {
    await page.locator("main a", { hasText: rest }).first().click();
    await page.waitForFunction(() => document.documentElement.dataset.page !== "start", null, { timeout: 5000 });
  } else if (what === "open") {
    await page.locator("summary", { hasText: rest }).first().click();
  } else {  // choose [LEGEND, ]LABEL = OPTION
    const [label, option] = rest.split(" = "), [legend, field] = label.includes(", ") ? label.split(", ") : [null, label];
    const within = legend ? page.locator("fieldset", { has: page.locator("legend", { hasText: legend }) }) : page.locator("main");
    await within.locator("label", { has: page.getByText(field, { exact: true }) }).locator("select").first().selectOption({ label: option }, { timeout: 5000 });
  }
  await settle(page);
}
if (asked) {
  const [names, ...lines_] = readFileSync(asked[0], "utf8").trimEnd().split("\n").map((line) => line.split("\t"));
  const questions = lines_.map((line) => Object.fromEntries(names.map((name, i) => [name, line[i] ?? ""])));
  for (const width of [1440, 390]) {
    const { context, page, visit } = await open({ context: { viewport: { width, height: width === 390 ? 844 : 900 } } });
    let right = 0, clicks = 0;
    for (const [i, { question, steps, place, line, answer, shell, shell_answer }] of questions.entries()) {
      await visit("");
      let found = [];
      try {
        for (const one of steps.split("; ")) await step(page, one);
        found = place === "page" ? (await page.innerText("main")).split("\n").map((text) => [text]) : await page.evaluate((caption) => {
          const table = [...document.querySelectorAll("table")].find((t) => t.caption.textContent === caption && t.checkVisibility());
          return table ? [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.innerText)) : [];
        }, place);
      } catch (error) {
        console.error(`${steps}: ${error.message.split("\n")[0]}`);
      }
      const fine = (line === "first" ? found.slice(0, 1) : found).some((cells) => holds(cells, answer.split("|")));
      check(fine, `“${question}” is not answered at ${width} pixels by ${answer}; there is ${found[0]}`);
      right += fine;
      clicks += steps.split("; ").length;
      if (pictures) await page.screenshot({ path: join(pictures, `question-${i + 1}-${width}.png`), fullPage: true });
      if (width !== 1440) continue;
      const told = spawnSync(asked[1], ["atlas", "query", asked[2], ...shell.split("|")], { encoding: "utf8" });
      const rows = [...told.stdout.split("\n").slice(1, line === "first" ? 2 : undefined), ...(line === "first" ? [] : told.stderr.split("\n"))].map((text) => text.split("\t"));
      check(told.status === 0 && rows.some((cells) => holds(cells, (shell_answer || answer).split("|"))), `the shell answers “${question}” otherwise: ${rows[0]} ${told.stderr}`);
    }
    console.log(`${right} of ${questions.length} questions are answered on the pages, at ${width} pixels in ${clicks} steps`);
    await context.close();
  }
}

// --- first page, file://, a file that is gone --------------------------------------------------
{
  let took = Infinity;  // the best of 3: the machine may be busy with other things
  for (let turn = 0; turn < 3; ++turn) {
    const { context, page } = await open();
    const client = await context.newCDPSession(page);
    await client.send("Network.enable");
    await client.send("Network.emulateNetworkConditions", { offline: false, latency: 40, downloadThroughput: 20e6 / 8, uploadThroughput: 5e6 / 8 });
    const start = Date.now();
    await page.goto(base);
    await settle(page);
    took = Math.min(took, Date.now() - start);
    await context.close();
  }
  console.log(`first page at 20 Mbit/s and 40 ms: ${took} ms`);
  check(took < 1000, `the first page takes ${took} ms`);

  const file = await open({ lenient: true });
  await file.page.goto(pathToFileURL(join(site, "index.html")).href);
  await file.page.waitForTimeout(300);
  check((await file.page.textContent("main")).includes("sicmir atlas serve"), "file:// does not say what to run");
  await file.context.close();

  const gone = await open({ lenient: true });
  missing = new Set([`d/${mirnas.file[m0].slice(0, 2)}/${mirnas.file[m0]}.bin`]);
  await gone.visit(`mirna/${mirnas.accession[m0]}`);
  check((await gone.page.textContent("main")).includes("reload the page"), "a file that is gone is not explained");
  await gone.context.close();
}
await browser.close();
server.close();
console.log(`${checks} checks, ${failures} failed`);
process.exitCode = failures ? 1 : 0;
