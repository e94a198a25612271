// SPDX-License-Identifier: BSD-3-Clause

export interface Node2 { x: number; y: number; degree: number; kind: 0 | 1 }

/** Fruchterman and Reingold 1991, from a fixed start, so that a network always looks the same. Coordinates: 0 to 1. */
export function layout(kinds: (0 | 1)[], edges: [number, number][]): Node2[] {
  const n = kinds.length;
  const golden = Math.PI * (3 - Math.sqrt(5));
  const nodes: Node2[] = kinds.map((kind, i) => ({ x: Math.sqrt((i + 0.5) / n) * Math.cos(i * golden), y: Math.sqrt((i + 0.5) / n) * Math.sin(i * golden), degree: 0, kind }));
  for (const [a, b] of edges) { nodes[a]!.degree++; nodes[b]!.degree++; }
  const k = 1.1 / Math.sqrt(n || 1);
  for (let step = 0; step < 260; ++step) {
    const heat = 0.12 * (1 - step / 260) + 0.002;
    const fx = new Float64Array(n), fy = new Float64Array(n);
    for (let i = 0; i < n; ++i) {
      for (let j = i + 1; j < n; ++j) {
        const dx = nodes[i]!.x - nodes[j]!.x, dy = nodes[i]!.y - nodes[j]!.y, d2 = Math.max(1e-5, dx * dx + dy * dy), f = (k * k) / d2;
        fx[i]! += dx * f; fy[i]! += dy * f; fx[j]! -= dx * f; fy[j]! -= dy * f;
      }
      // A weak pull to the middle keeps the parts together.
      fx[i]! -= nodes[i]!.x * 0.9; fy[i]! -= nodes[i]!.y * 0.9;
    }
    for (const [a, b] of edges) {
      const dx = nodes[a]!.x - nodes[b]!.x, dy = nodes[a]!.y - nodes[b]!.y, d = Math.sqrt(dx * dx + dy * dy), f = d / k;
      fx[a]! -= dx * f; fy[a]! -= dy * f; fx[b]! += dx * f; fy[b]! += dy * f;
    }
    for (let i = 0; i < n; ++i) {
      const f = Math.hypot(fx[i]!, fy[i]!) || 1, move = Math.min(f, heat);
      nodes[i]!.x += (fx[i]! / f) * move;
      nodes[i]!.y += (fy[i]! / f) * move;
    }
  }
  const xs = nodes.map((p) => p.x), ys = nodes.map((p) => p.y);
  const left = Math.min(...xs), low = Math.min(...ys), wide = Math.max(...xs) - left || 1, high = Math.max(...ys) - low || 1;
  for (const p of nodes) { p.x = (p.x - left) / wide; p.y = (p.y - low) / high; }
  return nodes;
}
