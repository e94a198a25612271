#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Planted truth: simulated samples -> cells -> `sicmir profile` -> `sicmir network`.

    scripts/study_network.py SICMIR [--repeats N] [--samples S] [--seed S]

Samples differ along a few axes that move genes of the panel and others alike, as in real data: genes outside of the
panel correlate with any direction of the panel, and so with any prediction.

1. Wrong pairs. Targets of 60 miRNAs are drawn at random ("scattered"), or are genes that move together but have
   nothing to do with the miRNA ("modules"): the worst case for random graphs. Share of p below 0.05, of the two nulls
   and of their maximum, and false hubs per data set.
2. A hub. The targets of one miRNA of 60, which is predicted above the median, go down by EFFECT (natural logarithm) for
   each z of its prediction. Is it called, and what else is?

Figures go to standard output. The same seed gives the same figures.
"""
import argparse
import io
import pathlib
import subprocess
import sys
import tempfile

import anndata
import h5py
import numpy as np
import pandas as pd
import scipy.sparse

PROJECT = pathlib.Path(__file__).resolve().parents[1]
PANEL = list(pd.read_csv(PROJECT / "data" / "landmarks.tsv", sep="\t", dtype=str)["symbol"])
MIRNAS = pd.read_csv(PROJECT / "data" / "mirnas.tsv", sep="\t", dtype=str)
N_OTHERS, N_AXES, N_CELLS = 1500, 8, 40
N_MIRNAS, N_TARGETS = 60, 25
OTHERS = [f"OFF{i}" for i in range(N_OTHERS)]
EFFECT = 0.8
LOADING = 0.35  # sd of natural logarithms along an axis
NOISE = 0.25  # likewise, of single genes between samples


class Samples:
    """Mean counts per cell of all samples; what is outside of the panel can be changed."""

    def __init__(self, random, n_samples):
        self.random = random
        self.axes = random.normal(0, 1, (n_samples, N_AXES))
        n_genes = len(PANEL) + N_OTHERS
        self.loadings = random.normal(0, LOADING, (N_AXES, n_genes)) * (random.random((N_AXES, n_genes)) < 0.4)
        self.base = np.concatenate([random.gamma(0.7, 4.0, len(PANEL)) + 0.05, random.gamma(2.0, 0.4, N_OTHERS) + 0.15])
        self.logs = self.axes @ self.loadings + random.normal(0, NOISE, (n_samples, n_genes))
        self.state = random.integers(2**32)

    def write(self, path, change=None):
        logs = self.logs.copy()
        if change is not None:
            logs[:, len(PANEL):] += change
        cells = np.random.default_rng(self.state)  # the panel's counts stay the same
        mean = self.base * np.exp(logs)
        panel = [cells.poisson(one[:len(PANEL)], (N_CELLS, len(PANEL))) for one in mean]
        others = [cells.poisson(one[len(PANEL):], (N_CELLS, N_OTHERS)) for one in mean]
        counts = np.hstack([np.vstack(panel), np.vstack(others)]).astype(np.float32)
        obs = pd.DataFrame({"sample": np.repeat([f"s{i:02}" for i in range(len(mean))], N_CELLS), "cell_type": "T"})
        obs.index = [f"c{i}" for i in range(len(obs))]
        anndata.AnnData(scipy.sparse.csr_matrix(counts), obs=obs, dtype=np.float32,
                        var=pd.DataFrame(index=PANEL + OTHERS)).write_h5ad(path)

    def modules(self):
        """Groups of genes that move together: those of the highest loading along a random direction."""
        for _ in range(N_MIRNAS):
            direction = self.random.normal(0, 1, N_AXES)
            score = direction @ self.loadings[:, len(PANEL):] + self.random.normal(0, 0.3, N_OTHERS)
            yield np.argsort(score)[-N_TARGETS:]

    def scattered(self):
        for _ in range(N_MIRNAS):
            yield self.random.choice(N_OTHERS, N_TARGETS, replace=False)


class Program:
    def __init__(self, sicmir, folder):
        self.sicmir, self.folder = sicmir, pathlib.Path(folder)

    def run(self, *arguments):
        return subprocess.run([self.sicmir, *map(str, arguments), "-q"], check=True, capture_output=True,
                              text=True).stdout

    def profile(self, samples, change=None):
        samples.write(self.folder / "cells.h5ad", change)
        self.run("profile", self.folder / "cells.h5ad", "--group-by", "cell_type", "--sample", "sample",
                 "--min-counts", 1000, "-o", self.folder / "profiles.h5mu")

    def predictions(self):
        with h5py.File(self.folder / "profiles.h5mu") as file:
            mirna = file["mod/mirna"]
            names = [name.decode() for name in mirna["var"][mirna["var"].attrs["_index"]][:]]
            return pd.DataFrame(mirna["X"][:], columns=names), pd.Series(mirna["layers/log2rpm"][:].mean(0), names)

    def network(self, sets, *arguments):
        lines = [f"{mirna}\t{OTHERS[gene]}\tstrong" for mirna, genes in sets.items() for gene in genes]
        (self.folder / "targets.tsv").write_text("mirna\ttarget\tevidence\n" + "\n".join(lines) + "\n")
        text = self.run("network", self.folder / "profiles.h5mu", "--targets", self.folder / "targets.tsv", *arguments)
        return pd.read_csv(io.StringIO(text), sep="\t", keep_default_na=False, na_values=["NaN"])


def mirnas_of_different_families(random):
    seeds = MIRNAS.assign(seed=MIRNAS["sequence"].str[1:8]).drop_duplicates("seed")
    return list(random.choice(seeds["name"], N_MIRNAS, replace=False))


def wrong_pairs(program, seed, repeats, n_samples):
    kinds = ("scattered", "modules")
    shares, hubs = {kind: [] for kind in kinds}, {kind: [] for kind in kinds}
    for repeat in range(repeats):
        random = np.random.default_rng([seed, repeat, n_samples])
        samples = Samples(random, n_samples)
        program.profile(samples)
        for kind in kinds:
            sets = dict(zip(mirnas_of_different_families(random), getattr(samples, kind)()))
            found = program.network(sets)
            shares[kind].append((found[["p_rewired", "p_other_families", "p"]] < 0.05).mean())
            hubs[kind].append((found["hub"] == "yes").sum())
    for kind in kinds:
        mean = pd.DataFrame(shares[kind]).mean()
        print(f"wrong pairs, {kind}, {n_samples} samples, {repeats} data sets: share of p below 0.05: "
              f"random graphs {mean['p_rewired']:.3f}, other families {mean['p_other_families']:.3f}, "
              f"both {mean['p']:.3f}; false hubs per data set {np.mean(hubs[kind]):.2f}")


def planted_hub(program, seed, repeats, n_samples):
    called, false, ranks = 0, 0, []
    for repeat in range(repeats):
        random = np.random.default_rng([seed, repeat, n_samples, 1])
        samples = Samples(random, n_samples)
        program.profile(samples)
        z, level = program.predictions()
        names = mirnas_of_different_families(random)
        hub = next(name for name in names if level[name] > level.median() and z[name].std() > 0.2)
        sets = dict(zip(names, samples.scattered()))
        change = np.zeros((n_samples, N_OTHERS))
        change[:, sets[hub]] = -EFFECT * np.clip((z[hub] - z[hub].mean()) / z[hub].std(), -2, 2).to_numpy()[:, None]
        program.profile(samples, change)
        found = program.network(sets)
        hubs = list(found["mirnas"][found["hub"] == "yes"])
        called += hub in hubs
        false += len(set(hubs) - {hub})
        ranks.append(list(found["mirnas"]).index(hub) + 1)
    print(f"planted hub, {n_samples} samples, {repeats} data sets: called in {called / repeats:.2f}, other hubs per "
          f"data set {false / repeats:.2f}, median rank {np.median(ranks):.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sicmir")
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--samples", default="12,24")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program = Program(options.sicmir, folder)
        for n_samples in map(int, options.samples.split(",")):
            wrong_pairs(program, options.seed, options.repeats, n_samples)
            planted_hub(program, options.seed, options.repeats, n_samples)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
