// SPDX-License-Identifier: BSD-3-Clause
// What the atlas holds, as tables.

import { h } from "../dom";
import { accuracy, accuracyWord, datasetLink, mirnaLink, termHref, typeLink, type Context, type Page } from "../context";
import { table } from "../table";
import { fixed } from "../format";

export function mirnas({ atlas }: Context): Page {
  const { mirnas: list } = atlas;
  return { title: "miRNAs", body: [h("h1", {}, "miRNAs"),
    h("p", { class: "lead" }, "Accuracy is the correlation of prediction and measurement within cohorts that the model had not seen. Those below 0.3 are best left alone."),
    table(list.name.map((_, i) => i), [
      { key: "mirna", label: "miRNA", value: (i) => list.name[i]!, show: (i) => mirnaLink(atlas, i) },
      { key: "accession", label: "accession", value: (i) => list.accession[i]! },
      { key: "accuracy", label: "accuracy", value: (i) => list.accuracy[i]!, show: (i) => accuracy(list.accuracy[i]!), first: "falling" },
      { key: "class", label: "class", value: (i) => accuracyWord(list.accuracy[i]!) },
      { key: "likely_from", label: "likely from (z)", value: (i) => list.likely_from[i]!, show: (i) => fixed(list.likely_from[i]), help: "Differences between cell types of this size are likely true" },
      { key: "trained_on", label: "trained on", value: (i) => list.target[i]! },
      { key: "stem_loops", label: "hairpins", value: (i) => list.stem_loops[i]!.split(",").join(", ") },
    ], { caption: "miRNAs of the model", file: "mirnas", sort: { key: "accuracy", falling: true }, page: 50 })] };
}

export function types({ atlas }: Context): Page {
  const { types: list } = atlas;
  return { title: "Cell types", body: [h("h1", {}, "Cell types"),
    table(list.name.map((_, i) => i), [
      { key: "cell_type", label: "cell type", value: (i) => list.name[i]!, show: (i) => typeLink(atlas, i) },
      { key: "term", label: "term", value: (i) => list.term[i]!, show: (i) => list.term[i] || h("span", { class: "weak" }, "none") },
      { key: "n_datasets", label: "data sets", value: (i) => list.datasets[i]! },
      { key: "n_groups", label: "groups", value: (i) => list.groups[i]! },
      { key: "n_cells", label: "cells", value: (i) => list.cells[i]! },
    ], { caption: "Cell types, as the data sets name them", file: "cell-types", sort: { key: "n_cells", falling: true }, page: 50 })] };
}

export function terms({ atlas }: Context): Page {
  const { groups } = atlas;
  const section = (kind: "tissue" | "disease", title: string): HTMLElement => {
    const list = atlas.terms[kind];
    const held = list.name.map(() => ({ sets: new Set<number>(), types: new Set<number>(), cells: 0 }));
    groups[kind].forEach((i, g) => {
      if (i < 0) return;
      held[i]!.sets.add(groups.dataset[g]!);
      held[i]!.types.add(groups.type[g]!);
      held[i]!.cells += groups.cells[g]!;
    });
    return h("section", {}, h("h2", {}, title), list.name.length ? table(list.name.map((_, i) => i), [
      { key: kind, label: kind, value: (i) => list.name[i]!, show: (i) => h("a", { href: termHref(atlas, kind, i) }, list.name[i]!) },
      { key: "term", label: "term", value: (i) => list.term[i]!, show: (i) => list.term[i] || h("span", { class: "weak" }, "none") },
      { key: "n_datasets", label: "data sets", value: (i) => held[i]!.sets.size },
      { key: "n_types", label: "cell types", value: (i) => held[i]!.types.size },
      { key: "n_cells", label: "cells", value: (i) => held[i]!.cells },
    ], { caption: title, file: title.toLowerCase(), sort: { key: "n_cells", falling: true } }) : h("p", {}, `No data set names its ${title.toLowerCase()}.`));
  };
  return { title: "Tissues and diseases", body: [h("h1", {}, "Tissues and diseases"), section("tissue", "Tissues"), section("disease", "Diseases")] };
}

export function datasets({ atlas }: Context): Page {
  const { datasets: list } = atlas;
  return { title: "Data sets", body: [h("h1", {}, "Data sets"),
    table(list.id.map((_, i) => i), [
      { key: "dataset", label: "data set", value: (i) => list.id[i]!, show: (i) => datasetLink(atlas, i) },
      { key: "title", label: "title", value: (i) => list.title[i]! },
      { key: "n_cells", label: "cells", value: (i) => list.cells[i]! },
      { key: "n_samples", label: "samples", value: (i) => list.samples[i]! },
      { key: "shows", label: "shows", value: (i) => [list.map[i] ? "map" : list.share[i] === "cells" ? "cells" : "", list.edges[i] ? "network" : "", list.triples[i] ? "cross-talk" : "", list.contrasts[i] ? "conditions" : ""].filter(Boolean).join(", ") || "groups" },
    ], { caption: "Data sets of this atlas", file: "datasets", sort: { key: "n_cells", falling: true }, page: 50 })] };
}
