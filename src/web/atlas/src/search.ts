// SPDX-License-Identifier: BSD-3-Clause
// Search in shards: the manifest names the first word of each.

import { json, type Atlas } from "./data";
import { h } from "./dom";
import { href } from "./context";

export interface Hit { kind: string; label: string; key: string; extra: string }
type Line = [word: string, kind: string, label: string, key: string, extra: string];

const KINDS: Record<string, string> = { mirna: "miRNA", type: "cell type", tissue: "tissue", disease: "disease", dataset: "data set", gene: "target gene" };
const ORDER = ["mirna", "type", "tissue", "disease", "dataset", "gene"];

export const hitHref = (hit: Hit): string => href(hit.kind, hit.key);

export function shardsOf(shards: [string, string][], prefix: string): string[] {
  let first = 0;
  for (let i = 0; i < shards.length; ++i) if (shards[i]![0] < prefix) first = i;
  const result: string[] = [];
  for (let i = first; i < shards.length && result.length < 4; ++i) {
    if (i > first && !shards[i]![0].startsWith(prefix)) break;
    result.push(shards[i]![1]);
  }
  return result;
}

/** Things whose words begin with those of `text`, the best first. Where there are none: of its
 *  singulars, then of its stems, so that "B cells" and "endothelium" find what cells are called. */
export async function search(atlas: Atlas, text: string, most = 12): Promise<Hit[]> {
  const words = text.toLowerCase().trim().replace(/\b(mir|let)[ ]?(\d)/g, "$1-$2").split(/[\s,()/]+/).filter(Boolean);
  const singular = words.map((word) => word.replace(/^([a-z]{3,})s$/, "$1"));
  const stems = singular.map((word) => word.replace(/^([a-z]{6})[a-z]{2,}$/, "$1"));
  let hits: Hit[] = [], asked = "";
  for (const attempt of [words, singular, stems]) {
    if (hits.length || attempt.join(" ") === asked) continue;
    asked = attempt.join(" ");
    hits = await searchWords(atlas, attempt, most);
  }
  return hits;
}

async function searchWords(atlas: Atlas, words: string[], most: number): Promise<Hit[]> {
  if (!words.length) return [];
  const key = words.reduce((a, b) => (b.length > a.length ? b : a));
  const lists = await Promise.all(shardsOf(atlas.manifest.search, key).map((hash) => json<Line[]>(hash)));
  const hits = new Map<string, [number, Hit]>();
  for (const [word, kind, label, id, extra] of lists.flat()) {
    if (!word.startsWith(key)) continue;
    const all = `${label} ${extra} ${id}`.toLowerCase();
    if (!words.every((w) => w === key || all.includes(w))) continue;
    const lower = label.toLowerCase();
    const rank = (lower === words.join(" ") || word === words.join(" ") ? 0 : word === key ? 1 : lower.startsWith(key) ? 2 : 3) * 10 + ORDER.indexOf(kind);
    const name = kind + "\n" + id;
    const held = hits.get(name);
    if (!held || held[0] > rank) hits.set(name, [rank, { kind, label, key: id, extra }]);
  }
  return [...hits.values()].sort((a, b) => a[0] - b[0] || a[1].label.length - b[1].label.length || (a[1].label < b[1].label ? -1 : 1))
    .slice(0, most).map(([, hit]) => hit);
}

let boxes = 0;

/** A field whose suggestions are links (a combobox of the ARIA practices). */
export function searchBox(atlas: Atlas, large: boolean): HTMLElement {
  const id = `search-${++boxes}`;
  const list = h("ul", { id, class: "hits", role: "listbox", "aria-label": "Suggestions", hidden: true });
  const status = h("span", { class: "sr", role: "status" });
  let hits: Hit[] = [], at = -1, asked = 0;
  const close = (): void => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    at = -1;
  };
  const mark = (): void => {
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
    if (at >= 0) input.setAttribute("aria-activedescendant", `${id}-${at}`);
  };
  const open = (hit: Hit): void => {
    close();
    input.value = "";
    location.hash = hitHref(hit);
  };
  async function ask(): Promise<void> {
    const mine = ++asked;
    try {
      const found = await search(atlas, input.value);
      if (mine !== asked) return;
      hits = found;
    } catch (error) {
      status.textContent = (error as Error).message;
      return;
    }
    at = -1;
    list.replaceChildren(...hits.map((hit, i) => h("li", { id: `${id}-${i}`, role: "option", "aria-selected": "false",
      onmousedown: (event: Event) => { event.preventDefault(); open(hit); } },
      h("span", { class: "hit-label" }, hit.label), h("span", { class: "hit-kind" }, [KINDS[hit.kind] ?? hit.kind, hit.extra].filter(Boolean).join(" · ")))));
    if (!hits.length && input.value.trim()) list.append(h("li", { role: "option", "aria-selected": "false", "aria-disabled": "true", class: "none" }, "Nothing in this atlas begins so. Genes are found if a network of it has them."));
    list.hidden = !input.value.trim();
    input.setAttribute("aria-expanded", String(!list.hidden));
    status.textContent = `${hits.length} suggestions`;
  }
  const input = h("input", {
    type: "search", role: "combobox", "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list",
    "aria-label": "Search miRNAs, cell types, tissues, diseases, data sets and genes", autocomplete: "off", spellcheck: "false",
    placeholder: large ? "miR-122-5p, hepatocyte, lung, …" : "Search", oninput: () => void ask(), onblur: close,
    onkeydown: (event: Event) => {
      const key = (event as KeyboardEvent).key;
      if (key === "Escape") close();
      else if ((key === "ArrowDown" || key === "ArrowUp") && hits.length) {
        event.preventDefault();
        at = (at + (key === "ArrowDown" ? 1 : hits.length - (at < 0 ? 0 : 1))) % hits.length;
        mark();
      } else if (key === "Enter") {
        event.preventDefault();
        void (async () => {
          if (at < 0) await ask();
          const hit = hits[Math.max(0, at)];
          if (hit) open(hit);
        })();
      }
    },
  });
  return h("div", { class: large ? "search large" : "search" }, input, list, status);
}
