#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What few counts cost: tumours that a model had not seen, thinned to the depth of single cells.

  scripts/thinned_accuracy.py TABLES_FOLDER WORK_FOLDER [PROGRAM [TRAIN_OPTION...]]

TABLES_FOLDER holds what scripts/train_bundled_model.sh keeps there (TABLES=...): pairs.tsv, samples.tsv and
their tables. Every fifth patient of the sets of HTSeq counts with 300 samples or more (BLCA, LGG, LUAD) is
taken out of all tables; a model is trained on the rest, as the bundled one is but not distilled, unless
TRAIN_OPTIONs say so. The held-out samples are thinned (each molecule is kept with one probability, so that
1,000, 3,000 or 10,000 are expected), once alone and once as the sum of 30 such cells, and predicted in both
scales, on the reference scale also by ranks. Then 1, 3 or 12 cells of each sample are predicted as they are
and smoothed (`predict --smooth`) over a graph of the 15 nearest cells in 30 principal components of
ln(1 + CP10k) of the 2,000 genes that vary most, made symmetric. Prints (TSV) the median over the expressed
miRNAs of Pearson's correlation within cohorts. Needs python3-pandas, python3-anndata, python3-scipy. The
model stays in WORK_FOLDER and is used again.
"""
import pathlib
import subprocess
import sys

import anndata
import numpy as np
import pandas as pd
import scipy.sparse as sp

from tumour_accuracy import N_EXPRESSED, correlation, tables_of, within

LEAST_SAMPLES = 300
FOLD = 5
CELLS = 30
NEIGHBOURS = 15
MOLECULES = (1000, 3000, 10000)
BUNDLED = ["--min-panel", "0.17", "--mirna-moments", "all", "--members", "0", "--kernel", "0.7",
           "--prior", "0.3", "--validation", "0", "--weights", "float16"]


def read(path):
    return pd.read_csv(path, sep="\t", index_col=0)


def counts_of(pairs):
    """Tables of HTSeq counts with many samples, by cohort."""
    tables = {}
    for line in pairs[(pairs["mrna_values"] == "counts") & (pairs["platform"] == "htseq")].itertuples():
        table = read(line.mrna)
        if table.shape[1] >= LEAST_SAMPLES:
            tables[line.cohort] = table
    return tables


def without_patients(pairs, held_out, folder):
    """The manifest with copies of the tables that held a sample of these patients."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs = pairs.copy()
    for column in ("mrna", "mirna"):
        for i, path in pairs[column].items():
            if not path or not pathlib.Path(path).is_file():
                continue
            table = read(path)
            keep = [name for name in table.columns if name[:12].replace(".", "-") not in held_out]
            if len(keep) == table.shape[1]:
                continue
            copy = folder / f"{column}_{pathlib.Path(path).parent.name}_{pathlib.Path(path).name}"
            table[keep].to_csv(copy, sep="\t")
            pairs.loc[i, column] = str(copy) if keep else ""
    return pairs[(pairs["mrna"] != "") | (pairs["mirna"] != "")]


def predict(program, model, counts, work, *options, graph=None):
    cells = anndata.AnnData(sp.csr_matrix(counts.to_numpy(np.float32).T), obs=pd.DataFrame(index=counts.columns),
                            var=pd.DataFrame(index=counts.index))
    if graph is not None:
        cells.obsp["connectivities"] = graph
    cells.write_h5ad(work / "counts.h5ad")
    subprocess.run([program, "predict", work / "counts.h5ad", "-m", model, "-o", work / "predicted.h5ad",
                    "--values", "counts", "--quiet", *options], check=True)
    predicted = anndata.read_h5ad(work / "predicted.h5ad")
    return pd.DataFrame(predicted.X, columns=predicted.var_names)


def nearest(counts):
    """Which cells are among the NEIGHBOURS nearest of which, one way or the other."""
    logs = np.log1p(counts / np.maximum(counts.sum(axis=0), 1) * 1e4).T
    logs = logs[:, np.argsort(-logs.var(axis=0))[:2000]]
    left, scale, _ = np.linalg.svd(logs - logs.mean(axis=0), full_matrices=False)
    places = left[:, :30] * scale[:30]
    square = (places ** 2).sum(axis=1)
    distance = square[:, None] + square[None] - 2 * places @ places.T
    np.fill_diagonal(distance, np.inf)
    order = np.argsort(distance, axis=1)[:, :NEIGHBOURS]
    lines = np.repeat(np.arange(len(order)), NEIGHBOURS)
    graph = sp.csr_matrix((np.ones(order.size, np.float32), (lines, order.ravel())), shape=distance.shape)
    return graph.maximum(graph.T).tocsr()


def main():
    tables, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    program = sys.argv[3] if len(sys.argv) > 3 else "build/release/src/sicmir"
    project = pathlib.Path(__file__).resolve().parent.parent
    work.mkdir(parents=True, exist_ok=True)
    pairs = pd.read_csv(tables / "pairs.tsv", sep="\t", dtype=str, keep_default_na=False)
    counts = counts_of(pairs)
    patients = sorted({name[:12] for table in counts.values() for name in table.columns})
    held_out = set(patients[::FOLD])
    model = work / "model.h5"
    if not model.exists():
        without_patients(pairs, held_out, work / "tables").to_csv(work / "pairs.tsv", sep="\t", index=False)
        subprocess.run([program, "train", "--pairs", work / "pairs.tsv", "--samples", tables / "samples.tsv",
                        "--gene-moments", project / "data" / "training_scale.tsv", *BUNDLED, *sys.argv[4:],
                        "--output", model], check=True)

    counts = {cohort: table[[name for name in table.columns if name[:12] in held_out]]
              for cohort, table in counts.items()}
    whole = pd.concat(counts.values(), axis=1, join="inner").astype(np.int64)
    cohorts = np.concatenate([[cohort] * table.shape[1] for cohort, table in counts.items()])
    estimated, measured = tables_of(tables / "estimated"), tables_of(tables / "measured")
    expressed = estimated.mean(axis=1).sort_values(ascending=False).index[:N_EXPRESSED]
    truth = pd.DataFrame(np.nan, index=whole.columns.str[:15], columns=expressed)
    for table in (estimated, measured):
        table = table.rename(columns=lambda name: name[:15])
        table = table.loc[:, ~table.columns.duplicated()]
        truth = table.reindex(index=expressed, columns=truth.index).T.combine_first(truth)

    def score(values, *options, samples=None, graph=None):
        at = np.arange(whole.shape[1]) if samples is None else samples
        predicted = predict(program, model, values, work, *options, graph=graph)
        predicted = predicted.reindex(columns=expressed).to_numpy()
        expected = truth.to_numpy()[at]
        known = np.isfinite(expected) & np.isfinite(predicted)
        return np.nanmedian(correlation(within(predicted, known, cohorts[at]),
                                        within(expected, known, cohorts[at])))

    reference = ("--scale", "reference", "--force-scale", "--platform")
    scales = {"reference, offsets": (*reference, "htseq"), "reference, ranks": (*reference, "htseq-ranks"),
              "dataset": ("--scale", "dataset")}
    rng = np.random.default_rng(1)
    share = 1 / whole.sum(axis=0).to_numpy()
    print("molecules", "as", *scales, sep="\t")
    print("all", "samples", *(f"{score(whole, *options):.3f}" for options in scales.values()), sep="\t")
    for molecules in MOLECULES:
        for cells, words in ((1, "single cells"), (CELLS, f"{CELLS} cells pooled")):
            thinned = pd.DataFrame(rng.binomial(whole.to_numpy(), np.minimum(1, share * molecules * cells)),
                                   index=whole.index, columns=whole.columns)
            print(molecules, words, *(f"{score(thinned, *options):.3f}" for options in scales.values()),
                  sep="\t", flush=True)

    print("molecules", "cells of a sample", "neighbours of the same sample", "as they are", "smoothed", sep="\t")
    for molecules in MOLECULES:
        for cells in (1, 3, 12):
            samples = np.repeat(np.arange(whole.shape[1]), cells)
            thinned = rng.binomial(whole.to_numpy()[:, samples], np.minimum(1, share[samples] * molecules))
            graph = nearest(thinned)
            link = graph.tocoo()
            thinned = pd.DataFrame(thinned, index=whole.index, columns=[f"cell{i}" for i in range(len(samples))])
            print(molecules, cells, f"{np.mean(samples[link.row] == samples[link.col]):.2f}",
                  f"{score(thinned, '--scale', 'dataset', samples=samples):.3f}",
                  f"{score(thinned, '--smooth', samples=samples, graph=graph):.3f}", sep="\t", flush=True)


if __name__ == "__main__":
    main()
