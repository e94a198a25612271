// SPDX-License-Identifier: BSD-3-Clause
// One miRNA over all cell types, tissues and diseases.

import { bundle, type Atlas } from "../data";
import { h } from "../dom";
import { deviation, fixed, mean, plural, signed, small } from "../format";
import { accuracy, confidence, confidenceOfShare, datasetLink, facts, field, help, href, mirnaHref, missing, select, termHref, termName, typeHref, typeLink, type Context, type Page } from "../context";
import { figure, rangePlot } from "../plot";
import { edgesOf, markersOf, type Marker } from "../records";
import { table } from "../table";

export type By = "type" | "tissue" | "disease";

export interface Ranked {
  item: number;
  mean: number;
  spread: number;
  /** One value per data set: the mean of its groups. */
  points: number[];
  groups: number;
  cells: number;
}

/** Means over data sets of one kind, each the mean of its groups, as `sicmir atlas query` ranks them. */
export function rank(atlas: Atlas, values: ArrayLike<number>, by: By, keep: (group: number) => boolean, kind = 0): Ranked[] {
  const { groups, datasets } = atlas;
  const items = new Map<number, { sets: Map<number, number[]>; groups: number; cells: number }>();
  for (let g = 0; g < groups.type.length; ++g) {
    const item = groups[by][g]!;
    const value = values[g]!;
    if (item < 0 || Number.isNaN(value) || datasets.comparable[groups.dataset[g]!] !== kind || !keep(g)) continue;
    let held = items.get(item);
    if (!held) items.set(item, (held = { sets: new Map(), groups: 0, cells: 0 }));
    const set = groups.dataset[g]!;
    const list = held.sets.get(set);
    if (list) list.push(value); else held.sets.set(set, [value]);
    held.groups += 1;
    held.cells += groups.cells[g]!;
  }
  return [...items].map(([item, held]) => {
    const points = [...held.sets.values()].map(mean);
    return { item, mean: mean(points), spread: deviation(points), points, groups: held.groups, cells: held.cells };
  }).sort((a, b) => b.mean - a.mean);
}

export async function mirna(context: Context): Promise<Page> {
  const { atlas, path, query, keep } = context;
  const { manifest, mirnas, groups, terms, types } = atlas;
  const key = path[0] ?? "";
  const m = atlas.findMirna(key);
  if (m < 0) return missing("miRNA", key);
  if (key !== atlas.mirnaKey(m)) return { title: "", body: [], moved: mirnaHref(atlas, m) + (query.size ? "?" + query : "") };
  const file = await bundle(mirnas.file[m]!);
  const { arrays } = file;
  const name = mirnas.name[m]!;
  const values = arrays.mean!, spreads = arrays.sd!;

  let by = (query.get("by") ?? "type") as By;
  if (!["type", "tissue", "disease"].includes(by)) by = "type";
  let tissue = query.get("tissue") ?? "", disease = query.get("disease") ?? "", order = query.get("order") ?? "high";
  let kind = Number(query.get("kind") ?? 0) || 0;
  const kinds = [...new Set(atlas.datasets.comparable)].sort((a, b) => a - b);
  let most = query.get("n") === "all" ? Infinity : 25;
  const WORD: Record<By, string> = { type: "cell type", tissue: "tissue", disease: "disease" };
  const linkOf = (item: number): string => (by === "type" ? typeHref(atlas, item) : termHref(atlas, by, item));
  const nameOf = (item: number): string => (by === "type" ? types.name[item]! : terms[by].name[item]!);
  const result = h("div");

  function draw(): void {
    keep({ by: by === "type" ? null : by, tissue, disease, order: order === "high" ? null : order, n: most === Infinity ? "all" : null, kind: kind ? String(kind) : null });
    const t = tissue ? atlas.findTerm("tissue", tissue) : -1, d = disease ? atlas.findTerm("disease", disease) : -1;
    const ranked = rank(atlas, values, by, (g) => (t < 0 || groups.tissue[g] === t) && (d < 0 || groups.disease[g] === d), kind);
    if (order === "low") ranked.reverse();
    const shown = ranked.slice(0, most);
    if (!ranked.length) {
      result.replaceChildren(h("p", {}, "No group of cells fits this choice."));
      return;
    }
    const low = Math.min(...ranked.map((r) => r.mean)), high = Math.max(...ranked.map((r) => r.mean));
    result.replaceChildren(figure({
      title: `${name} by ${WORD[by]}`, name: `${name}-by-${by}`,
      note: `Mean z-score over data sets (dot), each data set (stroke). ${ranked.length > shown.length ? `${order === "low" ? "Lowest" : "Highest"} ${shown.length} of ${ranked.length}.` : ""}${manifest.model.scale === "dataset" && atlas.datasets.id.length > 1 ? " Each data set has a zero of its own: types of one data set can be told apart better than types of two." : ""}`,
      legend: h("p", { class: "note" }, accuracy(mirnas.accuracy[m]!, true), " A difference between two types counts as likely ",
        mirnas.likely_from[m] === null || mirnas.likely_from[m] === undefined ? "nowhere: it is too inaccurate or was not calibrated." : `from ${fixed(mirnas.likely_from[m])} z`
          + (mirnas.strong_from[m] === null ? "." : ` and strong from ${fixed(mirnas.strong_from[m])} z.`)),
      draw: (width) => rangePlot(shown.map((r) => ({ label: nameOf(r.item), href: linkOf(r.item), mean: r.mean, points: r.points,
        note: `${plural(r.points.length, "data set")}, ${plural(r.cells, "cell")}` })), "mean z-score", width, low, high),
      table: table(ranked, [
        { key: WORD[by].replace(" ", "_"), label: WORD[by], value: (r) => nameOf(r.item), show: (r) => h("a", { href: linkOf(r.item) }, nameOf(r.item)) },
        { key: "mean_z", label: "mean z", value: (r) => r.mean, show: (r) => fixed(r.mean, 3), help: "Mean over data sets" },
        { key: "sd_z", label: "sd between data sets", value: (r) => r.spread, show: (r) => fixed(r.spread, 3) },
        { key: "n_datasets", label: "data sets", value: (r) => r.points.length },
        { key: "n_groups", label: "groups", value: (r) => r.groups },
        { key: "n_cells", label: "cells", value: (r) => r.cells },
      ], { caption: `${name} by ${WORD[by]}`, file: `${name}-by-${by}`, sort: { key: "mean_z", falling: order !== "low" } }),
    }), ranked.length > 25 ? h("button", { type: "button", onclick: () => { most = most === Infinity ? 25 : Infinity; draw(); } },
      most === Infinity ? "Show 25" : `Show all ${ranked.length}`) : "");
  }
  draw();
  const any = (kind: "tissue" | "disease"): [string, string][] =>
    [["", "all"], ...terms[kind].name.map((text, i) => [terms[kind].key[i]!, text] as [string, string])];

  const markers = markersOf(file), targets = edgesOf(file);
  // The file has the types in which the miRNA ranks best, however low that is.
  const marked = markers.filter((x) => x.rank <= 100 && x.z > 0), rest = markers.filter((x) => !marked.includes(x));
  const tissuesOf = (x: Marker): string => [...new Set(groups.type.flatMap((t, g) =>
    (t === x.type && groups.dataset[g] === x.set ? [termName(atlas, "tissue", groups.tissue[g]!)] : [])))].filter(Boolean).sort().join(", ");
  const standing = (list: Marker[], caption: string, file: string): HTMLElement => table(list, [
    { key: "cell_type", label: "cell type", value: (x) => types.name[x.type]!, show: (x) => typeLink(atlas, x.type) },
    { key: "dataset", label: "data set", value: (x) => atlas.datasets.id[x.set]!, show: (x) => datasetLink(atlas, x.set) },
    { key: "tissues", label: "tissues", value: tissuesOf, help: "Tissues of this type in this data set" },
    { key: "rank", label: "rank", value: (x) => x.rank, help: "Among the miRNAs of this type in this data set", first: "rising" },
    { key: "difference_z", label: "difference z", value: (x) => x.z, show: (x) => signed(x.z), help: "To the mean of the other types of the same samples" },
    { key: "rival", label: "rival", value: (x) => (x.rival < 0 ? "" : types.name[x.rival]!), help: "The type that is hardest to tell from" },
    { key: "rival_difference_z", label: "to rival", value: (x) => x.rivalZ, show: (x) => signed(x.rivalZ) },
    { key: "confidence", label: "confidence", value: (x) => confidenceOfShare(x.probability), show: (x) => confidence(confidenceOfShare(x.probability)) },
    { key: "fdr", label: "FDR", value: (x) => x.fdr, show: (x) => small(x.fdr) },
  ], { caption, file });
  const former = mirnas.former.filter(([, i]) => i === m).map(([text]) => text);
  const lines = Array.from(values, (value, g) => ({ g, value, sd: spreads[g]! })).filter((line) => !Number.isNaN(line.value));
  return { title: name, body: [
    h("p", { class: "kind" }, "miRNA"), h("h1", {}, name),
    facts([["Accession", mirnas.accession[m] ? h("a", { href: `https://mirbase.org/mature/${encodeURIComponent(mirnas.accession[m]!)}`, rel: "noreferrer" }, mirnas.accession[m]!) : null],
      ["Accuracy (r)", accuracy(mirnas.accuracy[m]!)],
      ["Trained on", mirnas.target[m]!], ["Hairpins", mirnas.stem_loops[m]!.split(",").join(", ")],
      ["Former names", former.join(", ")]]),
    h("form", { class: "controls", onsubmit: (event: Event) => event.preventDefault() },
      field("Rank", select([["type", "cell types"], ["tissue", "tissues"], ["disease", "diseases"]], by, (v) => { by = v as By; draw(); })),
      field("Tissue", select(any("tissue"), tissue, (v) => { tissue = v; draw(); })),
      field("Disease", select(any("disease"), disease, (v) => { disease = v; draw(); })),
      field("Order", select([["high", "highest first"], ["low", "lowest first"]], order, (v) => { order = v; draw(); })),
      kinds.length > 1 ? field("Kind of data sets", select(kinds.map((k) => [String(k), `kind ${k + 1}`]), String(kind), (v) => { kind = Number(v); draw(); })) : null),
    result,
    h("section", {}, h("h2", {}, "Cell types that it marks"), marked.length ? standing(marked, `Cell types that ${name} marks`, `${name}-marks`)
      : h("p", {}, "It is among the 100 best markers of no cell type."),
      rest.length ? h("details", {}, h("summary", {}, `Types that it does not mark: ${plural(rest.length, "line")}`), standing(rest, `Cell types that ${name} does not mark`, `${name}-marks-not`)) : null),
    h("section", {}, h("h2", {}, "Targets consistent with repression"), targets.length ? table(targets, [
      { key: "target", label: "gene", value: (x) => x.target, show: (x) => h("a", { href: href("gene", x.target) }, x.target) },
      { key: "cell_type", label: "cell type", value: (x) => types.name[x.type]!, show: (x) => typeLink(atlas, x.type) },
      { key: "dataset", label: "data set", value: (x) => atlas.datasets.id[x.set]!, show: (x) => h("a", { href: href("network", undefined, { dataset: atlas.datasets.id[x.set]!, type: types.key[x.type]! }) }, atlas.datasets.id[x.set]!) },
      { key: "correlation", label: "correlation", value: (x) => x.correlation, show: (x) => fixed(x.correlation) },
    ], { caption: `Targets of ${name}`, file: `${name}-targets`, sort: { key: "correlation", falling: false } }) : h("p", {}, "It is in no network of this atlas.")),
    h("section", {}, h("h2", {}, "Every group of cells"), h("details", {}, h("summary", {}, plural(lines.length, "group")), table(lines, [
      { key: "dataset", label: "data set", value: ({ g }) => atlas.datasets.id[groups.dataset[g]!]!, show: ({ g }) => datasetLink(atlas, groups.dataset[g]!) },
      { key: "cell_type", label: "cell type", value: ({ g }) => types.name[groups.type[g]!]!, show: ({ g }) => typeLink(atlas, groups.type[g]!) },
      { key: "tissue", label: "tissue", value: ({ g }) => termName(atlas, "tissue", groups.tissue[g]!) },
      { key: "disease", label: "disease", value: ({ g }) => termName(atlas, "disease", groups.disease[g]!) },
      { key: "condition", label: "condition", value: ({ g }) => termName(atlas, "condition", groups.condition[g]!) },
      { key: "mean_z", label: "mean z", value: (x) => x.value, show: (x) => fixed(x.value, 3) },
      { key: "sd_z", label: "sd over samples", value: (x) => x.sd, show: (x) => fixed(x.sd, 3) },
      { key: "n_samples", label: "samples", value: ({ g }) => groups.samples[g]! },
      { key: "n_cells", label: "cells", value: ({ g }) => groups.cells[g]! },
    ], { caption: `${name} in every group of cells`, file: `${name}-groups`, sort: { key: "mean_z", falling: true } }))),
    h("p", { class: "actions" }, h("a", { href: href("dots", undefined, { mirnas: name }) }, "Dot plot with this miRNA")),
    help(manifest.model.scale === "reference" ? "z-scores compare predictions with the samples that the model was trained on; they show differences, not amounts."
      : "z-scores compare the profiles of a data set with each other; they show differences, not amounts."),
  ] };
}
