// SPDX-License-Identifier: BSD-3-Clause
// Many miRNAs by many cell types.

import { bundle, pool } from "../data";
import { css, diverging } from "../colour";
import { brackets, cluster, leaves } from "../cluster";
import { h, s } from "../dom";
import { fixed, plural } from "../format";
import { accuracy, field, help, href, mirnaHref, mirnaLink, select, typeHref, typeLink, type Context, type Page } from "../context";
import { figure, zBar } from "../plot";
import { table } from "../table";
import { rank, type Ranked } from "./mirna";

const MOST_MIRNAS = 80, MOST_TYPES = 80;

export async function dots(context: Context): Promise<Page> {
  const { atlas, query, keep } = context;
  const { mirnas, types, terms, groups, datasets } = atlas;
  let text = query.get("mirnas") ?? atlas.manifest.examples.mirnas.join(",");
  let wanted = query.get("types") ?? "", tissue = query.get("tissue") ?? "", disease = query.get("disease") ?? "", dataset = query.get("dataset") ?? "";
  let order = query.get("order") ?? "cluster", most = Number(query.get("n") ?? 24) || 24, centred = query.get("centre") === "1";
  const result = h("div", { "aria-live": "polite" });
  let run = 0;

  async function draw(): Promise<void> {
    const mine = ++run;
    keep({ mirnas: text, types: wanted, tissue, disease, dataset, order: order === "cluster" ? null : order, n: most === 24 ? null : String(most), centre: centred ? "1" : null });
    const names = text.split(/[\s,;]+/).filter(Boolean);
    const found = [...new Set(names.map((name) => atlas.findMirna(name)))].filter((m) => m >= 0);
    const unknown = names.filter((name) => atlas.findMirna(name) < 0);
    if (!found.length) {
      result.replaceChildren(h("p", {}, "Name one miRNA or more."));
      return;
    }
    const chosen = found.slice(0, MOST_MIRNAS);
    result.replaceChildren(h("p", { class: "loading" }, `Reading ${plural(chosen.length, "miRNA")} …`));
    const t = tissue ? atlas.findTerm("tissue", tissue) : -1, d = disease ? atlas.findTerm("disease", disease) : -1, ds = dataset ? datasets.id.indexOf(dataset) : -1;
    const fits = (g: number): boolean => (t < 0 || groups.tissue[g] === t) && (d < 0 || groups.disease[g] === d) && (ds < 0 || groups.dataset[g] === ds);
    const files = await pool(chosen, 6, (m) => bundle(mirnas.file[m]!));
    if (mine !== run) return;
    const ranked = files.map((file) => new Map(rank(atlas, file.arrays.mean!, "type", fits).map((r) => [r.item, r])));
    const cells = new Map<number, number>();
    for (let g = 0; g < groups.type.length; ++g) if (fits(g)) cells.set(groups.type[g]!, (cells.get(groups.type[g]!) ?? 0) + groups.cells[g]!);
    const listed = wanted.split("|").filter(Boolean).map((key) => atlas.findType(key)).filter((i) => i >= 0);
    const candidates = (listed.length ? listed : [...cells.keys()].sort((a, b) => cells.get(b)! - cells.get(a)!))
      .filter((type) => ranked.some((map) => map.has(type))).slice(0, listed.length ? MOST_TYPES : most);
    if (!candidates.length) {
      result.replaceChildren(h("p", {}, "No group of cells fits this choice."));
      return;
    }
    // Per miRNA, types with a z-score above its mean over the types shown.
    const centre = ranked.map((map) => { const v = candidates.map((c) => map.get(c)?.mean ?? NaN).filter(Number.isFinite); return v.reduce((a, b) => a + b, 0) / (v.length || 1); });
    const value = (m: number, c: number): number => (ranked[m]!.get(c)?.mean ?? NaN) - (centred ? centre[m]! : 0);
    const share = (m: number, r: Ranked | undefined): number => (r ? r.points.filter((p) => p > centre[m]!).length / r.points.length : NaN);
    const rowTree = order === "cluster" ? cluster(candidates.map((c) => chosen.map((_, m) => value(m, c)))) : null;
    const columnTree = order === "cluster" ? cluster(chosen.map((_, m) => candidates.map((c) => value(m, c)))) : null;
    const rows = rowTree ? leaves(rowTree).map((i) => candidates[i]!) : order === "name" ? [...candidates].sort((a, b) => (types.name[a]! < types.name[b]! ? -1 : 1)) : candidates;
    const columns = columnTree ? leaves(columnTree) : order === "name" ? chosen.map((_, i) => i).sort((a, b) => mirnas.name[chosen[a]!]!.localeCompare(mirnas.name[chosen[b]!]!, "en", { numeric: true })) : chosen.map((_, i) => i);
    const all = rows.flatMap((c) => columns.map((m) => Math.abs(value(m, c)))).filter(Number.isFinite).sort((a, b) => a - b);
    const limit = Math.max(0.5, Math.ceil((all[Math.floor(all.length * 0.97)] ?? 1) * 2) / 2);
    const longest = Math.min(34, Math.max(...rows.map((c) => types.name[c]!.length)));
    const left = longest * 7.3 + 10, cell = 22, tree = order === "cluster" ? 44 : 4, top = 118;
    const width = left + columns.length * cell + tree + 30, height = top + rows.length * cell + tree + 6;
    const x = (i: number): number => left + i * cell + cell / 2, y = (i: number): number => top + i * cell + cell / 2;
    const picture = (): SVGSVGElement => {
      const svg = s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `${columns.length} miRNAs by ${rows.length} cell types; the table below has the same values` });
      columns.forEach((m, i) => svg.append(s("line", { class: "grid", x1: x(i), x2: x(i), y1: top, y2: top + rows.length * cell }),
        s("a", { href: mirnaHref(atlas, chosen[m]!), "aria-label": mirnas.name[chosen[m]!]! }, s("text", { class: "label", x: 0, y: 0, transform: `translate(${x(i) + 4} ${top - 8}) rotate(-58)` }, mirnas.name[chosen[m]!]!.replace(/^hsa-/, "")))));
      rows.forEach((c, j) => {
        const name = types.name[c]!;
        svg.append(s("line", { class: "grid", x1: left, x2: left + columns.length * cell, y1: y(j), y2: y(j) }),
          s("a", { href: typeHref(atlas, c), "aria-label": name }, s("text", { class: "label", x: left - 8, y: y(j) + 4, "text-anchor": "end" }, name.length > longest ? name.slice(0, longest - 1) + "…" : name)));
        columns.forEach((m, i) => {
          const r = ranked[m]!.get(c), v = value(m, c);
          if (!r || Number.isNaN(v)) return;
          svg.append(s("circle", { class: "dot-cell", cx: x(i), cy: y(j), r: 3 + 6.2 * share(m, r), fill: css(diverging(v / limit)) },
            s("title", {}, `${mirnas.name[chosen[m]!]} in ${name}: ${fixed(v)}; ${plural(r.points.length, "data set")}`)));
        });
      });
      if (columnTree) svg.append(s("path", { class: "tree", d: brackets(columnTree, x, (k) => top + rows.length * cell + 4 + (tree - 8) * (k / (columnTree.height || 1)), true) }));
      if (rowTree) svg.append(s("path", { class: "tree", d: brackets(rowTree, y, (k) => left + columns.length * cell + 4 + (tree - 8) * (k / (rowTree.height || 1)), false) }));
      return svg;
    };
    const lines = rows.flatMap((c) => columns.map((m) => ({ c, m: chosen[m]!, r: ranked[m]!.get(c), v: value(m, c), share: share(m, ranked[m]!.get(c)) }))).filter(({ r }) => r);
    result.replaceChildren(
      unknown.length ? h("p", { class: "warning" }, `Not in this atlas: ${unknown.join(", ")}.`) : "",
      found.length > chosen.length ? h("p", { class: "warning" }, `The first ${MOST_MIRNAS} of ${found.length} miRNAs are shown.`) : "",
      figure({ title: `${plural(chosen.length, "miRNA")} in ${plural(rows.length, "cell type")}`, name: "dot-plot", draw: picture, scroll: true,
        note: `Colour: mean z-score over data sets${centred ? ", less the miRNA's mean over the types shown" : ""}. Size: share of data sets in which it is above the miRNA's mean over the types shown. ${order === "cluster" ? "Ordered by average linkage of Euclidean distances." : ""}`,
        legend: h("div", { class: "legend-line" }, zBar(limit), h("span", { class: "size-key" }, "0 %", s("svg", { width: 64, height: 22, "aria-hidden": "true" }, [0, 0.5, 1].map((f, i) => s("circle", { class: "key-dot", cx: 10 + i * 20, cy: 11, r: 3 + 6.2 * f }))), "100 %")),
        table: table(lines, [
          { key: "mirna", label: "miRNA", value: (l) => mirnas.name[l.m]!, show: (l) => mirnaLink(atlas, l.m) },
          { key: "cell_type", label: "cell type", value: (l) => types.name[l.c]!, show: (l) => typeLink(atlas, l.c) },
          { key: "value", label: centred ? "z, centred" : "mean z", value: (l) => l.v, show: (l) => fixed(l.v, 3) },
          { key: "share_above", label: "share above", value: (l) => l.share, show: (l) => fixed(l.share) },
          { key: "n_datasets", label: "data sets", value: (l) => l.r!.points.length },
          { key: "accuracy", label: "accuracy", value: (l) => mirnas.accuracy[l.m]!, show: (l) => accuracy(mirnas.accuracy[l.m]!) },
        ], { caption: "The dot plot as a table", file: "dot-plot" }) }),
      h("p", { class: "accuracy-line note" }, "Accuracy: ", columns.slice(0, 40).flatMap((m, i) => [i ? ", " : "", `${mirnas.name[chosen[m]!]!.replace(/^hsa-/, "")} ${fixed(mirnas.accuracy[chosen[m]!])}`])));
  }
  const area = h("textarea", { rows: 3, spellcheck: "false", onchange: (event: Event) => { text = (event.target as HTMLTextAreaElement).value.split(/[\s,;]+/).filter(Boolean).join(","); void draw(); } });
  area.value = text.split(",").join(", ");
  const any = (kind: "tissue" | "disease"): [string, string][] => [["", "all"], ...terms[kind].name.map((name, i) => [terms[kind].key[i]!, name] as [string, string])];
  const typesArea = h("textarea", { rows: 3, spellcheck: "false", placeholder: "those with most cells", onchange: (event: Event) => {
    wanted = (event.target as HTMLTextAreaElement).value.split(/\n+/).map((line) => line.trim()).filter(Boolean).join("|");
    void draw();
  } });
  typesArea.value = wanted.split("|").map((key) => { const i = atlas.findType(key); return i >= 0 ? types.name[i]! : key; }).join("\n");
  void draw();
  return { title: "Dot plot", body: [h("h1", {}, "Dot plot"),
    h("form", { class: "controls", onsubmit: (event: Event) => event.preventDefault() },
      field("miRNAs", area, true), field("Cell types, one a line", typesArea, true),
      field("Tissue", select(any("tissue"), tissue, (v) => { tissue = v; void draw(); })),
      field("Disease", select(any("disease"), disease, (v) => { disease = v; void draw(); })),
      field("Data set", select([["", "all"], ...datasets.id.map((id) => [id, id] as [string, string])], dataset, (v) => { dataset = v; void draw(); })),
      field("Order", select([["cluster", "clustered"], ["name", "by name"], ["given", "as given"]], order, (v) => { order = v; void draw(); })),
      field("Types", select([["12", "12"], ["24", "24"], ["48", "48"], ["80", "80"]], String(most), (v) => { most = Number(v); void draw(); })),
      field("Values", select([["", "z-scores"], ["1", "centred per miRNA"]], centred ? "1" : "", (v) => { centred = v === "1"; void draw(); }))),
    result, help("A link to this page keeps the lists."), h("p", { class: "actions" }, h("a", { href: href("list") }, "Check a list of names"))] };
}
