// SPDX-License-Identifier: BSD-3-Clause
// What pages share: routes, links, names, badges.

import type { Atlas } from "./data";
import { h, type Child } from "./dom";
import { fixed } from "./format";

export interface Context {
  atlas: Atlas;
  /** After the page's own name, decoded. */
  path: string[];
  query: URLSearchParams;
  /** Changes the link of what is seen without drawing it anew. */
  keep(values: Record<string, string | null>): void;
}

export interface Page {
  title: string;
  body: (Node | string)[];
  /** The right address of the same thing, if this one was reached by a former name. */
  moved?: string;
  /** Called when the page is left. */
  leave?: () => void;
}

const part = (text: string): string => encodeURIComponent(text).replaceAll("%3A", ":");

export function href(page: string, key?: string, query: Record<string, string | null | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) search.set(name, value);
  const text = search.toString();
  return "#/" + page + (key !== undefined ? "/" + part(key) : "") + (text ? "?" + text : "");
}

export const mirnaHref = (atlas: Atlas, i: number): string => href("mirna", atlas.mirnaKey(i));
export const typeHref = (atlas: Atlas, i: number): string => href("type", atlas.types.key[i]!);
export const termHref = (atlas: Atlas, kind: "tissue" | "disease", i: number): string => href(kind, atlas.terms[kind].key[i]!);
export const datasetHref = (atlas: Atlas, i: number): string => href("dataset", atlas.datasets.id[i]!);

export const mirnaLink = (atlas: Atlas, i: number): HTMLElement =>
  h("a", { href: mirnaHref(atlas, i), class: "mirna-name" }, atlas.mirnas.name[i]!);
export const typeLink = (atlas: Atlas, i: number): HTMLElement => h("a", { href: typeHref(atlas, i) }, atlas.types.name[i]!);
export const datasetLink = (atlas: Atlas, i: number): HTMLElement => h("a", { href: datasetHref(atlas, i) }, atlas.datasets.id[i]!);

export const termName = (atlas: Atlas, kind: "tissue" | "disease" | "condition", i: number): string =>
  i < 0 ? "" : atlas.terms[kind].name[i]!;

/** What tells groups of one type of one data set apart. */
export const groupWhere = (atlas: Atlas, g: number): string =>
  [...new Set((["tissue", "disease", "condition"] as const).map((kind) => termName(atlas, kind, atlas.groups[kind][g]!)))].filter(Boolean).join(", ");

export function groupName(atlas: Atlas, g: number): string {
  const where = groupWhere(atlas, g);
  return atlas.types.name[atlas.groups.type[g]!]! + (where ? ` (${where})` : "");
}

const ACCURACY: [number, string, string][] = [[0.5, "good", "good"], [0.3, "fair", "fair"], [-2, "poor", "poor"]];

export const accuracyWord = (r: number | null): string =>
  r === null ? "unknown" : ACCURACY.find(([from]) => r >= from)![1];

/** The held-out accuracy of a miRNA: a figure, a word and a bar. */
export function accuracy(r: number | null, long = false): HTMLElement {
  const word = accuracyWord(r);
  return h("span", { class: `accuracy ${word}`, title: "Pearson correlation within held-out cohorts of the training data" },
    h("span", { class: "meter", "aria-hidden": "true" }, h("span", { style: { width: `${Math.max(0, Math.min(1, r ?? 0)) * 100}%` } })),
    long ? `accuracy r = ${fixed(r)}, ${word}` : `${fixed(r)} ${word}`);
}

export type Confidence = "strong" | "likely" | "unclear" | "not calibrated";

/** What a difference is worth, by the model's calibration for this miRNA. */
export function confidenceOf(atlas: Atlas, mirna: number, difference: number): Confidence {
  if (!atlas.manifest.model.calibrated) return "not calibrated";
  const size = Math.abs(difference);
  const strong = atlas.mirnas.strong_from[mirna], likely = atlas.mirnas.likely_from[mirna];
  if (strong !== null && strong !== undefined && size >= strong) return "strong";
  if (likely !== null && likely !== undefined && size >= likely) return "likely";
  return "unclear";
}
export const confidenceOfShare = (share: number): Confidence =>
  Number.isNaN(share) ? "not calibrated" : share >= 0.75 ? "strong" : share >= 0.5 ? "likely" : "unclear";
export const LEVEL: Record<Confidence, 0 | 1 | 2 | 3> = { "not calibrated": 0, unclear: 1, likely: 2, strong: 3 };

export function confidence(word: Confidence): HTMLElement {
  const n = LEVEL[word];
  return h("span", { class: `confidence c${n}` }, h("span", { class: "dots", "aria-hidden": "true" },
    [1, 2, 3].map((i) => h("i", { class: i <= n ? "on" : "" }))), word);
}

export const help = (text: Child, page = "methods"): HTMLElement =>
  h("p", { class: "note" }, text, " ", h("a", { href: href(page) }, "Methods"));

/** A field with its label. */
export function field(label: string, control: HTMLElement, wide = false): HTMLElement {
  return h("label", { class: wide ? "field wide" : "field" }, h("span", {}, label), control);
}

export function select(options: [string, string][], value: string, change: (value: string) => void): HTMLSelectElement {
  const box = h("select", { onchange: (event: Event) => change((event.target as HTMLSelectElement).value) },
    options.map(([key, label]) => h("option", { value: key, selected: key === value }, label)));
  return box;
}

export function facts(items: [string, Child | Child[]][]): HTMLElement {
  return h("dl", { class: "facts" }, items.filter(([, value]) => value !== null && value !== "" && value !== undefined)
    .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

export const missing = (what: string, key: string): Page => ({
  title: "Not found",
  body: [h("h1", {}, "Not found"), h("p", {}, `This atlas has no ${what} “${key}”.`),
    h("p", {}, h("a", { href: "#/" }, "Search the atlas"))],
});
