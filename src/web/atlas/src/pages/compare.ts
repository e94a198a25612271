// SPDX-License-Identifier: BSD-3-Clause
// Two sets of groups against each other, each chosen by type, tissue, disease, condition, data set.

import { bundle, pool, type Atlas } from "../data";
import { h } from "../dom";
import { deviation, fixed, integer, mean, plural, signed } from "../format";
import { accuracy, confidence, confidenceOf, field, help, href, LEVEL, mirnaHref, mirnaLink, select, termName, type Context, type Page } from "../context";
import { figure, scatterPlot } from "../plot";
import { table } from "../table";

type Side = Record<"type" | "tissue" | "disease" | "condition" | "dataset", string>;
const KEYS = ["type", "tissue", "disease", "condition", "dataset"] as const;

export function chosenGroups(atlas: Atlas, side: Side): number[] {
  const { groups, datasets } = atlas;
  const want = { type: side.type ? atlas.findType(side.type) : null, tissue: side.tissue ? atlas.findTerm("tissue", side.tissue) : null,
    disease: side.disease ? atlas.findTerm("disease", side.disease) : null, condition: side.condition ? atlas.findTerm("condition", side.condition) : null,
    dataset: side.dataset ? datasets.id.indexOf(side.dataset) : null };
  return groups.type.flatMap((_, g) => (KEYS.every((key) => want[key] === null || groups[key][g] === want[key]) && groups.samples[g]! > 0 ? [g] : []));
}

export async function compare({ atlas, query, keep }: Context): Promise<Page> {
  const { types, terms, datasets, groups, mirnas } = atlas;
  const read = (name: string): Side => Object.fromEntries(KEYS.map((key) => [key, query.get(`${name}_${key}`) ?? ""])) as Side;
  const a = read("a"), b = read("b");
  if (!KEYS.some((key) => a[key])) {
    // Two frequent types of one data set, so that the page shows something.
    const example = atlas.manifest.examples.types.map((name) => atlas.findType(name)).filter((i) => i >= 0);
    a.type = types.key[example[0] ?? 0]!;
    b.type = types.key[example[1] ?? 1] ?? "";
  }
  let within = query.get("within") !== "0", well = query.get("well") === "1", comparable = Number(query.get("scale") ?? 0) || 0;
  const result = h("div", { "aria-live": "polite" });
  let run = 0;
  const name = (side: Side, other: string): string => {
    const parts = [side.type && types.name[atlas.findType(side.type)], side.tissue && termName(atlas, "tissue", atlas.findTerm("tissue", side.tissue)),
      side.disease && termName(atlas, "disease", atlas.findTerm("disease", side.disease)), side.condition && termName(atlas, "condition", atlas.findTerm("condition", side.condition)), side.dataset].filter(Boolean);
    return parts.length ? parts.join(", ") : other;
  };

  async function draw(): Promise<void> {
    const mine = ++run;
    const values: Record<string, string | null> = {};
    for (const key of KEYS) { values[`a_${key}`] = a[key]; values[`b_${key}`] = b[key]; }
    keep({ ...values, within: within ? null : "0", well: well ? "1" : null, scale: comparable ? String(comparable) : null });
    const fits = (g: number): boolean => datasets.comparable[groups.dataset[g]!] === comparable;
    const ga = chosenGroups(atlas, a).filter(fits);
    const held = new Set(ga);
    const gb = chosenGroups(atlas, b).filter((g) => fits(g) && !held.has(g));
    if (!ga.length || !gb.length) {
      result.replaceChildren(h("p", {}, `No group of cells fits side ${ga.length ? "B" : "A"}. `, ga.length ? "A group that A has taken is not taken again." : ""));
      return;
    }
    const setsOf = (list: number[]): Set<number> => new Set(list.map((g) => groups.dataset[g]!));
    const sa = setsOf(ga), sb = setsOf(gb);
    const both = [...sa].filter((d) => sb.has(d));
    const paired = within && both.length > 0;
    const needed = paired ? both : [...new Set([...sa, ...sb])];
    const progress = h("progress", { max: needed.length, value: 0, "aria-label": "Data sets read" });
    result.replaceChildren(h("p", { class: "loading" }, `Reading ${plural(needed.length, "data set")} `, progress));
    const n = mirnas.name.length;
    const first = groups.dataset.reduce<number[]>((list, d, g) => { list[d] ??= g; return list; }, []);
    const per = await pool(needed, 6, async (d) => {
      const { arrays } = await bundle(datasets.file[d]!);
      const all = arrays.mean!;
      const side = (list: number[]): Float64Array | null => {
        const own = list.filter((g) => groups.dataset[g] === d);
        if (!own.length) return null;
        return Float64Array.from({ length: n }, (_, m) => mean(own.map((g) => all[(g - first[d]!) * n + m]!).filter((v) => !Number.isNaN(v))));
      };
      return { a: side(ga), b: side(gb) };
    }, (done) => (progress.value = done));
    if (mine !== run) return;
    const finite = (list: (number | undefined)[]): number[] => list.filter((v): v is number => v !== undefined && Number.isFinite(v));
    let lines = mirnas.name.map((_, m) => {
      const va = finite(per.map((p) => p.a?.[m])), vb = finite(per.map((p) => p.b?.[m]));
      const differences = finite(per.map((p) => (p.a && p.b ? p.a[m]! - p.b[m]! : undefined)));
      const difference = paired ? mean(differences) : mean(va) - mean(vb);
      const sign = Math.sign(difference);
      return { m, a: mean(va), b: mean(vb), difference, sd: paired ? deviation(differences) : NaN, agree: paired ? differences.filter((v) => Math.sign(v) === sign).length : NaN, n: paired ? differences.length : Math.min(va.length, vb.length) };
    }).filter((line) => Number.isFinite(line.difference));
    if (well) lines = lines.filter((line) => (mirnas.accuracy[line.m] ?? 0) >= 0.5);
    const calibrates = (a.type !== b.type);
    const sure = (line: (typeof lines)[0]): ReturnType<typeof confidenceOf> => (calibrates ? confidenceOf(atlas, line.m, line.difference) : "not calibrated");
    lines.sort((x, y) => Math.abs(y.difference) - Math.abs(x.difference));
    const na = name(a, "all groups"), nb = name(b, "all others");
    const counts = { strong: 0, likely: 0, unclear: 0, "not calibrated": 0 };
    for (const line of lines) counts[sure(line)]++;
    result.replaceChildren(figure({
      title: `${na} against ${nb}`, name: "compare",
      note: `${plural(ga.length, "group")} of ${plural(sa.size, "data set")} against ${plural(gb.length, "group")} of ${plural(sb.size, "data set")}. ` + (paired
        ? `Differences are within the ${plural(both.length, "data set")} that hold${both.length === 1 ? "s" : ""} both.`
        : "No data set holds both sides, or the choice is not to pair them: differences between laboratories are part of these figures."),
      legend: h("p", { class: "legend-line" }, (calibrates ? (["strong", "likely", "unclear"] as const) : (["not calibrated"] as const)).map((word) => h("span", {}, confidence(word), ` ${integer(counts[word])}`))),
      draw: (width) => scatterPlot(lines.map((line) => ({ x: line.b, y: line.a, label: mirnas.name[line.m]!, href: mirnaHref(atlas, line.m), level: calibrates ? LEVEL[sure(line)] : Math.abs(line.difference) >= Math.abs(lines[Math.min(11, lines.length - 1)]!.difference) ? 2 : 0 })), `mean z, ${nb}`, `mean z, ${na}`, width),
      open: true,
      table: table(lines, [
        { key: "mirna", label: "miRNA", value: (x) => mirnas.name[x.m]!, show: (x) => mirnaLink(atlas, x.m) },
        { key: "difference_z", label: "A − B", value: (x) => x.difference, show: (x) => signed(x.difference, 3) },
        { key: "confidence", label: "confidence", value: sure, show: (x) => confidence(sure(x)) },
        { key: "accuracy", label: "accuracy", value: (x) => mirnas.accuracy[x.m]!, show: (x) => accuracy(mirnas.accuracy[x.m]!) },
        { key: "mean_a", label: "mean A", value: (x) => x.a, show: (x) => fixed(x.a, 3) },
        { key: "mean_b", label: "mean B", value: (x) => x.b, show: (x) => fixed(x.b, 3) },
        ...(paired ? [{ key: "n_agreeing", label: "data sets of this sign", value: (x: (typeof lines)[0]) => x.agree, show: (x: (typeof lines)[0]) => `${x.agree} of ${x.n}` },
          { key: "sd_z", label: "sd between", value: (x: (typeof lines)[0]) => x.sd, show: (x: (typeof lines)[0]) => fixed(x.sd) }] : []),
      ], { caption: `A: ${na}. B: ${nb}`, file: "compare" }),
    }));
  }
  const options = (key: (typeof KEYS)[number]): [string, string][] => key === "type" ? types.name.map((text, i) => [types.key[i]!, text])
    : key === "dataset" ? datasets.id.map((id) => [id, id]) : terms[key].name.map((text, i) => [terms[key].key[i]!, text]);
  const WORD = { type: "Cell type", tissue: "Tissue", disease: "Disease", condition: "Condition", dataset: "Data set" };
  const box = (side: Side, letter: string, rest: string): HTMLElement => h("fieldset", { class: "side" }, h("legend", {}, `Side ${letter}`),
    KEYS.filter((key) => options(key).length).map((key) => field(WORD[key], select([["", key === "type" ? rest : "any"], ...options(key)], side[key] && options(key).some(([k]) => k === side[key]) ? side[key] : "", (v) => { side[key] = v; void draw(); }))));
  const kinds = [...new Set(datasets.comparable)].sort((x, y) => x - y);
  void draw();
  return { title: "Compare", body: [h("h1", {}, "Compare"),
    h("form", { onsubmit: (event: Event) => event.preventDefault() },
      h("div", { class: "sides" }, box(a, "A", "any"), box(b, "B", "any other")),
      h("div", { class: "controls" },
        field("Pairing", select([["1", "within data sets that hold both"], ["0", "means of all data sets"]], within ? "1" : "0", (v) => { within = v === "1"; void draw(); }), true),
        field("miRNAs", select([["", "all"], ["1", "accuracy 0.5 or more"]], well ? "1" : "", (v) => { well = v === "1"; void draw(); })),
        kinds.length > 1 ? field("Kind of data sets", select(kinds.map((k) => [String(k), `kind ${k + 1}: ${datasets.id.filter((_, i) => datasets.comparable[i] === k).length} data sets`]), String(comparable), (v) => { comparable = Number(v); void draw(); })) : null)),
    result, help("Confidence was learnt from differences between cell types; for one type in two conditions nothing was learnt."),
    h("p", { class: "actions" }, h("a", { href: href("datasets") }, "Conditions within one data set, with standard errors, are on the data set’s page"))] };
}
