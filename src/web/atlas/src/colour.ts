// SPDX-License-Identifier: BSD-3-Clause
// Scales that people with any colour vision can read.

export type Rgb = [number, number, number];

// Anchors of cividis (Nunez et al. 2018, doi:10.1371/journal.pone.0199239), dark to bright.
const CIVIDIS: Rgb[] = [[0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115], [138, 134, 120],
  [165, 156, 116], [195, 179, 105], [225, 204, 85], [254, 232, 56]];
// Blue, grey, orange; the ends differ in lightness as well as in hue from the middle.
const DIVERGING_LIGHT: Rgb[] = [[18, 78, 140], [66, 132, 190], [150, 192, 224], [238, 238, 236], [245, 186, 120], [217, 119, 34], [145, 65, 5]];
const DIVERGING_DARK: Rgb[] = [[140, 200, 255], [74, 146, 212], [44, 88, 132], [58, 62, 68], [140, 84, 30], [222, 128, 44], [255, 196, 130]];
// Okabe and Ito 2008, then their darker and paler relatives.
const CATEGORIES: Rgb[] = [[0, 114, 178], [230, 159, 0], [0, 158, 115], [204, 121, 167], [213, 94, 0], [86, 180, 233],
  [148, 138, 30], [120, 94, 240], [0, 90, 80], [150, 60, 40], [110, 130, 150], [190, 150, 220], [90, 150, 40],
  [235, 110, 120], [60, 70, 160], [200, 190, 120]];

export const isDark = (): boolean => matchMedia("(prefers-color-scheme: dark)").matches;

function blend(stops: Rgb[], t: number): Rgb {
  const at = Math.min(1, Math.max(0, t)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(at));
  const a = stops[i]!, b = stops[i + 1]!, f = at - i;
  return [0, 1, 2].map((k) => Math.round(a[k]! + (b[k]! - a[k]!) * f)) as Rgb;
}

export const sequential = (t: number): Rgb => blend(CIVIDIS, isDark() ? 0.12 + 0.88 * t : 0.96 * t);
/** -1 to 1. */
export const diverging = (t: number): Rgb => blend(isDark() ? DIVERGING_DARK : DIVERGING_LIGHT, (t + 1) / 2);
export const category = (i: number): Rgb => {
  const base = CATEGORIES[i % CATEGORIES.length]!;
  const round = Math.floor(i / CATEGORIES.length);
  const f = round % 3 === 0 ? 0 : round % 3 === 1 ? 0.35 : -0.3;
  const shifted = base.map((c) => Math.round(f >= 0 ? c + (255 - c) * f : c * (1 + f))) as Rgb;
  return isDark() ? (shifted.map((c) => Math.round(c + (255 - c) * 0.18)) as Rgb) : shifted;
};
export const css = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;
