#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes tests/data/network: what other programs find for small made-up graphs and tables.

    scripts/make_network_golden.py

edges.tsv and centrality.tsv: a bipartite graph of two components; betweenness and PageRank by igraph (python3-igraph).
observations.tsv and partial.tsv: two variables with ties, a depth and two conditions; partial Spearman correlations as
minus the normalised entries of the inverse of the matrix of correlations of ranks (scipy's average ranks).
"""
import pathlib

import igraph
import numpy as np
import scipy.stats

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "tests/data/network"


def write(name, header, lines):
    text = "\n".join("\t".join(f"{value:.12g}" if isinstance(value, float) else str(value) for value in line)
                     for line in [header, *lines])
    (FOLDER / name).write_text(text + "\n")


def graph(random):
    edges = {(int(s), int(t)) for s, t in zip(random.integers(0, 12, 90), random.integers(14, 50, 90))}
    edges |= {(12, 50), (12, 51), (13, 51)}  # a component of its own
    edges = sorted(edges)
    found = igraph.Graph(n=52, edges=edges)
    write("edges.tsv", ["source", "target"], edges)
    write("centrality.tsv", ["node", "betweenness", "page_rank"],
          [(i, b, r) for i, (b, r) in enumerate(zip(found.betweenness(), found.pagerank(damping=0.85)))])


def partial(random):
    n = 14
    depth = np.round(random.normal(10, 1, n), 1)
    condition = np.array([0, 0, 1, 2] * 4)[:n]
    x = np.round(random.normal(0, 1, n) + 0.3 * depth + condition, 1)
    y = np.round(-0.5 * x + random.normal(0, 1, n) + 0.2 * depth, 1)
    write("observations.tsv", ["x", "y", "depth", "condition"],
          [(float(a), float(b), float(c), int(d)) for a, b, c, d in zip(x, y, depth, condition)])
    columns = [scipy.stats.rankdata(v) for v in (x, y, depth)]
    results = []
    for name, extra in (("nothing", []), ("depth", columns[2:]),
                        ("depth and condition", columns[2:] + [condition == 1, condition == 2])):
        inverse = np.linalg.inv(np.corrcoef(np.array(columns[:2] + [np.asarray(e, float) for e in extra])))
        results.append((name, float(-inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1]))))
    assert abs(results[0][1] - scipy.stats.spearmanr(x, y)[0]) < 1e-12
    write("partial.tsv", ["given", "correlation"], results)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(11)
    graph(random)
    partial(random)


if __name__ == "__main__":
    main()
