// SPDX-License-Identifier: BSD-3-Clause
// Paste names: which are in the atlas, how accurate they are, where they are high.

import { bundle, pool } from "../data";
import { h } from "../dom";
import { fixed, plural } from "../format";
import { accuracy, field, help, href, mirnaLink, typeLink, type Context, type Page } from "../context";
import { table } from "../table";
import { rank } from "./mirna";

const MOST = 120;

export function list({ atlas, query, keep }: Context): Page {
  const { mirnas, types } = atlas;
  const result = h("div", { "aria-live": "polite" });
  async function draw(text: string): Promise<void> {
    const names = [...new Set(text.split(/[\s,;]+/).map((name) => name.replace(/^["']+|["']+$/g, "")).filter(Boolean))];
    keep({ names: names.join(",").slice(0, 6000) });
    const all = names.map((given) => ({ given, m: atlas.findMirna(given) }));
    const found = all.filter(({ m }) => m >= 0).slice(0, MOST), unknown = all.filter(({ m }) => m < 0);
    if (!names.length) { result.replaceChildren(); return; }
    result.replaceChildren(h("p", { class: "loading" }, `Reading ${plural(found.length, "miRNA")} …`));
    const lines = await pool(found, 6, async ({ given, m }) => {
      const { arrays } = await bundle(mirnas.file[m]!);
      return { given, m, ranked: rank(atlas, arrays.mean!, "type", () => true) };
    });
    const same = (given: string, m: number): boolean => [mirnas.name[m]!, mirnas.accession[m]!, mirnas.name[m]!.replace(/^hsa-/, "")].some((name) => name.toLowerCase() === given.toLowerCase());
    result.replaceChildren(
      h("p", {}, `${found.length} of ${plural(names.length, "name")} ${found.length === 1 ? "is" : "are"} in this atlas.`),
      unknown.length ? h("p", { class: "warning" }, `Not found: ${unknown.map(({ given }) => given).join(", ")}.`) : "",
      lines.length ? h("div", {}, h("p", { class: "actions" }, h("a", { href: href("dots", undefined, { mirnas: lines.map(({ m }) => mirnas.name[m]!).join(",") }) }, "Dot plot of these")),
        table(lines, [
          { key: "given", label: "given", value: (x) => x.given },
          { key: "mirna", label: "miRNA", value: (x) => mirnas.name[x.m]!, show: (x) => h("span", {}, mirnaLink(atlas, x.m), same(x.given, x.m) ? "" : h("span", { class: "weak" }, " (renamed)")) },
          { key: "accession", label: "accession", value: (x) => mirnas.accession[x.m]! },
          { key: "accuracy", label: "accuracy", value: (x) => mirnas.accuracy[x.m]!, show: (x) => accuracy(mirnas.accuracy[x.m]!) },
          { key: "highest_in", label: "highest in", value: (x) => x.ranked.slice(0, 3).map(({ item }) => types.name[item]!).join("; "),
            show: (x) => h("span", {}, x.ranked.slice(0, 3).flatMap((r, i) => [i ? ", " : "", typeLink(atlas, r.item), ` ${fixed(r.mean)}`])) },
          { key: "lowest_in", label: "lowest in", value: (x) => x.ranked.slice(-1).map(({ item }) => types.name[item]!).join("; "),
            show: (x) => h("span", {}, x.ranked.slice(-1).flatMap((r) => [typeLink(atlas, r.item), ` ${fixed(r.mean)}`])) },
        ], { caption: "Your list", file: "list", page: MOST })) : "");
  }
  const area = h("textarea", { rows: 6, spellcheck: "false", placeholder: "miR-122-5p\nMIMAT0000062\nhsa-let-7a" });
  area.value = (query.get("names") ?? "").split(",").join("\n");
  if (area.value) void draw(area.value);
  return { title: "Paste a list", body: [h("h1", {}, "Paste a list"),
    h("p", { class: "lead" }, "Names or accessions of miRNAs, current or former, with or without “hsa-”. They stay in this browser."),
    h("form", { onsubmit: (event: Event) => { event.preventDefault(); void draw(area.value); } }, field("miRNAs", area, true),
      h("p", {}, h("button", { type: "submit" }, "Look up"))), result, help("Former names are those of miRBase.")] };
}
