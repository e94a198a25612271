#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Accuracy on tumours that models had not seen.

  scripts/tumour_accuracy.py HELD_OUT.tsv TABLES_FOLDER

HELD_OUT.tsv is what `sicmir train --held-out` writes, TABLES_FOLDER what scripts/mirna_targets.py does:
measured targets, estimated ones where nothing was measured. Prints (TSV) quantiles over miRNAs of Pearson's
correlation: within cohorts (each cohort's mean subtracted on both sides) and pooled, for the 457 miRNAs with
the highest mean of those that are estimated, for all that are, and for the others. Cells are left out.
Needs python3-pandas.
"""
import pathlib
import sys

import numpy as np
import pandas as pd

N_EXPRESSED = 457
LEAST_SAMPLES = 10


def tables_of(folder):
    return pd.concat([pd.read_csv(path, sep="\t", index_col=0) for path in sorted(folder.glob("*.tsv.gz"))],
                     axis=1)


def correlation(a, b):
    """Pearson's of each column; NaN is left out."""
    known = np.isfinite(a) & np.isfinite(b)
    a, b, n = np.where(known, a, 0.0), np.where(known, b, 0.0), known.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        a, b = np.where(known, a - a.sum(0) / n, 0.0), np.where(known, b - b.sum(0) / n, 0.0)
        result = (a * b).sum(0) / np.sqrt((a * a).sum(0) * (b * b).sum(0))
    return np.where(n >= LEAST_SAMPLES, result, np.nan)


def within(values, known, cohorts):
    result = np.where(known, values, np.nan)
    for cohort in np.unique(cohorts):
        own = cohorts == cohort
        with np.errstate(invalid="ignore"):
            result[own] -= np.nansum(result[own], 0) / np.maximum(known[own].sum(0), 1)
    return result


def main():
    held_out = pd.read_csv(sys.argv[1], sep="\t", low_memory=False)
    held_out = held_out[~held_out["sample"].str.startswith("cells:")]
    folder = pathlib.Path(sys.argv[2])
    measured, estimated = tables_of(folder / "measured"), tables_of(folder / "estimated")
    mean = estimated.mean(axis=1).sort_values(ascending=False)
    sets = {"457 expressed": set(mean.index[:N_EXPRESSED]), "all estimated": set(mean.index)}
    names = list(held_out.columns[5:])
    sets["others"] = set(names) - sets["all estimated"]
    truth = pd.DataFrame(np.nan, index=held_out["sample"], columns=names)
    for table in (estimated, measured):
        table = table.rename(columns=lambda name: name[:15])
        table = table.loc[:, ~table.columns.duplicated()]
        own = table.reindex(index=names, columns=held_out["sample"].str[:15]).T
        truth = truth.where(own.isna().to_numpy(), own.to_numpy())
    print("split", "miRNAs", "figure", "n", "median", "q10", "q25", "q75", "q90", sep="\t")
    for split in held_out["split"].unique():
        chosen = (held_out["split"] == split).to_numpy()
        p, t = held_out.loc[chosen, names].to_numpy(float), truth.to_numpy(float)[chosen]
        cohorts = held_out.loc[chosen, "cohort"].to_numpy()
        known = np.isfinite(p) & np.isfinite(t)
        figures = {"within cohort": correlation(within(p, known, cohorts), within(t, known, cohorts)),
                   "pooled": correlation(p, t)}
        for label, members in sets.items():
            place = np.array([name in members for name in names])
            for figure, values in figures.items():
                own = values[place]
                own = own[np.isfinite(own)]
                quantiles = np.quantile(own, (0.5, 0.1, 0.25, 0.75, 0.9))
                print(split, label, figure, len(own), *(f"{q:.3f}" for q in quantiles), sep="\t")


if __name__ == "__main__":
    main()
