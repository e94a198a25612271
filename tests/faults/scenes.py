# SPDX-License-Identifier: BSD-3-Clause
"""Small inputs, and commands that write each kind of output from them."""
import dataclasses
import pathlib
import shutil
import sys

import anndata
import numpy as np
import pandas as pd
import scipy.sparse

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "tests" / "cli"))
from program import SYMBOLS, counts, run  # noqa: E402

GROUPS = ["B", "mono", "T"]
OTHERS = [f"OTHER{i}" for i in range(150)]
EV = list(pd.read_csv(PROJECT / "data" / "ev_genes.tsv", sep="\t", dtype=str)["symbol"])  # crosstalk needs them
GENES = [*SYMBOLS, *(gene for gene in EV if gene not in SYMBOLS), *OTHERS]


def cells_of(n_samples=4, per_group=5, seed=3):
    """Counts of three groups in each sample; groups and samples have shifts of their own."""
    random = np.random.default_rng(seed)
    base = random.gamma(0.6, 3.0, len(GENES)) + 0.05
    program = {group: np.exp(random.normal(0, 0.8, len(GENES))) for group in GROUPS}
    values, obs = [], []
    for sample in range(n_samples):
        shift = np.exp(random.normal(0, 0.15, len(GENES)))
        for group in GROUPS:
            values.append(random.poisson(base * program[group] * shift * 3, (per_group, len(GENES))))
            obs += [(f"s{sample + 1}", group, f"d{sample + 1}", ("normal", "tumour")[sample % 2], "liver")] * per_group
    obs = pd.DataFrame(obs, columns=["sample", "cell_type", "donor", "disease", "tissue"],
                       index=[f"cell_{i}" for i in range(len(obs))])
    cells = anndata.AnnData(scipy.sparse.csr_matrix(np.vstack(values).astype(np.float32)), dtype=np.float32, obs=obs,
                            var=pd.DataFrame(index=GENES))
    cells.obsm["X_pca"] = random.normal(0, 1, (cells.n_obs, 5)).astype(np.float32)
    cells.obsm["X_umap"] = random.normal(0, 4, (cells.n_obs, 2)).astype(np.float32)
    cells.obsp["near"] = scipy.sparse.random(cells.n_obs, cells.n_obs, 0.1, format="csr", random_state=1)
    cells.uns["notes"] = {"list": ["x", "yz"], "numbers": np.arange(5), "text": "hello"}
    return cells


def write_training_tables(folder):
    random = np.random.default_rng(8)
    samples = [f"TCGA-AA-{1000 + i}-01A" for i in range(24)]
    level = random.normal(size=(5, len(samples)))
    values = np.exp2(6 + level[np.arange(len(SYMBOLS)) % 5] + random.normal(size=(len(SYMBOLS), len(samples))))
    pd.DataFrame(values, SYMBOLS, samples).to_csv(folder / "mrna.tsv", sep="\t", index_label="gene",
                                                  float_format="%.4f")
    mirnas = ["hsa-miR-21-5p", "hsa-let-7a-5p", "hsa-miR-155-5p", "hsa-miR-122-5p"]
    pd.DataFrame(np.exp2(8 + level[:4]), mirnas, samples).to_csv(folder / "mirna.tsv", sep="\t", index_label="mirna",
                                                                 float_format="%.4f")


@dataclasses.dataclass
class Scene:
    """A command; `{out}` in its arguments is an empty folder of its own, `{in}` that of the inputs."""
    name: str
    arguments: list
    outputs: list = dataclasses.field(default_factory=list)  # below {out}; what stands there before is kept on failure
    copied: str = ""  # folder of the inputs that the command changes: a copy of it stands in {out}
    to_stdout: bool = False
    timed: list = dataclasses.field(default_factory=list)  # outputs that tell how long something took


def make_inputs(folder, model):
    """Files that the commands of scenes() read. `model`: of 20 miRNAs, random weights."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(model, folder / "model.h5")
    cells_of().write_h5ad(folder / "cells.h5ad")
    cells_of().write_h5ad(folder / "packed.h5ad", compression="gzip")
    counts(60).T.to_csv(folder / "cells.csv")
    tenx = folder / "tenx"
    tenx.mkdir()
    table = counts(40)
    import scipy.io
    scipy.io.mmwrite(str(tenx / "matrix.mtx"), scipy.sparse.coo_matrix(table.to_numpy()), field="integer")
    (tenx / "barcodes.tsv").write_text("".join(f"{c}\n" for c in table.columns))
    (tenx / "genes.tsv").write_text("".join(f"{g}\t{g}\n" for g in table.index))
    m = ("-m", folder / "model.h5")
    for i in (1, 2, 3):
        run("stats", folder / "cells.h5ad", *m, "--shard", f"{i}/3", "-o", folder / f"part{i}.moments")
    run("merge-stats", *(folder / f"part{i}.moments" for i in (1, 2, 3)), "-o", folder / "all.moments")
    for i in (1, 2, 3):
        run("predict", folder / "cells.h5ad", *m, "--shard", f"{i}/3", "--moments", folder / "all.moments", "-o",
            folder / f"part{i}.h5ad")
    by = ("--group-by", "cell_type", "--sample", "sample")
    floor = ("--min-cells", 2, "--min-counts", 100)
    run("profile", folder / "cells.h5ad", *m, *by, "--condition", "disease", *floor, "-o", folder / "profiles.h5mu")
    predicted = run("predict", folder / "cells.csv", *m).stdout
    mirnas = predicted.splitlines()[0].split("\t")[1:]
    (folder / "predicted.tsv").write_text(predicted)
    random = np.random.default_rng(3)
    lines = ["miRNA\tTarget Gene"]
    for mirna in mirnas:
        lines += [f"{mirna}\t{gene}" for gene in random.choice(GENES, 60, replace=False)]
    (folder / "targets.tsv").write_text("\n".join(lines) + "\n")
    write_training_tables(folder)
    (folder / "list.tsv").write_text(f"a\t{folder}/cells.csv\nb\t{folder}/cells.h5ad\n")
    atlas = folder / "atlas"
    for name in ("one", "two"):
        run("atlas", "add", atlas, folder / "cells.h5ad", "--id", name, *m, *by, "--donor", "donor", "--disease",
            "disease", "--tissue", "tissue", *floor, "--labels-from", "annotation", "--public", "cells")
    run("atlas", "index", atlas)
    return mirnas


def scenes(mirnas):
    m = ["-m", "{in}/model.h5"]
    by = ["--group-by", "cell_type", "--sample", "sample"]
    floor = ["--min-cells", 2, "--min-counts", 100]
    profiles = "{in}/profiles.h5mu"
    targets = ["--targets", "{in}/targets.tsv"]
    sorted_labels = ["--labels-from", "sorting"]

    def o(name):
        return ["-o", "{out}/" + name]

    text = ["predict", "{in}/cells.csv", *m]
    h5ad = ["predict", "{in}/cells.h5ad", *m]
    found = [
        Scene("predict stdout", text, to_stdout=True),
        Scene("predict csv", [*text, *o("x.csv")], ["x.csv"]),
        Scene("predict tsv of 10x", ["predict", "{in}/tenx", *m, *o("x.tsv")], ["x.tsv"]),
        Scene("predict csv.gz", [*text, *o("x.csv.gz")], ["x.csv.gz"]),
        Scene("predict transposed", [*text, "--transpose", *o("x.tsv.gz")], ["x.tsv.gz"]),
        Scene("predict h5ad", [*h5ad, *o("x.h5ad")], ["x.h5ad"]),
        Scene("predict h5ad gzip", ["predict", "{in}/packed.h5ad", *m, "--compression", "gzip", "--save-input",
                                    "{out}/u.h5ad", *o("x.h5ad")], ["x.h5ad", "u.h5ad"]),
        Scene("predict of text to h5ad", [*text, *o("x.h5ad")], ["x.h5ad"]),
        Scene("predict --into-obsm", [*h5ad, "--into-obsm", *o("x.h5ad")], ["x.h5ad"]),
        Scene("predict --save-input", [*h5ad, "--save-input", "{out}/input.h5ad", "--report", "{out}/run.json",
                                       *o("x.csv")], ["x.csv", "input.h5ad", "run.json"]),
        Scene("predict --pool", [*h5ad, "--pool", "sum", "--group-by", "sample,cell_type", *o("x.h5ad")], ["x.h5ad"]),
        Scene("predict --inputs", ["predict", "--inputs", "{in}/list.tsv", *m, "--output-dir", "{out}/d"]),
        Scene("pool", ["pool", "{in}/cells.h5ad", *m, "--group-by", "sample,cell_type", *o("x.h5ad")], ["x.h5ad"]),
        Scene("stats", ["stats", "{in}/cells.h5ad", *m, *o("x.moments")], ["x.moments"]),
        Scene("merge-stats", ["merge-stats", "{in}/part1.moments", "{in}/part2.moments", "{in}/part3.moments",
                              *o("x.moments")], ["x.moments"]),
        Scene("merge", ["merge", "{in}/part1.h5ad", "{in}/part2.h5ad", "{in}/part3.h5ad", *o("x.h5ad")], ["x.h5ad"]),
        Scene("train", ["train", "--mrna", "{in}/mrna.tsv", "--mrna-values", "linear", "--mirna", "{in}/mirna.tsv",
                        "--hidden", "24,16", "--epochs", 3, "--batch", 8, *o("x.h5")], ["x.h5"],
              timed=["x.metrics.tsv"]),
        Scene("import", ["import", str(PROJECT / "tests/data/import/state.pt"), "--mirnas", "{in}/mirnas.csv", "--order",
                         "bn-relu,relu-bn", *o("x.h5")], ["x.h5"]),
        Scene("export npz", ["export", "{in}/model.h5", *o("x.npz")], ["x.npz"]),
        Scene("export onnx", ["export", "{in}/model.h5", *o("x.onnx")], ["x.onnx"]),
        Scene("profile", ["profile", "{in}/cells.h5ad", *m, *by, *floor, *o("x.h5mu")], ["x.h5mu"]),
        Scene("markers", ["markers", profiles, *sorted_labels, *o("x.tsv")], ["x.tsv"]),
        Scene("markers h5ad", ["markers", "{in}/cells.h5ad", *m, *by, *floor, "--export-h5ad", "{out}/m.h5ad",
                               *o("x.json")], ["x.json", "m.h5ad"]),
        Scene("compare", ["compare", profiles, "--reference", "normal", *o("x.tsv")], ["x.tsv"]),
        Scene("network", ["network", profiles, *targets, "--edges", "{out}/edges.tsv", "--graph", "{out}/g.graphml",
                          *o("x.tsv")], ["x.tsv", "edges.tsv", "g.graphml"]),
        Scene("crosstalk", ["crosstalk", profiles, *targets, *sorted_labels, "--all", "--dots", "{out}/d.svg", *o("x.tsv")],
              ["x.tsv", "d.svg"]),
        Scene("explain", ["explain", profiles, *m, "--mirna", mirnas[0], "--group", "B", "--svg", "{out}/w.svg",
                          *o("x.tsv")], ["x.tsv", "w.svg"]),
        Scene("evaluate", ["evaluate", "{in}/predicted.tsv", "{in}/predicted.tsv", *o("x.tsv")], ["x.tsv"]),
        Scene("report", ["report", "{in}/cells.h5ad", *m, *by, *floor, "--tables", "{out}/tables", *o("x.html")],
              ["x.html"]),
        Scene("atlas add", ["atlas", "add", "{out}/atlas", "{in}/cells.h5ad", "--id", "three", *m, *by, "--donor", "donor",
                            "--disease", "disease", "--tissue", "tissue", *floor, "--labels-from", "annotation",
                            "--public", "cells"], copied="atlas"),
        Scene("atlas index", ["atlas", "index", "{out}/atlas"], copied="atlas"),
        Scene("atlas export", ["atlas", "export", "{in}/atlas", "--to", "{out}/www", "--max-cells", "50"]),
        Scene("atlas remove", ["atlas", "remove", "{out}/atlas", "two"], copied="atlas"),
    ]
    return {scene.name: scene for scene in found}
