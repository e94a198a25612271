// SPDX-License-Identifier: BSD-3-Clause
// miRNAs and target genes of one data set; all edges of one gene.

import { bundle, json } from "../data";
import { h, s } from "../dom";
import { fixed, plural } from "../format";
import { accuracy, datasetLink, field, help, href, mirnaHref, mirnaLink, select, typeLink, type Context, type Page } from "../context";
import { layout } from "../layout";
import { figure } from "../plot";
import { shardsOf } from "../search";
import { edgesOf } from "../records";
import { table } from "../table";

const WORDS = "An edge says that a target that is known or predicted by sequence goes down where the predicted miRNA goes up: consistent with repression, no proof of it. Genes that the model itself reads are left out.";

export async function network({ atlas, query, keep }: Context): Promise<Page> {
  const { datasets, types, mirnas } = atlas;
  const having = datasets.id.flatMap((_, d) => (datasets.edges[d] ? [d] : []));
  const head = [h("h1", {}, "Networks"), h("p", { class: "lead" }, WORDS)];
  if (!having.length) return { title: "Networks", body: [...head, h("p", {}, "No data set of this atlas has a network: none was added with a table of targets, or no edge was found.")] };
  let d = datasets.id.indexOf(query.get("dataset") ?? "");
  if (!having.includes(d)) d = having[0]!;
  let type = query.get("type") ?? "";
  const result = h("div", { "aria-live": "polite" });
  const typeField = h("div");

  async function draw(): Promise<void> {
    const edges = edgesOf(await bundle(datasets.file[d]!));
    const counts = new Map<number, number>();
    for (const edge of edges) counts.set(edge.type, (counts.get(edge.type) ?? 0) + 1);
    const present = [...counts.keys()].sort((x, y) => counts.get(y)! - counts.get(x)!);
    let t = type ? atlas.findType(type) : -1;
    if (t >= 0 && !counts.has(t)) t = -1;
    keep({ dataset: datasets.id[d]!, type: t >= 0 ? types.key[t]! : null });
    typeField.replaceChildren(field("Cell type", select([["", `all (${edges.length} edges)`], ...present.map((i) => [types.key[i]!, `${types.name[i]} (${counts.get(i)})`] as [string, string])], t >= 0 ? types.key[t]! : "", (v) => { type = v; void draw(); })));
    const shown = edges.filter((edge) => t < 0 || edge.type === t);
    const nodes = new Map<string, number>(), names: { label: string; href: string; kind: 0 | 1 }[] = [];
    const node = (key: string, label: string, to: string, kind: 0 | 1): number => {
      let i = nodes.get(key);
      if (i === undefined) { i = names.length; nodes.set(key, i); names.push({ label, href: to, kind }); }
      return i;
    };
    const pairs = new Map<string, [number, number]>();
    for (const edge of shown) {
      const a = node("m" + edge.mirna, mirnas.name[edge.mirna]!.replace(/^hsa-/, ""), mirnaHref(atlas, edge.mirna), 0);
      const b = node("g" + edge.target, edge.target, href("gene", edge.target), 1);
      pairs.set(`${a} ${b}`, [a, b]);
    }
    const places = layout(names.map(({ kind }) => kind), [...pairs.values()]);
    const title = t >= 0 ? `${types.name[t]} in ${datasets.id[d]}` : `All cell types of ${datasets.id[d]}`;
    const shownMirnas = [...new Set(shown.map((edge) => edge.mirna))];
    const picture = (available: number): SVGSVGElement => {
      const width = Math.max(available, names.length > 40 ? 720 : 340), height = Math.max(340, Math.min(820, Math.max(width * 0.68, names.length * 7)));
      const x = (v: number): number => 46 + v * (width - 122), y = (v: number): number => 22 + v * (height - 44);
      const svg = s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `Network of ${names.length} miRNAs and genes with ${pairs.size} edges; the table below has the same edges` });
      for (const [a, b] of pairs.values()) svg.append(s("line", { class: "edge", x1: x(places[a]!.x), y1: y(places[a]!.y), x2: x(places[b]!.x), y2: y(places[b]!.y) }));
      const taken: [number, number, number][] = [];
      const order = names.map((_, i) => i).sort((i, j) => names[i]!.kind - names[j]!.kind || places[j]!.degree - places[i]!.degree);
      for (const i of order) {
        const p = places[i]!, { label, href: to, kind } = names[i]!, px = x(p.x), py = y(p.y), r = kind === 0 ? 5 + Math.min(9, Math.sqrt(p.degree) * 1.6) : 3.4;
        const wide = label.length * 6.4;
        const clear = !taken.some(([a, b, w]) => Math.abs(b - py) < 11 && px + r < a + w && a < px + r + wide);
        if (clear) taken.push([px + r, py, wide]);
        svg.append(s("a", { href: to, "aria-label": label, tabindex: kind === 0 ? null : "-1" },
          s("circle", { class: kind === 0 ? "node-mirna" : "node-gene", cx: px, cy: py, r }, s("title", {}, `${label}: ${plural(p.degree, "edge")}`)),
          clear ? s("text", { class: kind === 0 ? "node-name strong" : "node-name", x: px + r + 3, y: py + 4 }, label) : null));
      }
      return svg;
    };
    result.replaceChildren(figure({ title, name: `network-${datasets.id[d]}`, draw: picture, scroll: true,
      note: `${plural(shownMirnas.length, "miRNA")} (large), ${plural(names.length - shownMirnas.length, "gene")} (small), ${plural(pairs.size, "pair")}. The strongest ${edges.length} edges of the data set. A miRNA with many edges may just be one that was studied much.`,
      legend: h("p", { class: "note" }, "Accuracy: ", shownMirnas.slice(0, 24).map((m) => `${mirnas.name[m]!.replace(/^hsa-/, "")} ${fixed(mirnas.accuracy[m])}`).join(", "), shownMirnas.length > 24 ? ", …" : ""),
      open: true,
      table: table(shown, [
        { key: "mirna", label: "miRNA", value: (x) => mirnas.name[x.mirna]!, show: (x) => mirnaLink(atlas, x.mirna) },
        { key: "target", label: "gene", value: (x) => x.target, show: (x) => h("a", { href: href("gene", x.target) }, x.target) },
        { key: "cell_type", label: "cell type", value: (x) => types.name[x.type]!, show: (x) => typeLink(atlas, x.type) },
        { key: "correlation", label: "correlation", value: (x) => x.correlation, show: (x) => fixed(x.correlation) },
        { key: "weight", label: "weight", value: (x) => x.weight, show: (x) => fixed(x.weight), help: "By which edges are ranked" },
        { key: "accuracy", label: "accuracy", value: (x) => mirnas.accuracy[x.mirna]!, show: (x) => accuracy(mirnas.accuracy[x.mirna]!) },
      ], { caption: title, file: `network-${datasets.id[d]}` }) }));
  }
  await draw();
  return { title: "Networks", body: [...head,
    h("form", { class: "controls", onsubmit: (event: Event) => event.preventDefault() },
      field("Data set", select(having.map((i) => [datasets.id[i]!, datasets.id[i]!]), datasets.id[d]!, (v) => { d = datasets.id.indexOf(v); type = ""; void draw(); })), typeField),
    result, help("How edges and hubs are made is described with sicmir network.")] };
}

export async function gene({ atlas, path }: Context): Promise<Page> {
  const key = path[0] ?? "";
  const { types, mirnas, datasets } = atlas;
  const lists = await Promise.all(shardsOf(atlas.manifest.genes, key).map((hash) => json<Record<string, [set: number, type: number, mirna: number, correlation: number, weight: number][]>>(hash)));
  const edges = lists.map((list) => (Object.hasOwn(list, key) ? list[key] : undefined)).find(Boolean);
  if (!edges) {
    const upper = key.toUpperCase();
    return upper !== key ? { title: "", body: [], moved: href("gene", upper) } : { title: "Not found", body: [h("h1", {}, "Not found"), h("p", {}, `No network of this atlas has an edge to a gene “${key}”.`),
      h("p", {}, "Data sets have networks if they were added with --networks; each keeps its strongest edges. ", h("a", { href: href("network") }, "Networks of this atlas"))] };
  }
  return { title: key, body: [h("p", { class: "kind" }, "Target gene"), h("h1", {}, key), h("p", { class: "lead" }, WORDS),
    table(edges, [
      { key: "mirna", label: "miRNA", value: (x) => mirnas.name[x[2]]!, show: (x) => mirnaLink(atlas, x[2]) },
      { key: "cell_type", label: "cell type", value: (x) => types.name[x[1]]!, show: (x) => typeLink(atlas, x[1]) },
      { key: "dataset", label: "data set", value: (x) => datasets.id[x[0]]!, show: (x) => datasetLink(atlas, x[0]) },
      { key: "correlation", label: "correlation", value: (x) => x[3], show: (x) => fixed(x[3]) },
      { key: "accuracy", label: "accuracy", value: (x) => mirnas.accuracy[x[2]]!, show: (x) => accuracy(mirnas.accuracy[x[2]]!) },
    ], { caption: `miRNAs with an edge to ${key}`, file: `gene-${key}`, sort: { key: "correlation", falling: false } }),
    help("Only the strongest edges of each data set are kept.")] };
}
