// SPDX-License-Identifier: BSD-3-Clause

import type { Context, Page } from "./context";
import { href } from "./context";
import { h } from "./dom";
import { integer } from "./format";
import { searchBox } from "./search";

export function start({ atlas }: Context): Page {
  const { counts, examples, about, title } = atlas.manifest;
  const figures: [number, string, string][] = [[counts.datasets, counts.datasets === 1 ? "data set" : "data sets", "datasets"], [counts.cells, "cells", "datasets"], [counts.types, "cell types", "types"],
    [counts.tissues, counts.tissues === 1 ? "tissue" : "tissues", "terms"], [counts.diseases, counts.diseases === 1 ? "disease" : "diseases", "terms"], [counts.mirnas, "miRNAs", "mirnas"]];
  const ways: [string, string, string][] = [
    ["mirnas", "Where is a miRNA high?", "Every cell type ranked, by tissue and by disease, with the spread over data sets."],
    ["types", "What marks a cell type?", "Its markers, each against the rival that is hardest to tell from it."],
    ["compare", "How do two differ?", "Two cell types, tissues or diseases, with filters for tissue, disease, condition and data set."],
    ["dots", "Many at once", "A dot plot of miRNAs by cell types, clustered both ways."],
    ["datasets", "Cells on a map", "Each data set's cells, coloured by a miRNA, by type or by sample."],
    ["network", "Targets", "miRNAs and target genes whose expression is consistent with repression."],
    ["crosstalk", "Between cell types", "miRNAs that one type may send to another in vesicles."],
    ["list", "Your own list", "Paste names, old or new; see their accuracy and where they are high."],
  ];
  const chips = [...examples.mirnas.map((name) => [href("mirna", name), name] as const), ...examples.types.map((name) => [href("type", name), name] as const)];
  return { title, body: [
    h("section", { class: "hero" }, h("h1", {}, title), about ? h("p", { class: "lead" }, about) : h("p", { class: "lead" }, "Predicted expression of mature human miRNAs, by cell type."),
      searchBox(atlas, true),
      chips.length ? h("p", { class: "chips" }, h("span", {}, "For example"), chips.map(([to, label]) => h("a", { href: to }, label))) : null),
    h("ul", { class: "figures" }, figures.map(([n, what, to]) => h("li", {}, h("a", { href: href(to) }, h("b", {}, integer(n)), h("span", {}, what))))),
    h("section", { class: "ways" }, h("h2", {}, "Ways in"), h("ul", {}, ways.map(([to, name, text]) =>
      h("li", {}, h("a", { href: href(to) }, h("b", {}, name), h("span", {}, text)))))),
  ] };
}
