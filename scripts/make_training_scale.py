#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes data/training_scale.tsv: mean and sd of log2(RSEM normalised + 1) of the panel's genes
on the published pan-cancer scale.

  scripts/make_training_scale.py [SHARED_FOLDER [OUTPUT]]      (default ../shared, data/...)

SHARED_FOLDER/reference/tcga_gene_moments.tsv knows 875 of the 977 genes. The others are estimated:
the published means are explained as a weighted mean of the cohorts' means in sequenced files
(non-negative least squares; the weights sum to 1), the same weights give the other genes' means, and
their sds after scaling by the median ratio over the known genes. Needs python3-pandas, python3-scipy.
"""
import pathlib
import sys
import warnings

import numpy as np
import pandas as pd
from scipy.optimize import nnls

warnings.simplefilter("ignore", RuntimeWarning)  # means of genes that a file lacks: NaN, as meant
PROJECT = pathlib.Path(__file__).resolve().parent.parent
shared = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT.parent / "shared"
output = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else PROJECT / "data/training_scale.tsv"

# File and whether its values are RSEM normalised (linear), counts of the same, or logs.
FILES = {
    "rtcga_rsem__ACC": "normalised", "rtcga_rsem__CHOL": "normalised",
    "rtcga_rsem__DLBC": "normalised", "rtcga_rsem__STAD": "normalised",
    "rtcga_rsem__UCS": "normalised", "rtcga_rsem__UVM": "normalised",
    "cats_hiseqv2__LGG": "log", "tcgabiolinks__BRCA": "counts", "nased_rsem__PRAD": "counts",
    "cmscaller_counts__COAD": "counts",
}
LEAST_SD = 0.3


def panel():
    lines = [line for line in open(PROJECT / "data/landmarks.tsv") if not line.startswith("#")]
    names = lines[0].rstrip("\n").split("\t")
    return [dict(zip(names, line.rstrip("\n").split("\t"))) for line in lines[1:]]


def logs(name, kind):
    table = pd.read_csv(shared / f"data/tcga/mrna/{name}.tsv.gz", sep="\t", index_col=0)
    if kind == "log":
        return table
    if kind == "counts":  # to an upper quartile of 1000 over the expressed genes, as RSEM normalised
        table = table / table.where(table > 0).quantile(0.75) * 1000
    return np.log2(table + 1)


genes = panel()
symbols = [gene["symbol"] for gene in genes]
means, squares = [], []
for name, kind in FILES.items():
    table = logs(name, kind)
    table = table[~table.index.duplicated()]
    found = []
    for gene in genes:
        known = [gene["symbol"], gene["current_symbol"], *gene["aliases"].split("|")]
        found.append(next((key for key in known if key in table.index), None))
    values = np.full((len(genes), table.shape[1]), np.nan)
    at = [i for i, key in enumerate(found) if key is not None]
    values[at] = table.loc[[found[i] for i in at]].to_numpy(float)
    means.append(np.nanmean(values, 1))
    squares.append(np.nanmean(values**2, 1))

published = pd.read_csv(shared / "reference/tcga_gene_moments.tsv", sep="\t", index_col=0)
published = published.reindex(symbols)
mean = published["mean_log2_rsem1"].to_numpy()
sd = published["sd_log2_rsem1"].to_numpy()
by_cohort = np.array(means).T
use = ~np.isnan(mean) & ~np.isnan(by_cohort).any(1)
sums = np.full((1, by_cohort.shape[1]), 100.0)
weights, _ = nnls(np.vstack([by_cohort[use], sums]), np.append(mean[use], 100.0))
weights /= weights.sum()
filled = np.where(np.isnan(by_cohort), np.nanmean(by_cohort, 1, keepdims=True), by_cohort)
squared = np.array(squares).T
squared = np.where(np.isnan(squared), np.nanmean(squared, 1, keepdims=True), squared)
guess_mean = filled @ weights
guess_sd = np.sqrt(np.maximum(squared @ weights - guess_mean**2, 1e-3))
guess_sd *= np.median(sd[use] / guess_sd[use])
print("weights:", ", ".join(f"{name} {weight:.2f}" for name, weight in zip(FILES, weights)))
print(f"known genes: means r {np.corrcoef(guess_mean[use], mean[use])[0, 1]:.3f}, "
      f"rms difference {np.std(guess_mean[use] - mean[use]):.2f}; "
      f"sds r {np.corrcoef(guess_sd[use], sd[use])[0, 1]:.3f}")

with open(output, "w") as file:
    file.write("# Moments of log2(RSEM normalised + 1) on the published pan-cancer scale, by "
               "scripts/make_training_scale.py\ngene\tmean\tsd\tsource\n")
    for i, symbol in enumerate(symbols):
        if not np.isnan(mean[i]):
            file.write(f"{symbol}\t{mean[i]:.4f}\t{sd[i]:.4f}\tpublished\n")
        else:
            file.write(f"{symbol}\t{guess_mean[i]:.4f}\t{max(guess_sd[i], LEAST_SD):.4f}\testimated\n")
print(f"{output}: {len(symbols)} genes, {np.isnan(mean).sum()} of them estimated")
