// SPDX-License-Identifier: BSD-3-Clause
// One tissue or disease.

import { h } from "../dom";
import { integer, plural } from "../format";
import { datasetLink, facts, help, href, missing, termHref, termName, typeLink, type Context, type Page } from "../context";
import { table } from "../table";
import { termMark } from "./type";

export function term({ atlas, path }: Context, kind: "tissue" | "disease"): Page {
  const key = path[0] ?? "";
  const { groups, terms, types, datasets } = atlas;
  const i = atlas.findTerm(kind, key);
  if (i < 0) return missing(kind, key);
  if (key !== terms[kind].key[i]) return { title: "", body: [], moved: termHref(atlas, kind, i) };
  const name = terms[kind].name[i]!;
  const mine = groups[kind].flatMap((x, g) => (x === i ? [g] : []));
  const sets = [...new Set(mine.map((g) => groups.dataset[g]!))];
  const other = kind === "tissue" ? "disease" : "tissue";
  const by = new Map<number, { type: number; groups: number; cells: number; samples: number; sets: Set<number> }>();
  for (const g of mine) {
    const t = groups.type[g]!;
    const held = by.get(t) ?? { type: t, groups: 0, cells: 0, samples: 0, sets: new Set<number>() };
    held.groups += 1;
    held.cells += groups.cells[g]!;
    held.samples += groups.samples[g]!;
    held.sets.add(groups.dataset[g]!);
    by.set(t, held);
  }
  const others = [...new Set(mine.map((g) => groups[other][g]!))].filter((x) => x >= 0);
  const normal = terms.disease.name.findIndex((text) => /^(normal|healthy|control)$/i.test(text));
  return { title: name, body: [
    h("p", { class: "kind" }, kind === "tissue" ? "Tissue" : "Disease"), h("h1", {}, name),
    facts([["Term", termMark(terms[kind].term[i]!)], ["Data sets", integer(sets.length)], ["Cell types", integer(by.size)], ["Cells", integer(mine.reduce((sum, g) => sum + groups.cells[g]!, 0))],
      [other === "tissue" ? "Tissues" : "Diseases", others.flatMap((x, n) => [n ? ", " : "", h("a", { href: termHref(atlas, other, x) }, termName(atlas, other, x))])]]),
    h("p", { class: "actions" },
      h("a", { href: href("compare", undefined, { [`a_${kind}`]: terms[kind].key[i]! }) }, "Compare with all others"),
      kind === "disease" && normal >= 0 && normal !== i ? h("a", { href: href("compare", undefined, { a_disease: key, b_disease: terms.disease.key[normal]! }) }, `Compare with ${terms.disease.name[normal]}`) : null,
      h("a", { href: href("dots", undefined, { [kind]: key }) }, "Dot plot of its cell types")),
    h("section", {}, h("h2", {}, "Cell types"), table([...by.values()], [
      { key: "cell_type", label: "cell type", value: (x) => types.name[x.type]!, show: (x) => typeLink(atlas, x.type) },
      { key: "n_datasets", label: "data sets", value: (x) => x.sets.size },
      { key: "n_samples", label: "samples", value: (x) => x.samples },
      { key: "n_cells", label: "cells", value: (x) => x.cells },
      { key: "compare", label: "compare", value: () => "", show: (x) => h("a", { href: href("compare", undefined, { a_type: types.key[x.type]!, [`a_${kind}`]: key, b_type: types.key[x.type]! }), "aria-label": `${types.name[x.type]} here against elsewhere` }, "here against elsewhere") },
    ], { caption: `Cell types in ${name}`, file: `types-${name}`, sort: { key: "n_cells", falling: true } })),
    h("section", {}, h("h2", {}, "Data sets"), table(sets, [
      { key: "dataset", label: "data set", value: (x) => datasets.id[x]!, show: (x) => datasetLink(atlas, x) },
      { key: "title", label: "title", value: (x) => datasets.title[x]! },
      { key: "n_samples", label: "samples", value: (x) => datasets.samples[x]! },
      { key: "n_cells", label: "cells", value: (x) => datasets.cells[x]! },
    ], { caption: `${plural(sets.length, "data set")} with ${name}`, file: `datasets-${name}` })),
    help("Where a miRNA is high within this " + kind + " is on the miRNA's own page, which can be restricted to it."),
  ] };
}
