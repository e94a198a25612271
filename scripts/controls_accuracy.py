#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Positive controls: miRNAs that are known to be high in certain tissues, types and lines.

  scripts/controls_accuracy.py CONTROLS.tsv CELLS_FOLDER PROGRAM [MODEL [HELD_OUT.tsv]]

CONTROLS.tsv has the columns mirna, positive_columns (joined by ;, `blood:` for the blood table) and
auc_0.1.0. CELLS_FOLDER holds the mRNA tables of the Human Protein Atlas (mrna/hpa_*.tsv.gz), which PROGRAM
(sicmir) predicts with --values linear --scale reference. With HELD_OUT.tsv (sicmir train --held-out),
profiles that took part in training are replaced by what a model predicted that had not seen their group.
Prints, per miRNA, the area under the ROC curve of the positive profiles among all. Needs python3-pandas.
"""
import pathlib
import subprocess
import sys
import tempfile

import pandas as pd

TABLES = {"": "hpa_celllines_tissues_nx", "blood:": "hpa_blood_nx"}


def predicted(folder, program, model):
    found = []
    for prefix, name in TABLES.items():
        with tempfile.TemporaryDirectory() as scratch:
            output = pathlib.Path(scratch) / "predicted.csv"
            complete = pathlib.Path(scratch) / "mrna.tsv"  # sicmir rejects missing values
            pd.read_csv(folder / f"mrna/{name}.tsv.gz", sep="\t", index_col=0).fillna(0).to_csv(
                complete, sep="\t")
            subprocess.run([program, "predict", complete, "--values", "linear", "--scale", "reference",
                            "--output-scale", "log2rpm", "-o", output, "-q",
                            *(("-m", model) if model else ())], check=True)
            table = pd.read_csv(output, index_col=0)
        table.index = [f"{prefix}{profile}" for profile in table.index]
        found.append(table)
    return pd.concat(found)


def main():
    controls = pd.read_csv(sys.argv[1], sep="\t")
    table = predicted(pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else None)
    if len(sys.argv) > 5:
        held_out = pd.read_csv(sys.argv[5], sep="\t", low_memory=False)
        held_out = held_out[held_out["split"] == "cross-validation"].set_index("sample").iloc[:, 4:]
        n = 0
        for prefix, name in TABLES.items():
            start = f"cells:{name}:reference:"
            for sample in held_out.index[held_out.index.str.startswith(start)]:
                table.loc[prefix + sample[len(start):], held_out.columns.intersection(table.columns)] = (
                    held_out.loc[sample])
                n += 1
        print(f"{n} of {len(table)} profiles predicted by models that had not seen them", file=sys.stderr)
    print("mirna", "auc", "auc_0.1.0", sep="\t")
    good = 0
    for _, line in controls.iterrows():
        positive = table.index.isin(line["positive_columns"].split(";"))
        ranks = table[line["mirna"]].astype(float).rank()
        n = positive.sum()
        auc = (ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(table) - n))
        good += auc >= 0.84
        print(line["mirna"], f"{auc:.4f}", line["auc_0.1.0"], sep="\t")
    print(f"{good} of {len(controls)} at 0.84 or more", file=sys.stderr)


main()
