# SPDX-License-Identifier: BSD-3-Clause
"""The commands that compare_programs.py runs, and their inputs.

The inputs are generated for each run from fixed seeds, by the generators of the test data and by the
functions below. Files of sicmir's own (models, moments, parts of a prediction) are written by OLD, as
NEW must still read them."""
import dataclasses
import gzip
import importlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import types
import warnings

import anndata
import h5py
import numpy as np
import pandas as pd
import scipy.io
import scipy.sparse

PROJECT = pathlib.Path(__file__).resolve().parent.parent
TEXT = h5py.string_dtype()
warnings.simplefilter("ignore")


@dataclasses.dataclass(frozen=True)
class Run:
    arguments: tuple
    stdin: pathlib.Path = None
    env: tuple = ()


@dataclasses.dataclass(frozen=True)
class Command:
    """Runs of the program, one after the other in one folder; one line of the table."""
    id: str
    runs: tuple

    def kind(self, number):
        """How the standard output of a run is to be read; "": byte for byte."""
        words = [str(word) for word in self.runs[number].arguments]
        if words and words[0] == "inspect" and "--help" not in words:
            return "json" if "--json" in words else "lines"
        if "--version" in words:
            return "version"
        if "--man" in words:
            return "page"
        if "--completion" in words:
            return "completion"
        if "--help" in words or words[:1] == ["help"]:
            return "help"
        return ""


def one(name, *arguments, **options):
    return Command(name, (Run(arguments, **options),))


def several(name, runs):
    return Command(name, tuple(run if isinstance(run, Run) else Run(tuple(run)) for run in runs))


# --- Inputs --------------------------------------------------------------------------------------

def checkout_of(old):
    for folder in old.parents:
        if (folder / "models" / "sicmir-tcga.h5").is_file():
            return folder
    sys.exit(f"{old}: no folder above it has models/sicmir-tcga.h5; specify it with --checkout")


def found(name):
    """A file below tests/, by its name."""
    paths = sorted((PROJECT / "tests").rglob(name))
    if not paths:
        sys.exit(f"tests/: there is no {name}")
    return paths[0]


def generated(script, folder):
    """The folder with what a generator of test data writes."""
    folder.mkdir(parents=True)
    subprocess.run(["/usr/bin/python3", found(script), folder], check=True,
                   stdout=subprocess.DEVNULL)
    return folder


def counts(n_cells, genes, seed):
    """Whole counts as of single cells: cells as lines."""
    random = np.random.default_rng(seed)
    mean = random.gamma(0.5, 4.0, size=(1, len(genes))) + 0.05
    depth = random.uniform(0.5, 2.0, size=(n_cells, 1))
    return pd.DataFrame(random.poisson(mean * depth), [f"cell_{i + 1}" for i in range(n_cells)],
                        list(genes))


def write_10x_folder(folder, table, ensembl, matrix="matrix.mtx", genes="features.tsv",
                     cells="barcodes.tsv", cells_as_lines=False, with_ids=True, zipped=True):
    folder.mkdir(parents=True, exist_ok=True)
    values = table.to_numpy() if cells_as_lines else table.to_numpy().T
    ids = list(ensembl) + [f"ENSG99{i:09d}" for i in range(table.shape[1] - len(ensembl))]
    lines = [f"{i}\t{s}\tGene Expression\n" if with_ids else f"{s}\n"
             for i, s in zip(ids, table.columns)]
    scipy.io.mmwrite(str(folder / matrix), scipy.sparse.coo_matrix(values), field="integer")
    (folder / genes).write_text("".join(lines))
    (folder / cells).write_text("".join(f"{c}\n" for c in table.index))
    if not zipped:
        return folder
    for name in (matrix, genes, cells):
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes(), mtime=0))
        (folder / name).unlink()
    return folder


def write_10x_h5(path, table, ensembl):
    ids = list(ensembl) + [f"ENSG99{i:09d}" for i in range(table.shape[1] - len(ensembl))]
    values = scipy.sparse.csr_matrix(table.to_numpy())
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        for name, data in (("data", values.data.astype("i4")), ("indices", values.indices),
                           ("indptr", values.indptr), ("barcodes", np.array(table.index, "S")),
                           ("shape", np.array(values.shape[::-1], "i4"))):
            group.create_dataset(name, data=data, compression="gzip" if name == "data" else None,
                                 chunks=True if name == "data" else None)
        features = {"id": ids, "name": list(table.columns),
                    "feature_type": ["Gene Expression"] * len(ids), "genome": ["GRCh38"] * len(ids)}
        for name, data in features.items():
            group.create_dataset(f"features/{name}", data=np.array(data, dtype="S"))
    return path


def write_loom(path, table, ensembl):
    values = table.to_numpy().T.astype("f4")
    with h5py.File(path, "w") as file:
        storage = dict(chunks=(64, 16), compression="gzip")
        file.create_dataset("matrix", data=values, **storage)
        for group in ("layers", "row_attrs", "col_attrs", "row_graphs", "col_graphs"):
            file.create_group(group)
        file.create_group("attrs")["LOOM_SPEC_VERSION"] = "3.0.0"
        file["layers"].create_dataset("doubled", data=2 * values, **storage)
        ids = list(ensembl) + [f"ENSG99{i:09d}" for i in range(table.shape[1] - len(ensembl))]
        for name, data in (("Gene", list(table.columns)), ("Accession", ids)):
            file["row_attrs"].create_dataset(name, data=np.array(data, object), dtype=TEXT)
        file["col_attrs"].create_dataset("CellID", data=np.array(table.index, object), dtype=TEXT)
    return path


def write_gctx(path, logs, entrez):
    with h5py.File(path, "w") as file:
        file.attrs["version"] = np.array(["GCTX1.0"], dtype="S")
        file.create_dataset("0/DATA/0/matrix", data=logs.to_numpy().astype("f4"),
                            chunks=(20, 100), compression="gzip")
        file.create_dataset("0/META/ROW/id", data=np.array(entrez, dtype="S"))
        file.create_dataset("0/META/COL/id", data=np.array(logs.index, dtype="S"))
    return path


def write_gct(path, logs, entrez, version):
    names = list(logs.index)
    lines = [f"#{version}", f"{len(entrez)}\t{len(names)}" + ("" if version == "1.2" else "\t1\t0"),
             "\t".join(["Name" if version == "1.2" else "id", "Description", *names])]
    lines += ["\t".join([e, s, *map(repr, map(float, column))])
              for e, s, column in zip(entrez, logs.columns, logs.to_numpy().astype("f4").T)]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_h5ad(path, table, kind="csr", compression=None):
    """An h5ad with data in every element that predictions copy."""
    random = np.random.default_rng(2)
    n = len(table)
    values = table.to_numpy().astype(np.float32)
    make = {"csr": scipy.sparse.csr_matrix, "csc": scipy.sparse.csc_matrix, "dense": np.array}[kind]
    obs = pd.DataFrame({"cell_type": pd.Categorical(np.resize(["T cell", "B \u03b2", "NK"], n)),
                        "donor": pd.Categorical(np.resize(["d1", "d2"], n)),
                        "score": random.random(n), "text": [f"t{i}" for i in range(n)],
                        "flag": np.arange(n) % 2 == 0}, index=table.index)
    obs["maybe"] = pd.array(np.resize([1, None, 3], n), dtype="Int64")
    data = anndata.AnnData(make(values), dtype=np.float32, obs=obs,
                           var=pd.DataFrame({"length": range(table.shape[1])}, index=table.columns))
    data.layers["doubled"] = make(2 * values)
    data.obsm["X_umap"] = random.random((n, 2))
    data.obsm["table"] = pd.DataFrame({"q": np.arange(n)}, index=obs.index)
    data.obsp["distances"] = scipy.sparse.random(n, n, 0.05, "csr", random_state=3)
    data.uns["cell_type_colors"] = np.array(["#ff0000", "#00ff00", "#0000ff"])
    data.uns["note"] = {"a": 1, "b": "text"}
    data.raw = data
    data.write_h5ad(path, compression=compression)
    return path


def written(path, table, **options):
    table.to_csv(path, **options)
    return path


def make_single_cells(i):
    """Cells as tables, Matrix Market, HDF5 and tar."""
    folder = i.folder
    table = counts(60, i.symbols + [f"OTHER{k}" for k in range(100)], 1)
    i.table = table
    i.cells_csv = written(folder / "cells.csv", table)
    i.genes_tsv = written(folder / "genes.tsv", table.T, sep="\t")
    i.genes_gz = folder / "genes.tsv.gz"
    i.genes_gz.write_bytes(gzip.compress(i.genes_tsv.read_bytes(), mtime=0))
    i.semicolon = written(folder / "semicolon.csv", table * 1.25, sep=";", decimal=",")
    i.ensembl_csv = written(folder / "ensembl.csv", table.iloc[:, :977].set_axis(
        [f"{e}.{k % 9}" for k, e in enumerate(i.ensembl)], axis=1))
    i.linear_csv = written(folder / "linear.csv", table * 1.37 + 0.11 * (table > 0))
    i.logs = np.log1p(table.div(table.sum(axis=1), axis=0) * 1e4).iloc[:, :977]
    i.log_csv = written(folder / "log.csv", i.logs)
    z = ((i.logs - i.logs.mean()) / i.logs.std(ddof=0)).fillna(0).astype(np.float32)
    i.zscore_csv = written(folder / "zscore.csv", z)
    i.few_csv = written(folder / "few.csv", table.iloc[:3])
    i.tenx = write_10x_folder(folder / "filtered_feature_bc_matrix", table, i.ensembl)
    i.plain_tenx = write_10x_folder(folder / "plain_mtx", table, i.ensembl, genes="genes.tsv",
                                    zipped=False)
    i.geo = write_10x_folder(folder / "geo", table, i.ensembl, "GSM1_matrix.mtx",
                             "GSM1_features.tsv", "GSM1_barcodes.tsv") / "GSM1"
    i.kallisto = write_10x_folder(folder / "kallisto", table, i.ensembl, "cells_x_genes.mtx",
                                  "cells_x_genes.genes.txt", "cells_x_genes.barcodes.txt",
                                  cells_as_lines=True, with_ids=False, zipped=False)
    i.tar = folder / "cells.tar.gz"
    with tarfile.open(i.tar, "w:gz") as tar:
        tar.add(i.tenx, i.tenx.name)
    i.tenx_h5 = write_10x_h5(folder / "tenx.h5", table, i.ensembl)
    i.loom = write_loom(folder / "cells.loom", table, i.ensembl)
    level3 = np.log2(table.iloc[:, :977] + 2) + 3
    i.gctx = write_gctx(folder / "level3.gctx", level3, i.entrez)
    i.gct = [write_gct(folder / f"level3_{v}.gct", level3, i.entrez, v) for v in ("1.2", "1.3")]
    i.h5ad = {kind: write_h5ad(folder / f"{kind}.h5ad", table, kind, compression)
              for kind, compression in (("csr", "gzip"), ("csc", "lzf"), ("dense", None))}
    empty = table.copy()
    empty.iloc[7] = 0
    i.empty_csv = written(folder / "empty_cell.csv", empty)
    i.empty_h5ad = write_h5ad(folder / "empty_cell.h5ad", empty)
    i.large = write_h5ad(folder / "large.h5ad", counts(3000, i.symbols, 4))
    i.groups = written(folder / "groups.tsv",
                       pd.Series(np.resize(["a", "b", "c"], 60), table.index), sep="\t",
                       header=False)
    i.columns = written(folder / "columns.csv", pd.DataFrame(
        {"type": np.resize(["a", "b"], 60), "donor": np.resize(["x", "y", "z"], 60)}, table.index))
    i.table_groups = folder / "table_groups.tsv"
    i.table_groups.write_text("".join(f"CELL{k}-1\tg{k % 3}\n" for k in range(61)))
    large = np.resize(["v", "w", "x", "y"], 3000)
    i.large_groups = written(folder / "large_groups.tsv", pd.Series(
        large, [f"cell_{k + 1}" for k in range(3000)]), sep="\t", header=False)


def name_genes(path, symbols):
    """Renames the genes of a small h5ad to genes of the model, with at most 3 letters as before."""
    names = [symbol for symbol in symbols if len(symbol) <= 3]
    with h5py.File(path, "a") as file:
        if isinstance(file["var"], h5py.Dataset):  # AnnData 0.5
            table = file["var"][()]
            table["index"] = names[:len(table)]
            file["var"][...] = table
        else:
            index = file["var"][file["var"].attrs["_index"]]
            index[...] = np.array(names[:len(index)], object)


def make_bad_inputs(i):
    folder, table = i.folder, i.table
    text = table.astype(str)
    text.loc["cell_7", "TP53"] = "NA"
    i.nan_csv = written(folder / "nan.csv", text)
    logs = i.logs.copy()
    logs.loc["cell_7", "TP53"] = np.nan
    i.nan_h5ad = folder / "nan.h5ad"
    anndata.AnnData(logs.to_numpy(np.float32), dtype=np.float32, obs=pd.DataFrame(index=logs.index),
                    var=pd.DataFrame(index=logs.columns)).write_h5ad(i.nan_h5ad)
    missing = i.linear_csv.read_text().splitlines()
    missing[1:] = [",".join("NA" if k and k % 3 == 0 else field
                            for k, field in enumerate(line.split(","))) for line in missing[1:]]
    i.many_nan_csv = folder / "many_nan.csv"
    i.many_nan_csv.write_text("\n".join(missing) + "\n")
    i.too_few = written(folder / "too_few.csv", table.iloc[:, :500])
    i.mouse = written(folder / "mouse.csv", table.rename(columns=str.capitalize))
    negative = table.copy()
    negative.iloc[8, 5] = -4
    i.negative = written(folder / "negative.csv", negative)
    far = table.iloc[:1] * 0 + 1_000_000
    far.iloc[0, :700] = 1
    i.far = written(folder / "far.csv", far)
    i.ratios = written(folder / "ratios.csv", pd.DataFrame(
        np.random.default_rng(3).normal(0.4, 2.0, (60, 977)), table.index, i.symbols))
    i.doubled = written(folder / "doubled.csv", table.T.iloc[[*range(977), 3]].T)
    for name, content in (("words.txt", b"not a table\n"), ("nothing.csv", b""),
                          ("short.csv", i.cells_csv.read_bytes()[:20000]),
                          ("cut.tsv.gz", i.genes_gz.read_bytes()[:-40]),
                          ("noise.h5", b"\x89HDF\r\n\x1a\n" + bytes(200)),
                          ("cut.h5ad", i.h5ad["csr"].read_bytes()[:50000])):
        (folder / name).write_bytes(content)
    model = bytearray(i.small.read_bytes())
    with h5py.File(i.small) as file:
        at = file["members/000/layers/000/weight"].id.get_offset() + 4000
    model[at:at + 64] = bytes(byte ^ 0x55 for byte in model[at:at + 64])
    i.bad_model = folder / "bad_model.h5"
    i.bad_model.write_bytes(model)
    i.list = folder / "list.tsv"
    i.list.write_text(f"# id and path\n\none\t{i.cells_csv}\ntwo\t{i.h5ad['csr']}\n"
                      f"{i.loom}\n{i.genes_gz}\n")
    i.bad_list = folder / "bad_list.tsv"
    i.bad_list.write_text(f"one\t{i.cells_csv}\nbad\t{i.too_few}\nthree\t{i.genes_tsv}\n")


def make_training(i):
    """44 paired samples, also as a manifest with two platforms, and 36 more samples to predict."""
    folder = i.folder / "train"
    folder.mkdir()
    random = np.random.default_rng(8)
    samples = [f"TCGA-AA-{1000 + k}-01" for k in range(80)]
    level = random.normal(size=(5, 80))
    noise = 0.5 * random.normal(size=(977, 80))
    logs = 7 + 2 * random.normal(size=(977, 1)) + level[np.arange(977) % 5] + noise
    mrna = pd.DataFrame(np.exp2(logs), i.symbols, samples).round(4)
    names = i.mirnas[:60]
    rpm = pd.DataFrame(np.exp2(6 + level[np.arange(60) % 5] + 0.2 * random.normal(size=(60, 80))),
                       names, samples).round(4)
    rpm.iloc[11] = 3.0  # constant
    i.mrna = [written(folder / "first.tsv", mrna.iloc[:, :22], sep="\t"),
              written(folder / "second.tsv", mrna.iloc[:, 22:44], sep="\t")]
    i.new_mrna = written(folder / "new.csv", mrna.iloc[:, 44:].T)
    i.mirna = written(folder / "mirna.tsv", rpm, sep="\t")
    logs_of_mirnas = np.log2(rpm + 1).round(4)
    i.mirna_logs = written(folder / "estimated.tsv", logs_of_mirnas, sep="\t")
    precursors = rpm.set_axis([n.replace("miR", "mir").removesuffix("-5p").removesuffix("-3p")
                               for n in names], axis=0)
    i.stemloops = written(folder / "stemloop.tsv", precursors[~precursors.index.duplicated()],
                          sep="\t")
    i.truth = written(folder / "truth.csv", logs_of_mirnas.iloc[:, 44:].T)
    about = pd.DataFrame({"sample": samples, "cohort": np.resize(["A", "B", "C"], 80),
                          "patient": [s[:12] for s in samples]})
    i.samples = written(folder / "samples.tsv", about, sep="\t", index=False)
    quartile = np.quantile(mrna, 0.75, axis=0, method="inverted_cdf")
    unit = np.log2(1 + 1000 * mrna / quartile)
    written(folder / "reference.tsv", unit.iloc[:, :44], sep="\t")
    written(folder / "lower.tsv", unit.iloc[:, 30:60] - random.normal(size=(977, 1)), sep="\t")
    array = np.sqrt(unit.iloc[60:, 34:64] + 1)
    array.iloc[5:30] = 0.5
    i.array = written(folder / "array.tsv", array, sep="\t")
    lines = [["mrna", "mrna_values", "mirna", "mirna_values", "cohort", "weight", "platform",
              "harmonise", "estimated", "mirna_weight"],
             ["reference.tsv", "log-normalised", "estimated.tsv", "log2rpm", "A", "1", "", "", "no",
              "1"],
             ["lower.tsv", "ratio", "", "", "B", "0.5", "htseq", "", "", ""],
             ["array.tsv", "ratio", "", "", "C", "1", "array", "ranks", "", ""]]
    i.pairs = folder / "pairs.tsv"
    i.pairs.write_text("\n".join("\t".join(line) for line in lines) + "\n")
    i.bad_pairs = folder / "bad_pairs.tsv"
    i.bad_pairs.write_text("mrna\tmrna_values\nreference.tsv\ttpm\n")
    i.gene_moments = folder / "gene_moments.tsv"
    i.gene_moments.write_text("".join(["gene\tmean\tsd\n"] + [
        f"{s}\t{9 + k / 7:.3f}\t{1 + k / 9:.3f}\n" for k, s in enumerate(i.symbols[:30])]))


def make_downloads(i):
    """Small downloads from the Genomic Data Commons, one of them with damaged files."""
    sys.path.insert(0, str(found("gdc_tree.py").parent))
    os.environ["SICMIR"] = str(i.old)
    gdc = importlib.import_module("gdc_tree")
    tree, *_ = gdc.cohort_tree(i.folder / "gdc", n_patients=14)
    i.gdc = [tree.folder, tree.sheet()]
    broken = gdc.Tree(i.folder / "gdc_broken")
    random = np.random.default_rng(4)
    for patient in range(3):
        barcode = f"TCGA-AA-{1000 + patient}-01A-11R-A111-07"
        path = broken.star(barcode, np.round(random.gamma(1.0, 20.0, len(gdc.GENES)), 4))
        broken.isoforms(barcode, {gdc.MIRNAS["accession"][3]: 7.0})
    path.write_bytes(path.read_bytes()[:20000])
    barcode = "TCGA-AA-2000-01A-11R-A111-07"
    values = np.round(random.gamma(1.0, 20.0, len(gdc.GENES)), 4)
    broken.put("aa.htseq.counts.gz", "".join(
        f"{g}\t{int(10 * v)}\n" for g, v in zip(gdc.GENES, values)) + "__no_feature\t777\n", barcode)
    broken.put("bb.mirbase21.mirnas.quantification.txt",
               gdc.stemloop_text({"hsa-mir-21": 5.5, "hsa-let-7a-1": 0.0}), barcode)
    i.broken_gdc = [broken.folder, broken.sheet("broken_sheet.tsv")]


def make_by_old(i, environment):
    """Files of sicmir itself."""
    folder = i.folder / "old"
    folder.mkdir()

    def run(*arguments):
        done = subprocess.run([i.old, *map(str, arguments)], env=environment, capture_output=True,
                              text=True)
        if done.returncode != 0:
            sys.exit(f"OLD failed to write an input: {arguments}\n{done.stderr}")

    large = [i.large, "-m", i.small, "--values", "counts"]
    i.moments, i.large_moments = folder / "moments.h5", folder / "large_moments.h5"
    run("stats", i.h5ad["csr"], "-m", i.small, "-o", i.moments)
    run("stats", *large, "-o", i.large_moments)
    i.parts, i.stats_parts = [], []
    for part in (3, 1, 2):
        i.stats_parts.append(folder / f"stats.{part}.h5")
        run("stats", *large, "--shard", f"{part}/3", "-o", i.stats_parts[-1])
        i.parts.append(folder / f"part.{part}.h5ad")
        run("predict", *large, "--moments", i.large_moments, "--shard", f"{part}/3", "-o",
            i.parts[-1])
    i.predictions = folder / "predictions.h5ad"
    run("predict", i.h5ad["csr"], "-m", i.small, "-o", i.predictions)
    i.trained, i.kernel_model = folder / "trained.h5", folder / "kernel.h5"
    i.platform_model = folder / "platforms.h5"
    run("train", "--mrna", *i.mrna, "--mrna-values", "linear", "--mirna", i.mirna, "-o", i.trained,
        *SMALL, "--cross-validate", 3)
    run("train", "--pairs", i.pairs, "-o", i.kernel_model, "--members", 0, "--kernel", 0.6,
        "--prior", 0.4, "--validation", 0, "--min-panel", 0.3)
    run("train", "--pairs", i.pairs, "-o", i.platform_model, *SMALL, "--min-panel", 0.3)
    i.predicted = folder / "predicted.tsv"
    run("predict", i.new_mrna, "-m", i.trained, "--values", "linear", "--scale", "reference",
        "--force-scale", "-o", i.predicted)
    i.predicted_h5ad = folder / "predicted.h5ad"
    run("predict", i.new_mrna, "-m", i.trained, "--values", "linear", "--scale", "reference",
        "--force-scale", "-o", i.predicted_h5ad)


CARRIED = ("modern", "old_0_5", "old_0_7", "newer", "hostile")
SMALL = ("--hidden", "24,16", "--epochs", 6, "--batch", 16, "--learning-rate", 0.01)


def make_inputs(old, checkout, shared, folder, environment):
    i = types.SimpleNamespace(old=old, folder=folder)
    i.checkout = checkout or checkout_of(old)
    i.shared = shared or PROJECT.parent / "shared"
    if shared and not shared.is_dir():
        sys.exit(f"{shared}: is not a directory")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    data = i.checkout / "data"
    landmarks = pd.read_csv(data / "landmarks.tsv", sep="\t", dtype=str).fillna("")
    i.symbols, i.ensembl = list(landmarks["symbol"]), list(landmarks["ensembl_id"])
    i.entrez = list(landmarks["entrez_id"])
    i.mirnas = list(pd.read_csv(data / "mirnas.tsv", sep="\t", dtype=str)["name"])
    i.example, i.bundled = data / "example", i.checkout / "models" / "sicmir-tcga.h5"
    maker = old.parent.parent / "tests" / "make_test_model"
    if not maker.is_file():
        sys.exit(f"{maker}: does not exist; build the target make_test_model")
    i.small, i.relu_bn = folder / "small.h5", folder / "relu_bn.h5"
    subprocess.run([maker, data, i.small, "20", "64"], check=True)
    subprocess.run([maker, data, i.relu_bn, "20", "32", "other", "relu-bn"], check=True)
    i.layouts = generated("make_h5ad_layouts.py", folder / "layouts")
    i.damaged = generated("make_h5_damaged.py", folder / "damaged")
    i.carry = generated("make_carry_inputs.py", folder / "carry")
    for name in CARRIED:
        name_genes(i.carry / f"{name}.h5ad", i.symbols)
    i.tables = generated("make_tables.py", folder / "tables")
    i.checkpoints = found("module_legacy.pt").parent
    i.outputs_list, i.mirna_list = folder / "outputs.csv", folder / "mirnas.txt"
    i.outputs_list.write_bytes(("\ufeff" + "\r\n".join(i.mirnas[:20]) + "\r\n").encode())
    i.mirna_list.write_text("\n".join(i.mirnas[12:3:-2]) + "\n")
    make_single_cells(i)
    make_bad_inputs(i)
    make_training(i)
    make_downloads(i)
    make_by_old(i, environment)
    return i


# --- Commands ------------------------------------------------------------------------------------

def commands(i):
    """All of them; every id occurs once."""
    groups = (predict_commands, format_commands, scale_commands, pool_commands, shard_commands,
              inspect_commands, train_commands, evaluate_commands, model_commands, help_commands,
              bad_commands, shared_commands)
    result = [command for group in groups for command in group(i)]
    assert len({command.id for command in result}) == len(result)
    return result


def predict_commands(i):
    small, bundled = ("-m", i.small), ("-m", i.bundled)
    for threads in (1, 3):
        t = ("--threads", threads)
        yield one(f"predict.csv.t{threads}", "predict", i.cells_csv, *small, *t, "-o", "out.csv")
        yield one(f"predict.h5ad.t{threads}", "predict", i.h5ad["csr"], *small, *t, "-o", "out.h5ad")
        yield one(f"predict.bundled.csv.t{threads}", "predict", i.example, *bundled, *t, "-o",
                  "out.csv")
        yield one(f"predict.bundled.h5ad.t{threads}", "predict", i.example, *bundled, *t, "-o",
                  "out.h5ad")
        yield one(f"predict.large.t{threads}", "predict", i.large, *small, *t, "-o", "out.tsv.gz")
    yield one("predict.stdout", "predict", i.tenx, *small)
    yield one("predict.kernel-v2", "predict", i.example, *bundled, "-o", "out.csv",
              env=(("SICMIR_KERNEL", "v2"),))
    yield one("predict.unsupervised", "predict", i.h5ad["csr"], *small, "-o", "out.csv",
              env=(("SICMIR_SUPERVISE", "0"),))
    yield several("predict.default-model", [
        Run(("predict", i.cells_csv, "-o", "out.csv"), env=(("SICMIR_MODEL", str(i.small)),))])
    yield several("predict.text", [
        ["predict", i.cells_csv, *small, "-o", f"out.{ending}"]
        for ending in ("tsv", "csv.gz", "tsv.gz")] + [
        ["predict", i.cells_csv, *small, "-o", "cells", "--output-format", "csv"],
        ["predict", i.cells_csv, *small, "-o", "wide.tsv", "--transpose"],
        ["predict", i.large, *small, "-o", "wide.csv.gz", "--transpose", "--digits", 4],
        ["predict", i.cells_csv, *small, "--digits", 3],
        ["predict", i.cells_csv, *small, "--digits", 9, "--block-cells", 7]])
    yield several("predict.stdin", [
        Run(("predict", "-", *small), stdin=i.cells_csv),
        Run(("predict", "-", *small, "-o", "genes.csv"), stdin=i.genes_gz),
        Run(("predict", "-", *small, "-o", "tar.csv"), stdin=i.tar),
        Run(("predict", "-", *small, "-o", "gct.csv"), stdin=i.gct[0])])
    yield several("predict.mirnas", [
        ["predict", i.cells_csv, *small, "--mirnas", ",".join(i.mirnas[7:3:-1])],
        ["predict", i.cells_csv, *small, "--mirnas", i.mirna_list],
        ["predict", i.cells_csv, *small, "--mirnas", i.outputs_list],
        ["predict", i.example, *bundled, "--mirnas", "hsa-miR-150-5p,MIMAT0000076,hsa-miR-126*"],
        ["predict", i.example, *bundled, "--min-accuracy", 0.5, "--digits", 4, "-o", "best.h5ad"],
        ["predict", i.example, *bundled, "--mirnas", "hsa-miR-21-5p,hsa-miR-223-3p",
         "--min-accuracy", 0.1]])
    yield several("predict.output-scale", [
        ["predict", i.example, *bundled, "--output-scale", "log2rpm", "-o", "out.csv"],
        ["predict", i.example, *bundled, "--output-scale", "log2rpm", "-o", "out.h5ad"]])
    yield several("predict.uncertainty", [
        ["predict", i.example, *bundled, "--uncertainty", "half.csv", "-o", "out.csv"],
        ["predict", i.example, *bundled, "--uncertainty", "layer", "-o", "layer.h5ad"],
        ["predict", i.example, *bundled, "--uncertainty", "half.h5ad", "--output-scale", "log2rpm",
         "-o", "log2rpm.h5ad"]])
    yield several("predict.save-input", [
        ["predict", i.cells_csv, *small, "--save-input", "seen.csv", "-o", "out.csv"],
        ["predict", i.h5ad["csc"], *small, "--save-input", "seen.h5ad", "-o", "out.h5ad"],
        ["predict", i.example, *bundled, "--save-input", "seen.tsv.gz", "--mirnas",
         "hsa-miR-21-5p"]])
    yield several("predict.into-obsm", [
        ["predict", i.h5ad["csr"], *small, "--into-obsm", "-o", "out.h5ad"],
        ["predict", i.h5ad["csc"], *small, "--into-obsm=X_mirna", "-o", "named.h5ad"],
        ["predict", i.empty_h5ad, *small, "--into-obsm", "--layer", "X", "--empty-cells", "nan",
         "-o", "nan.h5ad"]])
    yield several("predict.h5ad-options", [
        ["predict", i.h5ad["csr"], *small, "--no-carry", "-o", "no_carry.h5ad"],
        ["predict", i.h5ad["csr"], *small, "--compression", "gzip", "-o", "gzip.h5ad"],
        ["predict", i.h5ad["csr"], *small, "--dtype", "float16", "-o", "float16.h5ad"],
        ["predict", i.h5ad["csr"], *small, "--layer", "doubled", "-o", "layer.h5ad"],
        ["predict", i.h5ad["csr"], *small, "--layer", "raw/X", "-o", "raw.h5ad"],
        ["predict", i.cells_csv, *small, "-o", "from_text.h5ad"]])
    yield several("predict.empty-cells", [
        ["predict", i.empty_csv, *small, "--empty-cells", "skip", "-o", "skip.csv"],
        ["predict", i.empty_csv, *small, "--empty-cells", "nan", "-o", "nan.csv"],
        ["predict", i.empty_h5ad, *small, "--empty-cells", "skip", "-o", "skip.h5ad"],
        ["predict", i.empty_csv, *small, "-o", "error.csv"],  # exit 3
    ])
    yield several("predict.report", [
        ["predict", i.cells_csv, *small, "--report", "report.json", "-o", "out.csv", "--threads", 2],
        ["predict", i.example, *bundled, "--report", "example.json", "-o", "example.csv"],
        ["predict", i.mrna[0], *bundled, "--scale", "reference", "--force-scale", "--report",
         "reference.json", "-o", "reference.csv"]])
    yield several("predict.inputs", [
        ["predict", "--inputs", i.list, *small, "--output-dir", "out", "--output-format", "tsv"],
        ["predict", "--inputs", i.list, *small, "--output-dir", "out", "--output-format", "tsv",
         "--resume"],
        ["predict", "--inputs", i.list, *small, "--output-dir", "h5ad", "--verify"],
        ["predict", "--inputs", i.bad_list, *small, "--output-dir", "bad"]])
    yield several("predict.bf16", [
        ["predict", i.example, *bundled, "--precision", "bf16", "-o", "out.csv"],
        ["predict", i.h5ad["csr"], *small, "--precision", "bf16", "-o", "out.h5ad"]])
    yield several("predict.duplicates", [
        ["predict", i.doubled, *small, "--duplicates", how, "-o", f"{how}.csv"]
        for how in ("auto", "sum", "first", "max")])
    yield one("predict.fewer-genes", "predict", i.too_few, *small, "--min-panel", 0.4, "-o",
              "out.csv")
    yield several("predict.models", [
        ["predict", i.cells_csv, "-m", i.relu_bn, "-o", "relu_bn.csv"],
        ["predict", i.new_mrna, "-m", i.trained, "--values", "linear", "--scale", "reference",
         "--force-scale", "--uncertainty", "half.csv", "-o", "trained.csv"],
        ["predict", i.new_mrna, "-m", i.kernel_model, "--values", "linear", "-o", "kernel.csv"]])
    yield several("predict.carry", [
        ["predict", i.carry / f"{name}.h5ad", *small, "--min-panel", 0, "--layer", "X", "--values",
         "linear", "-o", f"{name}.h5ad"]
        for name in CARRIED])


def format_commands(i):
    small = ("-m", i.small)
    inputs = {"genes.tsv": i.genes_tsv, "genes.tsv.gz": i.genes_gz, "semicolon": i.semicolon,
              "ensembl": i.ensembl_csv, "10x-mtx": i.tenx, "10x-plain": i.plain_tenx,
              "mtx-file": i.plain_tenx / "matrix.mtx", "geo": i.geo, "kallisto": i.kallisto,
              "tar": i.tar, "10x-h5": i.tenx_h5, "loom": i.loom, "gctx": i.gctx, "gct-1.2": i.gct[0],
              "gct-1.3": i.gct[1], "h5ad-csc": i.h5ad["csc"], "h5ad-dense": i.h5ad["dense"]}
    for name, path in inputs.items():
        yield several(f"format.{name}", [
            ["predict", path, *small, "--threads", threads, "-o", f"out.{threads}.{ending}"]
            for threads, ending in ((1, "csv"), (3, "h5ad"))])
    yield one("format.loom-layer", "predict", i.loom, *small, "--layer", "doubled")
    yield several("format.orientation", [
        ["predict", i.cells_csv, *small, "--orientation", "cells"],
        ["predict", i.genes_tsv, *small, "--orientation", "genes"],
        ["predict", i.genes_tsv, *small, "--orientation", "cells"]])
    # Every layout of AnnData and 10x files, with 20 of the panel's genes.
    for listed, folder, name in (("manifest.tsv", i.layouts, "h5ad-layouts"),
                                 ("damaged.tsv", i.damaged, "damaged-hdf5")):
        lines = [line.split("\t")[:3] for line in (folder / listed).read_text().splitlines()]
        yield several(f"format.{name}", [
            ["predict", folder / file, *small, "--min-panel", 0, "--empty-cells", "nan", "--layer",
             layer, *(["--genome", genome] if genome else []), "-o", f"{k:03}.csv"]
            for k, (file, layer, genome) in enumerate(lines)])
    tables = sorted(path for path in i.tables.iterdir() if path.name != "reference")
    yield several("format.other-genes", [
        ["pool", path, *small, "--min-panel", 0, "--pool", "mean", "--values", "linear", "--groups",
         i.table_groups, "--empty-cells", "skip", "--orientation",
         "cells" if path.name.startswith("cells") else "auto"] for path in tables])
    yield several("format.tables", [
        ["inspect", path, *small, "--min-panel", 0, "--json"] for path in tables])


def scale_commands(i):
    small, bundled = ("-m", i.small), ("-m", i.bundled)
    for name, path in (("linear", i.linear_csv), ("log", i.log_csv), ("zscore", i.zscore_csv)):
        yield several(f"values.{name}", [
            ["predict", path, *small, "-o", "auto.csv", "--save-input", "seen.csv"],
            ["predict", path, *small, "--values", name, "-o", "stated.csv"]])
    yield several("scale.all", [
        ["predict", i.cells_csv, *small, "--scale", scale, "--force-scale", "-o", f"{scale}.csv"]
        for scale in ("auto", "dataset", "reference", "none")])
    yield several("scale.reference", [
        ["predict", i.new_mrna, *bundled, "--scale", "reference", "--values", "linear",
         "--force-scale", "--save-input", "seen.csv", "-o", "out.csv"],
        ["predict", i.few_csv, *small, "--force-scale", "-o", "few.csv"],
        ["predict", i.log_csv, *small, "--scale", "reference", "--force-scale", "--log-base", 2.71828,
         "-o", "log.csv"]])
    yield several("scale.platform", [
        ["predict", i.new_mrna, "-m", i.platform_model, "--values", "linear", "--scale", "reference",
         "--force-scale", "--platform", "htseq", "--save-input", "seen.csv", "-o", "out.csv"],
        ["predict", i.array, "-m", i.platform_model, "--values", "log", "--scale", "reference",
         "--force-scale", "--platform", "array", "-o", "ranks.h5ad"],
        ["predict", i.new_mrna, "-m", i.platform_model, "--scale", "reference", "--platform", "none"],
        ["predict", i.new_mrna, *bundled, "--values", "linear", "--scale", "reference",
         "--force-scale", "--platform", "htseq", "-o", "bundled.csv"]])
    yield several("scale.moments", [
        ["predict", i.h5ad["csr"], *small, "--moments", i.moments, "-o", "out.csv"],
        ["predict", i.cells_csv, *small, "--moments", i.moments, "-o", "out.h5ad"],
        ["predict", i.log_csv, *small, "--moments", i.moments, "-o", "other_values.csv"]])
    yield several("stats.tables", [
        ["stats", i.cells_csv, *small, "-o", "csv.h5"],
        ["stats", i.genes_gz, *small, "--threads", 3, "-o", "genes.h5"],
        ["stats", i.log_csv, *small, "-o", "log.h5"],
        ["stats", i.example, *bundled, "-o", "example.h5"],
        ["stats", i.empty_csv, *small, "--empty-cells", "skip", "-o", "skip.h5"]])
    for threads in (1, 3):
        yield one(f"stats.h5ad.t{threads}", "stats", i.large, *small, "--threads", threads, "-o",
                  "out.h5")


def pool_commands(i):
    small, bundled = ("-m", i.small), ("-m", i.bundled)
    types_ = i.example / "cell_types.tsv"
    for method in ("sum", "mean", "bootstrap"):
        yield several(f"pool.{method}", [
            ["pool", i.cells_csv, *small, "--pool", method, "--groups", i.groups],
            ["pool", i.h5ad["csr"], *small, "--pool", method, "--group-by", "donor,cell_type", "-o",
             "out.h5ad"],
            ["pool", i.example, *bundled, "--pool", method, "--groups", types_, "--panel-only", "-o",
             "panel.csv", "--report", "report.json"],
            ["pool", i.large, *small, "--pool", method, "--groups", i.large_groups, "--threads", 3,
             "-o", "large.tsv", "--transpose"]])
        yield several(f"predict.pool-{method}", [
            ["predict", i.example, *bundled, "--pool", method, "--groups", types_, "-o", "out.csv"],
            ["predict", i.h5ad["csc"], *small, "--pool", method, "--group-by", "cell_type", "-o",
             "out.h5ad", "--save-input", "seen.h5ad", "--report", "report.json"],
            ["predict", i.large, *small, "--pool", method, "--groups", i.large_groups, "--scale",
             "reference" if method == "sum" else "dataset", "--force-scale", "--threads", 1, "-o",
             "large.csv"]])
    yield several("pool.options", [
        ["pool", i.large, *small, "--pool", "bootstrap", "--group-by", "cell_type", "--seed", 7,
         "--max-draws", 4, "-o", "draws.h5ad"],
        ["pool", i.large, *small, "--pool", "bootstrap", "--group-by", "cell_type", "--published",
         "--threads", 1, "-o", "published.csv"],
        ["pool", i.cells_csv, *small, "--groups", f"{i.columns}:donor,type"],
        ["pool", i.empty_csv, *small, "--groups", i.groups],
        ["pool", i.h5ad["csr"], *small, "--group-by", "celltype"],
        ["pool", i.cells_csv, *small]])


def shard_commands(i):
    small = ("-m", i.small)
    large = [i.large, *small, "--values", "counts"]
    yield several("shard.stats", [
        *(["stats", *large, "--shard", f"{part}/3", "-o", f"stats.{part}.h5"] for part in (1, 2, 3)),
        ["merge-stats", "stats.2.h5", "stats.3.h5", "stats.1.h5", "-o", "moments.h5"]])
    yield several("shard.predict", [
        *(["predict", *large, "--moments", i.large_moments, "--shard", f"{part}/3", "-o",
           f"part.{part}.h5ad"] for part in (1, 2, 3)),
        ["merge", "part.2.h5ad", "part.3.h5ad", "part.1.h5ad", "-o", "all.h5ad"],
        ["merge", "part.2.h5ad", "part.3.h5ad", "part.1.h5ad", "--virtual", "-o", "virtual.h5ad"]])
    yield Command("shard.slurm", (Run(
        ("predict", *large, "--moments", i.large_moments, "--shard", "slurm/3", "-o", "out.csv"),
        env=(("SLURM_ARRAY_TASK_ID", "2"),)),))
    yield several("merge.of-old-parts", [
        ["merge", *i.parts, "-o", "all.h5ad"], ["merge", *i.parts, "--virtual", "-o", "virtual.h5ad"],
        ["merge", *i.parts[:2], "-o", "missing.h5ad"],
        ["merge", *i.parts, i.parts[0], "-o", "doubled.h5ad"],
        ["merge", i.predictions, "-o", "whole.h5ad"]])
    yield several("merge-stats.of-old-parts", [
        ["merge-stats", *i.stats_parts, "-o", "moments.h5"],
        ["merge-stats", i.stats_parts[0], i.moments, "-o", "other.h5"]])


def inspect_commands(i):
    files = {"bundled": i.bundled, "small": i.small, "trained": i.trained, "kernel": i.kernel_model,
             "platforms": i.platform_model, "moments": i.moments, "predictions": i.predictions,
             "part": i.parts[0]}
    for name, path in files.items():
        yield several(f"inspect.{name}", [["inspect", path, "--json"], ["inspect", path]])
    yield several("inspect.tables", [
        ["inspect", path, "-m", i.small, "--json"]
        for path in (i.cells_csv, i.genes_gz, i.semicolon, i.ensembl_csv, i.linear_csv, i.log_csv,
                     i.zscore_csv, i.few_csv, i.gct[0], i.new_mrna, i.ratios, i.too_few, i.mouse,
                     i.negative, i.empty_csv, i.doubled)])
    yield several("inspect.matrices", [
        ["inspect", path, "-m", i.bundled, "--json"]
        for path in (i.example, i.tenx, i.kallisto, i.geo, i.tar, i.tenx_h5, i.loom, i.gctx,
                     *i.h5ad.values(), i.large)])
    yield several("inspect.plain", [
        ["inspect", path, "-m", i.small] for path in (i.cells_csv, i.h5ad["csr"], i.example)])
    yield several("inspect.nan", [
        ["inspect", path, "-m", i.small, "--json"]
        for path in (i.nan_csv, i.nan_h5ad, i.many_nan_csv)])
    lines = [line.split("\t")[:3] for line in (i.layouts / "manifest.tsv").read_text().splitlines()]
    yield several("inspect.h5ad-layouts", [
        ["inspect", i.layouts / file, "-m", i.small, "--min-panel", 0, "--json", "--layer", layer,
         *(["--genome", genome] if genome else [])] for file, layer, genome in lines[::4]])


def train_commands(i):
    tables = ("--mrna", *i.mrna, "--mrna-values", "linear", "--mirna", i.mirna)
    for threads in (1, 3):
        yield one(f"train.network.t{threads}", "train", *tables, *SMALL, "--threads", threads,
                  "--metrics", "m.metrics.tsv", "--report", "report.html", "-o", "m.h5")
    yield one("train.ensemble", "train", *tables, "--hidden", "24,16", "--epochs", 8, "--batch", 16,
              "--members", 2, "--ridge", 0.3, "--mask-genes", 0.1, "--thin", 0.2, "--warm-up", 2,
              "--cross-validate", 3, "--leave-cohort-out", "--weights", "float16", "--samples",
              i.samples, "-o", "m.h5", "--report", "report.html", "--name", "mine")
    yield several("train.closed-form", [
        ["train", *tables, "--members", 0, "--ridge", 1, "--cross-validate", 3, "-o", "ridge.h5"],
        ["train", *tables, "--members", 0, "--kernel", 1, "--kernel-penalty", 0.5, "--cross-validate",
         3, "--no-baselines", "-o", "kernel.h5"],
        ["train", *tables, "--members", 1, *SMALL, "--kernel", 0.4, "--prior", 0.3,
         "--prior-profiles", 60, "--mirna-moments", "all", "-o", "mixed.h5"]])
    yield several("train.manifest", [
        ["train", "--pairs", i.pairs, "--min-panel", 0.3, *SMALL, "--gene-moments", i.gene_moments,
         "-o", "m.h5", "--cross-validate", 3],
        ["train", "--pairs", i.pairs, "--min-panel", 0.3, "--members", 0, "--kernel", 0.6, "--prior",
         0.4, "--validation", 0, "--threads", 1, "-o", "kernel.h5"]])
    yield several("train.sources", [
        ["train", "--mrna", *i.mrna, "--mrna-values", "linear", "--mirna", i.mirna,
         "--mirna-estimated", i.mirna_logs, "--estimated-first", *SMALL, "-o", "estimated.h5"],
        ["train", "--mrna", *i.mrna, "--mrna-values", "linear", "--mirna", i.stemloops,
         *SMALL, "-o", "stemloops.h5"]])
    yield several("train.orders", [
        ["train", *tables, *SMALL, "--order", order, "--schedule", "constant", "--seed", 5,
         "--validation", 0, "--checkpoint", "state", "--checkpoint-every", 2, "-o", f"{order}.h5"]
        for order in ("bn-relu", "relu-bn", "published")])
    yield several("train.bad", [
        ["train", "--mrna", *i.mrna, "-o", "m.h5"],
        ["train", "--pairs", i.bad_pairs, "-o", "m.h5"],
        ["train", "--mrna", i.cells_csv, "--mirna", i.mirna, "-o", "m.h5"],
        ["train", *tables, "-o", "nowhere/m.h5"],
        ["train", *tables, "--order", "other", "-o", "m.h5"],
        ["train", *tables, "--resume", "-o", "m.h5"],
        ["train", "--mrna", i.folder / "missing.tsv", "--mirna", i.mirna, "-o", "m.h5"]])
    yield several("train.then-predict", [
        ["train", *tables, *SMALL, "-o", "m.h5"],
        ["predict", i.new_mrna, "-m", "m.h5", "--values", "linear", "--scale", "reference",
         "--force-scale", "-o", "out.csv"],
        ["evaluate", "out.csv", i.truth, "-o", "scores.tsv"]])


def evaluate_commands(i):
    for threads in (1, 3):
        yield one(f"evaluate.all.t{threads}", "evaluate", i.predicted, i.truth, "--samples",
                  i.samples, "--threads", threads, "-o", "mirnas.tsv", "--per-sample",
                  "samples.tsv", "--json", "all.json")
    yield several("evaluate.options", [
        ["evaluate", i.predicted, i.truth],
        ["evaluate", i.predicted_h5ad, i.truth, "--bootstrap", 0],
        ["evaluate", i.predicted, i.mirna, "--measured-values", "rpm", "-m", i.trained],
        ["evaluate", i.predicted, i.truth, "--mirnas", ",".join(i.mirnas[2:6])],
        ["evaluate", i.predicted, i.truth, "--mirnas", i.outputs_list],
        ["evaluate", i.predicted, i.truth, "--mirnas", i.mirna_list, "--seed", 5, "--json",
         "seed.json"]])
    yield several("evaluate.bad", [
        ["evaluate", i.predicted, i.cells_csv], ["evaluate", i.predicted, i.folder / "missing.csv"],
        ["evaluate", i.predicted, i.truth, "--mirnas", "hsa-mir-21"],
        ["evaluate", i.folder / "words.txt", i.truth]])


def model_commands(i):
    gdc, sheet = i.gdc
    yield several("assemble.tables", [
        ["assemble", "--gdc", gdc, "--sample-sheet", sheet, "-o", "tcga"],
        ["assemble", "--gdc", gdc, "--sample-sheet", sheet, "-o", "all", "--all-genes", "--column",
         "unstranded"]])
    gdc, sheet = i.broken_gdc
    yield several("assemble.broken", [
        ["assemble", "--gdc", gdc, "--sample-sheet", sheet, "-o", "broken"],
        ["assemble", "--gdc", gdc, "--sample-sheet", sheet, "-o", "rest", "--skip-broken"],
        ["assemble", "--gdc", gdc, "--sample-sheet", sheet, "-o", "htseq", "--workflow", "htseq"],
        ["assemble", "--gdc", gdc, "--sample-sheet", sheet, "-o", "column", "--column", "tpm"],
        ["assemble", "--gdc", gdc, "--sample-sheet", i.cells_csv, "-o", "sheet"],
        ["assemble", "--gdc", i.folder / "missing", "--sample-sheet", sheet, "-o", "folder"]])
    checkpoints = sorted(i.checkpoints.glob("*.pt"))
    order = {"state": "bn-relu,relu-bn", "module_loose": "relu-bn"}
    runs = []
    for path in checkpoints:
        words = next((["--order", value] for key, value in order.items()
                      if path.stem.startswith(key)), [])
        lists = [] if path.stem == "published_size" else ["--mirnas", i.outputs_list]
        runs.append(["import", path, *lists, *words, "-o", f"{path.stem}.h5"])
        if words:
            runs.append(["import", path, *lists, "-o", f"{path.stem}.without.h5"])
        runs.append(["predict", i.zscore_csv, "-m", f"{path.stem}.h5", "--values", "zscore", "--scale",
                     "none", "-o", f"{path.stem}.csv"])
    yield several("import.checkpoints", runs)
    yield several("import.bad", [
        ["import", i.checkpoints / "module.pt", "-o", "m.h5"],
        ["import", i.folder / "words.txt", "--mirnas", i.outputs_list, "-o", "m.h5"],
        ["import", i.folder / "missing.pt", "-o", "m.h5"],
        ["import", i.small, "--mirnas", i.outputs_list, "-o", "m.h5"]])
    yield several("export.models", [
        ["export", model, "-o", f"{name}.{ending}"] for ending in ("npz", "onnx")
        for name, model in (("small", i.small), ("bundled", i.bundled), ("kernel", i.kernel_model),
                            ("trained", i.trained))])
    yield several("export.bad", [
        ["export", i.small, "-o", "m.pt"], ["export", i.cells_csv, "-o", "m.npz"],
        ["export", i.small, "-o", "nowhere/m.npz"]])


NAMES = ("predict", "stats", "pool", "merge", "merge-stats", "inspect", "train", "import", "export",
         "help", "assemble", "evaluate")


def help_commands(i):
    yield several("help.all", [["help"], ["--help"], ["--version"]])
    yield several("help.commands", [["help", name] for name in NAMES])
    yield several("help.options", [[name, "--help"] for name in NAMES])
    yield several("help.pages", [["help", "--man", name] for name in NAMES] + [["help", "--man"]])
    yield several("help.completion", [["help", "--completion", shell] for shell in ("bash", "zsh")])
    yield several("help.bad", [["help", "predicct"], ["help", "--completion", "fish"]])


def bad_commands(i):
    small = ("-m", i.small)
    folder = i.folder
    inputs = {"words": folder / "words.txt", "nothing": folder / "nothing.csv",
              "short": folder / "short.csv", "cut-gzip": folder / "cut.tsv.gz",
              "noise": folder / "noise.h5", "cut-h5ad": folder / "cut.h5ad",
              "missing": folder / "missing.csv", "folder": folder / "old", "mouse": i.mouse,
              "too-few": i.too_few, "negative": i.negative, "far": i.far, "ratios": i.ratios,
              "nan": i.nan_csv, "nan-h5ad": i.nan_h5ad, "many-nan": i.many_nan_csv}
    for name, path in inputs.items():
        words = ["--scale", "reference"] if name == "far" else []
        yield several(f"bad.{name}", [
            ["predict", path, *small, *words, "-o", "out.csv"],
            ["predict", path, *small, "--values", "counts", "-o", "counts.h5ad"],
            ["stats", path, *small, "-o", "moments.h5"],
            ["inspect", path, *small, "--json"]])
    yield several("bad.model", [
        ["predict", i.cells_csv, "-m", model, "-o", "out.csv"]
        for model in (i.bad_model, i.cells_csv, folder / "missing.h5", i.moments, i.h5ad["csr"])] + [
        ["inspect", i.bad_model], ["predict", i.cells_csv, *small, "--moments", i.small]])
    yield several("bad.usage", [
        [], ["frobnicate"], ["predict"], ["predict", i.cells_csv, *small, "--treads", 3],
        ["predict", i.cells_csv, *small, "--threads", 0],
        ["predict", i.cells_csv, *small, "--values", "tpm"],
        ["predict", i.cells_csv, *small, "--digits", 12],
        ["predict", i.cells_csv, *small, "--mirnas", "hsa-miR-0"],
        ["predict", i.cells_csv, *small, "--min-accuracy", 0.9],
        ["predict", i.cells_csv, *small, "--output-scale", "rpm"],
        ["predict", i.cells_csv, *small, "--shard", "3/2"],
        ["predict", i.cells_csv, *small, "--shard", "1/2", "--scale", "dataset"],
        ["predict", i.cells_csv, *small, "--into-obsm", "-o", "out.h5ad"],
        ["predict", i.h5ad["csr"], *small, "--into-obsm=X_umap", "-o", "out.h5ad"],
        ["predict", i.cells_csv, *small, "--uncertainty", "layer", "-o", "out.csv"],
        ["predict", i.cells_csv, *small, "--uncertainty", "half.csv", "-o", "out.csv"],
        ["predict", i.cells_csv, *small, "--transpose", "-o", "out.h5ad"],
        ["predict", i.cells_csv, *small, "--compression", "gzip", "-o", "out.csv"],
        ["predict", i.cells_csv, *small, "--scale", "dataset", "--platform", "htseq"],
        ["predict", i.cells_csv, *small, "--pool", "sum"],
        ["predict", i.cells_csv, *small, "--groups", i.groups],
        ["predict", i.cells_csv, *small, "--resume"], ["predict", "--inputs", i.list, *small],
        ["predict", i.cells_csv, *small, "-o", i.cells_csv],
        ["predict", i.cells_csv, *small, "-o", "same.csv", "--save-input", "same.csv"],
        ["predict", i.few_csv, *small, "--scale", "dataset", "-o", "few.csv"],
        ["predict", i.h5ad["csr"], *small, "--layer", "none", "-o", "out.csv"],
        ["predict", i.layouts / "tenx_v2_genomes.h5", *small, "--min-panel", 0]])
    yield several("bad.outputs", [
        ["predict", i.cells_csv, *small, "-o", "nowhere/out.csv"],
        ["predict", i.cells_csv, *small, "-o", "."],
        ["stats", i.cells_csv, *small, "-o", "nowhere/out.h5"],
        ["predict", i.cells_csv, *small, "-o", "/dev/full"],
        ["predict", i.cells_csv, *small, "-o", "out.xlsx"]])


# --- Real data, if available -------------------------------------------------------------------

def shared_commands(i):
    data, cases = i.shared / "data", i.shared / "cases"
    bundled = ("-m", i.bundled)
    single = data / "singlecell"
    if single.is_dir():
        for kind in ("h5ad", "tenx_h5", "loom", "mtx", "csv"):
            paths = [path for path in sorted((single / kind).iterdir())
                     if "annotations" not in path.name]
            yield several(f"real.{kind}", [
                ["predict", path, *bundled, "--digits", 6, "-o", f"{k:02}.csv"]
                for k, path in enumerate(paths)])
            yield several(f"real.{kind}.fewer", [
                ["predict", path, "-m", i.small, "--min-panel", 0, "--empty-cells", "nan",
                 "--threads", 3, "-o", f"{k:02}.h5ad"] for k, path in enumerate(paths)])
            yield several(f"real.{kind}.inspect", [
                ["inspect", path, *bundled, "--json"] for path in paths])
        for folder in sorted(path for path in (single / "labelled").iterdir() if path.is_dir()):
            files = [path for path in sorted(folder.iterdir()) if path.name != "labels.tsv"]
            path = files[0] if len(files) == 1 else folder
            yield several(f"real.labelled.{folder.name}", [
                ["predict", path, *bundled, "--mirnas", "hsa-miR-21-5p,hsa-miR-150-5p", "-o",
                 "cells.csv"],
                ["predict", path, *bundled, "--pool", "mean", "--groups", folder / "labels.tsv",
                 "-o", "types.csv"],
                ["pool", path, *bundled, "--groups", folder / "labels.tsv", "-o", "pools.h5ad"]])
    tcga = data / "tcga"
    if tcga.is_dir():
        names = ("agilent__KIRP", "bs831_htseq__HNSC", "cmscaller_counts__READ", "linnorm__LIHC",
                 "porpoise_z__READ", "rtcga_rsem__CHOL", "immunophenogram__OV", "laml_merged__LAML")
        for name in names:
            yield several(f"real.tcga.{name}", [
                ["predict", tcga / "mrna" / f"{name}.tsv.gz", *bundled, "--scale", "reference", "-o",
                 "out.csv"],
                ["inspect", tcga / "mrna" / f"{name}.tsv.gz", *bundled, "--json"]])
        mrna = tcga / "mrna" / "rtcga_rsem__CHOL.tsv.gz"
        mirna = tcga / "mirna_mature" / "CHOL.tsv.gz"
        yield several("real.tcga.train", [
            ["train", "--mrna", mrna, "--mrna-values", "linear", "--mirna", mirna, "--members", 0,
             "--kernel", 0.6, "--ridge", 0.4, "--validation", 0, "-o", "kernel.h5"],
            ["train", "--mrna", mrna, "--mrna-values", "linear", "--mirna", mirna, "--hidden",
             "64,64", "--epochs", 5, "--batch", 16, "-o", "network.h5"],
            ["predict", mrna, *bundled, "--values", "linear", "--scale", "reference", "-o",
             "out.tsv"],
            ["evaluate", "out.tsv", mirna, "--measured-values", "rpm", "-m", i.bundled, "-o",
             "scores.tsv", "--json", "scores.json"]])
    cells = data / "cells"
    if cells.is_dir():
        yield several("real.cells", [
            ["predict", path, *bundled, "--scale", "reference", "--digits", 6, "-o", f"{k:02}.csv"]
            for k, path in enumerate(sorted((cells / "mrna").glob("*.tsv.gz")))])
    if cases.is_dir():
        runs = []
        for folder in sorted(path for path in cases.iterdir() if path.is_dir()):
            if folder.name.startswith("F24"):  # a8b3c2a hangs
                continue
            if (folder / "matrix.mtx").is_file():
                paths = [folder]
            else:
                paths = [path for path in sorted(folder.iterdir())
                         if path.name not in ("CASE.md", "expected.csv", "list.tsv")]
            runs += [["predict", path, *bundled, "-o", f"{folder.name[:3]}.{path.name}.csv"]
                     for path in paths]
        yield several("real.cases", runs)
