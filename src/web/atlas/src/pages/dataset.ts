// SPDX-License-Identifier: BSD-3-Clause
// One data set: its cells on a map, its groups, its conditions.

import { bundle, pool, type Bundle } from "../data";
import { category, css, isDark, sequential, type Rgb } from "../colour";
import { h, s, save, webAddress } from "../dom";
import { bytes, fixed, integer, plural, signed, tsv } from "../format";
import { accuracy, confidence, datasetHref, facts, field, groupName, help, href, mirnaHref, mirnaLink, missing, select, termName, typeHref, typeLink, type Context, type Page } from "../context";
import { colourBar, figure, rangePlot } from "../plot";
import { Grid, inside, OFF, painter, type Painter, type Places, type View } from "../points";
import { table } from "../table";

/** `of`: how many there were before some were drawn. */
export interface CellFiles { file: string; n: number; of?: number; map: string; blocks: string[]; per_block: number; types: number[]; samples: number }

/** The bytes of one miRNA of all cells, and their range. */
async function column(cells: CellFiles, m: number): Promise<{ values: Uint8Array; low: number; high: number }> {
  const { header, arrays } = await bundle(cells.blocks[Math.floor(m / cells.per_block)]!);
  const k = m - header.first;
  return { values: (arrays.bytes as Uint8Array).subarray(k * cells.n, (k + 1) * cells.n), low: header.low[k], high: header.high[k] };
}

export async function dataset(context: Context): Promise<Page> {
  const { atlas, path } = context;
  const { datasets, groups, types, mirnas } = atlas;
  const key = path[0] ?? "";
  const d = datasets.id.indexOf(key);
  if (d < 0) {
    const other = datasets.id.indexOf(key.toLowerCase());
    return other >= 0 ? { title: "", body: [], moved: datasetHref(atlas, other) } : missing("data set", key);
  }
  const { header, arrays } = await bundle(datasets.file[d]!);
  const mine = groups.dataset.flatMap((x, g) => (x === d ? [g] : []));
  const url = webAddress(datasets.url[d]!);
  const cells = header.cells as CellFiles | null;
  const map = cells ? await cellMap(context, d, cells) : null;
  const id = datasets.id[d]!;
  const terms = (kind: "tissue" | "disease" | "condition"): string => [...new Set(mine.map((g) => termName(atlas, kind, groups[kind][g]!)))].filter(Boolean).join(", ");
  return { title: id, leave: map?.leave, body: [
    h("p", { class: "kind" }, "Data set"), h("h1", {}, datasets.title[d] || id),
    facts([["Id", id], ["Cells", integer(datasets.cells[d]!)], ["Samples", integer(datasets.samples[d]!)], ["Donors", datasets.donors[d] ? integer(datasets.donors[d]!) : "not known"],
      ["Tissues", terms("tissue")], ["Diseases", terms("disease")], ["Conditions", terms("condition")],
      ["Citation", datasets.citation[d]!], ["Source", url ? h("a", { href: url, rel: "noreferrer" }, url) : datasets.url[d]!]]),
    h("p", { class: "actions" }, datasets.edges[d] ? h("a", { href: href("network", undefined, { dataset: id }) }, "Network") : null,
      datasets.triples[d] ? h("a", { href: href("crosstalk", undefined, { dataset: id }) }, "Cross-talk") : null,
      h("a", { href: href("dots", undefined, { dataset: id }) }, "Dot plot of its cell types"),
      h("a", { href: href("compare", undefined, { a_dataset: id, b_dataset: id, a_type: types.key[groups.type[mine[0]!]!]! }) }, "Compare its cell types")),
    map ? map.body : h("p", { class: "note" }, datasets.share[d] === "cells" ? "This data set has no cells to show." : "The cells of this data set are not public; its groups are."),
    contrasts(context, header, arrays) ?? "",
    h("section", {}, h("h2", {}, "Groups of cells"), table(mine, [
      { key: "cell_type", label: "cell type", value: (g) => types.name[groups.type[g]!]!, show: (g) => typeLink(atlas, groups.type[g]!) },
      { key: "tissue", label: "tissue", value: (g) => termName(atlas, "tissue", groups.tissue[g]!) },
      { key: "disease", label: "disease", value: (g) => termName(atlas, "disease", groups.disease[g]!) },
      { key: "condition", label: "condition", value: (g) => termName(atlas, "condition", groups.condition[g]!) },
      { key: "n_samples", label: "samples", value: (g) => groups.samples[g]!, help: "Profiles at or above the floor: what the means are over" },
      { key: "n_donors", label: "donors", value: (g) => groups.donors[g]! || null },
      { key: "n_below_floor", label: "below floor", value: (g) => groups.below_floor[g]!, help: "Profiles of too few cells or molecules, left out" },
      { key: "n_cells", label: "cells", value: (g) => groups.cells[g]! },
    ], { caption: `Groups of ${id}`, file: `groups-${id}`, sort: { key: "n_cells", falling: true } }),
    h("button", { type: "button", onclick: () => saveMeans() }, "Save all means as TSV"))] };

  function saveMeans(): void {
    const means = arrays.mean!;
    save(`means-${id}.tsv`, new Blob([tsv(["mirna", ...mine.map((g) => groupName(atlas, g))],
      mirnas.name.map((name, m) => [name, ...mine.map((_, k) => means[k * mirnas.name.length + m]!)]))], { type: "text/tab-separated-values" }));
  }
}

/** What differs between conditions within each type, as `sicmir compare` has it. */
function contrasts(context: Context, header: Bundle["header"], arrays: Bundle["arrays"]): HTMLElement | null {
  const { atlas, query, keep } = context;
  const { mirnas, types } = atlas;
  const list = header.contrasts as { type: number; condition: number; reference: number; n_condition: number; n_reference: number }[];
  if (!list.length) return null;
  const n = mirnas.name.length;
  let at = Math.min(list.length - 1, Math.max(0, Number(query.get("contrast") ?? 0) || 0));
  const result = h("div");
  const title = (i: number): string => {
    const c = list[i]!;
    return `${types.name[c.type]!}: ${termName(atlas, "condition", c.condition)} against ${termName(atlas, "condition", c.reference)}`;
  };
  function draw(): void {
    const c = list[at]!;
    const lines = mirnas.name.map((_, m) => ({ m, effect: arrays.effect![at * n + m]!, error: arrays.error![at * n + m]! })).filter((x) => !Number.isNaN(x.effect));
    const ranked = [...lines].sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
    result.replaceChildren(figure({ title: title(at), name: `conditions-${at}`,
      note: `${plural(c.n_condition, "replicate")} against ${c.n_reference}. The largest differences, with their 95 % interval by the normal distribution. Nothing was learnt from differences between conditions, so their confidence is not calibrated.`,
      draw: (width) => rangePlot(ranked.slice(0, 20).map((x) => ({ label: mirnas.name[x.m]!, href: mirnaHref(atlas, x.m), mean: x.effect, points: [x.effect - 1.96 * x.error, x.effect + 1.96 * x.error],
        note: `standard error ${fixed(x.error)}, accuracy ${fixed(mirnas.accuracy[x.m]!)}` })), "difference in z", width),
      table: table(ranked, [
        { key: "mirna", label: "miRNA", value: (x) => mirnas.name[x.m]!, show: (x) => mirnaLink(atlas, x.m) },
        { key: "difference_z", label: "difference z", value: (x) => x.effect, show: (x) => signed(x.effect, 3) },
        { key: "standard_error", label: "standard error", value: (x) => x.error, show: (x) => fixed(x.error, 3) },
        { key: "accuracy", label: "accuracy", value: (x) => mirnas.accuracy[x.m]!, show: (x) => accuracy(mirnas.accuracy[x.m]!) },
      ], { caption: title(at), file: `conditions-${at}` }) }));
  }
  draw();
  return h("section", {}, h("h2", {}, "Conditions"),
    h("form", { class: "controls", onsubmit: (event: Event) => event.preventDefault() },
      field("Cell type and condition", select(list.map((_, i) => [String(i), title(i)]), String(at), (v) => { at = Number(v); keep({ contrast: v }); draw(); }), true)), result);
}

async function cellMap(context: Context, d: number, cells: CellFiles): Promise<{ body: HTMLElement; leave: () => void }> {
  const { atlas, query, keep } = context;
  const { mirnas, types } = atlas;
  const { arrays } = await bundle(cells.file);
  const id = atlas.datasets.id[d]!;
  const n = cells.n;
  const typeOf = arrays.type as Uint16Array, sampleOf = arrays.sample as Uint16Array;
  const low = arrays.number_low as Uint16Array | undefined, high = arrays.number_high as Uint16Array | undefined;
  /** Of a cell in the data set's file, from 1. */
  const numberOf = (i: number): number => (low && high ? low[i]! + 65536 * high[i]! : i) + 1;
  const places: Places | null = arrays.x ? { n, x: arrays.x as Uint16Array, y: arrays.y as Uint16Array } : null;
  const canvas = h("canvas", { class: "map", tabindex: "0", role: "img", "aria-label": `Map of ${integer(n)} cells. Arrow keys move, plus and minus zoom; the tables beside it have the same values.` });
  const lasso = s("svg", { class: "lasso", "aria-hidden": "true" });
  const tip = h("div", { class: "tip", hidden: true });
  const stage = h("div", { class: "stage" }, canvas, lasso, tip);
  const legend = h("div", { class: "legend" });
  const status = h("p", { class: "note", role: "status" });
  const summary = h("div");
  const picked = h("div");
  const names = cells.types.map((t) => types.name[t] ?? "no public type");
  const masks: Record<"a" | "b", Uint8Array | null> = { a: null, b: null };
  let view: View = { scale: 0.94, x: 0.5, y: 0.5 };
  let paint: Painter | null = null, grid: Grid | null = null, tool = "move", side: "a" | "b" = "a";
  let current: { values: Uint8Array; low: number; high: number; m: number } | null = null;
  let by = query.get("colour") ?? "type";
  const faded = (): Rgb => (isDark() ? [52, 57, 64] : [222, 224, 227]);
  const absent = (): Rgb => (isDark() ? [90, 96, 104] : [190, 193, 198]);

  let asked = 0, made: number | null = null;
  const redraw = (): void => {
    if (asked) return;
    asked = requestAnimationFrame(() => { asked = 0; paint?.draw(view, faded()); });
  };
  function mask(): Uint8Array | null {
    if (!masks.a && !masks.b) return null;
    const result = new Uint8Array(n);
    for (const each of [masks.a, masks.b]) if (each) for (let i = 0; i < n; ++i) result[i]! |= each[i]!;
    return result;
  }
  function select_(cellsOf: Iterable<number>): void {
    const chosen = (masks[side] ??= new Uint8Array(n));
    const other = masks[side === "a" ? "b" : "a"];
    for (const i of cellsOf) { chosen[i] = 1; if (other) other[i] = 0; }
    showPicked();
  }
  const size = (m: Uint8Array | null): number => (m ? m.reduce((sum, v) => sum + v, 0) : 0);
  function showPicked(): void {
    paint?.marks(mask());
    redraw();
    const na = size(masks.a), nb = size(masks.b);
    const total = cells.blocks.length ? n * mirnas.name.length : 0;
    picked.replaceChildren(
      h("p", {}, na || nb ? `A: ${plural(na, "cell")}. B: ${nb ? plural(nb, "cell") : na ? "all others" : "none"}.` : "No cells are selected. Choose from a list, or draw around cells with the lasso."),
      na || nb ? h("p", { class: "buttons" },
        na ? h("button", { type: "button", onclick: () => void compareCells() }, `Compare A with ${nb ? "B" : "all others"} (reads ${bytes(total)})`) : null,
        h("button", { type: "button", class: "quiet", onclick: () => saveCells() }, "Save the cells"),
        h("button", { type: "button", class: "quiet", onclick: () => { masks.a = masks.b = null; compared.replaceChildren(); showPicked(); } }, "Clear")) : "");
  }
  function saveCells(): void {
    const lines: unknown[][] = [];
    for (let i = 0; i < n; ++i) {
      const at = masks.a?.[i] ? "A" : masks.b?.[i] ? "B" : "";
      if (at) lines.push([numberOf(i), at, names[typeOf[i]!] ?? "", sampleOf[i] === OFF ? "" : sampleOf[i]! + 1, ...(current ? [valueOf(i)] : [])]);
    }
    save(`cells-${id}.tsv`, new Blob([tsv(["cell", "selection", "cell_type", "sample", ...(current ? [mirnas.name[current.m]!] : [])], lines)], { type: "text/tab-separated-values" }));
  }
  const valueOf = (i: number): number => {
    const b = current!.values[i]!;
    return b === 255 ? NaN : current!.low + (b * (current!.high - current!.low)) / 254;
  };
  const compared = h("div", { "aria-live": "polite" });
  async function compareCells(): Promise<void> {
    const progress = h("progress", { max: cells.blocks.length, value: 0 });
    compared.replaceChildren(h("p", {}, "Reading ", progress));
    const a = masks.a!, b = masks.b ?? a.map((v) => 1 - v);
    const lines: { m: number; a: number; b: number }[] = [];
    await pool(cells.blocks, 3, async (hash) => {
      const block = await bundle(hash);
      const all = block.arrays.bytes as Uint8Array;
      (block.header.low as number[]).forEach((low, k) => {
        const step = (block.header.high[k] - low) / 254;
        let sa = 0, na = 0, sb = 0, nb = 0;
        for (let i = 0, at = k * n; i < n; ++i, ++at) {
          const v = all[at]!;
          if (v === 255) continue;
          if (a[i]) { sa += v; na++; } else if (b[i]) { sb += v; nb++; }
        }
        if (na && nb) lines.push({ m: block.header.first + k, a: low + (step * sa) / na, b: low + (step * sb) / nb });
      });
    }, (done) => (progress.value = done));
    lines.sort((x, y) => Math.abs(y.a - y.b) - Math.abs(x.a - x.b));
    compared.replaceChildren(h("p", { class: "note" }, "Means over cells. Cells of one sample are no replicates, so there are no p-values; compare groups over samples for a test."),
      table(lines, [
        { key: "mirna", label: "miRNA", value: (x) => mirnas.name[x.m]!, show: (x) => mirnaLink(atlas, x.m) },
        { key: "mean_a", label: "mean A", value: (x) => x.a, show: (x) => fixed(x.a) },
        { key: "mean_b", label: masks.b ? "mean B" : "mean of others", value: (x) => x.b, show: (x) => fixed(x.b) },
        { key: "difference", label: "difference", value: (x) => x.a - x.b, show: (x) => signed(x.a - x.b) },
        { key: "confidence", label: "confidence", value: () => "not calibrated", show: () => confidence("not calibrated") },
        { key: "accuracy", label: "accuracy", value: (x) => mirnas.accuracy[x.m]!, show: (x) => accuracy(mirnas.accuracy[x.m]!) },
      ], { caption: "Selected cells compared", file: `cells-compared-${id}` }));
  }

  function summarise(): void {
    const lines = names.map((name, t) => ({ name, t, n: 0, sum: 0, squares: 0 }));
    for (let i = 0; i < n; ++i) {
      const line = lines[typeOf[i]!];
      if (!line) continue;
      if (!current) { line.n++; continue; }
      const v = valueOf(i);
      if (Number.isNaN(v)) continue;
      line.n++;
      line.sum += v;
      line.squares += v * v;
    }
    const mean = (x: (typeof lines)[0]): number => x.sum / x.n;
    summary.replaceChildren(table(lines, [
      { key: "cell_type", label: "cell type", value: (x) => x.name, show: (x) => h("a", { href: typeHref(atlas, cells.types[x.t]!) }, x.name) },
      { key: "n_cells", label: "cells", value: (x) => x.n },
      ...(current ? [
        { key: "mean_z", label: `mean of ${mirnas.name[current.m]!}`, value: mean, show: (x: (typeof lines)[0]) => fixed(mean(x), 3) },
        { key: "sd_z", label: "sd", value: (x: (typeof lines)[0]) => (x.n > 1 ? Math.sqrt(Math.max(0, (x.squares - x.n * mean(x) ** 2) / (x.n - 1))) : NaN), show: (x: (typeof lines)[0]) => fixed(x.n > 1 ? Math.sqrt(Math.max(0, (x.squares - x.n * mean(x) ** 2) / (x.n - 1))) : NaN, 3) },
      ] : []),
    ], { caption: "The map by cell type", file: `map-${id}`, sort: { key: current ? "mean_z" : "n_cells", falling: true } }));
  }

  /** Draws, and on the first time notes how long the map took to make, upload and draw. */
  function drawn(begin: number): void {
    paint?.draw(view, faded());
    paint?.finish();
    const end = performance.now();
    performance.measure("map-coloured", { start: begin, end });
    if (made !== null) performance.measure("map-drawn", { start: begin - made, end });
    made = null;
  }
  async function colour(): Promise<void> {
    keep({ colour: by === "type" ? null : by });
    const m = by === "type" || by === "sample" ? -1 : atlas.findMirna(by);
    if (m >= 0 && cells.blocks.length) {
      status.textContent = "Reading …";
      const held = await column(cells, m);
      const begin = performance.now();
      current = { ...held, m };
      // The middle 96 % of the cells have the scale; the rest its ends.
      const counts = new Uint32Array(256);
      for (let i = 0; i < n; ++i) counts[held.values[i]!]!++;
      const present = n - counts[255]!;
      const at = (share: number): number => {
        let sum = 0;
        for (let v = 0; v < 255; ++v) if ((sum += counts[v]!) >= share * present) return v;
        return 254;
      };
      const from = at(0.02), to = Math.max(from + 1, at(0.98));
      paint?.colours(held.values, Array.from({ length: 255 }, (_, v) => sequential((v - from) / (to - from))), absent(), true);
      const z = (v: number): number => held.low + (v * (held.high - held.low)) / 254;
      legend.replaceChildren(colourBar(sequential, fixed(z(from)), fixed(z((from + to) / 2)), fixed(z(to)), mirnas.name[m]!),
        h("p", { class: "note" }, accuracy(mirnas.accuracy[m]!, true), ` z-scores of single cells, comparable within this data set only. Stored to ±${((held.high - held.low) / 508).toFixed(3)}. `,
          h("a", { href: mirnaHref(atlas, m) }, "This miRNA in all data sets")));
      drawn(begin);
    } else {
      current = null;
      const begin = performance.now();
      const codes = by === "sample" ? sampleOf : typeOf;
      const count = by === "sample" ? cells.samples : names.length;
      paint?.colours(codes, Array.from({ length: count }, (_, i) => category(i)), absent(), false);
      legend.replaceChildren(h("ul", { class: "keys" }, Array.from({ length: Math.min(count, 60) }, (_, i) => h("li", {}, h("button", { type: "button", class: "key",
        title: "Select these cells", onclick: () => select_(indices(codes, i)) }, h("i", { style: { background: css(category(i)) } }), by === "sample" ? `sample ${i + 1}` : names[i]!)))),
        count > 60 ? h("p", { class: "note" }, `and ${count - 60} more, in the table`) : "");
      drawn(begin);
    }
    status.textContent = `${plural(n, "cell")}${cells.of ? `, drawn at random from ${integer(cells.of)} in proportion to their groups` : ""}${places ? `, ${cells.map}` : ""}${paint?.kind === "density" ? "; drawn as densities, because this browser has no WebGL2 or the cells are too many" : ""}`;
    summarise();
  }
  function* indices(codes: Uint8Array | Uint16Array, value: number): Iterable<number> {
    for (let i = 0; i < n; ++i) if (codes[i] === value) yield i;
  }

  const inPlaces = (event: { offsetX: number; offsetY: number }): [number, number] => {
    const { clientWidth: w, clientHeight: ht } = canvas, side_ = Math.min(w, ht);
    return [((event.offsetX - w / 2) / (side_ * view.scale) + view.x) * 65534, ((ht / 2 - event.offsetY) / (side_ * view.scale) + view.y) * 65534];
  };
  function zoom(factor: number, at?: [number, number]): void {
    const scale = Math.min(200, Math.max(0.5, view.scale * factor)), f = view.scale / scale;
    const [x, y] = at ? [at[0] / 65534, at[1] / 65534] : [view.x, view.y];
    view = { scale, x: x + (view.x - x) * f, y: y + (view.y - y) * f };
    redraw();
  }
  const line: [number, number][] = [];
  let from: { x: number; y: number; view: View } | null = null;
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoom(Math.exp(-event.deltaY / 400), inPlaces(event)); }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    tip.hidden = true;
    if (tool === "lasso") { line.length = 0; line.push(inPlaces(event)); lasso.replaceChildren(s("path", { d: `M${event.offsetX} ${event.offsetY}` })); }
    else from = { x: event.clientX, y: event.clientY, view };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (line.length) {
      line.push(inPlaces(event));
      const path = lasso.querySelector("path")!;
      path.setAttribute("d", path.getAttribute("d") + `L${event.offsetX} ${event.offsetY}`);
    } else if (from) {
      const k = Math.min(canvas.clientWidth, canvas.clientHeight) * view.scale;
      view = { ...view, x: from.view.x - (event.clientX - from.x) / k, y: from.view.y + (event.clientY - from.y) / k };
      redraw();
    } else if (places) {
      grid ??= new Grid(places);
      const [x, y] = inPlaces(event);
      const i = grid.nearest(x, y, (10 / (Math.min(canvas.clientWidth, canvas.clientHeight) * view.scale)) * 65534);
      tip.hidden = i < 0;
      if (i >= 0) {
        tip.replaceChildren(h("b", {}, names[typeOf[i]!] ?? "no type"), h("br"), `cell ${integer(numberOf(i))}` + (sampleOf[i] === OFF ? "" : `, sample ${sampleOf[i]! + 1}`), ...(current ? [h("br"), `${mirnas.name[current.m]!}: ${fixed(valueOf(i))}`] : []));
        const right = event.offsetX > canvas.clientWidth / 2;
        tip.style.left = right ? "auto" : `${event.offsetX + 14}px`;
        tip.style.right = right ? `${canvas.clientWidth - event.offsetX + 14}px` : "auto";
        tip.style.top = `${Math.min(event.offsetY + 10, canvas.clientHeight - 70)}px`;
      }
    }
  });
  const release = (): void => {
    if (line.length > 2 && places) select_(inside(places, line));
    line.length = 0;
    lasso.replaceChildren();
    from = null;
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => (tip.hidden = true));
  canvas.addEventListener("keydown", (event) => {
    const step = 0.08 / view.scale;
    const move: Record<string, [number, number]> = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (move[event.key]) view = { ...view, x: view.x + move[event.key]![0], y: view.y + move[event.key]![1] };
    else if (event.key === "+" || event.key === "=") zoom(1.3);
    else if (event.key === "-") zoom(1 / 1.3);
    else if (event.key === "0") view = { scale: 0.94, x: 0.5, y: 0.5 };
    else return;
    event.preventDefault();
    redraw();
  });

  const mirnaInput = h("input", { type: "text", list: "map-mirnas", placeholder: "e.g. miR-21-5p", value: by === "type" || by === "sample" ? "" : mirnas.name[atlas.findMirna(by)] ?? by, onchange: (event: Event) => {
    const text = (event.target as HTMLInputElement).value.trim();
    if (!text) by = "type";
    else if (atlas.findMirna(text) < 0) { status.textContent = `There is no miRNA “${text}”.`; return; }
    else by = atlas.mirnaKey(atlas.findMirna(text));
    way.value = by === "type" ? "type" : "mirna";
    void colour();
  } });
  const way = select([["type", "cell type"], ["sample", "sample"], ...(cells.blocks.length ? [["mirna", "a miRNA"] as [string, string]] : [])], by === "type" || by === "sample" ? by : "mirna", (v) => {
    if (v === "mirna") { mirnaInput.focus(); return; }
    by = v;
    mirnaInput.value = "";
    void colour();
  });
  const byType = select([["", "choose"], ...names.map((name, i) => [String(i), name] as [string, string])], "", (v) => { if (v) select_(indices(typeOf, Number(v))); byType.value = ""; });
  const bySample = select([["", "choose"], ...Array.from({ length: cells.samples }, (_, i) => [String(i), `sample ${i + 1}`] as [string, string])], "", (v) => { if (v) select_(indices(sampleOf, Number(v))); bySample.value = ""; });

  const observer = new ResizeObserver(() => {
    const width = stage.clientWidth;
    if (!width || !places) return;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const height = Math.round(Math.min(width * 0.82, innerHeight * 0.78));
    if (canvas.width === Math.round(width * ratio) && paint) return;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
    if (!paint) {
      const begin = performance.now();
      paint = painter(canvas, places, query.has("plain"));
      made = performance.now() - begin;
      void colour().then(() => (document.documentElement.dataset.map = paint!.kind));
    } else {
      paint.draw(view, faded());
    }
  });
  observer.observe(stage);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const recolour = (): void => void colour();
  scheme.addEventListener("change", recolour);
  showPicked();
  if (!places) void colour();

  const body = h("section", { class: "map-section" }, h("h2", {}, places ? "Cells" : "Cells (this data set has no map)"),
    h("form", { class: "controls", onsubmit: (event: Event) => event.preventDefault() },
      field("Colour by", way), cells.blocks.length ? field("miRNA", mirnaInput) : null,
      places ? h("div", { class: "tools", role: "group", "aria-label": "Map" },
        h("button", { type: "button", class: "quiet", onclick: () => zoom(1.4), "aria-label": "Zoom in" }, "+"),
        h("button", { type: "button", class: "quiet", onclick: () => zoom(1 / 1.4), "aria-label": "Zoom out" }, "−"),
        h("button", { type: "button", class: "quiet", onclick: () => { view = { scale: 0.94, x: 0.5, y: 0.5 }; redraw(); } }, "Whole map"),
        h("button", { type: "button", class: "quiet", "aria-pressed": "false", onclick: (event: Event) => {
          tool = tool === "lasso" ? "move" : "lasso";
          stage.classList.toggle("drawing", tool === "lasso");
          (event.currentTarget as HTMLElement).setAttribute("aria-pressed", String(tool === "lasso"));
        } }, "Lasso")) : null),
    h("datalist", { id: "map-mirnas" }, mirnas.name.map((name) => h("option", { value: name }))),
    h("div", { class: "map-box" }, places ? stage : null, h("div", { class: "map-side" }, legend, status,
      h("h3", {}, "Select cells"),
      h("div", { class: "controls" }, field("Into", select([["a", "selection A"], ["b", "selection B"]], side, (v) => { side = v as "a" | "b"; })),
        field("Of type", byType), field("Of sample", bySample)), picked)),
    compared,
    h("details", { class: "equal-table", open: !places }, h("summary", {}, "The map as a table"), summary),
    help("A lasso or a list selects cells; saved cells are numbered in the order of the data set’s file."));
  return { body, leave: () => { observer.disconnect(); scheme.removeEventListener("change", recolour); paint?.close(); } };
}
