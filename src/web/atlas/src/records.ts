// SPDX-License-Identifier: BSD-3-Clause
// Lines of bundles: markers, edges, triples.

import type { Bundle } from "./data";

export const NONE = 65535;

export interface Marker {
  set: number; type: number; mirna: number; rank: number; rival: number;
  z: number; rivalZ: number; p: number; fdr: number; tau: number; expression: number; log2rpm: number; probability: number;
}
export interface Edge { set: number; type: number; mirna: number; target: string; correlation: number; weight: number }
export interface Triple { sender: number; receiver: number; mirna: number; score: number; p: number }

export function markersOf({ arrays: a }: Bundle): Marker[] {
  return Array.from(a.mirna!, (mirna, i) => ({ mirna, set: a.dataset![i]!, type: a.type![i]!, rank: a.rank![i]!, rival: a.rival![i]! === NONE ? -1 : a.rival![i]!,
    z: a.z![i]!, rivalZ: a.rival_z![i]!, p: a.p![i]!, fdr: a.fdr![i]!, tau: a.tau![i]!, expression: a.expression![i]!, log2rpm: a.log2rpm![i]!, probability: a.probability![i]! }));
}

export function edgesOf({ header, arrays: a }: Bundle): Edge[] {
  return (header.targets as string[]).map((target, i) => ({ target, set: a.edge_dataset![i]!, type: a.edge_type![i]!, mirna: a.edge_mirna![i]!, correlation: a.edge_correlation![i]!, weight: a.edge_weight![i]! }));
}

export function triplesOf({ arrays: a }: Bundle): Triple[] {
  return Array.from(a.triple_mirna!, (mirna, i) => ({ mirna, sender: a.triple_sender![i]!, receiver: a.triple_receiver![i]!, score: a.triple_score![i]!, p: a.triple_p![i]! }));
}
