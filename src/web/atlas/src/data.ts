// SPDX-License-Identifier: BSD-3-Clause
// Reads the files of the site; docs/atlas-site.md is their description.

export interface Manifest {
  format: string;
  title: string;
  about: string;
  made_by: string;
  note: string;
  build: string;
  model: { name: string; checksum: string; scale: string; calibrated: boolean };
  counts: { datasets: number; groups: number; types: number; tissues: number; diseases: number; mirnas: number; cells: number };
  examples: { mirnas: string[]; types: string[] };
  files: { mirnas: string; types: string; terms: string; datasets: string; groups: string };
  search: [string, string][];
  genes: [string, string][];
  downloads: { name: string; path: string; bytes: number; what: string }[];
  cite: { text: string; url: string }[];
  /** Of a smaller copy. */
  excerpt?: { words: string };
}

export interface Mirnas {
  name: string[];
  accession: string[];
  accuracy: (number | null)[];
  target: string[];
  stem_loops: string[];
  likely_from: (number | null)[];
  strong_from: (number | null)[];
  former: [string, number][];
  file: string[];
}
export interface Types { name: string[]; term: string[]; key: string[]; groups: number[]; datasets: number[]; cells: number[]; file: string[] }
export interface TermList { name: string[]; term: string[]; key: string[] }
export interface Terms { tissue: TermList; disease: TermList; condition: TermList }
export interface Datasets {
  id: string[]; title: string[]; citation: string[]; url: string[]; share: string[]; comparable: number[];
  cells: number[]; samples: number[]; donors: number[]; map: number[]; edges: number[]; triples: number[]; contrasts: number[]; file: string[];
}
/** The cells of one type in samples of one tissue, disease and condition of one data set. */
export interface Groups {
  dataset: number[]; type: number[]; tissue: number[]; disease: number[]; condition: number[];
  cells: number[]; samples: number[]; donors: number[]; below_floor: number[];
}

export class SiteError extends Error {}

/** What a file holds: a header, and arrays by name. */
export interface Bundle {
  header: Record<string, any>;
  arrays: Record<string, Uint8Array | Uint16Array | Float32Array>;
}

export const pathOf = (hash: string): string => `d/${hash.slice(0, 2)}/${hash}.bin`;

/** For the methods page and tests: what was fetched, and how long it took to arrive and to unpack. */
export const fetched: { path: string; bytes: number; fetch: number; unpack: number }[] = [];
(globalThis as { atlasFetched?: unknown }).atlasFetched = fetched;

async function inflate(raw: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  // A host that announces gzip has already had it opened by the browser.
  if (raw[0] !== 0x1f || raw[1] !== 0x8b) return raw;
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const kept = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
const KEPT_FILES = 96;

async function load(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const start = performance.now();
  const response = await fetch(path);
  if (!response.ok) {
    throw new SiteError(response.status === 404
      ? `The file ${path} is gone. The atlas was probably rebuilt: reload the page.`
      : `The file ${path} could not be read (status ${response.status}).`);
  }
  const raw = new Uint8Array(await response.arrayBuffer());
  const arrived = performance.now();
  const result = await inflate(raw);
  fetched.push({ path, bytes: raw.length, fetch: arrived - start, unpack: performance.now() - arrived });
  return result;
}

/** The unpacked bytes of a file of this content. The last ones are kept. */
export function content(hash: string): Promise<Uint8Array<ArrayBuffer>> {
  const held = kept.get(hash);
  if (held) {
    kept.delete(hash);
    kept.set(hash, held);
    return held;
  }
  const promise = load(pathOf(hash));
  kept.set(hash, promise);
  promise.catch(() => kept.delete(hash));
  if (kept.size > KEPT_FILES) kept.delete(kept.keys().next().value as string);
  return promise;
}

export async function json<T>(hash: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await content(hash))) as T;
}

const KINDS = { u8: Uint8Array, u16: Uint16Array, f32: Float32Array };

let halves: Float32Array | null = null;

/** IEEE 754 binary16, widened. */
export function widen(bits: Uint16Array): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, k) => {
    const sign = k >> 15 ? -1 : 1, power = (k >> 10) & 31, rest = k & 1023;
    return power === 0 ? sign * rest * 2 ** -24 : power === 31 ? (rest ? NaN : sign * Infinity) : sign * (1024 + rest) * 2 ** (power - 25);
  });
  const table = halves, result = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; ++i) result[i] = table[bits[i]!]!;
  return result;
}

/** Takes a bundle apart; arrays are views. */
export function openBundle(data: Uint8Array<ArrayBuffer>): Bundle {
  if (data.length < 8 || String.fromCharCode(...data.subarray(0, 4)) !== "SMA1") {
    throw new SiteError("A file of this atlas is damaged: its first bytes are not SMA1.");
  }
  const length = new DataView(data.buffer, data.byteOffset).getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(data.subarray(8, 8 + length)));
  const base = data.byteOffset + ((8 + length + 7) & ~7);
  const arrays: Bundle["arrays"] = {};
  for (const { name, type, offset, length: n } of header.arrays) {
    arrays[name] = type === "f16" ? widen(new Uint16Array(data.buffer, base + offset, n))
      : new KINDS[type as keyof typeof KINDS](data.buffer, base + offset, n);
  }
  return { header, arrays };
}

export const bundle = async (hash: string): Promise<Bundle> => openBundle(await content(hash));

/** What every page needs, read once. */
export class Atlas {
  mirnas!: Mirnas;
  types!: Types;
  terms!: Terms;
  datasets!: Datasets;
  groups!: Groups;
  private mirnaNames = new Map<string, number>();
  private typeKeys = new Map<string, number>();

  constructor(readonly manifest: Manifest) {}

  static async open(): Promise<Atlas> {
    const response = await fetch("manifest.json", { cache: "no-cache" });
    if (!response.ok) throw new SiteError(`manifest.json could not be read (status ${response.status}).`);
    const manifest = (await response.json()) as Manifest;
    if (manifest.format !== "sicmir-atlas-site/1") {
      throw new SiteError(`This page reads sicmir-atlas-site/1, but the data are ${manifest.format}. Reload the page.`);
    }
    return new Atlas(manifest);
  }

  private ready: Promise<void> | null = null;
  /** The tables of names; the start page does without. */
  tables(): Promise<void> {
    return (this.ready ??= this.readTables());
  }
  private async readTables(): Promise<void> {
    const { files } = this.manifest;
    [this.mirnas, this.types, this.terms, this.datasets, this.groups] = await Promise.all([
      json<Mirnas>(files.mirnas), json<Types>(files.types), json<Terms>(files.terms),
      json<Datasets>(files.datasets), json<Groups>(files.groups)]);
    for (const [name, i] of this.mirnas.former) this.mirnaNames.set(name.toLowerCase(), i);
    this.mirnas.accession.forEach((name, i) => this.mirnaNames.set(name.toLowerCase(), i));
    this.mirnas.name.forEach((name, i) => {
      this.mirnaNames.set(name.toLowerCase(), i);
      this.mirnaNames.set(name.toLowerCase().replace(/^hsa-/, ""), i);
    });
    this.types.key.forEach((key, i) => this.typeKeys.set(key, i));
  }

  /** By accession, current name or former name, in any case, with or without hsa-; -1: none. */
  findMirna(text: string): number {
    return this.mirnaNames.get(text.trim().toLowerCase()) ?? -1;
  }
  findType(key: string): number {
    const i = this.typeKeys.get(key);
    if (i !== undefined) return i;
    const lower = key.toLowerCase();
    return this.types.name.findIndex((name) => name.toLowerCase() === lower);
  }
  findTerm(kind: "tissue" | "disease" | "condition", key: string): number {
    const list = this.terms[kind];
    const i = list.key.indexOf(key);
    return i >= 0 ? i : list.name.findIndex((name) => name.toLowerCase() === key.toLowerCase());
  }
  mirnaKey(i: number): string {
    return this.mirnas.accession[i] || this.mirnas.name[i]!;
  }
}

/** Runs `job` on every item, at most `width` at a time. */
export async function pool<T, R>(items: T[], width: number, job: (item: T) => Promise<R>, done?: (n: number) => void): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0, finished = 0;
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await job(items[i]!);
      done?.(++finished);
    }
  }));
  return results;
}
