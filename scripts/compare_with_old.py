#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The bundled model and that of version 0.1.0 on the same held-out samples.

  scripts/compare_with_old.py HELD_OUT.tsv TABLES_FOLDER OLD_MODEL.h5 OLD_HELD_OUT.tsv WORK_FOLDER [PROGRAM]

HELD_OUT.tsv and TABLES_FOLDER are what scripts/train_bundled_model.sh leaves. OLD_MODEL.h5 is
models/sicmir-tcga.h5 of version 0.1.0, which knew no cells: it predicts every profile of cells from its
z-scores on the scale of data/training_scale.tsv. OLD_HELD_OUT.tsv comes from the pairs of version 0.1.0
(scripts/tcga_manifest.py of that version; measured miRNAs of BRCA, CHOL, LUAD and PRAD alone) by `sicmir train
--min-panel 0.2 --estimated-first --mirna-moments all --members 0 --kernel 0.7 --prior 0.3 --validation 0
--leave-cohort-out --held-out`. Writes tables of the samples and miRNAs that both have into WORK_FOLDER, and
prints what scripts/tumour_accuracy.py and scripts/cells_accuracy.py say of each. Needs python3-anndata.
"""
import pathlib
import subprocess
import sys

import anndata
import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).resolve().parent
FACTS = 5  # columns before the miRNAs


def read(path):
    return pd.read_csv(path, sep="\t", low_memory=False)


def cells_by_old(manifest, model, work, program):
    """log2(RPM + 1), profiles x miRNAs."""
    scale = pd.read_csv(HERE.parent / "data" / "training_scale.tsv", sep="\t", comment="#").set_index("gene")
    values = {}
    for path in manifest.loc[manifest["mrna"] != "", "mrna"]:
        table = pd.read_csv(path, sep="\t", index_col=0)
        z = table.sub(scale["mean"].reindex(table.index), axis=0).div(scale["sd"].reindex(table.index), axis=0)
        values.update({name: z[name] for name in z})
    z = pd.DataFrame(values).reindex(scale.index).fillna(0)
    z.to_csv(work / "cells_z.tsv", sep="\t")
    subprocess.run([program, "predict", work / "cells_z.tsv", "-m", model, "--values", "zscore", "--scale", "none",
                    "-o", work / "cells_old.h5ad", "-q"], check=True)
    predicted = anndata.read_h5ad(work / "cells_old.h5ad")
    # Not by --output-scale log2rpm, which stops at the largest possible value.
    log2 = predicted.X * predicted.var["training_sd_log2rpm"].to_numpy() + \
        predicted.var["training_mean_log2rpm"].to_numpy()
    return pd.DataFrame(log2, index=predicted.obs_names, columns=predicted.var_names)


def main():
    new, tables, model, old, work = (pathlib.Path(argument) for argument in sys.argv[1:6])
    program = sys.argv[6] if len(sys.argv) > 6 else "build/release/src/sicmir"
    new, old = read(new), read(old)
    mirnas = [name for name in new.columns[FACTS:] if name in set(old.columns)]
    left_out = {name: table[table["split"] == "cohorts-left-out"].drop_duplicates("sample").set_index("sample")
                for name, table in (("new", new), ("old", old))}
    both = sorted(set(left_out["new"].index) & set(left_out["old"].index))
    print(f"# {len(both)} tumours of cohorts left out, {len(mirnas)} miRNAs")
    for name, table in left_out.items():
        path = work / f"tumours_{name}.tsv"
        table.loc[both].reset_index()[[*new.columns[:FACTS], *mirnas]].to_csv(path, sep="\t", index=False)
        print(f"# {name}", flush=True)
        subprocess.run([HERE / "tumour_accuracy.py", path, tables], check=True)
    cells = new[(new["split"] == "cross-validation") & new["sample"].str.startswith("cells:")]
    manifest = pd.read_csv(tables / "cells" / "manifest.tsv", sep="\t", dtype=str, keep_default_na=False)
    by_old = cells_by_old(manifest, model, work, program).reindex(cells["sample"])[mirnas].to_numpy()
    for name, values in (("new", cells[mirnas].to_numpy(float)), ("old", by_old)):
        path = work / f"cells_{name}.tsv"
        values = np.where(np.isfinite(cells[mirnas].to_numpy(float)), values, np.nan)
        pd.concat([cells.iloc[:, :FACTS].reset_index(drop=True), pd.DataFrame(values, columns=mirnas)],
                  axis=1).to_csv(path, sep="\t", index=False)
        print(f"# {name}", flush=True)
        subprocess.run([HERE / "cells_accuracy.py", path, tables], check=True)


if __name__ == "__main__":
    main()
