// SPDX-License-Identifier: BSD-3-Clause
// Pictures as SVG. They are made of lines, rectangles, circles, paths and texts alone, so that
// savePng() can draw them on a canvas (the site's policy allows no image from a blob).

import { h, s, save, responsive } from "./dom";
import { fixed, tickDigits, ticks } from "./format";
import { css, diverging, type Rgb } from "./colour";

const cut = (text: string, most: number): string => (text.length > most ? text.slice(0, Math.max(1, most - 1)) + "…" : text);

const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-family", "font-weight",
  "text-anchor", "opacity", "fill-opacity", "stroke-opacity"];

function styled(svg: SVGSVGElement): SVGSVGElement {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const from = svg.querySelectorAll("*"), to = copy.querySelectorAll("*");
  from.forEach((element, i) => {
    const computed = getComputedStyle(element);
    for (const name of STYLES) {
      const value = computed.getPropertyValue(name);
      if (value) to[i]!.setAttribute(name, value);
    }
    to[i]!.removeAttribute("class");
    to[i]!.removeAttribute("tabindex");
  });
  const background = s("rect", { width: "100%", height: "100%", fill: getComputedStyle(document.body).backgroundColor });
  copy.prepend(background);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return copy;
}

export function saveSvg(svg: SVGSVGElement, name: string): void {
  save(name + ".svg", new Blob([new XMLSerializer().serializeToString(styled(svg))], { type: "image/svg+xml" }));
}

export function savePng(svg: SVGSVGElement, name: string): void {
  const scale = 2;
  const width = Number(svg.getAttribute("width")), height = Number(svg.getAttribute("height"));
  const canvas = h("canvas", { width: width * scale, height: height * scale });
  const pen = canvas.getContext("2d")!;
  pen.scale(scale, scale);
  pen.fillStyle = getComputedStyle(document.body).backgroundColor;
  pen.fillRect(0, 0, width, height);
  const origin = svg.getScreenCTM()!.inverse();
  for (const element of svg.querySelectorAll<SVGGraphicsElement>("line,rect,circle,path,text")) {
    const style = getComputedStyle(element);
    const number = (name: string): number => Number(element.getAttribute(name) ?? 0);
    const matrix = origin.multiply(element.getScreenCTM()!);
    pen.save();
    pen.transform(matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f);
    pen.globalAlpha = Number(style.opacity);
    pen.fillStyle = style.fill === "none" ? "transparent" : style.fill;
    pen.strokeStyle = style.stroke === "none" ? "transparent" : style.stroke;
    pen.lineWidth = parseFloat(style.strokeWidth) || 1;
    const path = new Path2D(element.tagName === "path" ? element.getAttribute("d")! : undefined);
    if (element.tagName === "text") {
      pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      pen.textAlign = style.textAnchor === "end" ? "right" : style.textAnchor === "middle" ? "center" : "left";
      pen.fillText(element.textContent ?? "", number("x"), number("y"));
    } else {
      if (element.tagName === "line") { path.moveTo(number("x1"), number("y1")); path.lineTo(number("x2"), number("y2")); }
      if (element.tagName === "rect") path.rect(number("x"), number("y"), number("width"), number("height"));
      if (element.tagName === "circle") path.arc(number("cx"), number("cy"), number("r"), 0, 2 * Math.PI);
      if (element.tagName !== "line") { pen.globalAlpha *= Number(style.fillOpacity); pen.fill(path); pen.globalAlpha /= Number(style.fillOpacity) || 1; }
      pen.globalAlpha *= Number(style.strokeOpacity);
      pen.stroke(path);
    }
    pen.restore();
  }
  canvas.toBlob((blob) => blob && save(name + ".png", blob), "image/png");
}

/** A picture with its legend, its buttons and, below, its table. */
export function figure(options: {
  title: string; note?: Node | string; name: string; draw: (width: number) => SVGSVGElement;
  legend?: Node | null; table?: HTMLElement; scroll?: boolean; open?: boolean;
}): HTMLElement {
  const box = responsive(options.draw);
  if (options.scroll) box.classList.add("figure-scroll");
  const svg = (): SVGSVGElement => box.querySelector("svg")!;
  return h("figure", { class: "figure" },
    h("figcaption", {}, h("h2", {}, options.title), options.note ? h("p", { class: "note" }, options.note) : null),
    options.legend ?? null, options.scroll ? h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": `Figure: ${options.title}` }, box) : box,
    h("div", { class: "figure-bar" },
      h("button", { type: "button", class: "quiet", onclick: () => saveSvg(svg(), options.name) }, "Save SVG"),
      h("button", { type: "button", class: "quiet", onclick: () => savePng(svg(), options.name) }, "Save PNG")),
    options.table ? h("details", { class: "equal-table", open: options.open ?? false }, h("summary", {}, "The same as a table"), options.table) : null);
}

export interface RangeLine {
  label: string;
  href: string;
  mean: number;
  points: number[];
  note: string;
}

/** One line per thing: a dot at the mean, a small stroke per data set. */
export function rangePlot(lines: RangeLine[], axis: string, width: number, low?: number, high?: number): SVGSVGElement {
  const narrow = width < 560;
  const labels = narrow ? 0 : Math.min(300, width * 0.36);
  const step = narrow ? 40 : 24;
  const top = 26;
  const all = lines.flatMap((line) => [line.mean, ...line.points]).filter(Number.isFinite);
  const from = Math.min(low ?? 0, 0, ...all), to = Math.max(high ?? 0, 0.5, ...all);
  const pad = (to - from) * 0.04;
  const right = width - 52;
  const x = (v: number): number => labels + 8 + ((v - from + pad) / (to - from + 2 * pad)) * (right - labels - 8);
  const height = top + lines.length * step + 26;
  const svg = s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `${lines.length} lines, by ${axis}; the table below has the same values` });
  const marks = ticks(from - pad, to + pad, narrow ? 4 : 7);
  const digits = tickDigits(marks);
  for (const mark of marks) {
    svg.append(
      s("line", { class: Math.abs(mark) < 1e-9 ? "axis-zero" : "grid", x1: x(mark), x2: x(mark), y1: top - 6, y2: height - 22 }),
      s("text", { class: "tick", x: x(mark), y: 12, "text-anchor": "middle" }, fixed(mark, digits)));
  }
  svg.append(s("text", { class: "tick", x: (labels + right) / 2, y: height - 6, "text-anchor": "middle" }, axis));
  lines.forEach((line, i) => {
    const y = top + i * step + (narrow ? 28 : step / 2);
    const group = s("g", { class: "range" }, s("title", {}, `${line.label}: ${fixed(line.mean)}. ${line.note}`));
    group.append(s("a", { href: line.href, "aria-label": line.label }, s("text", narrow
      ? { class: "label", x: 4, y: y - 13 }
      : { class: "label", x: labels, y: y + 4, "text-anchor": "end" }, cut(line.label, narrow ? Math.floor(width / 7.6) : Math.floor(labels / 7.3)))));
    if (line.points.length > 1) {
      group.append(s("line", { class: "spread", x1: x(Math.min(...line.points)), x2: x(Math.max(...line.points)), y1: y, y2: y }));
      for (const point of line.points) group.append(s("line", { class: "stroke", x1: x(point), x2: x(point), y1: y - 5, y2: y + 5 }));
    }
    group.append(s("circle", { class: "dot", cx: x(line.mean), cy: y, r: 5 }),
      s("text", { class: "value", x: width - 4, y: y + 4, "text-anchor": "end" }, fixed(line.mean)));
    svg.append(group);
  });
  return svg;
}

export interface ScatterPoint { x: number; y: number; label: string; href: string; level: 0 | 1 | 2 | 3 }

/** Two sides against each other; the diagonal is no difference. */
export function scatterPlot(points: ScatterPoint[], xAxis: string, yAxis: string, width: number): SVGSVGElement {
  const size = Math.min(width, 640), left = 52, bottom = 46, top = 12, right = 16;
  const values = points.flatMap((point) => [point.x, point.y]).filter(Number.isFinite);
  const low = Math.min(0, ...values), high = Math.max(0.5, ...values), pad = (high - low) * 0.05;
  const scale = (v: number, from: number, to: number): number => from + ((v - low + pad) / (high - low + 2 * pad)) * (to - from);
  const x = (v: number): number => scale(v, left, size - right);
  const y = (v: number): number => scale(v, size - bottom, top);
  const svg = s("svg", { width: size, height: size, viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": `${points.length} miRNAs: ${yAxis} against ${xAxis}; the table below has the same values` });
  const marks = ticks(low - pad, high + pad, 6), digits = tickDigits(marks);
  for (const mark of marks) {
    svg.append(
      s("line", { class: "grid", x1: x(mark), x2: x(mark), y1: top, y2: size - bottom }),
      s("line", { class: "grid", x1: left, x2: size - right, y1: y(mark), y2: y(mark) }),
      s("text", { class: "tick", x: x(mark), y: size - bottom + 16, "text-anchor": "middle" }, fixed(mark, digits)),
      s("text", { class: "tick", x: left - 6, y: y(mark) + 4, "text-anchor": "end" }, fixed(mark, digits)));
  }
  svg.append(s("line", { class: "axis-zero", x1: x(low - pad), y1: y(low - pad), x2: x(high + pad), y2: y(high + pad) }));
  const most = Math.floor(size / 7);
  svg.append(s("text", { class: "axis-name", x: (left + size - right) / 2, y: size - 8, "text-anchor": "middle" }, cut(xAxis, most)),
    s("text", { class: "axis-name", x: 14, y: (size - bottom) / 2, "text-anchor": "middle", transform: `rotate(-90 14 ${(size - bottom) / 2})` }, cut(yAxis, most)));
  for (const point of [...points].sort((a, b) => a.level - b.level)) {
    svg.append(s("circle", { class: `point level-${point.level}`, cx: x(point.x), cy: y(point.y), r: point.level > 1 ? 4 : 2.6 },
      s("title", {}, `${point.label}: ${fixed(point.y)} against ${fixed(point.x)}`)));
  }
  // Labels of what differs most, where there is room.
  const taken: [left: number, right: number, y: number][] = [];
  const named = points.filter((point) => point.level > 1).sort((a, b) => Math.abs(b.y - b.x) - Math.abs(a.y - a.x)).slice(0, 40);
  for (const point of named) {
    const px = x(point.x), py = y(point.y), above = point.y > point.x;
    const ty = py + (above ? -7 : 14);
    const text = point.label.replace(/^hsa-/, ""), wide = text.length * 6.6;
    const toLeft = above ? px > left + 90 : px > size - 110;
    const tx = above ? px - 4 : px + 4, from = toLeft ? tx - wide : tx;
    if (taken.length >= 14 || taken.some(([a, b, c]) => from < b && a < from + wide && Math.abs(c - ty) < 13)) continue;
    taken.push([from, from + wide, ty]);
    svg.append(s("text", { class: "point-name", x: tx, y: ty, "text-anchor": toLeft ? "end" : "start" }, text));
  }
  return svg;
}

/** A bar with its ends' figures. */
export function colourBar(colour: (t: number) => Rgb, low: string, middle: string, high: string, what: string): HTMLElement {
  const steps = 24;
  const svg = s("svg", { width: 180, height: 12, viewBox: `0 0 ${steps} 1`, preserveAspectRatio: "none", "aria-hidden": "true" },
    Array.from({ length: steps }, (_, i) => s("rect", { x: i, y: 0, width: 1.05, height: 1, fill: css(colour(i / (steps - 1))) })));
  return h("div", { class: "colour-bar" }, h("span", {}, what), h("span", { class: "colour-scale" }, svg,
    h("span", { class: "colour-ends" }, h("span", {}, low), h("span", {}, middle), h("span", {}, high))));
}

export const zBar = (limit: number): HTMLElement =>
  colourBar((t) => diverging(2 * t - 1), fixed(-limit, 1), "0", fixed(limit, 1), "z-score");
