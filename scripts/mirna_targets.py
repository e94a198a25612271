#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the miRNA targets of the TCGA samples that the bundled model is trained on: what was measured,
and estimates for the rest.

  scripts/mirna_targets.py TCGA_FOLDER OUTPUT_FOLDER

TCGA_FOLDER holds mirna_mature/COHORT.tsv.gz (measured RPM of mature miRNAs, 24 cohorts) and
mirna_stemloop/COHORT.tsv.gz (measured RPM of stem-loops, 33 cohorts). OUTPUT_FOLDER gets
measured/COHORT.tsv.gz, estimated/COHORT.tsv.gz (log2(RPM + 1), 0 or more) and estimates.tsv (how each
miRNA is estimated, and how well on cohorts left out).

Measured tables of BRCA, CHOL, LUAD and PRAD know nearly all 1,298 miRNAs; the others know 807. A miRNA
that a cohort's table leaves out had no reads there, so it is 0, except in OV, READ and GBM, whose
annotation is older: there it is unknown.

An estimate is one line per miRNA on log2(1 + the sum of its stem-loops' RPM), plus, where that is better
on cohorts left out, a ridge regression of the remainder on all stem-loops: they tell the two arms of a
stem-loop apart as far as the samples' types do. miRNAs that reach a correlation below 0.4 within
cohorts left out are not estimated. Needs python3-pandas.
"""
import pathlib
import re
import sys

import numpy as np
import pandas as pd

PROJECT = pathlib.Path(__file__).resolve().parent.parent
ALL_MIRNAS = ("BRCA", "CHOL", "LUAD", "PRAD")
OLDER = ("OV", "READ", "GBM")
LEFT_OUT = ("BRCA", "LUAD", "PRAD", "STAD", "LIHC", "SKCM", "THYM", "PCPG")
PENALTY = 1500.0  # of the ridge regression, stem-loops scaled to a standard deviation of 1
LEAST_MEAN = 0.05  # log2(RPM + 1) of a stem-loop that takes part
LEAST_SAMPLES = 200
LEAST_CORRELATION = 0.4


def mirna_table():
    lines = [line for line in open(PROJECT / "data/mirnas.tsv") if not line.startswith("#")]
    names = lines[0].rstrip("\n").split("\t")
    return pd.DataFrame([line.rstrip("\n").split("\t") for line in lines[1:]], columns=names)


def measured_tables(folder, mirnas):
    """log2(RPM + 1), samples x miRNAs, by cohort."""
    column_of = {}
    for column in ("name_in_v21", "name"):
        column_of.update({name: i for i, name in enumerate(mirnas[column]) if name})
    tables = {}
    for file in sorted(folder.glob("*.tsv.gz")):
        table = pd.read_csv(file, sep="\t", index_col=0)
        values = np.full((table.shape[1], len(mirnas)), np.nan)
        for name, line in zip(table.index, table.to_numpy(float)):
            if name in column_of:
                values[:, column_of[name]] = line
        tables[file.name.removesuffix(".tsv.gz")] = pd.DataFrame(values, index=table.columns)
    common = np.any([~t.isna().all().to_numpy() for c, t in tables.items() if c not in ALL_MIRNAS], 0)
    for cohort, table in tables.items():
        absent = table.isna().all().to_numpy()
        if cohort in OLDER:
            continue
        table.loc[:, absent if cohort in ALL_MIRNAS else absent & common] = 0.0
    return {cohort: np.log2(table + 1) for cohort, table in tables.items()}


def within(predicted, truth):
    """Pearson's correlation of each miRNA."""
    p = predicted - predicted.mean(0)
    t = truth - truth.mean(0)
    norm = np.sqrt((p**2).sum(0) * (t**2).sum(0))
    return np.where(norm > 1e-4, (p * t).sum(0) / np.maximum(norm, 1e-9), np.nan)


class Estimator:
    """Fits samples that have both; patterns of missing targets share a system."""

    def __init__(self, own, has_own, stems, targets):
        self.models = []
        patterns = {}
        for mirna in range(targets.shape[1]):
            patterns.setdefault(np.isnan(targets[:, mirna]).tobytes(), []).append(mirna)
        for members in patterns.values():
            chosen = np.array(members)
            known = ~np.isnan(targets[:, chosen[0]])
            if known.sum() < LEAST_SAMPLES:
                continue
            x = stems[known]
            centre = x.mean(0)
            x = x - centre
            t = own[np.ix_(known, chosen)]
            y = targets[np.ix_(known, chosen)]
            t_mean, y_mean = t.mean(0), y.mean(0)
            t, y = t - t_mean, y - y_mean
            slope = (t * y).sum(0) / np.maximum((t**2).sum(0), 1e-3 * len(t)) * has_own[chosen]
            system = x.T @ x + PENALTY * np.eye(x.shape[1])
            weight = np.linalg.solve(system, x.T @ (y - t * slope))
            self.models.append((chosen, y_mean - slope * t_mean, slope, centre, weight))

    def predict(self, own, stems):
        """By the own stem-loops alone, and with all of them."""
        line = np.full(own.shape, np.nan)
        ridge = line.copy()
        for chosen, constant, slope, centre, weight in self.models:
            line[:, chosen] = constant + slope * own[:, chosen]
            ridge[:, chosen] = line[:, chosen] + (stems - centre) @ weight
        return np.maximum(line, 0), np.maximum(ridge, 0)


def main():
    data, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    mirnas = mirna_table()
    measured = measured_tables(data / "mirna_mature", mirnas)
    tables = {file.name.removesuffix(".tsv.gz"): pd.read_csv(file, sep="\t", index_col=0)
              for file in sorted((data / "mirna_stemloop").glob("*.tsv.gz"))}
    rpm = pd.concat(tables.values(), axis=1).fillna(0.0)  # stem-loops x samples
    cohort_of = np.repeat(list(tables), [table.shape[1] for table in tables.values()])
    logs = np.log2(rpm.to_numpy().T + 1)
    used = logs.mean(0) > LEAST_MEAN
    stems = logs[:, used] / np.maximum(logs[:, used].std(0), 0.3)
    line_of = {name: i for i, name in enumerate(rpm.index)}
    own = np.zeros((rpm.shape[1], len(mirnas)))
    has_own = np.zeros(len(mirnas))
    for mirna, names in enumerate(mirnas["precursors"]):
        lines = [line_of[name] for name in re.split("[|,;]", names) if name in line_of]
        if lines:
            own[:, mirna] = np.log2(rpm.to_numpy()[lines].sum(0) + 1)
            has_own[mirna] = 1.0

    truth = pd.concat(measured.values()).reindex(rpm.columns).to_numpy()
    both = ~np.isnan(truth).all(1)
    figures = {"line": [], "ridge": []}
    for cohort in LEFT_OUT:
        train, test = both & (cohort_of != cohort), both & (cohort_of == cohort)
        estimator = Estimator(own[train], has_own, stems[train], truth[train])
        for name, values in zip(figures, estimator.predict(own[test], stems[test])):
            figures[name].append(within(values, truth[test]))
    with np.errstate(all="ignore"):
        line, ridge = (np.nan_to_num(np.nanmean(figures[name], 0), nan=-1.0) for name in figures)
    by_all = ridge > line
    accepted = np.maximum(line, ridge) >= LEAST_CORRELATION

    estimator = Estimator(own[both], has_own, stems[both], truth[both])
    by_line, by_ridge = estimator.predict(own, stems)
    values = np.where(by_all, by_ridge, by_line)
    values[:, ~accepted] = np.nan

    for folder in ("measured", "estimated"):
        (output / folder).mkdir(parents=True, exist_ok=True)
    for cohort in tables:
        here = cohort_of == cohort
        table = pd.DataFrame(values[here].T, index=mirnas["name"], columns=rpm.columns[here])
        table.dropna(how="all").to_csv(output / f"estimated/{cohort}.tsv.gz", sep="\t",
                                       float_format="%.3f", index_label="mirna")
    for cohort, table in measured.items():
        table = pd.DataFrame(table.to_numpy().T, index=mirnas["name"], columns=table.index)
        table.dropna(how="all").to_csv(output / f"measured/{cohort}.tsv.gz", sep="\t",
                                       float_format="%.3f", index_label="mirna")
    pd.DataFrame({"mirna": mirnas["name"], "estimated": np.where(accepted, "yes", "no"),
                  "by": np.where(by_all, "all stem-loops", "its own stem-loops"),
                  "r_line": line.round(3), "r_all": ridge.round(3)}).to_csv(
                      output / "estimates.tsv", sep="\t", index=False)
    print(f"{both.sum()} samples measured both ways; {accepted.sum()} miRNAs estimated, "
          f"{(accepted & by_all).sum()} of them by all stem-loops", file=sys.stderr)


main()
