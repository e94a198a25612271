"use strict";
(() => {
const D = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";
const at = id => document.getElementById(id);

// Words of files become text nodes, never markup.
const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  for (const child of children) node.append(child);
  return node;
};
const draw = (tag, attributes = {}, words) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (words !== undefined) node.append(words);
  return node;
};
const short = (words, length) => words.length > length ? words.slice(0, length - 1) + "…" : words;
const minus = words => words.replace("-", "−");
const number = (value, digits = 3) => {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (typeof value === "string") return value;
  if (digits > 2 && value !== 0 && Math.abs(value) < 10 ** -digits) return minus(value.toExponential(1));
  return minus(value.toFixed(digits));
};
const whole = value => value === null ? "–" : value.toLocaleString("en");
const dark = () => matchMedia("(prefers-color-scheme: dark)").matches;
const redraws = [];
const redraw = () => { for (const work of redraws) work(); };

// Bytes of a column, as numbers.
const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const shorts = (text, signed) => {
  const raw = bytes(text);
  const view = new DataView(raw.buffer);
  return Array.from({length: raw.length / 2}, (_, i) => signed ? view.getInt16(2 * i, true) : view.getUint16(2 * i, true));
};
const scaled = column => {
  if (!column.decoded) {
    column.decoded = Float32Array.from(bytes(column.values),
      b => b === 255 ? NaN : column.low + b / 254 * (column.high - column.low));
  }
  return column.decoded;
};

// Colours: hues that people with any colour vision tell apart, with a shape where they repeat.
const hues = {
  light: ["#0072b2", "#d55e00", "#009e73", "#b04a8c", "#b58900", "#3a9bd9", "#8c510a", "#6b7785"],
  dark: ["#4da3ee", "#f0803c", "#2fc79a", "#e58fc8", "#e3b53f", "#a5dbff", "#c58f5a", "#a9b4c0"]};
const hue = group => hues[dark() ? "dark" : "light"][group % 8];
const shapeOf = group => Math.floor(group / 8) % 3;
const parts = colour => [1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16));
const blend = (stops, share) => {
  const place = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const i = Math.min(Math.floor(place), stops.length - 2);
  const [a, b] = [parts(stops[i]), parts(stops[i + 1])];
  return "rgb(" + a.map((v, k) => Math.round(v + (b[k] - v) * (place - i))).join(",") + ")";
};
const rising = () => dark() ? ["#2b3440", "#2f6db0", "#7cc0f0", "#f4fbff"] : ["#d5dbe3", "#6aa3d5", "#0b4a8f", "#06204a"];
const diverging = () => dark() ? ["#5fb4ff", "#3a566f", "#37424e", "#8a5632", "#ff9a4d"] : ["#0b5fa5", "#8fb6d6", "#e4e8ec", "#e3a887", "#b53d0a"];

const section = (id, title, ...children) => {
  at("main").append(make("section", {id, "aria-labelledby": id + "_title"}, make("h2", {id: id + "_title"}, title), ...children));
  at("sections").append(make("li", {}, make("a", {href: "#" + id}, title)));
};
const paragraph = (...words) => make("p", {}, ...words);

// A table that scrolls, sorted by whichever column is asked for. Columns: [name, get, kind, digits].
const table = (caption, columns, items) => {
  const box = make("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": caption});
  const body = make("tbody");
  let order = items.slice();
  const fill = () => body.replaceChildren(...order.map(item => make("tr", {}, ...columns.map(([, get, kind, digits]) => {
    const value = get(item);
    const words = kind === "words" || kind === "long" ? String(value ?? "") : kind === "whole" ? whole(value) : number(value, digits);
    return make("td", kind === "words" || kind === "long" ? {class: kind} : {}, words);
  }))));
  const heads = columns.map(([name, get, kind]) => {
    const button = make("button", {type: "button"}, name);
    const head = make("th", {scope: "col", class: kind === "words" || kind === "long" ? "words" : ""}, button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "descending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const empty = value => value === null || value === undefined || Number.isNaN(value);
      order = items.slice().sort((a, b) => {
        const [x, y] = [get(a), get(b)];
        if (empty(x) || empty(y)) return empty(x) - empty(y);
        return (up ? 1 : -1) * (x < y ? -1 : x > y ? 1 : 0);
      });
      fill();
    });
    return head;
  });
  fill();
  box.append(make("table", {}, make("caption", {}, caption), make("thead", {}, make("tr", {}, ...heads)), body));
  return box;
};
const folded = (title, ...children) => make("details", {}, make("summary", {}, title), ...children);
const choice = (id, label, groups, change) => {
  const select = make("select", {id});
  for (const [title, options] of groups) {
    const into = title ? make("optgroup", {label: title}) : select;
    for (const [value, words] of options) into.append(make("option", {value}, words));
    if (title) select.append(into);
  }
  select.addEventListener("change", change);
  return [make("label", {for: id}, label), select];
};
const ticks = (low, high, most = 6) => {
  const step = [1, 2, 5, 10].map(f => f * 10 ** Math.floor(Math.log10((high - low) / most || 1))).find(s => (high - low) / s <= most) ?? 1;
  const list = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; ++i) list.push(i * step);
  return list;
};
const tickWords = value => minus(String(Number(value.toPrecision(6))));
// A bar of colours with its ends named.
const colourBar = (stops, low, middle, high, title) => {
  const plot = draw("svg", {width: 260, height: 50, role: "img", "aria-label": title + ": from " + low + " to " + high});
  plot.append(draw("text", {x: 0, y: 12, class: "soft"}, title));
  for (let i = 0; i < 52; ++i) plot.append(draw("rect", {x: i * 5, y: 18, width: 5.5, height: 12, fill: blend(stops, i / 51)}));
  plot.append(draw("text", {x: 0, y: 45}, low));
  if (middle !== null) plot.append(draw("text", {x: 130, y: 45, "text-anchor": "middle"}, middle));
  plot.append(draw("text", {x: 260, y: 45, "text-anchor": "end"}, high));
  return plot;
};

// ---- Head
const name = D.input.name;
document.title = "miRNA report: " + name;
at("title").textContent = "miRNA report: " + name;
at("about").textContent = "Made by sicmir " + D.version + " with the model " + D.model.name + " (" + D.model.checksum.slice(0, 8) + ").";
for (const [label, value] of D.figures) at("figures").append(make("div", {}, make("b", {}, value), make("span", {}, label)));
at("truths").append(...D.truths.map(words => paragraph(words)));
if (D.warnings.length) {
  at("warnings").append(make("h2", {}, D.warnings.length === 1 ? "1 warning" : D.warnings.length + " warnings"),
    make("ul", {}, ...D.warnings.map(words => make("li", {}, words))));
} else {
  at("warnings").append(paragraph("There were no warnings."));
}

// ---- Data
const groups = D.groups;
section("data_read", "The data and how they were read",
  table("How the input was read", [["", f => f[0], "words"], ["", f => f[1], "long"]].map(([, get, kind], i) => [i ? "found" : "what", get, kind]), D.facts),
  table("Groups", [["group", g => g.name, "words"], ["samples", g => g.n_samples, "whole"], ["profiles", g => g.n_profiles, "whole"], ["below the floor", g => g.n_below, "whole"], ["cells", g => g.n_cells, "whole"], ["molecules", g => g.n_counts, "whole"]], groups),
  folded("Profiles: the sums that are compared",
    table("Profiles" + (D.profiles.n > D.profiles.lines.length ? ": the first " + D.profiles.lines.length + " of " + D.profiles.n : ""),
      [["sample", p => p.sample, "words"], ["group", p => p.group, "words"], ["donor", p => p.donor, "words"], ["condition", p => p.condition, "words"], ["cells", p => p.n_cells, "whole"], ["molecules", p => p.n_counts, "whole"], ["below the floor", p => p.below ? "yes" : "", "words"], ["panel genes detected", p => p.n_panel, "whole"], ["median z of the genes", p => p.median_z], ["interquartile range", p => p.iqr_z]], D.profiles.lines)),
  folded("What the program said while it read", make("ul", {}, ...D.news.map(words => make("li", {}, words)))));

// ---- Map
const map = D.map;
if (!map.cells) {
  section("map", "Map of the cells", make("p", {class: "off"}, map.why));
} else {
  const [xs, ys] = [shorts(map.x, false), shorts(map.y, false)];
  // A few cells far away would leave no room for the others: they are drawn at the edge.
  const edges = [xs, ys].map(list => {
    const sorted = Uint16Array.from(list).sort();
    const at = share => sorted[Math.round(share * (sorted.length - 1))];
    const [low, high] = [at(0.002), at(0.998)], room = 0.1 * (high - low);
    return high - low < 40000 && high > low ? [Math.max(0, low - room), Math.min(65535, high + room)] : [0, 65535];
  });
  const beyond = xs.reduce((n, x, i) => n + (x < edges[0][0] || x > edges[0][1] || ys[i] < edges[1][0] || ys[i] > edges[1][1]), 0);
  const edgeWords = beyond ? " " + whole(beyond) + (beyond === 1 ? " cell lies" : " cells lie") + " far from the others and " + (beyond === 1 ? "is" : "are") + " drawn at the edge." : "";
  const of = map.wide ? shorts(map.group, false) : bytes(map.group);
  const columns = [...map.mirnas.map(c => ({...c, unit: "z-score among the cells"})), ...map.genes.map(c => ({...c, unit: "ln(1 + counts per 10,000)"}))];
  const figure = make("figure");
  const canvas = make("canvas", {role: "img", id: "map_canvas"});
  const legend = make("div");
  const caption = make("figcaption");
  const under = make("div");
  let lit = -1;
  const centres = groups.map((group, g) => {
    const [px, py] = [[], []];
    of.forEach((value, i) => { if (value === g) { px.push(xs[i]); py.push(ys[i]); } });
    const middle = list => list.sort((a, b) => a - b)[list.length >> 1];
    return px.length ? [middle(px), middle(py)] : null;
  });
  const counts = groups.map((group, g) => of.reduce((n, value) => n + (value === g), 0));
  const [controls, select] = choice("map_by", "Colour by", [["", [["group", "group"]]],
    ["miRNA (predicted)", map.mirnas.map((c, i) => [String(i), c.name])],
    ["mRNA (measured)", map.genes.map((c, i) => [String(map.mirnas.length + i), c.note ? c.name + " (" + c.note + ")" : c.name])]].filter(([, list]) => list.length), () => show());
  const mark = (pen, x, y, r, shape) => {
    if (shape === 0) { pen.fillRect(x - r, y - r, 2 * r, 2 * r); return; }
    pen.beginPath();
    if (shape === 1) pen.arc(x, y, 1.2 * r, 0, 7);
    else { pen.moveTo(x, y - 1.5 * r); pen.lineTo(x + 1.4 * r, y + r); pen.lineTo(x - 1.4 * r, y + r); }
    pen.fill();
  };
  const key = g => {
    const plot = draw("svg", {width: 14, height: 14, "aria-hidden": "true"});
    const shape = shapeOf(g);
    if (shape === 0) plot.append(draw("rect", {x: 2, y: 2, width: 10, height: 10, fill: hue(g)}));
    else if (shape === 1) plot.append(draw("circle", {cx: 7, cy: 7, r: 6, fill: hue(g)}));
    else plot.append(draw("path", {d: "M7 1L13 12L1 12Z", fill: hue(g)}));
    return plot;
  };
  const show = () => {
    const column = select.value === "group" ? null : columns[Number(select.value)];
    const width = canvas.clientWidth || 900;
    const height = Math.round(Math.min(width * 0.72, 620));
    const ratio = Math.min(devicePixelRatio || 1, 2);
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.clearRect(0, 0, width, height);
    const style = getComputedStyle(document.documentElement);
    const [low_pad, r] = [26, map.n > 20000 ? 1 : map.n > 3000 ? 1.5 : 2.5];
    const long = [0, 1].map(k => (edges[k][1] - edges[k][0]) * map.span[k]);
    const size = Math.min((width - 2 * low_pad) / long[0], (height - 2 * low_pad) / long[1]);
    const [dx, dy] = [(width - size * long[0]) / 2, (height - size * long[1]) / 2];
    const within = (value, k) => Math.min(Math.max(value, edges[k][0]), edges[k][1]) - edges[k][0];
    const px = x => dx + within(x, 0) * size * map.span[0];
    const py = y => height - dy - within(y, 1) * size * map.span[1];
    legend.replaceChildren();
    if (!column) {
      const faint = style.getPropertyValue("--line");
      const paint = i => { pen.fillStyle = lit < 0 || of[i] === lit ? hue(of[i]) : faint; mark(pen, px(xs[i]), py(ys[i]), r, shapeOf(of[i])); };
      if (lit >= 0) of.forEach((g, i) => { if (g !== lit) paint(i); });
      of.forEach((g, i) => { if (lit < 0 || g === lit) paint(i); });
      pen.font = "600 12px system-ui, sans-serif";
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      const placed = [];
      groups.forEach((group, g) => {
        if (!centres[g] || (lit >= 0 && g !== lit)) return;
        // The nearest free place, on a spiral around the median.
        const [cx, cy] = [px(centres[g][0]), py(centres[g][1])];
        let [x, y] = [cx, cy];
        const taken = () => x < 30 || x > width - 12 || y < 12 || y > height - 32 || placed.some(([u, v]) => Math.hypot(u - x, v - y) < 22);
        for (let turn = 0.5; taken() && turn < 120; turn += 0.5) {
          x = cx + 1.5 * turn * Math.cos(turn);
          y = cy + 1.5 * turn * Math.sin(turn);
        }
        placed.push([x, y]);
        if (x !== cx || y !== cy) {
          pen.strokeStyle = style.getPropertyValue("--ink");
          pen.lineWidth = 1;
          pen.beginPath(); pen.moveTo(cx, cy); pen.lineTo(x, y); pen.stroke();
        }
        pen.fillStyle = style.getPropertyValue("--paper");
        pen.beginPath(); pen.arc(x, y, 10, 0, 7); pen.fill();
        pen.strokeStyle = hue(g); pen.lineWidth = 2; pen.stroke();
        pen.fillStyle = style.getPropertyValue("--ink");
        pen.fillText(String(g + 1), x, y);
      });
      const list = make("ul", {class: "legend", "aria-label": "Groups; press one to light it up"});
      groups.forEach((group, g) => {
        const button = make("button", {type: "button", "aria-pressed": String(lit === g)}, key(g), (g + 1) + " " + short(group.name, 60) + " (" + whole(counts[g]) + ")");
        button.addEventListener("click", () => {
          lit = lit === g ? -1 : g;
          show();
          legend.querySelectorAll("button")[g].focus();
        });
        list.append(make("li", {}, button));
      });
      legend.append(list);
      caption.textContent = map.words + edgeWords + " Numbers stand at the median of each group; press a group to light it up.";
      canvas.setAttribute("aria-label", "Map of " + map.n + " cells, coloured by group. The table below has the same numbers.");
      under.replaceChildren(folded("Table: cells of each group", table("Cells of each group", [["group", g => groups[g].name, "words"], ["cells drawn", g => counts[g], "whole"], ["median of " + map.axes[0], g => centres[g] ? map.low[0] + centres[g][0] / 65535 * (map.high[0] - map.low[0]) : null], ["median of " + map.axes[1], g => centres[g] ? map.low[1] + centres[g][1] / 65535 * (map.high[1] - map.low[1]) : null]], groups.map((group, g) => g))));
    } else {
      const values = scaled(column);
      const sorted = Float32Array.from(values.filter(v => !Number.isNaN(v))).sort();
      const quantile = share => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
      let [low, high] = [quantile(0.02), quantile(0.98)];
      if (high <= low) [low, high] = [sorted[0] ?? 0, sorted[sorted.length - 1] ?? 1];
      const stops = rising();
      const order = Array.from(values.keys()).filter(i => !Number.isNaN(values[i])).sort((a, b) => values[a] - values[b]);
      for (const i of order) {
        pen.fillStyle = blend(stops, high > low ? (values[i] - low) / (high - low) : 0);
        mark(pen, px(xs[i]), py(ys[i]), r, 0);
      }
      legend.append(colourBar(stops, "≤ " + number(low, 2), null, "≥ " + number(high, 2), column.unit));
      caption.textContent = map.words + edgeWords + " Colours end at the 2nd and the 98th percentile; high values are drawn last." + (column.words ? " " + column.words : "");
      canvas.setAttribute("aria-label", "Map of " + map.n + " cells, coloured by " + column.name + ". The table below has the same numbers.");
      const lines = groups.map((group, g) => {
        const mine = Array.from(values).filter((v, i) => of[i] === g && !Number.isNaN(v)).sort((a, b) => a - b);
        const q = share => mine.length ? mine[Math.floor(share * (mine.length - 1))] : null;
        return {name: group.name, n: mine.length, mean: mine.length ? mine.reduce((a, b) => a + b, 0) / mine.length : null, q: [q(0.25), q(0.5), q(0.75)]};
      });
      under.replaceChildren(folded("Table: " + column.name + " by group", table(column.name + " in the drawn cells, " + column.unit, [["group", l => l.name, "words"], ["cells", l => l.n, "whole"], ["mean", l => l.mean], ["lower quartile", l => l.q[0]], ["median", l => l.q[1]], ["upper quartile", l => l.q[2]]], lines)));
    }
    const pens = canvas.getContext("2d");
    pens.fillStyle = style.getPropertyValue("--soft");
    pens.font = "12px system-ui, sans-serif";
    pens.textAlign = "center";
    pens.textBaseline = "alphabetic";
    pens.fillText(map.axes[0], width / 2, height - 7);
    pens.save();
    pens.translate(15, height / 2);
    pens.rotate(-Math.PI / 2);
    pens.fillText(map.axes[1], 0, 0);
    pens.restore();
  };
  figure.append(canvas, legend, caption);
  section("map", "Map of the cells", paragraph(map.about), make("div", {class: "controls"}, controls, select), figure, under);
  redraws.push(show);
}

// ---- Markers
const M = D.markers;
const markerColumns = [["group", m => m.group, "words"], ["miRNA", m => m.mirna, "words"], ["difference, z", m => m.z, "", 2], ["difference, log2 RPM", m => m.log2rpm, "", 2], ["to the rival, z", m => m.rival_z, "", 2], ["rival", m => m.rival, "words"], ["confidence", m => m.confidence, "words"], ["probability", m => m.probability, "", 2], ["p", m => m.p], ["FDR", m => m.fdr], ["samples that agree", m => m.agreement, "", 2], ["expression, log2(RPM + 1)", m => m.expression, "", 1], ["AUC over cells", m => m.auc], ["± ", m => m.auc_error], ["accuracy", m => m.accuracy, "", 2], ["tau", m => m.tau, "", 2], ["stem-loops", m => m.stem_loops, "words"], ["seed family", m => m.seed, "words"]];
{
  const dots = make("div", {class: "scroll low", tabindex: "0", role: "region", "aria-label": "Dot plot of markers and groups"});
  const legend = make("div", {class: "controls key"});
  const P = D.dots;
  const show = () => {
    const cell = 24, tree = 46, names = 150;
    const heads = Math.min(150, 14 + 6.2 * Math.max(...P.groups.map(g => Math.min(groups[g].name.length, 22))));
    const side = heads * 0.75;
    const [nx, ny] = [P.groups.length, P.mirnas.length];
    const top = tree + heads, left = names;
    const width = left + nx * cell + tree + side, height = top + ny * cell + 12;
    const plot = draw("svg", {width, height, role: "img", "aria-label": "Dot plot: " + ny + " miRNAs in " + nx + " groups. The table below has the same numbers."});
    const most = Math.max(0.5, ...P.difference.flat().filter(v => v !== null).map(Math.abs));
    const loud = Math.max(1, ...P.expression.flat().filter(v => v !== null));
    const stops = diverging();
    const leaf = (merges, n, order, step, start) => {
      const place = [], height_of = Array(n).fill(0);
      order.forEach((item, i) => { place[item] = start + (i + 0.5) * step; });
      const tallest = Math.max(1e-9, ...merges.map(m => m[2]));
      return merges.map(([a, b, d], s) => {
        const line = [place[a], height_of[a], place[b], height_of[b], d / tallest];
        place[n + s] = (place[a] + place[b]) / 2;
        height_of[n + s] = d / tallest;
        return line;
      });
    };
    for (const [xa, ha, xb, hb, h] of leaf(P.group_merges, nx, P.group_order, cell, left)) {
      const y = v => tree - 4 - v * (tree - 10);
      plot.append(draw("path", {class: "axis", d: `M${xa} ${y(ha)}V${y(h)}H${xb}V${y(hb)}`}));
    }
    for (const [ya, ha, yb, hb, h] of leaf(P.mirna_merges, ny, P.mirna_order, cell, top)) {
      const x = v => left + nx * cell + 6 + v * (tree - 10);
      plot.append(draw("path", {class: "axis", d: `M${x(ha)} ${ya}H${x(h)}V${yb}H${x(hb)}`}));
    }
    P.group_order.forEach((g, i) => {
      const x = left + (i + 0.5) * cell;
      plot.append(draw("line", {class: "grid", x1: x, x2: x, y1: top, y2: top + ny * cell}));
      plot.append(draw("text", {x: x + 3, y: top - 6, transform: `rotate(-52 ${x + 3} ${top - 6})`}, short(groups[P.groups[g]].name, 22)));
    });
    P.mirna_order.forEach((m, i) => {
      const y = top + (i + 0.5) * cell;
      plot.append(draw("line", {class: "grid", x1: left, x2: left + nx * cell, y1: y, y2: y}));
      plot.append(draw("text", {x: left - 8, y: y + 4, "text-anchor": "end"}, short(P.mirnas[m], 22)));
      P.group_order.forEach((g, k) => {
        const [d, e] = [P.difference[m][g], P.expression[m][g]];
        if (d === null) return;
        const r = 2 + 9 * Math.sqrt(Math.max(0, e ?? loud / 4) / loud);
        plot.append(draw("circle", {cx: left + (k + 0.5) * cell, cy: y, r, fill: blend(stops, 0.5 + d / most / 2), stroke: "var(--edge)", "stroke-width": 0.6}));
      });
    });
    dots.replaceChildren(plot);
    const sizes = draw("svg", {width: 250, height: 50, role: "img", "aria-label": "Size of a dot: expression in log2(RPM + 1), up to " + number(loud, 1)});
    sizes.append(draw("text", {x: 0, y: 12, class: "soft"}, "size: log2(RPM + 1) in the group"));
    [0.1, 0.4, 1].forEach((share, i) => {
      sizes.append(draw("circle", {cx: 12 + i * 80, cy: 33, r: 2 + 9 * Math.sqrt(share), fill: "none", stroke: "var(--edge)"}));
      sizes.append(draw("text", {x: 28 + i * 80, y: 37}, number(share * loud, 1)));
    });
    legend.replaceChildren(colourBar(stops, number(-most, 1), "0", "+" + number(most, 1), "colour: difference to the other groups, z"), P.has_expression ? sizes : "");
  };
  redraws.push(show);
  const grid = (caption, values, digits) => table(caption, [["miRNA", i => P.mirnas[i], "words"], ...P.groups.map((g, k) => [short(groups[g].name, 40), i => values[i][k], "", digits])], P.mirna_order);
  // The table, of all groups or of one.
  const lines = make("div");
  const names = [...new Set(M.lines.map(line => line.group))];
  const picked = choice("marker_group", "Table of", [["", [["-1", "all groups"], ...names.map((name, i) => [String(i), short(name, 60)])]]], () => list());
  const list = () => {
    const i = Number(picked[1].value);
    lines.replaceChildren(table(M.caption, markerColumns.filter(([name]) => M.has_auc || (name !== "AUC over cells" && name !== "± ")), i < 0 ? M.lines : M.lines.filter(line => line.group === names[i])));
  };
  list();
  section("markers", "Markers of the groups", paragraph(M.about), paragraph(M.testing), dots, legend, paragraph(P.about),
    folded("Tables: the dots", grid("Colour of the dots: difference to the other groups, z", P.difference, 2), P.has_expression ? grid("Size of the dots: expression, log2(RPM + 1)", P.expression, 1) : ""),
    make("div", {class: "controls"}, ...picked), lines, paragraph(M.note));
}

// ---- Volcano
{
  const V = D.volcano;
  const figure = make("figure");
  const under = make("div");
  const decode = one => one.decoded ??= {d: shorts(one.difference, true).map(v => v === -32768 ? NaN : v / 1000), y: shorts(one.y, false).map(v => v === 65535 ? NaN : v / V.steps)};
  const [controls, select] = choice("volcano_group", "Group", [["", V.groups.map((one, i) => [String(i), short(groups[one.group].name, 60)])]], () => show());
  const show = () => {
    if (!V.groups.length) return;
    const one = V.groups[Number(select.value)];
    const {d, y} = decode(one);
    const points = V.mirnas.map((m, i) => ({name: D.mirnas.name[m], d: d[i], y: y[i]})).filter(p => !Number.isNaN(p.d) && !Number.isNaN(p.y));
    const width = Math.max(300, Math.min(figure.clientWidth || 900, 900)), height = 420;
    const [left, right, top, bottom] = [52, 14, 14, 44];
    const wide = Math.max(1, ...points.map(p => Math.abs(p.d))) * 1.08, high = Math.max(1, ...points.map(p => p.y)) * 1.08;
    const px = v => left + (v + wide) / (2 * wide) * (width - left - right);
    const py = v => height - bottom - v / high * (height - top - bottom);
    const plot = draw("svg", {width, height, role: "img", "aria-label": "Plot of " + points.length + " miRNAs: difference and " + V.y_words + ". The table below has the largest."});
    for (const t of ticks(-wide, wide, width < 500 ? 5 : 9)) {
      plot.append(draw("line", {class: "grid", x1: px(t), x2: px(t), y1: top, y2: height - bottom}), draw("text", {x: px(t), y: height - bottom + 16, "text-anchor": "middle"}, tickWords(t)));
    }
    for (const t of ticks(0, high)) {
      plot.append(draw("line", {class: "grid", x1: left, x2: width - right, y1: py(t), y2: py(t)}), draw("text", {x: left - 6, y: py(t) + 4, "text-anchor": "end"}, tickWords(t)));
    }
    plot.append(draw("path", {class: "axis", d: `M${left} ${top}V${height - bottom}H${width - right}`}));
    plot.append(draw("text", {x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle", class: "soft"}, "difference to the other groups, z"));
    plot.append(draw("text", {x: 14, y: (top + height - bottom) / 2, "text-anchor": "middle", class: "soft", transform: `rotate(-90 14 ${(top + height - bottom) / 2})`}, V.y_words));
    for (const edge of V.edge > 0 ? [-V.edge, V.edge] : []) {
      if (Math.abs(edge) < wide) plot.append(draw("line", {class: "axis", "stroke-dasharray": "4 4", x1: px(edge), x2: px(edge), y1: top, y2: height - bottom}));
    }
    const stops = diverging();
    for (const p of points) plot.append(draw("circle", {cx: px(p.d), cy: py(p.y), r: 3, fill: p.d > V.edge ? stops[4] : p.d < -V.edge ? stops[0] : "var(--edge)", "fill-opacity": 0.6}));
    const placed = [];
    const best = points.slice().sort((a, b) => (V.tested ? b.y - a.y : 0) || Math.abs(b.d) - Math.abs(a.d));
    for (const p of best.slice(0, 40)) {
      if (placed.length >= (width < 500 ? 5 : 12)) break;
      if (p.y < 0.04 * high) continue;
      const long = p.name.length * 7, right_side = px(p.d) + long + 8 < width - right;
      const box = [right_side ? px(p.d) + 5 : px(p.d) - 5 - long, py(p.y) - 6, long, 13];
      if (box[0] < left || box[1] < top || placed.some(b => box[0] < b[0] + b[2] && b[0] < box[0] + box[2] && box[1] < b[1] + b[3] && b[1] < box[1] + box[3])) continue;
      placed.push(box);
      plot.append(draw("text", {x: right_side ? box[0] : px(p.d) - 6, y: py(p.y) + 4, "text-anchor": right_side ? "start" : "end", class: "label"}, p.name));
    }
    figure.replaceChildren(plot);
    under.replaceChildren(table("The 25 largest differences of " + groups[one.group].name, [["miRNA", p => p.name, "words"], ["difference, z", p => p.d, "", 3], [V.y_words, p => p.y, "", 2]], points.slice().sort((a, b) => Math.abs(b.d) - Math.abs(a.d)).slice(0, 25)));
  };
  redraws.push(show);
  section("volcano", V.tested ? "Volcano plot" : "Differences and " + V.kind, paragraph(V.about), make("div", {class: "controls"}, controls, select), figure, under);
}

// ---- Network, cross-talk
// Names on both sides and lines between them, as wide as the correlations are strong.
const linksOf = L => {
  const box = make("div", {class: "scroll low", tabindex: "0", role: "region", "aria-label": "Network of the strongest edges"});
  const show = () => {
    const row = 20, rows = Math.max(L.left.length, L.right.length);
    const narrow = box.clientWidth > 0 && box.clientWidth < 640, height = rows * row + 40;
    const width = narrow ? Math.max(340, box.clientWidth) : 640, [left, right] = narrow ? [196, width - 96] : [230, 470];
    const plot = draw("svg", {width, height, role: "img", "aria-label": L.links.length + " edges between " + L.left.length + " miRNAs and " + L.right.length + " targets. The tables below have them all."});
    const y = (i, n) => 34 + (i + 0.5) * rows * row / n;
    plot.append(draw("text", {x: left - 8, y: 16, "text-anchor": "end", class: "soft"}, "miRNA (★ hub)"), draw("text", {x: right + 8, y: 16, class: "soft"}, "target"));
    const most = Math.max(...L.links.map(l => Math.abs(l[2])));
    for (const [a, b, r] of L.links) plot.append(draw("line", {x1: left, x2: right, y1: y(a, L.left.length), y2: y(b, L.right.length), stroke: diverging()[0], "stroke-width": 0.5 + 3 * Math.abs(r) / most, "stroke-opacity": 0.7}));
    L.left.forEach((words, i) => plot.append(draw("text", {x: left - 8, y: y(i, L.left.length) + 4, "text-anchor": "end"}, short(words, narrow ? 28 : 32))));
    L.right.forEach((words, i) => plot.append(draw("text", {x: right + 8, y: y(i, L.right.length) + 4}, short(words, narrow ? 12 : 24))));
    box.replaceChildren(plot);
  };
  redraws.push(show);
  const weakest = Math.max(...L.links.map(l => l[2])), strongest = Math.min(...L.links.map(l => l[2]));
  return [box, paragraph("The lowest correlations of the first miRNAs of the table; the width of a line is the correlation, from " + number(weakest, 2) + " to " + number(strongest, 2) + ".")];
};
// Senders by receivers, as colours.
const gridOf = G => {
  const box = make("div", {class: "scroll low", tabindex: "0", role: "region", "aria-label": "Heat map of senders and receivers"});
  const legend = make("div", {class: "key"});
  const most = Math.max(0, ...G.values.flat().filter(v => v !== null));
  const show = () => {
    const cell = 24, left = 184, n = G.names.length;
    const heads = Math.min(150, 14 + 6.2 * Math.max(...G.names.map(name => Math.min(name.length, 22))));
    const plot = draw("svg", {width: left + Math.max(n * cell + heads * 0.75, 200) + 20, height: heads + n * cell + 34, role: "img", "aria-label": "Heat map: " + G.what + " from " + n + " senders to " + n + " receivers. The tables below have the numbers."});
    G.names.forEach((name, i) => {
      const x = left + (i + 0.5) * cell + 3, y = heads + (i + 0.5) * cell;
      plot.append(draw("text", {x, y: heads - 6, transform: `rotate(-52 ${x} ${heads - 6})`}, short(name, 22)), draw("text", {x: left - 8, y: y + 4, "text-anchor": "end"}, short(name, 22)));
      G.values[i].forEach((value, k) => {
        if (value !== null) plot.append(draw("rect", {x: left + k * cell + 1, y: heads + i * cell + 1, width: cell - 2, height: cell - 2, fill: blend(rising(), most > 0 ? value / most : 0)}));
      });
    });
    plot.append(draw("text", {x: left, y: heads + n * cell + 20, class: "soft"}, "lines: senders; columns: receivers"));
    box.replaceChildren(plot);
    legend.replaceChildren(colourBar(rising(), "0", null, number(most, Number.isInteger(most) ? 0 : 2), G.what));
  };
  redraws.push(show);
  return [box, legend, folded("Table: the heat map", table("Senders (lines) and receivers (columns): " + G.what, [["sender", i => G.names[i], "words"], ...G.names.map((name, k) => [short(name, 40), i => G.values[i][k], "", 2])], G.names.map((name, i) => i)))];
};
for (const [id, title] of [["reasons", "Genes behind the markers"], ["network", "Targets, network and hubs"], ["crosstalk", "Compatible sender-receiver pairs"]]) {
  const part = D[id];
  const children = [make("p", part.tables ? {} : {class: "off"}, part.words)];
  if (part.links) children.push(...linksOf(part.links));
  if (part.grid) children.push(...gridOf(part.grid));
  for (const one of part.tables ?? []) {
    const kind = i => one.lines.some(line => typeof line[i] === "string") ? "words" : one.lines.every(line => line[i] === null || Number.isInteger(line[i])) ? "whole" : "";
    children.push(table(one.caption, one.columns.map((column, i) => [column.replaceAll("_", " "), line => line[i], kind(i)]), one.lines));
  }
  section(id, title, ...children);
}

// ---- Accuracy
{
  const A = D.mirnas;
  const lines = A.name.map((n, i) => ({name: n, within: A.within[i], pooled: A.pooled[i], unseen: A.unseen[i], n: A.n[i]}));
  const figure = make("figure");
  const [edges, heights] = [[], []];
  for (let edge = -0.2; edge < 0.95; edge += 0.1) edges.push(Number(edge.toFixed(1)));
  for (const edge of edges) heights.push(lines.filter(l => l.within !== null && l.within >= edge && l.within < edge + 0.1 - 1e-9).length);
  const show = () => {
    const width = Math.max(300, Math.min(figure.clientWidth || 900, 900)), height = 260;
    const [left, right, top, bottom] = [52, 14, 14, 44];
    const high = Math.max(1, ...heights) * 1.08;
    const px = v => left + (v + 0.2) / 1.2 * (width - left - right), py = v => height - bottom - v / high * (height - top - bottom);
    const plot = draw("svg", {width, height, role: "img", "aria-label": "Histogram of the accuracy of the miRNAs. The table below has the same numbers."});
    for (const t of ticks(0, high, 5)) plot.append(draw("line", {class: "grid", x1: left, x2: width - right, y1: py(t), y2: py(t)}), draw("text", {x: left - 6, y: py(t) + 4, "text-anchor": "end"}, tickWords(t)));
    edges.forEach((edge, i) => plot.append(draw("rect", {x: px(edge) + 1, y: py(heights[i]), width: px(0.1) - px(0) - 2, height: py(0) - py(heights[i]), fill: diverging()[0]})));
    for (const t of [-0.2, 0, 0.2, 0.4, 0.6, 0.8, 1]) plot.append(draw("text", {x: px(t), y: height - bottom + 16, "text-anchor": "middle"}, tickWords(t)));
    plot.append(draw("path", {class: "axis", d: `M${left} ${top}V${height - bottom}H${width - right}`}));
    plot.append(draw("text", {x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle", class: "soft"}, "Pearson correlation within held-out cohorts"));
    plot.append(draw("text", {x: 14, y: (top + height - bottom) / 2, "text-anchor": "middle", class: "soft", transform: `rotate(-90 14 ${(top + height - bottom) / 2})`}, "miRNAs"));
    figure.replaceChildren(plot);
  };
  redraws.push(show);
  const C = D.calibration;
  const children = [paragraph(D.accuracy), figure,
    folded("Table: the histogram", table("miRNAs by their accuracy", [["from", i => edges[i], "", 1], ["to", i => edges[i] + 0.1, "", 1], ["miRNAs", i => heights[i], "whole"]], edges.map((e, i) => i))),
    table("Accuracy of the miRNAs" + (lines.length > 200 ? ": the best 200 of " + lines.length : ""), [["miRNA", l => l.name, "words"], ["within cohorts", l => l.within], ["pooled", l => l.pooled], ["in cohorts never seen", l => l.unseen], ["samples", l => l.n, "whole"]], lines.sort((a, b) => (b.within ?? -2) - (a.within ?? -2)).slice(0, 200)),
    make("h3", {}, "What a difference is worth"), paragraph(C.about)];
  if (C.classes) {
    const chart = make("figure");
    const marks = ["circle", "square", "triangle", "diamond", "cross"];
    const paint = () => {
      const width = Math.max(300, Math.min(chart.clientWidth || 900, 900)), height = 320;
      const [left, right, top, bottom] = [52, 14, 14, 44];
      const n = C.differences.length, most = C.differences[n - 1] * 1.15 || 1;
      const px = v => left + v / most * (width - left - right), py = v => height - bottom - v * (height - top - bottom);
      const plot = draw("svg", {width, height, role: "img", "aria-label": "Probability by size of the difference, one line per class of accuracy. The table below has the same numbers."});
      for (const t of [0, 0.25, 0.5, 0.75, 1]) plot.append(draw("line", {class: "grid", x1: left, x2: width - right, y1: py(t), y2: py(t)}), draw("text", {x: left - 6, y: py(t) + 4, "text-anchor": "end"}, tickWords(t)));
      for (const t of ticks(0, most)) plot.append(draw("text", {x: px(t), y: height - bottom + 16, "text-anchor": "middle"}, tickWords(t)));
      C.classes.forEach((one, k) => {
        const list = C.differences.map((d, i) => [d, C.likely[k][i], C.low[k][i], C.high[k][i]]).filter(p => p[1] !== null);
        const shift = (k - C.classes.length / 2) * 2;
        plot.append(draw("path", {fill: "none", stroke: hue(k), "stroke-width": 2, d: list.map(([d, v], i) => (i ? "L" : "M") + (px(d) + shift) + " " + py(v)).join("")}));
        for (const [d, v, a, b] of list) {
          const x = px(d) + shift, y = py(v);
          if (a !== null && b !== null) plot.append(draw("line", {x1: x, x2: x, y1: py(a), y2: py(b), stroke: hue(k), "stroke-opacity": 0.55}));
          const mark = marks[k % marks.length];
          plot.append(mark === "circle" ? draw("circle", {cx: x, cy: y, r: 4, fill: hue(k)}) : mark === "square" ? draw("rect", {x: x - 4, y: y - 4, width: 8, height: 8, fill: hue(k)}) : draw("path", {fill: hue(k), d: mark === "triangle" ? `M${x} ${y - 5}L${x + 5} ${y + 4}L${x - 5} ${y + 4}Z` : mark === "diamond" ? `M${x} ${y - 6}L${x + 5} ${y}L${x} ${y + 6}L${x - 5} ${y}Z` : `M${x - 5} ${y - 2}h10v4h-10Z`}));
        }
      });
      plot.append(draw("path", {class: "axis", d: `M${left} ${top}V${height - bottom}H${width - right}`}));
      plot.append(draw("text", {x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle", class: "soft"}, "predicted difference, log2 RPM (lower end of the bin)"));
      plot.append(draw("text", {x: 14, y: (top + height - bottom) / 2, "text-anchor": "middle", class: "soft", transform: `rotate(-90 14 ${(top + height - bottom) / 2})`}, "probability"));
      chart.replaceChildren(plot, make("ul", {class: "legend"}, ...C.classes.map((one, k) => {
        const sign = draw("svg", {width: 14, height: 14, "aria-hidden": "true"});
        const mark = marks[k % marks.length];
        sign.append(mark === "circle" ? draw("circle", {cx: 7, cy: 7, r: 4, fill: hue(k)}) : mark === "square" ? draw("rect", {x: 3, y: 3, width: 8, height: 8, fill: hue(k)}) : draw("path", {fill: hue(k), d: mark === "triangle" ? "M7 2L12 11L2 11Z" : mark === "diamond" ? "M7 1L12 7L7 13L2 7Z" : "M2 5h10v4h-10Z"}));
        return make("li", {}, sign, one);
      })));
    };
    redraws.push(paint);
    const flat = C.classes.flatMap((one, k) => C.differences.map((d, i) => ({one, d, v: C.likely[k][i], a: C.low[k][i], b: C.high[k][i], s: C.sign_right[k][i], n: C.n[k][i]})));
    children.push(chart, table("Calibration of differences", [["accuracy of the miRNA", c => c.one, "words"], ["difference from, log2 RPM", c => c.d, "", 2], ["probability", c => c.v, "", 2], ["95 % interval, low", c => c.a, "", 2], ["high", c => c.b, "", 2], ["sign right", c => c.s, "", 2], ["pairs", c => c.n, "whole"]], flat));
  }
  section("accuracy", "Accuracy and calibration of the model", ...children);
}

// ---- Methods
section("methods", "Methods, to paste", make("p", {class: "paste", id: "methods_text"}, D.methods), make("h3", {}, "References"), make("ol", {}, ...D.references.map(words => make("li", {}, words))));

// ---- Pictures
// What a plot shows, drawn once more on a canvas three times as fine: the policy of the page allows no images, and so
// none can be made of an SVG. Plots are made of the five shapes below.
const paint = (pen, plot, dx, dy) => {
  for (const one of plot.querySelectorAll("line, rect, circle, path, text")) {
    const style = getComputedStyle(one), value = name => Number(one.getAttribute(name) ?? 0);
    const {a, b, c, d, e, f} = one.getCTM();
    pen.save();
    pen.translate(dx, dy);
    pen.transform(a, b, c, d, e, f);
    const opacity = Number(style.opacity);
    pen.lineWidth = parseFloat(style.strokeWidth);
    pen.lineJoin = style.strokeLinejoin;
    pen.fillStyle = style.fill === "none" ? "transparent" : style.fill;
    pen.strokeStyle = style.stroke === "none" ? "transparent" : style.stroke;
    const stroke = work => { pen.globalAlpha = opacity * Number(style.strokeOpacity); work(); };
    const fill = work => { pen.globalAlpha = opacity * Number(style.fillOpacity); work(); };
    if (one.tagName === "text") {
      pen.font = [style.fontStyle, style.fontWeight, style.fontSize, style.fontFamily].join(" ");
      pen.textAlign = {middle: "center", end: "right"}[style.textAnchor] ?? "left";
      stroke(() => { if (style.stroke !== "none") pen.strokeText(one.textContent, value("x"), value("y")); });
      fill(() => pen.fillText(one.textContent, value("x"), value("y")));
    } else {
      const shape = new Path2D(one.tagName === "path" ? one.getAttribute("d") : undefined);
      if (one.tagName === "line") { shape.moveTo(value("x1"), value("y1")); shape.lineTo(value("x2"), value("y2")); }
      if (one.tagName === "rect") shape.rect(value("x"), value("y"), value("width"), value("height"));
      if (one.tagName === "circle") shape.arc(value("cx"), value("cy"), value("r"), 0, 7);
      fill(() => pen.fill(shape));
      stroke(() => pen.stroke(shape));
    }
    pen.restore();
  }
};
// The plots of a box below each other, and the lines of its legend.
const withKey = box => [box, ...box.nextElementSibling?.classList.contains("key") ? [box.nextElementSibling] : []];
const picture = boxes => {
  const room = 12, line = 22;
  const plots = boxes.flatMap(box => [...box.querySelectorAll("canvas, svg")]).filter(plot => !plot.closest("li"));
  const entries = boxes.flatMap(box => [...box.querySelectorAll("ul.legend li")]);
  const sizes = plots.map(plot => plot.tagName === "CANVAS" ? [plot.clientWidth, plot.clientHeight] : [Number(plot.getAttribute("width")), Number(plot.getAttribute("height"))]);
  const width = Math.max(...sizes.map(size => size[0])) + 2 * room;
  const sheet = make("canvas"), pen = sheet.getContext("2d");
  pen.font = "13px system-ui, sans-serif";
  const places = [];
  let [x, y] = [room, sizes.reduce((sum, size) => sum + size[1] + room, room)];
  for (const entry of entries) {
    const long = pen.measureText(entry.textContent).width + 36;
    if (x > room && x + long > width - room) { x = room; y += line; }
    places.push([x, y]);
    x += long;
  }
  const ratio = Math.min(3, 12000 / width), style = getComputedStyle(document.documentElement);
  sheet.width = Math.round(width * ratio);
  sheet.height = Math.round((y + (entries.length ? line : 0) + room) * ratio);
  pen.scale(ratio, ratio);
  pen.fillStyle = style.getPropertyValue("--paper");
  pen.fillRect(0, 0, sheet.width, sheet.height);
  let top = room;
  plots.forEach((plot, i) => {
    if (plot.tagName === "CANVAS") pen.drawImage(plot, room, top, ...sizes[i]);
    else paint(pen, plot, room, top);
    top += sizes[i][1] + room;
  });
  pen.textBaseline = "middle";
  entries.forEach((entry, i) => {
    const sign = entry.querySelector("svg");
    if (sign) paint(pen, sign, places[i][0], places[i][1] + 4);
    pen.font = "13px system-ui, sans-serif";
    pen.fillStyle = style.getPropertyValue("--ink");
    pen.fillText(entry.textContent, places[i][0] + 20, places[i][1] + 11);
  });
  return sheet;
};
for (const box of document.querySelectorAll("main section figure, main section .scroll.low")) {
  const boxes = withKey(box);
  const button = make("button", {type: "button", class: "save"}, "Save as PNG");
  button.addEventListener("click", () => picture(boxes).toBlob(blob => {
    const link = make("a", {href: URL.createObjectURL(blob), download: (name.split("/").at(-1) + "_" + box.closest("section").id).replace(/[^\w.-]+/g, "_") + ".png"});
    link.click();
    URL.revokeObjectURL(link.href);
  }, "image/png"));
  boxes.at(-1).after(button);
}

redraw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
let waiting = 0;
addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(redraw, 150); });
})();
