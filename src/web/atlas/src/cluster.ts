// SPDX-License-Identifier: BSD-3-Clause

/** A tree of average linkage (UPGMA, Sokal and Michener 1958) by Euclidean distance. */
export interface Tree { left: Tree | null; right: Tree | null; item: number; height: number; size: number }

/** `lines`: one per item. Missing values count as 0. At most a few hundred items: n^3 steps. */
export function cluster(lines: number[][]): Tree | null {
  let trees: Tree[] = lines.map((_, item) => ({ left: null, right: null, item, height: 0, size: 1 }));
  if (!trees.length) return null;
  const d = lines.map((a) => lines.map((b) => Math.sqrt(a.reduce((sum, v, k) => sum + ((v || 0) - (b[k]! || 0)) ** 2, 0))));
  let alive = trees.map((_, i) => i);
  while (alive.length > 1) {
    let best = Infinity, p = 0, q = 1;
    for (let i = 0; i < alive.length; ++i) {
      const row = d[alive[i]!]!;
      for (let j = i + 1; j < alive.length; ++j) {
        if (row[alive[j]!]! < best) { best = row[alive[j]!]!; p = i; q = j; }
      }
    }
    const a = alive[p]!, b = alive[q]!, x = trees[a]!, y = trees[b]!;
    for (const k of alive) {
      if (k === a || k === b) continue;
      d[a]![k] = d[k]![a] = (d[a]![k]! * x.size + d[b]![k]! * y.size) / (x.size + y.size);
    }
    trees[a] = { left: x, right: y, item: -1, height: best, size: x.size + y.size };
    alive = alive.filter((k) => k !== b);
  }
  return trees[alive[0]!]!;
}

export function leaves(tree: Tree | null): number[] {
  if (!tree) return [];
  return tree.left ? [...leaves(tree.left), ...leaves(tree.right)] : [tree.item];
}

/** Paths of the tree's brackets: `at` places a leaf by its rank, `deep` a height. */
export function brackets(tree: Tree | null, at: (rank: number) => number, deep: (height: number) => number, upright: boolean): string {
  let rank = 0, path = "";
  const walk = (node: Tree): number => {
    if (!node.left) return at(rank++);
    const a = walk(node.left), b = walk(node.right!);
    const y = deep(node.height), ya = deep(node.left.height), yb = deep(node.right!.height);
    path += upright ? `M${a} ${ya}V${y}H${b}V${yb}` : `M${ya} ${a}H${y}V${b}H${yb}`;
    return (a + b) / 2;
  };
  if (tree?.left) walk(tree);
  return path;
}
