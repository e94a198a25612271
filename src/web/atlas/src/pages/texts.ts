// SPDX-License-Identifier: BSD-3-Clause

import { fetched } from "../data";
import { h, webAddress } from "../dom";
import { bytes, fixed, integer } from "../format";
import { confidence, facts, href, type Context, type Page } from "../context";
import { table } from "../table";

export function downloads({ atlas }: Context): Page {
  const list = atlas.manifest.downloads;
  return { title: "Downloads", body: [h("h1", {}, "Downloads"),
    h("p", { class: "lead" }, "Tables of everything public in this atlas. Texts that a spreadsheet would run as a formula begin with an apostrophe."),
    h("ul", { class: "downloads" }, list.map((x) => h("li", {}, h("a", { href: x.path, download: x.name }, x.name), h("span", { class: "weak" }, ` ${bytes(x.bytes)}`), h("span", {}, x.what)))),
    h("p", { class: "note" }, "Every table on these pages can be saved as well, and every figure as SVG or PNG. For programs: ", h("a", { href: href("api") }, "the files of this site"), ".")] };
}

export function methods({ atlas }: Context): Page {
  const { manifest, mirnas } = atlas;
  const held = mirnas.accuracy.filter((r): r is number => r !== null).sort((a, b) => a - b);
  const good = held.filter((r) => r >= 0.5).length, poor = held.filter((r) => r < 0.3).length;
  return { title: "Methods", body: [h("h1", {}, "Methods"),
    h("p", { class: "lead" }, "What the numbers of this atlas are, and what they are not."),
    facts([["Program", manifest.made_by], ["Model", `${manifest.model.name}, checksum ${manifest.model.checksum}`], ["Scale", manifest.model.scale], ["This build", manifest.build]]),
    h("h2", {}, "Predictions"), h("p", {}, "sicmir predicts mature miRNAs from the mRNA of the same cells, by a model that was trained on tumours in which both had been measured. Nothing here was measured. A prediction knows only what the mRNA tells; a miRNA that is made independently of it cannot be seen."),
    h("h2", {}, "Profiles and groups"), h("p", {}, "The counts of all cells of one type in one sample are added up and predicted as one profile. A group is the profiles of one type in one tissue, disease and condition of one data set; its value is the mean over samples, its sd that between samples. Profiles of too few cells or molecules are left out. A value over data sets is the mean of the data sets’ means, so that a large one counts no more than a small one."),
    h("h2", {}, "z-scores"), h("p", {}, manifest.model.scale === "reference"
      ? "0 is the mean of the samples that the model was trained on, 1 is one standard deviation of log2(RPM + 1) above it."
      : "0 is the mean of the profiles of the data set, 1 is one standard deviation above it. Values of different data sets have different zero points, so that a difference between types within a data set says more than a value."),
    h("p", {}, "The values of single cells on maps are predictions of each cell alone, standardised within its data set. They can be compared within a map and nowhere else."),
    h("h2", {}, "Accuracy"), h("p", {}, `Per miRNA: the correlation of prediction and measurement within cohorts that were held out of training. Of ${integer(held.length)} miRNAs with such a figure, ${integer(good)} reach 0.5 (good) and ${integer(poor)} stay below 0.3 (poor); the median is ${fixed(held[Math.floor(held.length / 2)])}.`),
    h("h2", {}, "Confidence"), h("p", {}, manifest.model.calibrated
      ? "How often a predicted difference between two cell types was true was learnt from cell types whose miRNAs had been measured, by the accuracy of the miRNA and the size of the difference."
      : "The model of this atlas has no calibration of differences for this scale, so differences are marked as not calibrated."),
    h("ul", { class: "plain" }, h("li", {}, confidence("strong"), " truly differs by 1 log2 or more in 75 % of cases or more"), h("li", {}, confidence("likely"), " in 50 % or more"), h("li", {}, confidence("unclear"), " in fewer"), h("li", {}, confidence("not calibrated"), " nothing was learnt for such a difference: between conditions, or on this scale")),
    h("p", {}, "No p-value replaces it: p says that predictions differ between samples, not that the miRNAs do. FDR is that of Benjamini and Hochberg within a data set; groups found by clustering the same mRNA have none."),
    h("h2", {}, "Markers"), h("p", {}, "Each type is contrasted with the equal mean of the other types of the same samples. The rival is the type to which the difference is smallest. The 100 best of each type are kept."),
    h("h2", {}, "Networks and cross-talk"), h("p", {}, "At most 150 edges and 200 triples of a data set are kept. Genes that the model reads are never targets in a network, because their relation to the prediction is circular. Both are consistent with what they are named after, and prove nothing."),
    h("h2", {}, "Loading"), h("p", { class: "note" }, `This page has read ${integer(fetched.length)} files, ${bytes(fetched.reduce((sum, x) => sum + x.bytes, 0))}.`)] };
}

export function cite({ atlas }: Context): Page {
  const { manifest, datasets } = atlas;
  const having = datasets.id.map((_, i) => i).filter((i) => datasets.citation[i]);
  return { title: "How to cite", body: [h("h1", {}, "How to cite"),
    h("p", { class: "lead" }, "Cite the method, the program, and the data sets whose cells you use. Say that the values are predictions, and name the build."),
    h("ul", { class: "plain" }, manifest.cite.map(({ text, url }) => { const to = webAddress(url); return h("li", {}, text, " ", to ? h("a", { href: to, rel: "noreferrer" }, to) : null); })),
    facts([["Program", manifest.made_by], ["Model", `${manifest.model.name} (${manifest.model.checksum})`], ["Build", manifest.build]]),
    h("h2", {}, "Data sets"), having.length ? table(having, [
      { key: "dataset", label: "data set", value: (i) => datasets.id[i]!, show: (i) => h("a", { href: href("dataset", datasets.id[i]!) }, datasets.id[i]!) },
      { key: "citation", label: "citation", value: (i) => datasets.citation[i]! },
      { key: "url", label: "address", value: (i) => datasets.url[i]!, show: (i) => { const to = webAddress(datasets.url[i]!); return to ? h("a", { href: to, rel: "noreferrer" }, to) : datasets.url[i]!; } },
    ], { caption: "Citations of the data sets", file: "citations", page: 100 }) : h("p", {}, "No data set of this atlas states a citation.")] };
}

export function api({ atlas }: Context): Page {
  const code = (text: string): HTMLElement => h("pre", { tabindex: "0" }, h("code", {}, text));
  const { files } = atlas.manifest;
  const path = (hash: string): string => `d/${hash.slice(0, 2)}/${hash}.bin`;
  return { title: "Files for programs", body: [h("h1", {}, "Files for programs"),
    h("p", { class: "lead" }, "These pages read static files, and so can any program. There is no server to query and no limit but that of the host."),
    h("p", {}, "manifest.json names the others by their content: a file d/ab/ab….bin never changes, a new build has new ones. Every file is gzip; inside is JSON, or a bundle: the bytes SMA1, the length of a JSON header (32 bits, little-endian), the header, and from the next multiple of 8 on the arrays that the header lists. The page docs/atlas-site.md of sicmir describes every field."),
    table(Object.entries(files).map(([name, hash]) => ({ name, path: path(hash) })), [
      { key: "table", label: "table", value: (x) => x.name }, { key: "file", label: "file of this build", value: (x) => x.path, show: (x) => h("a", { href: x.path, download: `${x.name}.json.gz` }, x.path) },
    ], { caption: "Tables", file: "files" }),
    h("h2", {}, "Example"), h("p", {}, "The mean z-score of a miRNA in every group, in Python:"),
    code(`import gzip, json, struct, urllib.request
import numpy as np

site = "${location.href.replace(/#.*$/, "").replace(/index\.html$/, "").replace(/["\\\n]/g, "")}"

def content(name):
    with urllib.request.urlopen(site + name) as answer:
        return answer.read()

def table(key):
    return gzip.decompress(content(f"d/{key[:2]}/{key}.bin"))

manifest = json.loads(content("manifest.json"))
mirnas = json.loads(table(manifest["files"]["mirnas"]))
groups = json.loads(table(manifest["files"]["groups"]))
bundle = table(mirnas["file"][mirnas["name"].index("hsa-miR-21-5p")])
length, = struct.unpack("<I", bundle[4:8])
header = json.loads(bundle[8:8 + length])
start = (8 + length + 7) // 8 * 8
mean = next(a for a in header["arrays"] if a["name"] == "mean")
z = np.frombuffer(bundle, "<f2", mean["length"], start + mean["offset"])
print(z[:5], groups["type"][:5])`)] };
}
