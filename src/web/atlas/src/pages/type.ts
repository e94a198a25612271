// SPDX-License-Identifier: BSD-3-Clause
// One cell type: its markers, its profile, its data sets.

import { bundle } from "../data";
import { h } from "../dom";
import { deviation, fixed, integer, mean, plural, signed, small } from "../format";
import { accuracy, confidence, confidenceOfShare, datasetLink, facts, field, help, href, LEVEL, mirnaHref, mirnaLink, missing, select, termName, typeHref, type Context, type Page } from "../context";
import { figure, rangePlot } from "../plot";
import { markersOf, type Marker } from "../records";
import { table } from "../table";

interface Summary { m: number; lines: Marker[]; z: number; rivalZ: number; spread: number; probability: number }

export const termAddress = (term: string): string | null =>
  /^[A-Za-z]+:[0-9]+$/.test(term) ? `http://purl.obolibrary.org/obo/${term.replace(":", "_")}` : null;

export const termMark = (term: string): Node | null => {
  const address = termAddress(term);
  return !term ? null : address ? h("a", { href: address, rel: "noreferrer" }, term) : document.createTextNode(term);
};

export async function type({ atlas, path, query, keep }: Context): Promise<Page> {
  const key = path[0] ?? "";
  const { types, groups, mirnas, datasets } = atlas;
  const t = atlas.findType(key);
  if (t < 0) return missing("cell type", key);
  if (key !== types.key[t]) return { title: "", body: [], moved: typeHref(atlas, t) };
  const file = await bundle(types.file[t]!);
  const { arrays } = file;
  const name = types.name[t]!;
  const lines = markersOf(file);
  const sets = [...new Set(lines.map((line) => line.set))];
  let set = query.get("dataset") ?? "", sign = query.get("sign") ?? "up", sure = query.get("sure") ?? "";
  const result = h("div");
  const mine = groups.type.flatMap((x, g) => (x === t ? [g] : []));
  const tissuesIn = new Map(sets.map((d) => [d, mine.filter((g) => groups.dataset[g] === d).map((g) => termName(atlas, "tissue", groups.tissue[g]!))]));
  const tissuesOf = (list: Marker[]): string => [...new Set(list.flatMap((line) => tissuesIn.get(line.set)!))].filter(Boolean).sort().join(", ");

  function draw(): void {
    keep({ dataset: set, sign: sign === "up" ? null : sign, sure });
    const held = new Map<number, Marker[]>();
    for (const line of lines) {
      if (set && datasets.id[line.set] !== set) continue;
      if ((line.z > 0) !== (sign === "up")) continue;
      const list = held.get(line.mirna);
      if (list) list.push(line); else held.set(line.mirna, [line]);
    }
    const finite = (values: number[]): number[] => values.filter(Number.isFinite);
    let markers: Summary[] = [...held].map(([m, list]) => ({ m, lines: list, z: mean(list.map((x) => x.z)), rivalZ: mean(finite(list.map((x) => x.rivalZ))),
      spread: deviation(list.map((x) => x.z)), probability: mean(finite(list.map((x) => x.probability))) }));
    if (sure) markers = markers.filter((x) => LEVEL[confidenceOfShare(x.probability)] >= (sure === "strong" ? 3 : 2));
    markers.sort((a, b) => b.lines.length - a.lines.length || Math.abs(b.z) - Math.abs(a.z));
    if (!markers.length) {
      result.replaceChildren(h("p", {}, sets.length ? "No marker fits this choice." : "No data set of this atlas has samples in which this type stands beside another, so it has no markers."));
      return;
    }
    const shown = markers.slice(0, 25);
    result.replaceChildren(figure({
      title: sign === "up" ? `miRNAs higher in ${name}` : `miRNAs lower in ${name}`, name: `markers-${name}`,
      note: `Difference in z-scores to the other types of the same samples: mean over data sets (dot), each data set (stroke). First those that are markers in most data sets, then by the difference.`,
      draw: (width) => rangePlot(shown.map((x) => ({ label: mirnas.name[x.m]!, href: mirnaHref(atlas, x.m), mean: x.z, points: x.lines.map(({ z }) => z),
        note: `${confidenceOfShare(x.probability)}, accuracy ${fixed(mirnas.accuracy[x.m]!)}, ${plural(x.lines.length, "data set")}` })), "difference in z", width),
      open: true,
      table: table(markers, [
        { key: "mirna", label: "miRNA", value: (x) => mirnas.name[x.m]!, show: (x) => mirnaLink(atlas, x.m) },
        { key: "difference_z", label: "difference z", value: (x) => x.z, show: (x) => signed(x.z, 3) },
        { key: "confidence", label: "confidence", value: (x) => confidenceOfShare(x.probability), show: (x) => confidence(confidenceOfShare(x.probability)) },
        { key: "accuracy", label: "accuracy", value: (x) => mirnas.accuracy[x.m]!, show: (x) => accuracy(mirnas.accuracy[x.m]!) },
        { key: "rival_difference_z", label: "to rival", value: (x) => x.rivalZ, show: (x) => signed(x.rivalZ, 3), help: "Difference to the type that is hardest to tell from" },
        { key: "rival", label: "rival", value: (x) => [...new Set(x.lines.filter((line) => line.rival >= 0).map((line) => types.name[line.rival]!))].join(", "), help: "In one data set or another" },
        { key: "tissues", label: "tissues", value: (x) => tissuesOf(x.lines), help: "Tissues of this type in these data sets" },
        { key: "n_datasets", label: "data sets", value: (x) => x.lines.length, help: "Data sets that have it among their 100 best markers of this type" },
        { key: "fdr", label: "lowest FDR", value: (x) => { const f = x.lines.map((line) => line.fdr).filter(Number.isFinite); return f.length ? Math.min(...f) : null; }, show: (x) => small(Math.min(...x.lines.map((line) => line.fdr).filter(Number.isFinite))) },
        { key: "tau", label: "tau", value: (x) => mean(x.lines.map((line) => line.tau).filter(Number.isFinite)), show: (x) => fixed(mean(x.lines.map((line) => line.tau).filter(Number.isFinite))), help: "Specificity: 0 everywhere alike, 1 in one type alone" },
      ], { caption: `Markers of ${name}`, file: `markers-${name}` }),
    }));
  }
  draw();
  const means = Array.from(arrays.mean!, (value, m) => ({ m, value, sd: arrays.sd![m]!, n: arrays.n_datasets![m]! })).filter((x) => !Number.isNaN(x.value));
  const top = [...new Set(lines.filter((x) => x.z > 0).sort((a, b) => a.rank - b.rank).map((x) => x.mirna))].slice(0, 20);
  return { title: name, body: [
    h("p", { class: "kind" }, "Cell type"), h("h1", {}, name),
    facts([["Term", termMark(types.term[t]!)], ["Data sets", integer(types.datasets[t]!)], ["Groups", integer(types.groups[t]!)], ["Cells", integer(types.cells[t]!)],
      ["Tissues", [...new Set(mine.map((g) => termName(atlas, "tissue", groups.tissue[g]!)))].filter(Boolean).slice(0, 8).join(", ")]]),
    h("p", { class: "actions" },
      h("a", { href: href("compare", undefined, { a_type: types.key[t]! }) }, "Compare with another"),
      top.length ? h("a", { href: href("dots", undefined, { mirnas: top.map((m) => mirnas.name[m]!).join(",") }) }, "Dot plot of its markers") : null),
    h("form", { class: "controls", onsubmit: (event: Event) => event.preventDefault() },
      field("Data set", select([["", sets.length === 1 ? "the only one" : `all ${sets.length}`], ...sets.map((i) => [datasets.id[i]!, datasets.id[i]!] as [string, string])], set, (v) => { set = v; draw(); })),
      field("Direction", select([["up", "higher in this type"], ["down", "lower in this type"]], sign, (v) => { sign = v; draw(); })),
      field("Confidence", select([["", "any"], ["likely", "likely or strong"], ["strong", "strong"]], sure, (v) => { sure = v; draw(); }))),
    result,
    h("section", {}, h("h2", {}, "Profile"), h("p", { class: "note" }, "Mean z-score of every miRNA over the data sets that hold this type. High here does not mean specific: see the markers above."),
      h("details", {}, h("summary", {}, plural(means.length, "miRNA")), table(means, [
        { key: "mirna", label: "miRNA", value: (x) => mirnas.name[x.m]!, show: (x) => mirnaLink(atlas, x.m) },
        { key: "mean_z", label: "mean z", value: (x) => x.value, show: (x) => fixed(x.value, 3) },
        { key: "sd_z", label: "sd between data sets", value: (x) => x.sd, show: (x) => fixed(x.sd, 3) },
        { key: "n_datasets", label: "data sets", value: (x) => x.n },
        { key: "accuracy", label: "accuracy", value: (x) => mirnas.accuracy[x.m]!, show: (x) => accuracy(mirnas.accuracy[x.m]!) },
      ], { caption: `Profile of ${name}`, file: `profile-${name}`, sort: { key: "mean_z", falling: true } }))),
    h("section", {}, h("h2", {}, "Where it was seen"), table(mine, [
      { key: "dataset", label: "data set", value: (g) => datasets.id[groups.dataset[g]!]!, show: (g) => datasetLink(atlas, groups.dataset[g]!) },
      { key: "tissue", label: "tissue", value: (g) => termName(atlas, "tissue", groups.tissue[g]!) },
      { key: "disease", label: "disease", value: (g) => termName(atlas, "disease", groups.disease[g]!) },
      { key: "condition", label: "condition", value: (g) => termName(atlas, "condition", groups.condition[g]!) },
      { key: "n_samples", label: "samples", value: (g) => groups.samples[g]!, help: "Profiles at or above the floor" },
      { key: "n_below_floor", label: "below floor", value: (g) => groups.below_floor[g]!, help: "Profiles of too few cells or molecules, left out" },
      { key: "n_cells", label: "cells", value: (g) => groups.cells[g]! },
    ], { caption: `Groups of ${name}`, file: `groups-${name}` })),
    help("Groups that were found by clustering the same mRNA have no p-values."),
  ] };
}
