#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Planted truth for `sicmir crosstalk`: simulated samples -> `sicmir profile` -> `sicmir crosstalk`.

    scripts/study_crosstalk.py SICMIR [--repeats N] [--samples 3,6,12] [--seed S] [--groups G]
                               [--min-excess Z] [--together]

Groups have programmes of their own over the genes of the model, so that some miRNAs are truly predicted higher in one
group, and over all other genes, at random: in any group, some genes are low in every sample, but targets no more than
others. Each profile is one "cell" of as many molecules as a sum over cells has. Genes that move one by one move few
predictions by more than 1 z, as far as the default of --min-excess asks. With --together, the model's genes move along
the 20 directions to which the bundled model's first layer answers most, as genes of real programmes do.

1. No transfer: triples whose sender is certain (p of the sender below 0.01) are wrong pairs. The share of their p of
   the deficit that is below 0.05 should be 0.05, against matched sets of genes as well as over samples; and nothing
   should be called.
2. Targets of some miRNAs are lowered (--effect, log2) in one receiver of a certain sender. Power: share of these
   triples that are called. False: called triples of another sender, receiver or target set.

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

PROJECT = pathlib.Path(__file__).resolve().parents[1]
PANEL = list(pd.read_csv(PROJECT / "data" / "landmarks.tsv", sep="\t", dtype=str)["symbol"])
EV = list(pd.read_csv(PROJECT / "data" / "ev_genes.tsv", sep="\t", dtype=str)["symbol"])
MOTIFS = pd.read_csv(PROJECT / "data" / "targets_seed_motifs.tsv", sep="\t", dtype=str, comment="#")
N_TARGET_GENES = 4000
BETWEEN_SAMPLES = 0.2  # sd of natural logarithms, per gene
BETWEEN_PROFILES = 0.2  # likewise, of one sample's groups
BETWEEN_GROUPS = 1.2  # likewise, between programmes, of the model's genes: enough to move predictions
TOGETHER = 1.0  # likewise, with --together
N_DIRECTIONS = 20
BETWEEN_OTHERS = 0.5  # of all other genes
MOLECULES = 300_000  # per profile
N_PLANTED = 5
WORTH = 0.25  # of an excess (--min-excess); programmes at random move few miRNAs by more than 1 z


def genes_of(random):
    known = sorted({gene for genes in MOTIFS["genes"] for gene in genes.split(",")} - set(PANEL) - set(EV))
    return PANEL + [gene for gene in EV if gene not in PANEL] + list(random.choice(known, N_TARGET_GENES, False))


def directions():
    """Directions x genes of the panel; a step along each in a random direction changes a gene by 1 (root mean
    square)."""
    with h5py.File(PROJECT / "models" / "sicmir-tcga.h5") as file:
        weights = file["members/000/layers/000/weight"][:].astype(float)
        symbols = [name.decode() for name in file["genes/symbol"][:]]
    largest = np.linalg.svd(weights, full_matrices=False)[2][:N_DIRECTIONS]
    return largest[:, [symbols.index(gene) for gene in PANEL]] * np.sqrt(len(PANEL) / N_DIRECTIONS)


class DataSet:
    def __init__(self, random, n_samples, n_groups, together=False):
        self.genes = genes_of(random)
        self.groups = [f"g{i + 1}" for i in range(n_groups)]
        n = len(self.genes)
        base = random.normal(0, 1.5, n)
        spread = np.where(np.arange(n) < len(PANEL), BETWEEN_GROUPS, BETWEEN_OTHERS)
        programme = {group: random.normal(0, spread) for group in self.groups}
        if together:
            along = directions()
            for values in programme.values():
                values[:len(PANEL)] = TOGETHER * random.normal(0, 1, N_DIRECTIONS) @ along
        self.obs = pd.DataFrame([(f"s{s + 1}", group) for s in range(n_samples) for group in self.groups],
                                columns=["sample", "cell_type"])
        self.obs.index = self.obs["sample"] + "|" + self.obs["cell_type"]
        sample = {f"s{s + 1}": random.normal(0, BETWEEN_SAMPLES, n) for s in range(n_samples)}
        self.level = np.array([base + programme[group] + sample[s] + random.normal(0, BETWEEN_PROFILES, n)
                               for s, group in self.obs.itertuples(index=False)])
        self.noise = random.integers(2**32)

    def lower(self, group, genes, effect):
        """Effect: log2."""
        columns = np.isin(self.genes, list(genes))
        self.level[np.ix_(self.obs["cell_type"] == group, columns)] -= effect * np.log(2)

    def cells(self):
        mean = np.exp(self.level)
        mean *= MOLECULES / mean.sum(axis=1, keepdims=True)
        counts = np.random.default_rng(self.noise).poisson(mean)
        return anndata.AnnData(counts.astype(np.float32), obs=self.obs, var=pd.DataFrame(index=self.genes),
                               dtype=np.float32)


def motifs_of(mirna):
    return [motif for motif, mirnas in zip(MOTIFS["motif"], MOTIFS["mirnas"]) if mirna in mirnas.split(",")]


def targets_of(motifs):
    return {gene for genes in MOTIFS.loc[MOTIFS["motif"].isin(motifs), "genes"] for gene in genes.split(",")}


class Program:
    def __init__(self, sicmir, folder, min_excess=WORTH):
        self.sicmir = sicmir
        self.folder = pathlib.Path(folder)
        self.min_excess = min_excess

    def run(self, *arguments):
        return subprocess.run([self.sicmir, *map(str, arguments), "-q"], check=True, stdout=subprocess.PIPE,
                              text=True).stdout

    def triples(self, data, *arguments):
        data.cells().write_h5ad(self.folder / "cells.h5ad")
        self.run("profile", self.folder / "cells.h5ad", "--group-by", "cell_type", "--sample", "sample",
                 "--scale", "dataset", "--min-cells", 1, "-o", self.folder / "profiles.h5mu")
        text = self.run("crosstalk", self.folder / "profiles.h5mu", "--labels-from", "sorting", "--all",
                        "--shuffles", 0, "--min-excess", self.min_excess, *arguments)
        return pd.read_csv(io.StringIO(text), sep="\t", na_values=["NaN"])


def shares(certain, column):
    """Mean share below 0.05 over data sets; families count once per pair of groups."""
    p = [one.drop_duplicates(["receiver", "n_targets", "deficit_log2"])[column] for one in certain]
    return np.mean([(values < 0.05).mean() for values in p if len(values)])


def no_transfer(program, n, options):
    tables = [program.triples(DataSet(np.random.default_rng([options.seed, n, repeat]), n, options.groups,
                                      options.together))
              for repeat in range(options.repeats)]
    certain = [table[table["p_sender"] < 0.01] for table in tables]
    print(f"{n} samples, excess above {options.min_excess}, no transfer, {options.repeats} repeats: {np.mean([len(one) for one in certain]):.0f} triples "
          f"with a certain sender; wrong pairs with p below 0.05: over samples {shares(certain, 'p_deficit_samples'):.3f}"
          f", against sets {shares(certain, 'p_deficit_sets'):.3f}, both {shares(certain, 'p'):.3f}; of all triples "
          f"{np.mean([(table['p'] < 0.05).mean() for table in tables]):.4f}; data sets with a call at FDR 0.05: "
          f"{np.mean([(table['fdr'] <= 0.05).any() for table in tables]):.2f}", flush=True)


def plant(random, data, table):
    """Lowers targets of some certain senders' miRNAs; returns the planted (sender, receiver, motifs)."""
    certain = table[(table["p_sender"] < 1e-4) & (table["n_targets"] >= 60)]
    planted = []
    for i in random.permutation(len(certain)):
        one = certain.iloc[i]
        motifs = motifs_of(one["mirna"])
        used = {motif for _, _, others in planted for motif in others}
        if used & set(motifs):
            continue
        planted.append((one["sender"], one["receiver"], motifs))
        if len(planted) == N_PLANTED:
            break
    return planted


def transfer(program, n, options):
    power, false, n_called = [], [], []
    for repeat in range(options.repeats):
        random = np.random.default_rng([options.seed, n, repeat])
        data = DataSet(random, n, options.groups, options.together)
        planted = plant(random, data, program.triples(data))
        for _, receiver, motifs in planted:
            data.lower(receiver, targets_of(motifs), options.effect)
        table = program.triples(data)
        called = table[table["fdr"] <= 0.05]
        found = [any((one.sender == sender) & (one.receiver == receiver) & bool(set(motifs_of(one.mirna)) & set(motifs))
                     for one in called.itertuples()) for sender, receiver, motifs in planted]
        # Whatever is high elsewhere and has these targets is truly compatible, too.
        low = [(receiver, set(motifs)) for _, receiver, motifs in planted]
        wrong = [not any(one.receiver == receiver and set(motifs_of(one.mirna)) & motifs for receiver, motifs in low)
                 for one in called.itertuples()]
        power += found
        n_called.append(len(called))
        false.append(np.mean(wrong) if wrong else 0.0)
    print(f"{n} samples, targets lowered by {options.effect} log2, {options.repeats} repeats: power "
          f"{np.mean(power) if power else float('nan'):.3f} of {len(power)} planted, false discoveries "
          f"{np.mean(false):.3f} of {np.mean(n_called):.1f} called", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sicmir")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--samples", default="3,6,12")
    parser.add_argument("--groups", type=int, default=5)
    parser.add_argument("--effect", type=float, default=0.5)
    parser.add_argument("--min-excess", type=float, default=WORTH, help="of the sender, in z")
    parser.add_argument("--together", action="store_true", help="the model's genes move together")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program = Program(options.sicmir, folder, options.min_excess)
        for n in map(int, options.samples.split(",")):
            no_transfer(program, n, options)
            transfer(program, n, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
