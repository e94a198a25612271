#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""make_demo_atlas.py PROGRAM ATLAS [SICMIR-ADD-OPTION...]: an atlas of two generated data sets.

The cells are drawn from the five types of data/example, whose counts are generated themselves: no
number in this atlas was measured. Seeds are fixed, so that every run makes the same atlas.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import scipy.io
import scipy.sparse

PROJECT = Path(__file__).resolve().parent.parent
TERMS = {"B cell": "CL:0000236", "T cell": "CL:0000084", "Monocyte": "CL:0000576", "Epithelial cell": "CL:0000066", "Fibroblast": "CL:0000057",
        
         "blood": "UBERON:0000178", "spleen": "UBERON:0002106", "normal": "PATO:0000461"}


def example():
    folder = PROJECT / "data" / "example"
    counts = scipy.io.mmread(folder / "matrix.mtx.gz").T.tocsr()
    features = pd.read_csv(folder / "features.tsv.gz", sep="\t", header=None)
    barcodes = pd.read_csv(folder / "barcodes.tsv.gz", sep="\t", header=None)[0]
    types = pd.read_csv(folder / "cell_types.tsv", sep="\t", index_col=0)["cell_type"].reindex(barcodes).to_numpy()
    return counts, pd.DataFrame({"symbol": features[1].to_numpy()}, index=features[0].to_numpy()), types


def cells(seed, n_donors, per_group, tissue, diseases, leave_out=()):
    """Poisson counts about the means of the example's types, with a shift per donor and type."""
    counts, genes, types = example()
    random = np.random.default_rng(seed)
    names = [name for name in sorted(set(types)) if name not in leave_out]
    places = {name: np.array([np.cos(i * 2.4), np.sin(i * 2.4)]) * 6 for i, name in enumerate(names)}
    matrices, obs, place = [], [], []
    for donor in range(n_donors):
        disease = diseases[donor % len(diseases)]
        for name in names:
            n = int(per_group * random.uniform(0.6, 1.4))
            mean = np.asarray(counts[types == name].mean(axis=0)).ravel() + 0.002
            mean = mean * np.exp(random.normal(0, 0.12, len(mean))) * (1.25 if disease != "normal" and name == names[0] else 1)
            depth = random.lognormal(0, 0.25, (n, 1))
            matrices.append(scipy.sparse.csr_matrix(random.poisson(mean * depth).astype(np.float32)))
            obs += [(f"{tissue}-{donor + 1}", f"{tissue}-donor-{donor + 1}", name, tissue, disease)] * n
            place.append(places[name] + random.normal(0, 0.9, (n, 2)))
    obs = pd.DataFrame(obs, columns=["sample", "donor", "cell_type", "tissue", "disease"])
    obs.index = [f"cell-{i + 1}" for i in range(len(obs))]
    result = anndata.AnnData(scipy.sparse.vstack(matrices).tocsr(), obs=obs, var=genes, dtype=np.float32)
    result.obsm["X_umap"] = np.vstack(place).astype(np.float32)
    return result


def main():
    program, atlas, *options = sys.argv[1:]
    sets = {"generated-blood": (cells(1, 8, 60, "blood", ["normal", "made-up disease"]), "Generated blood, eight donors, two conditions"),
            "generated-spleen": (cells(2, 4, 80, "spleen", ["normal"], leave_out=["Monocyte"]), "Generated spleen, four donors")}
    with tempfile.TemporaryDirectory() as folder:
        terms = Path(folder) / "terms.tsv"
        kinds = {"CL": "type", "UB": "tissue", "PA": "disease"}
        terms.write_text("".join(f"{kinds[term[:2]]}\t{name}\t{term}\n" for name, term in TERMS.items()))
        for name, (data, title) in sets.items():
            path = Path(folder) / f"{name}.h5ad"
            data.write_h5ad(path)
            subprocess.run([program, "atlas", "add", atlas, path, "--id", name, "--title", title, "--group-by", "cell_type", "--sample", "sample",
                            "--donor", "donor", "--tissue", "tissue", "--disease", "disease", "--labels-from", "annotation", "--public", "cells",
                            "--citation", "Made by scripts/make_demo_atlas.py; nothing in it was measured", "--terms", terms, *options], check=True)
    words = Path(atlas) / "data" / "site.json"
    words.write_text('{"title": "Demo atlas", "about": "Two generated data sets, to show what the pages look like. No cell of it exists.", '
                     '"note": "The cells of this atlas are generated, too: nothing here is biology."}\n')
    subprocess.run([program, "atlas", "index", atlas], check=True)


if __name__ == "__main__":
    main()
