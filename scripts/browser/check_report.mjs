// SPDX-License-Identifier: BSD-3-Clause
// Looks at pages of `sicmir report` in headless Chromium: node check_report.mjs FOLDER PAGE... [--shots FOLDER]
// FOLDER holds node_modules with what package.json names. Each page is opened from disk at 1440 and 390 pixels, light
// and dark. It must ask for nothing else, log no error, be clean for axe-core, be no wider than the window, draw every
// colour of the map, let no two words of a plot overlap, and save every plot as a PNG that is neither small nor empty.
// PAGE.questions.tsv, if there is one, has questions about the page and the words of their answers, which a reader must
// find in the section that is named.
import {createRequire} from "node:module";
import {existsSync, readFileSync} from "node:fs";
import {pathToFileURL} from "node:url";
import {basename, resolve} from "node:path";

const [modules, ...rest] = process.argv.slice(2);
const at = rest.indexOf("--shots");
const shots = at < 0 ? null : rest[at + 1];
const pages = at < 0 ? rest : rest.slice(0, at);
const require = createRequire(resolve(modules, "package.json"));
const {chromium} = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const problems = [];

// Boxes of words that lie over each other, within one plot.
const overlaps = () => [...document.querySelectorAll("svg")].flatMap(plot => {
  const texts = [...plot.querySelectorAll("text")].filter(text => text.textContent);
  const corners = texts.map(text => {
    const box = text.getBBox(), matrix = text.getCTM();
    // A little smaller than the line, whose upper and lower edge hold no ink.
    return [[0.02, 0.2], [0.98, 0.2], [0.98, 0.8], [0.02, 0.8]].map(([x, y]) =>
      new DOMPoint(box.x + x * box.width, box.y + y * box.height).matrixTransform(matrix));
  });
  // Two convex shapes are apart if an edge of one separates them.
  const apart = (a, b) => [a, b].some(shape => shape.some((p, i) => {
    const q = shape[(i + 1) % 4], [nx, ny] = [q.y - p.y, p.x - q.x];
    const along = points => points.map(r => r.x * nx + r.y * ny);
    const [u, v] = [along(a), along(b)];
    return Math.max(...u) < Math.min(...v) || Math.max(...v) < Math.min(...u);
  }));
  const found = [];
  for (let i = 0; i < texts.length; ++i) {
    for (let k = i + 1; k < texts.length; ++k) {
      if (!apart(corners[i], corners[k])) found.push(texts[i].textContent + " / " + texts[k].textContent);
    }
  }
  const edge = plot.getBoundingClientRect();
  for (const text of texts) {
    const box = text.getBoundingClientRect();
    if (box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 1 || box.bottom > edge.bottom + 1) {
      found.push(text.textContent + " leaves its plot");
    }
  }
  return found;
});

// Number of different colours on the map; one would be an empty canvas.
const coloursOf = () => {
  const canvas = document.getElementById("map_canvas");
  if (!canvas) return null;
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) if (data[i + 3]) seen.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
  return seen.size;
};

// Number of different colours of a PNG; decoded without an address, which the page would not be allowed to ask for.
const coloursOfPng = async base64 => {
  const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), c => c.charCodeAt(0))]));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height), pen = canvas.getContext("2d");
  pen.drawImage(bitmap, 0, 0);
  const {data} = pen.getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) seen.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
  return seen.size;
};

// What a reader sees of a section, or of the page's head.
const textOf = place => {
  if (place === "head") return ["header", "#truths", "#warnings"].map(one => document.querySelector(one).innerText).join("\n");
  return document.getElementById(place)?.innerText ?? "";
};

const browser = await chromium.launch({executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]});
for (const path of pages) {
  const address = pathToFileURL(resolve(path)).href;
  for (const width of [1440, 390]) {
    for (const colorScheme of ["light", "dark"]) {
      const where = `${basename(path)}, ${width} pixels, ${colorScheme}`;
      const fail = words => problems.push(`${where}: ${words}`);
      const context = await browser.newContext({viewport: {width, height: width === 390 ? 844 : 900}, colorScheme});
      const page = await context.newPage();
      page.on("console", message => { if (message.type() === "error") fail("console: " + message.text()); });
      page.on("pageerror", error => fail("script: " + error.message));
      page.on("dialog", dialog => { fail("a dialog: " + dialog.message()); dialog.dismiss(); });
      page.on("request", request => { if (request.url() !== address) fail("asked for " + request.url()); });
      await page.goto(address);
      if (!await page.locator("#methods_text").count()) fail("the page was not drawn");
      await page.evaluate(() => { for (const one of document.querySelectorAll("details")) one.open = true; });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) fail(`${wide} pixels wider than the window`);
      for (const words of await page.evaluate(overlaps)) fail(`overlap: ${words}`);
      for (const id of ["map_by", "volcano_group", "marker_group"]) {
        const select = page.locator("#" + id);
        if (!await select.count()) continue;
        const values = await select.locator("option").evaluateAll(all => all.map(one => one.value));
        // Every colour of the map; of many groups, some.
        const step = id === "map_by" ? 1 : Math.ceil(values.length / 6);
        for (let i = 0; i < values.length; i += step) {
          await select.selectOption(values[i]);
          if (id === "map_by" && await page.evaluate(coloursOf) < 2) fail(`the map by ${values[i]} is empty`);
          if (id === "volcano_group") {
            for (const words of await page.evaluate(overlaps)) fail(`${id} ${values[i]}: overlap: ${words}`);
          }
        }
        await select.selectOption({index: 0});
      }
      await page.evaluate(axe);
      const found = await page.evaluate(() => globalThis.axe.run(document, {resultTypes: ["violations"]}));
      for (const one of found.violations) {
        fail(`axe: ${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map(node => node.target.join(" ")).join("; ")}`);
      }
      // Every plot has a table in its section.
      for (const id of await page.evaluate(() => [...document.querySelectorAll("main section")]
        .filter(one => one.querySelector("canvas, figure svg, .scroll svg") && !one.querySelector("table")).map(one => one.id))) {
        fail(`section ${id} has a plot, but no table`);
      }
      if (width === 1440) {
        const buttons = page.locator(".save");
        if (await buttons.count() < await page.locator("main section figure").count()) fail("a plot cannot be saved");
        for (let i = 0; i < await buttons.count(); ++i) {
          const [download] = await Promise.all([page.waitForEvent("download"), buttons.nth(i).click()]);
          const file = await download.path(), words = download.suggestedFilename();
          if (shots) await download.saveAs(`${shots}/${basename(path, ".html")}_${colorScheme}_${i}_${words}`);
          const png = readFileSync(file);
          if (png.toString("latin1", 1, 4) !== "PNG" || png.readUInt32BE(16) < 500 || png.readUInt32BE(20) < 300) fail(`${words} is no picture of a plot`);
          const inks = await page.evaluate(coloursOfPng, png.toString("base64"));
          if (inks < 3) fail(`${words} has ${inks} colours`);
        }
      }
      const questions = path.replace(/\.html$/, ".questions.tsv");
      if (width === 1440 && colorScheme === "light" && existsSync(questions)) {
        const lines = readFileSync(questions, "utf8").trim().split("\n").slice(1).map(line => line.split("\t"));
        let right = 0;
        for (const [place, question, ...answers] of lines) {
          // One line of a table or one paragraph has the whole answer.
          const text = (await page.evaluate(textOf, place)).split("\n");
          const found = text.some(line => answers.every(answer => line.includes(answer)));
          right += found;
          if (!found) fail(`"${question}" is not answered in ${place}: ${answers.join(" | ")}`);
        }
        console.log(`${basename(path)}: ${right} of ${lines.length} questions are answered on the page`);
      }
      // The plots that can be changed are reached by the keyboard.
      if (await page.locator("#map_by").count()) {
        await page.locator("#map_by").focus();
        await page.keyboard.press("ArrowDown");
        if (await page.locator("#map_by").inputValue() === "group" && await page.locator("#map_by option").count() > 1) fail("the arrow keys do not change the map");
        await page.locator("#map_by").selectOption({index: 0});
      }
      if (shots) {
        await page.evaluate(() => { for (const one of document.querySelectorAll("details")) one.open = false; scrollTo(0, 0); });
        for (const id of ["", ...await page.evaluate(() => [...document.querySelectorAll("main section")].map(one => one.id))]) {
          const shot = {path: `${shots}/${basename(path, ".html")}_${width}_${colorScheme}_${id || "head"}.png`};
          await (id ? page.locator("#" + id) : page).screenshot(shot);
        }
      }
      await context.close();
    }
  }
  console.log(`${basename(path)}: ${problems.length ? "problems so far: " + problems.length : "no problem so far"}`);
}
await browser.close();
const once = [...new Set(problems)];
for (const words of once.slice(0, 60)) console.error(words);
if (once.length) { console.error(`${once.length} problems`); process.exit(1); }
console.log(`${pages.length} pages: no problem`);
