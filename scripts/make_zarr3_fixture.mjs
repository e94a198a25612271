// SPDX-License-Identifier: BSD-3-Clause
// Writes tests/data/cells_zarr3: the counts of tests/data/rds/counts.csv as AnnData in Zarr 3, by zarrita
// (npm, 0.7), an implementation of its own. zarrita does not write texts; their chunks are written here, from the
// specification of vlen-utf8. From the root of the project, with zarrita and @zarrita/storage installed in FOLDER:
//
//     node scripts/make_zarr3_fixture.mjs FOLDER
//
// With `--check STORE ARRAY...` it reads arrays of any store and prints their shapes and sums: so were the stores of
// tests/cli/test_zarr.py checked (shards, CRC-32C, Zstandard, gzip, Blosc, big endian, texts).
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [folder, ...rest] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(path.resolve(folder, "node_modules", file)).href);
const zarr = await load("zarrita/dist/src/index.js");
const { default: FileSystemStore } = await load("@zarrita/storage/dist/src/fs.js");

async function check(store, names) {
  const root = await zarr.open(new FileSystemStore(store), { kind: "group" });
  for (const name of names) {
    const all = await zarr.get(await zarr.open(root.resolve(name), { kind: "array" }));
    const data = Array.from(all.data);
    const said = typeof data[0] === "string" ? `${data[0]} ... ${data.at(-1)}` : data.reduce((a, b) => a + Number(b), 0);
    console.log(name, all.shape.join(" x "), said);
  }
}

async function make(target) {
  const lines = readFileSync("tests/data/rds/counts.csv", "utf8").trim().split("\n").map((line) => line.split(","));
  const word = (text) => text.replaceAll('"', "");
  const cells = lines[0].slice(1).map(word);
  const genes = lines.slice(1).map((line) => word(line[0]));
  rmSync(target, { recursive: true, force: true });
  const root = zarr.root(new FileSystemStore(path.resolve(target)));
  await zarr.create(root, { attributes: { "encoding-type": "anndata", "encoding-version": "0.1.0" } });

  const x = await zarr.create(root.resolve("X"), {
    shape: [cells.length, genes.length], chunkShape: [5, 60], dtype: "float32",
    codecs: [{ name: "transpose", configuration: { order: [1, 0] } },
      { name: "bytes", configuration: { endian: "little" } },
      { name: "blosc", configuration: { cname: "zstd", clevel: 5, shuffle: "shuffle", typesize: 4, blocksize: 0 } }],
    attributes: { "encoding-type": "array", "encoding-version": "0.2.0" } });
  const data = new Float32Array(cells.length * genes.length);
  for (let c = 0; c < cells.length; ++c) {
    for (let g = 0; g < genes.length; ++g) data[c * genes.length + g] = Number(lines[g + 1][c + 1]);
  }
  await zarr.set(x, null, { data, shape: [cells.length, genes.length], stride: [genes.length, 1] });

  for (const [name, index] of [["obs", cells], ["var", genes]]) {
    await zarr.create(root.resolve(name), { attributes: {
      "encoding-type": "dataframe", "encoding-version": "0.2.0", _index: "_index", "column-order": [] } });
    const array = path.join(target, name, "_index");
    mkdirSync(path.join(array, "c"), { recursive: true });
    writeFileSync(path.join(array, "zarr.json"), JSON.stringify({
      zarr_format: 3, node_type: "array", shape: [index.length], data_type: "string", fill_value: "",
      chunk_grid: { name: "regular", configuration: { chunk_shape: [index.length] } },
      chunk_key_encoding: { name: "default", configuration: { separator: "/" } }, codecs: [{ name: "vlen-utf8" }],
      attributes: { "encoding-type": "string-array", "encoding-version": "0.2.0" } }));
    const number = (n) => { const bytes = Buffer.alloc(4); bytes.writeUInt32LE(n); return bytes; };
    const texts = index.map((text) => Buffer.from(text, "utf8"));
    writeFileSync(path.join(array, "c", "0"),
      Buffer.concat([number(index.length), ...texts.flatMap((text) => [number(text.length), text])]));
  }
}

if (rest[0] === "--check") await check(rest[1], rest.slice(2));
else await make("tests/data/cells_zarr3");
