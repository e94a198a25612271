// SPDX-License-Identifier: BSD-3-Clause
// miRNAs that one cell type may send to another.

import { bundle } from "../data";
import { css, sequential } from "../colour";
import { h, s } from "../dom";
import { fixed, plural, signed, small } from "../format";
import { accuracy, datasetLink, field, help, href, mirnaLink, select, typeHref, typeLink, type Context, type Page } from "../context";
import { colourBar, figure } from "../plot";
import { triplesOf } from "../records";
import { table } from "../table";

export async function crosstalk({ atlas, query, keep }: Context): Promise<Page> {
  const { datasets, types, mirnas, groups } = atlas;
  const having = datasets.id.flatMap((_, d) => (datasets.triples[d] ? [d] : []));
  const head = [h("h1", {}, "Cross-talk"), h("p", { class: "lead" }, "A miRNA that one cell type has in excess, and whose targets are low in another, could pass between them in vesicles. That it does is not shown by expression."),];
  if (!having.length) return { title: "Cross-talk", body: [...head, h("p", {}, "No data set of this atlas has cross-talk: none was added with a table of targets, or none was found.")] };
  let d = datasets.id.indexOf(query.get("dataset") ?? "");
  if (!having.includes(d)) d = having[0]!;
  let sender = query.get("sender") ?? "", receiver = query.get("receiver") ?? "", mirna = query.get("mirna") ?? "";
  const result = h("div", { "aria-live": "polite" }), fields = h("div", { class: "controls" });

  async function draw(): Promise<void> {
    const triples = triplesOf(await bundle(datasets.file[d]!));
    const present = [...new Set(triples.flatMap((x) => [x.sender, x.receiver]))].sort((a, b) => (types.name[a]! < types.name[b]! ? -1 : 1));
    const from = sender ? atlas.findType(sender) : -1, to = receiver ? atlas.findType(receiver) : -1, m = mirna ? atlas.findMirna(mirna) : -1;
    keep({ dataset: datasets.id[d]!, sender, receiver, mirna });
    const options: [string, string][] = [["", "any"], ...present.map((i) => [types.key[i]!, types.name[i]!] as [string, string])];
    const own = [...new Set(triples.map((x) => x.mirna))].sort((a, b) => mirnas.name[a]!.localeCompare(mirnas.name[b]!, "en", { numeric: true }));
    fields.replaceChildren(
      field("Data set", select(having.map((i) => [datasets.id[i]!, datasets.id[i]!]), datasets.id[d]!, (v) => { d = datasets.id.indexOf(v); sender = receiver = mirna = ""; void draw(); })),
      field("From", select(options, sender, (v) => { sender = v; void draw(); })), field("To", select(options, receiver, (v) => { receiver = v; void draw(); })),
      field("miRNA", select([["", "any"], ...own.map((i) => [atlas.mirnaKey(i), mirnas.name[i]!] as [string, string])], mirna, (v) => { mirna = v; void draw(); })));
    const shown = triples.filter((x) => (from < 0 || x.sender === from) && (to < 0 || x.receiver === to) && (m < 0 || x.mirna === m));
    const sum = new Map<string, number>(), out = new Map<number, number>(), into = new Map<number, number>();
    for (const x of shown) {
      const key = `${x.sender} ${x.receiver}`;
      sum.set(key, (sum.get(key) ?? 0) + x.score);
      out.set(x.sender, (out.get(x.sender) ?? 0) + x.score);
      into.set(x.receiver, (into.get(x.receiver) ?? 0) + x.score);
    }
    const high = Math.max(...sum.values(), 1e-9);
    const net = (t: number): number => (out.get(t) ?? 0) - (into.get(t) ?? 0);
    const picture = (): SVGSVGElement => {
      const longest = Math.min(28, Math.max(...present.map((t) => types.name[t]!.length)));
      const name = (t: number): string => (types.name[t]!.length > longest ? types.name[t]!.slice(0, longest - 1) + "…" : types.name[t]!);
      const cell = 28, left = longest * 7.3 + 12, top = longest * 5.4 + 26, bars = left + present.length * cell + 20, bar = 130;
      const width = bars + bar + 60, height = top + present.length * cell + 30;
      const svg = s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Cross-talk from cell types (lines) to cell types (columns); the tables below have the same values" });
      const most = Math.max(...present.map((t) => Math.abs(net(t))), 1e-9), zero = bars + bar / 2;
      svg.append(s("text", { class: "axis-name", x: zero, y: top - 10, "text-anchor": "middle" }, "net out"), s("line", { class: "axis-zero", x1: zero, x2: zero, y1: top, y2: top + present.length * cell }));
      present.forEach((t, i) => {
        const y = top + i * cell;
        svg.append(s("a", { href: typeHref(atlas, t), "aria-label": types.name[t]! }, s("text", { class: "label", x: left - 8, y: y + cell / 2 + 4, "text-anchor": "end" }, name(t))),
          s("text", { class: "label", transform: `translate(${left + i * cell + cell / 2 + 4} ${top - 8}) rotate(-52)`, x: 0, y: 0 }, name(t)));
        present.forEach((r, j) => {
          const v = sum.get(`${t} ${r}`);
          svg.append(s("rect", { class: v === undefined ? "cell-empty" : "cell", x: left + j * cell + 1, y: y + 1, width: cell - 2, height: cell - 2, fill: v === undefined ? "none" : css(sequential(v / high)) },
            s("title", {}, `${types.name[t]} to ${types.name[r]}: ${v === undefined ? "none" : fixed(v, 3)}`)));
        });
        const v = net(t), long = (Math.abs(v) / most) * (bar / 2);
        svg.append(s("rect", { class: v >= 0 ? "bar-up" : "bar-down", x: v >= 0 ? zero : zero - long, y: y + 7, width: long, height: cell - 14 }, s("title", {}, `${types.name[t]}: out ${fixed(out.get(t) ?? 0, 3)}, in ${fixed(into.get(t) ?? 0, 3)}`)),
          s("text", { class: "value", x: width - 4, y: y + cell / 2 + 4, "text-anchor": "end" }, signed(v)));
      });
      svg.append(s("text", { class: "axis-name", x: left + (present.length * cell) / 2, y: height - 8, "text-anchor": "middle" }, "receiver"));
      return svg;
    };
    const conditions = [...new Set(groups.dataset.flatMap((x, g) => (x === d && groups.condition[g]! >= 0 ? [atlas.terms.condition.name[groups.condition[g]!]!] : [])))];
    result.replaceChildren(shown.length ? figure({ title: `From cell type to cell type in ${datasets.id[d]}`, name: `cross-talk-${datasets.id[d]}`, draw: picture, scroll: true,
      note: `Sum of the scores of ${plural(shown.length, "triple")} of sender, receiver and miRNA; at most 200 of a data set are kept.${conditions.length > 1 ? ` The samples of all conditions (${conditions.join(", ")}) are taken together.` : ""}`,
      legend: colourBar(sequential, "0", "", fixed(high), "sum of scores"), open: true,
      table: h("div", {}, table(shown, [
        { key: "sender", label: "from", value: (x) => types.name[x.sender]!, show: (x) => typeLink(atlas, x.sender) },
        { key: "receiver", label: "to", value: (x) => types.name[x.receiver]!, show: (x) => typeLink(atlas, x.receiver) },
        { key: "mirna", label: "miRNA", value: (x) => mirnas.name[x.mirna]!, show: (x) => mirnaLink(atlas, x.mirna) },
        { key: "score", label: "score", value: (x) => x.score, show: (x) => fixed(x.score, 3) },
        { key: "p", label: "p", value: (x) => x.p, show: (x) => small(x.p), help: "No p-value without samples as replicates" },
        { key: "accuracy", label: "accuracy", value: (x) => mirnas.accuracy[x.mirna]!, show: (x) => accuracy(mirnas.accuracy[x.mirna]!) },
      ], { caption: `Cross-talk in ${datasets.id[d]}`, file: `cross-talk-${datasets.id[d]}`, sort: { key: "score", falling: true } }),
      table(present, [
        { key: "cell_type", label: "cell type", value: (t) => types.name[t]!, show: (t) => typeLink(atlas, t) },
        { key: "out", label: "out", value: (t) => out.get(t) ?? 0, show: (t) => fixed(out.get(t) ?? 0, 3) },
        { key: "in", label: "in", value: (t) => into.get(t) ?? 0, show: (t) => fixed(into.get(t) ?? 0, 3) },
        { key: "net", label: "net out", value: net, show: (t) => signed(net(t), 3) },
      ], { caption: "Out and in, by cell type", file: `cross-talk-net-${datasets.id[d]}`, sort: { key: "net", falling: true } })) })
      : h("p", {}, "Nothing fits this choice."), h("p", { class: "note" }, "Data set: ", datasetLink(atlas, d)));
  }
  await draw();
  return { title: "Cross-talk", body: [...head, h("form", { onsubmit: (event: Event) => event.preventDefault() }, fields), result,
    help("How scores and p-values are made is described with sicmir crosstalk."), h("p", { class: "actions" }, h("a", { href: href("network") }, "Networks"))] };
}
