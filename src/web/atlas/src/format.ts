// SPDX-License-Identifier: BSD-3-Clause

const count = new Intl.NumberFormat("en");

/** 1234567 as 1,234,567. */
export const integer = (value: number): string => count.format(value);

/** With a true minus sign; missing numbers are a dash. */
export function fixed(value: number | null | undefined, digits = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const text = value.toFixed(digits);
  if (Number(text) === 0) return (0).toFixed(digits);
  return text.startsWith("-") ? "−" + text.slice(1) : text;
}

export const signed = (value: number | null | undefined, digits = 2): string => {
  const text = fixed(value, digits);
  return value !== null && value !== undefined && value > 0 && Number(value.toFixed(digits)) !== 0 ? "+" + text : text;
};

export function small(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  return value < 0.001 ? value.toExponential(1).replace("-", "−") : value.toFixed(3);
}

export function plural(n: number, one: string, many = one + "s"): string {
  return `${integer(n)} ${n === 1 ? one : many}`;
}

export const bytes = (n: number): string =>
  n < 1000 ? `${n} B` : n < 1e6 ? `${(n / 1e3).toFixed(0)} kB` : n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(1)} GB`;

/** One cell of a TSV. Spreadsheets run texts that begin with = + - @ as formulas: those get an apostrophe. */
export function tsvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "NaN";
  const text = String(value).replace(/[\t\r\n]+/g, " ");
  return /^[=+\-@]/.test(text) ? "'" + text : text;
}

export const tsv = (header: string[], lines: unknown[][]): string =>
  [header, ...lines].map((line) => line.map(tsvCell).join("\t")).join("\n") + "\n";

export const mean = (values: number[]): number =>
  values.length ? values.reduce((a, b) => a + b, 0) / values.length : NaN;

/** n - 1 below the line. */
export function deviation(values: number[]): number {
  if (values.length < 2) return NaN;
  const m = mean(values);
  return Math.sqrt(values.reduce((a, b) => a + (b - m) ** 2, 0) / (values.length - 1));
}

/** Round figures for an axis from `low` to `high`. */
export function ticks(low: number, high: number, about: number): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const raw = span / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= raw) ?? raw;
  const result: number[] = [];
  for (let k = Math.ceil(low / step); k * step <= high + step * 1e-9; ++k) result.push(k * step);
  return result;
}

/** The digits that tell ticks apart. */
export const tickDigits = (values: number[]): number => {
  const step = Math.abs((values[1] ?? 1) - (values[0] ?? 0)) || 1;
  return Math.max(0, Math.min(4, -Math.floor(Math.log10(step) + 1e-9)));
};
