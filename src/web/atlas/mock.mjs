// SPDX-License-Identifier: BSD-3-Clause
// node mock.mjs FOLDER [CELLS]: a made-up site, with hostile names, for work on the pages and for
// scripts/check_site.mjs. Nothing in it means anything.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
const most = Number(process.argv[3] ?? 20000);
if (!out) throw new Error("usage: node mock.mjs FOLDER [CELLS]");

let state = 12345;
const random = () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32);
const normal = () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
cpSync(join(here, "dist"), out, { recursive: true });

function put(bytes) {
  const data = gzipSync(bytes, { level: 6 });
  const name = createHash("sha256").update(data).digest("hex").slice(0, 16);
  mkdirSync(join(out, "d", name.slice(0, 2)), { recursive: true });
  writeFileSync(join(out, "d", name.slice(0, 2), name + ".bin"), data);
  return name;
}
const putJson = (value) => put(Buffer.from(JSON.stringify(value)));
const float16 = (v) => {
  if (Number.isNaN(v)) return 0x7e00;
  const f = Math.abs(v), sign = v < 0 ? 0x8000 : 0;
  if (f < 2 ** -14) return sign | Math.round(f * 2 ** 24);
  const e = Math.floor(Math.log2(f));
  return sign | ((e + 15) << 10) + Math.round((f / 2 ** e - 1) * 1024);
};
function putBundle(header, arrays) {
  let offset = 0;
  const parts = [], list = [];
  for (const [name, type, values] of arrays) {
    const typed = type === "f16" ? Uint16Array.from(values, float16) : type === "f32" ? Float32Array.from(values) : type === "u16" ? Uint16Array.from(values) : Uint8Array.from(values);
    list.push({ name, type, offset, length: typed.length });
    const padded = Buffer.alloc(Math.ceil(typed.byteLength / 8) * 8);
    Buffer.from(typed.buffer).copy(padded);
    parts.push(padded);
    offset += padded.length;
  }
  const text = Buffer.from(JSON.stringify({ ...header, arrays: list }));
  const head = Buffer.alloc(Math.ceil((8 + text.length) / 8) * 8);
  head.write("SMA1");
  head.writeUInt32LE(text.length, 4);
  text.copy(head, 8);
  return put(Buffer.concat([head, ...parts]));
}

const lines = readFileSync(join(here, "../../../data/mirnas.tsv"), "utf8").trim().split("\n").slice(1).map((line) => line.split("\t"));
const mirnas = lines.map(([name, accession, , loops], i) => {
  const r = Math.max(-0.1, Math.min(0.93, 0.45 + 0.22 * normal()));
  return { name, accession, loops, accuracy: i % 97 === 5 ? null : Math.round(r * 1000) / 1000 };
});
const M = mirnas.length, index = new Map(mirnas.map(({ name }, i) => [name, i]));
const HOSTILE = `<img src=x onerror=alert(1)></script><b>bold`;
const typeNames = ["B cell", "CD14-positive, CD16-negative classical monocyte", "CD8-positive, alpha-beta T cell", "astrocyte", "endothelial cell", "enterocyte", "epithelial cell", "fibroblast",
  "hepatocyte", "keratinocyte", "macrophage", "melanocyte", "natural killer cell", "neuron", "neutrophil", "oligodendrocyte", "smooth muscle cell", "type B pancreatic cell", HOSTILE, "=HYPERLINK(\"x\")", "../../etc/passwd"].sort();
const typeTerms = { "hepatocyte": "CL:0000182", "B cell": "CL:0000236", "endothelial cell": "CL:0000115", "fibroblast": "CL:0000057", "macrophage": "CL:0000235", "neuron": "CL:0000540", "keratinocyte": "CL:0000312" };
const tissueNames = ["blood", "brain", "colon", "liver", "lung", "skin"], diseaseNames = ["glioblastoma", "hepatocellular carcinoma", "lung adenocarcinoma", "normal"], conditionNames = ["normal", "tumour"];
const known = [["hepatocyte", "hsa-miR-122-5p", 4], ["hepatocyte", "hsa-miR-192-5p", 2], ["endothelial cell", "hsa-miR-126-3p", 3.4], ["B cell", "hsa-miR-150-5p", 3], ["neutrophil", "hsa-miR-223-3p", 3.5],
  ["smooth muscle cell", "hsa-miR-145-5p", 3], ["smooth muscle cell", "hsa-miR-143-3p", 3], ["neuron", "hsa-miR-124-3p", 4], ["neuron", "hsa-miR-9-5p", 3], ["keratinocyte", "hsa-miR-203a-3p", 3.3], ["melanocyte", "hsa-miR-211-5p", 4], ["type B pancreatic cell", "hsa-miR-375-3p", 4]];
const signal = typeNames.map(() => Float64Array.from({ length: M }, () => 0.6 * normal()));
for (const [type, name, v] of known) if (index.has(name)) signal[typeNames.indexOf(type)][index.get(name)] += v;

const sets = [
  { id: "atlas-2000", title: "Liver and blood of twelve donors", tissues: [3, 0], diseases: [3, 1], conditions: [0, 1], cells: most, share: "cells", map: true },
  { id: "gbm", title: "Glioblastoma, eight tumours", tissues: [1], diseases: [0, 3], conditions: [], cells: 4200, share: "cells", map: true },
  { id: "hostile", title: HOSTILE, tissues: [2, 5], diseases: [3], conditions: [], cells: 900, share: "cells", map: false },
  { id: "lung.2", title: "Lung adenocarcinoma and normal lung", tissues: [4], diseases: [2, 3], conditions: [0, 1], cells: 31000, share: "summary", map: false },
];
const groups = { dataset: [], type: [], tissue: [], disease: [], condition: [], cells: [], samples: [], donors: [], below_floor: [] };
const values = [];
const typesOf = [];
sets.forEach((set, d) => {
  const own = typeNames.map((_, t) => t).filter((t) => (d === 0 ? t % 2 === 0 || t > 15 : d === 1 ? [4, 6, 13, 14].includes(t) || t % 5 === 1 : d === 2 ? t < 8 : t % 3 !== 1));
  typesOf.push(own);
  for (const t of own) for (const tissue of set.tissues) for (const disease of set.diseases) {
    if (random() < 0.12) continue;
    groups.dataset.push(d); groups.type.push(t); groups.tissue.push(tissue); groups.disease.push(disease);
    groups.condition.push(set.conditions.length ? (disease === 3 ? 0 : 1) : -1);
    groups.cells.push(40 + Math.floor(random() * 900)); groups.samples.push(1 + Math.floor(random() * 6)); groups.donors.push(1 + Math.floor(random() * 5)); groups.below_floor.push(random() < 0.2 ? 1 : 0);
    values.push(Array.from(signal[t], (v, m) => (m === 7 && d === 1 ? NaN : v + 0.35 * normal())));
  }
});
const G = groups.type.length;
const thing = (names, terms) => ({ name: names, term: names.map((name) => terms[name] ?? ""), key: names.map((name) => terms[name] || name) });
const genes = ["ZEB1", "ZEB2", "CUX1", "ALDOA", "SLC7A1", "CCND1", "MYB", "SPRED1", "FSCN1", "KLF5", "ITGB1", "SP1", "PTBP1", "RAB11FIP2", "=SUM(A1)"];
const markers = (d, t) => {
  const others = typesOf[d].filter((x) => x !== t);
  return mirnas.map((_, m) => {
    const z = signal[t][m] - others.reduce((sum, x) => sum + signal[x][m], 0) / others.length;
    const rival = others.reduce((best, x) => (Math.abs(signal[t][m] - signal[x][m]) < Math.abs(signal[t][m] - signal[best][m]) ? x : best), others[0]);
    return { m, z, rival, rivalZ: signal[t][m] - signal[rival][m], probability: Math.min(0.95, Math.max(0.02, Math.abs(z) / 4 * (0.4 + (mirnas[m].accuracy ?? 0)))), fdr: Math.min(1, Math.exp(-Math.abs(z) * 3)) };
  }).sort((a, b) => Math.abs(b.z) - Math.abs(a.z)).slice(0, 100).map((x, i) => ({ ...x, rank: i + 1, d, t }));
};
const allMarkers = sets.flatMap((_, d) => typesOf[d].flatMap((t) => markers(d, t)));
const edgesOf = sets.map((_, d) => (d > 1 ? [] : Array.from({ length: d ? 150 : 60 }, () => ({ type: typesOf[d][Math.floor(random() ** 2 * typesOf[d].length)], mirna: index.get(known[Math.floor(random() * known.length)][1]), target: genes[Math.floor(random() * genes.length)] + (random() < 0.6 ? "" : Math.floor(random() * 30)), correlation: -0.2 - 0.6 * random(), weight: random() }))));
const triplesOf = sets.map((_, d) => (d > 1 ? [] : Array.from({ length: 120 }, () => ({ sender: typesOf[d][Math.floor(random() * typesOf[d].length)], receiver: typesOf[d][Math.floor(random() * typesOf[d].length)], mirna: Math.floor(random() * 40), score: random() ** 3, p: d ? null : random() * 0.1 })).filter((x) => x.sender !== x.receiver)));

const markerArrays = (list) => [
  ["dataset", "u16", list.map((x) => x.d)], ["type", "u16", list.map((x) => x.t)], ["mirna", "u16", list.map((x) => x.m)], ["rank", "u16", list.map((x) => x.rank)], ["rival", "u16", list.map((x) => x.rival)],
  ["z", "f32", list.map((x) => x.z)], ["rival_z", "f32", list.map((x) => x.rivalZ)], ["probability", "f32", list.map((x) => x.probability)], ["fdr", "f32", list.map((x) => (x.d === 1 ? NaN : x.fdr))],
  ["p", "f32", list.map(() => NaN)], ["log2rpm", "f32", list.map((x) => x.z)], ["expression", "f32", list.map(() => 5)], ["tau", "f32", list.map(() => random())]];
const edgeArrays = (list) => [["edge_dataset", "u16", list.map((x) => x.d)], ["edge_type", "u16", list.map((x) => x.type)], ["edge_mirna", "u16", list.map((x) => x.mirna)], ["edge_correlation", "f32", list.map((x) => x.correlation)], ["edge_weight", "f32", list.map((x) => x.weight)]];
const allEdges = edgesOf.flatMap((list, d) => list.map((x) => ({ ...x, d })));

const mirnaFiles = mirnas.map((_, m) => putBundle({ mirna: m,
  targets: allEdges.filter((x) => x.mirna === m).map((x) => x.target) },
  [["mean", "f16", values.map((v) => v[m])], ["sd", "f16", values.map((_, g) => (groups.samples[g] > 1 ? 0.2 + 0.2 * random() : NaN))], ...markerArrays(allMarkers.filter((x) => x.m === m).sort((a, b) => a.rank - b.rank).slice(0, 100)), ...edgeArrays(allEdges.filter((x) => x.mirna === m))]));
const meanOver = (t, m) => {
  const by = sets.map((_, d) => values.filter((_, g) => groups.dataset[g] === d && groups.type[g] === t).map((v) => v[m]).filter((v) => !Number.isNaN(v))).filter((v) => v.length).map((v) => v.reduce((a, b) => a + b) / v.length);
  const mean = by.reduce((a, b) => a + b, 0) / by.length;
  return { mean, sd: by.length > 1 ? Math.sqrt(by.reduce((a, b) => a + (b - mean) ** 2, 0) / (by.length - 1)) : NaN, n: by.length };
};
const typeFiles = typeNames.map((_, t) => {
  const held = mirnas.map((_, m) => meanOver(t, m));
  return putBundle({ type: t }, [["mean", "f32", held.map((x) => x.mean)], ["sd", "f32", held.map((x) => x.sd)], ["n_datasets", "u16", held.map((x) => x.n)], ...markerArrays(allMarkers.filter((x) => x.t === t))]);
});
const BLOCK = 1 << 20;
const setFiles = sets.map((set, d) => {
  const own = groups.dataset.flatMap((x, g) => (x === d ? [g] : []));
  let cells = null;
  if (set.share === "cells") {
    const n = set.cells, local = typesOf[d];
    const type = Array.from({ length: n }, () => Math.floor(random() ** 1.7 * local.length));
    const centre = local.map((_, i) => [Math.cos(i * 2.4) * (0.12 + 0.3 * Math.sqrt(i / local.length)), Math.sin(i * 2.4) * (0.12 + 0.3 * Math.sqrt(i / local.length))]);
    const place = (v) => Math.max(0, Math.min(65534, Math.round(v * 65534)));
    const x = type.map((t) => place(0.5 + centre[t][0] + 0.035 * normal())), y = type.map((t) => place(0.5 + centre[t][1] + 0.035 * normal()));
    const per = Math.max(1, Math.min(M, n > 65536 ? Math.floor(BLOCK / n) : Math.floor(BLOCK / n / 16) * 16 || Math.floor(BLOCK / n)));
    const blocks = [];
    // A million cells are for measuring: one block stands for all.
    const many = n > 100000 ? 1 : Math.ceil(M / per);
    for (let b = 0; b < many; ++b) {
      const count = Math.min(per, M - b * per), bytes = new Uint8Array(count * n);
      for (let k = 0; k < count; ++k) for (let i = 0; i < n; ++i) bytes[k * n + i] = i % 501 === 3 ? 255 : Math.max(0, Math.min(254, Math.round(127 + 28 * (signal[local[type[i]]][b * per + k] + 0.7 * (random() + random() + random() - 1.5) * 2))));
      blocks.push(putBundle({ first: b * per, count, n, low: Array(count).fill(-4.5), high: Array(count).fill(4.5) }, [["bytes", "u8", bytes]]));
    }
    const samples = 8;
    const file = putBundle({ n }, [...(set.map ? [["x", "u16", x], ["y", "u16", y]] : []), ["type", "u16", type], ["sample", "u16", type.map(() => Math.floor(random() * samples))]]);
    cells = { file, n, map: set.map ? "X_umap" : "", blocks: n > 100000 ? Array.from({ length: Math.ceil(M / per) }, () => blocks[0]) : blocks, per_block: per, types: local, samples };
  }
  const contrasts = set.conditions.length ? typesOf[d].slice(0, 4).map((type) => ({ type, condition: 1, reference: 0, n_condition: 4, n_reference: 5 })) : [];
  return putBundle({ dataset: d, first_group: own[0], n_groups: own.length, cells, contrasts, targets: allEdges.filter((x) => x.d === d).map((x) => x.target) },
    [["mean", "f16", own.flatMap((g) => values[g])], ["sd", "f16", own.flatMap(() => mirnas.map(() => 0.3))],
      ["effect", "f32", contrasts.flatMap(() => mirnas.map(() => 0.8 * normal()))], ["error", "f32", contrasts.flatMap(() => mirnas.map(() => 0.2 + 0.2 * random()))],
      ...markerArrays(allMarkers.filter((x) => x.d === d)), ...edgeArrays(allEdges.filter((x) => x.d === d)), ...["sender", "receiver", "mirna"].map((key) => ["triple_" + key, "u16", triplesOf[d].map((x) => x[key])]), ...["score", "p"].map((key) => ["triple_" + key, "f32", triplesOf[d].map((x) => x[key] ?? NaN)])]);
});
const types = { ...thing(typeNames, typeTerms), groups: typeNames.map((_, t) => groups.type.filter((x) => x === t).length), datasets: typeNames.map((_, t) => new Set(groups.dataset.filter((_, g) => groups.type[g] === t)).size), cells: typeNames.map((_, t) => groups.cells.filter((_, g) => groups.type[g] === t).reduce((a, b) => a + b, 0)), file: typeFiles };
const terms = { tissue: thing(tissueNames, { liver: "UBERON:0002107", blood: "UBERON:0000178", brain: "UBERON:0000955", lung: "UBERON:0002048" }), disease: thing(diseaseNames, { glioblastoma: "MONDO:0018177", normal: "PATO:0000461" }), condition: thing(conditionNames, {}) };
const datasets = { id: sets.map((x) => x.id), title: sets.map((x) => x.title), citation: sets.map((x, d) => (d === 2 ? HOSTILE : d ? "A. Author et al., A Journal 2024" : "")), url: sets.map((x, d) => (d === 2 ? "javascript:alert(1)" : d ? "https://example.org/data?a=1&b=2" : "")), share: sets.map((x) => x.share), comparable: sets.map(() => 0), cells: sets.map((x) => x.cells), samples: sets.map(() => 8), donors: sets.map((_, d) => (d ? 8 : 0)), map: sets.map((x) => Number(x.map)), edges: edgesOf.map((x) => x.length), triples: triplesOf.map((x) => x.length), contrasts: sets.map((x) => (x.conditions.length ? 4 : 0)), file: setFiles };

const former = readFileSync(join(here, "../../../data/mirna_old_names.tsv"), "utf8").trim().split("\n").slice(1).map((line) => line.split("\t"));
const accessions = new Map(mirnas.map((x, i) => [x.accession, i]));
const search = [];
const words = (text) => [...new Set(text.toLowerCase().split(/[\s,()/;]+/).filter(Boolean))];
const entry = (list, kind, label, key, extra) => list.forEach((word) => search.push([word, kind, label, key, extra]));
mirnas.forEach((x) => entry([x.name.toLowerCase(), x.name.toLowerCase().slice(4), x.name.toLowerCase().slice(4).replace(/^mir-/, ""), x.accession.toLowerCase()], "mirna", x.name, x.accession, x.accession));
former.forEach(([name, accession]) => accessions.has(accession) && entry([name.toLowerCase(), name.toLowerCase().slice(4)], "mirna", mirnas[accessions.get(accession)].name, accession, "formerly " + name));
types.name.forEach((name, i) => entry(words(name + " " + types.term[i]), "type", name, types.key[i], types.term[i]));
for (const kind of ["tissue", "disease"]) terms[kind].name.forEach((name, i) => entry(words(name + " " + terms[kind].term[i]), kind, name, terms[kind].key[i], terms[kind].term[i]));
sets.forEach((x) => entry(words(x.id + " " + x.title), "dataset", x.id, x.id, x.title));
const targets = {};
edgesOf.forEach((list, d) => list.forEach((x) => (targets[x.target] ??= []).push([d, x.type, x.mirna, x.correlation, x.weight])));
Object.keys(targets).forEach((name) => entry([name.toLowerCase()], "gene", name, name, ""));
search.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
const shards = (list, first, size, make) => { const result = []; for (let i = 0; i < list.length; i += size) result.push([first(list[i]), putJson(make(list.slice(i, i + size)))]); return result; };

const download = gzipSync("dataset\n");
const manifest = {
  format: "sicmir-atlas-site/1", title: "Mock atlas", about: "Made-up data, for work on these pages. Nothing here means anything.", made_by: "sicmir 0.1.0", note: "", build: "build 0123456789abcdef",
  model: { name: "sicmir-tcga", checksum: "0123456789abcdef0123456789abcdef", scale: "dataset", calibrated: true },
  counts: { datasets: sets.length, groups: G, types: typeNames.length, tissues: tissueNames.length, diseases: diseaseNames.length, mirnas: M, cells: sets.reduce((sum, x) => sum + x.cells, 0) },
  examples: { mirnas: ["hsa-miR-122-5p", "hsa-miR-126-3p", "hsa-miR-124-3p", "hsa-miR-150-5p", "hsa-miR-223-3p", "hsa-miR-375-3p", "hsa-miR-145-5p"], types: ["hepatocyte", "endothelial cell", "neuron"] },
  files: { mirnas: putJson({ name: mirnas.map((x) => x.name), accession: mirnas.map((x) => x.accession), accuracy: mirnas.map((x) => x.accuracy), target: mirnas.map((_, i) => (i % 3 ? "measured" : "estimated")), stem_loops: mirnas.map((x) => x.loops), likely_from: mirnas.map((x) => (x.accuracy === null || x.accuracy < 0.15 ? null : 2.2 - 1.6 * x.accuracy)), strong_from: mirnas.map((x) => (x.accuracy === null || x.accuracy < 0.3 ? null : 4 - 3 * x.accuracy)), former: former.filter(([, accession]) => accessions.has(accession)).map(([name, accession]) => [name, accessions.get(accession)]), file: mirnaFiles }), types: putJson(types), terms: putJson(terms), datasets: putJson(datasets), groups: putJson(groups) },
  search: shards(search, (x) => x[0], 900, (x) => x),
  genes: shards(Object.keys(targets).sort(), (x) => x, 20, (x) => Object.fromEntries(x.map((name) => [name, targets[name]]))),
  downloads: [{ name: "groups.tsv.gz", path: "downloads/groups-0123456789abcdef.tsv.gz", bytes: download.length, what: "Mean z-score of every miRNA in every group of cells." }],
  cite: [{ text: "Cai et al. 2026, SiCmiR Atlas, Advanced Science", url: "https://doi.org/10.1002/advs.202514446" }],
};
mkdirSync(join(out, "downloads"));
writeFileSync(join(out, "downloads/groups-0123456789abcdef.tsv.gz"), download);
writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest));
console.log(`${out}: ${G} groups`);
