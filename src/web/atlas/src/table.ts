// SPDX-License-Identifier: BSD-3-Clause
// A table that sorts, filters and can be saved. Every plot has one beside it with the same values.

import { h, save, type Child } from "./dom";
import { plural, tsv } from "./format";

export interface Column<T> {
  key: string;
  label: string;
  /** What it means, in a sentence. */
  help?: string;
  /** What is sorted and saved. */
  value: (line: T) => string | number | null;
  /** What is shown, if not the value. */
  show?: (line: T) => Child;
  first?: "rising" | "falling";
}

export interface TableOptions {
  caption: string;
  file: string;
  sort?: { key: string; falling: boolean };
  page?: number;
  filter?: boolean;
  empty?: string;
}

export function table<T>(lines: T[], columns: Column<T>[], options: TableOptions): HTMLElement {
  let sort = options.sort ?? null;
  let words = "";
  let shown = options.page ?? 25;
  const body = h("tbody");
  const status = h("span", { class: "table-status", role: "status" });
  const more = h("button", { type: "button", class: "quiet", onclick: () => { shown += 200; draw(); } }, "Show more");
  const heads = columns.map((column) => {
    const numeric = lines.length > 0 && lines.every((line) => typeof column.value(line) !== "string");
    const button = h("button", { type: "button", title: column.help, onclick: () => {
      const falling = sort?.key === column.key ? !sort.falling : column.first ? column.first === "falling" : numeric;
      sort = { key: column.key, falling };
      draw();
    } }, column.label);
    return h("th", { scope: "col", class: numeric ? "number" : null }, button);
  });

  function chosen(): T[] {
    let result = lines;
    if (words) {
      const parts = words.toLowerCase().split(/\s+/);
      result = lines.filter((line) => {
        const text = columns.map((column) => String(column.value(line) ?? "")).join(" ").toLowerCase();
        return parts.every((part) => text.includes(part));
      });
    }
    if (sort) {
      const column = columns.find(({ key }) => key === sort!.key)!;
      const sign = sort.falling ? -1 : 1;
      const missing = (v: unknown): boolean => v === null || v === "" || (typeof v === "number" && Number.isNaN(v));
      result = [...result].sort((a, b) => {
        const x = column.value(a), y = column.value(b);
        if (missing(x) || missing(y)) return Number(missing(x)) - Number(missing(y));
        return sign * (typeof x === "number" && typeof y === "number" ? x - y : x! < y! ? -1 : x! > y! ? 1 : 0);
      });
    }
    return result;
  }

  function draw(): void {
    const rows = chosen();
    heads.forEach((head, i) => {
      const active = sort?.key === columns[i]!.key;
      if (active) head.setAttribute("aria-sort", sort!.falling ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    body.replaceChildren(...rows.slice(0, shown).map((line) => h("tr", {}, columns.map((column, i) => {
      const value = column.value(line);
      return h("td", { class: heads[i]!.className || null }, column.show ? column.show(line) : value === null || Number.isNaN(value) ? "–" : value);
    }))));
    status.textContent = rows.length === 0 ? (options.empty ?? "Nothing matches.")
      : rows.length > shown ? `${shown} of ${plural(rows.length, "line")}` : plural(rows.length, "line");
    more.hidden = rows.length <= shown;
  }

  const filter = options.filter !== false && lines.length > 12
    ? h("input", { type: "search", placeholder: "Filter", "aria-label": `Filter: ${options.caption}`, oninput: (event: Event) => {
        words = (event.target as HTMLInputElement).value.trim();
        draw();
      } })
    : null;
  const download = h("button", { type: "button", class: "quiet", onclick: () => save(options.file + ".tsv",
    new Blob([tsv(columns.map(({ key }) => key), chosen().map((line) => columns.map(({ value }) => value(line))))], { type: "text/tab-separated-values" })) },
    "Save as TSV");
  draw();
  return h("div", { class: "table-box" },
    h("div", { class: "table-bar" }, filter, status, download),
    h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": options.caption },
      h("table", {}, h("caption", {}, options.caption), h("thead", {}, h("tr", {}, heads)), body)),
    more);
}
