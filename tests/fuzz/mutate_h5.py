#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Damages valid HDF5 files as no blind change of bytes does, and runs the program on them. A file may be refused, in
words; a signal, exit code 1, a sanitizer's report, or more than 10 seconds is a fault. A crash of the HDF5 library
itself is caught by the process that supervises, and is only counted; --unsupervised shows where it was.

usage: mutate_h5.py --program SICMIR --model MODEL [--runs N] [--seconds S] [--seed K] [--format NAME]... [--keep FOLDER]
                    [--memory MB] [--unsupervised]

Formats: h5ad_csr, h5ad_csc, h5ad_dense, tenx_2, tenx_3, loom, gctx, h5mu, h5seurat, model, profiles. Mutant number I
of seed K is always the same. Each runs under a limit of memory (3,000 MB; 0: none, as sanitizers need it).
"""
import argparse
import collections
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import anndata
import h5py
import numpy as np
import pandas as pd
import scipy.sparse

PROJECT = pathlib.Path(__file__).resolve().parents[2]
LANDMARKS = pd.read_csv(PROJECT / "data" / "landmarks.tsv", sep="\t", dtype=str).fillna("")
SYMBOLS = list(LANDMARKS["symbol"])
N_CELLS = 12
COUNTS = np.random.default_rng(5).poisson(2, size=(N_CELLS, len(SYMBOLS)))
CELLS = [f"cell_{i}" for i in range(N_CELLS)]
TEXT = h5py.string_dtype()
SECONDS = 10

# Valid files -------------------------------------------------------------------------------------------------------


def h5ad(values):
    def make(path):
        obs = pd.DataFrame({"type": pd.Categorical(["T", "B", None] * (N_CELLS // 3)), "score": np.arange(N_CELLS) / 4,
                            "note": [f"n{i}" for i in range(N_CELLS)]}, index=CELLS)
        data = anndata.AnnData(values(COUNTS.astype(np.float32)), obs=obs, var=pd.DataFrame(index=SYMBOLS),
                               dtype=np.float32)
        data.layers["counts"] = data.X.copy()
        data.obsm["X_pca"] = np.zeros((N_CELLS, 2))
        data.uns["words"] = "text"
        data.raw = data
        data.write_h5ad(path, compression="gzip")
    return make


def tenx(version):
    def make(path):
        matrix = scipy.sparse.csc_matrix(COUNTS.T)
        with h5py.File(path, "w") as file:
            group = file.create_group("matrix" if version == 3 else "GRCh38")
            for name in ("data", "indices", "indptr"):
                group.create_dataset(name, data=getattr(matrix, name), chunks=True, compression="gzip")
            group["shape"] = np.array(matrix.shape, np.int32)
            group["barcodes"] = np.array(CELLS, "S18")
            if version == 3:
                features = group.create_group("features")
                features["id"] = np.array(SYMBOLS, "S")
                features["name"] = np.array(SYMBOLS, "S")
                features["feature_type"] = np.array(["Gene Expression"] * len(SYMBOLS), "S")
                features["genome"] = np.array(["GRCh38"] * len(SYMBOLS), "S")
                file.attrs["filetype"] = "matrix"
            else:
                group["genes"] = np.array(SYMBOLS, "S")
                group["gene_names"] = np.array(SYMBOLS, "S")
    return make


def loom(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("matrix", data=COUNTS.T.astype("f4"), chunks=(16, 4), compression="gzip")
        for group in ("layers", "row_attrs", "col_attrs", "row_graphs", "col_graphs"):
            file.create_group(group)
        file.create_group("attrs")["LOOM_SPEC_VERSION"] = "3.0.0"
        file["layers"].create_dataset("spliced", data=COUNTS.T.astype("f4"))
        file["row_attrs"].create_dataset("Gene", data=np.array(SYMBOLS, object), dtype=TEXT)
        file["col_attrs"].create_dataset("CellID", data=np.array(CELLS, object), dtype=TEXT)
        file["col_attrs"]["Cluster"] = np.arange(N_CELLS)


def gctx(path):
    with h5py.File(path, "w") as file:
        file.attrs["version"] = np.array(["GCTX1.0"], dtype="S")
        file.create_dataset("0/DATA/0/matrix", data=np.log2(COUNTS + 2).astype("f4"), chunks=(4, 16))
        file["0/META/ROW/id"] = np.array(list(LANDMARKS["entrez_id"]), "S")
        file["0/META/COL/id"] = np.array(CELLS, "S")


def h5mu(path):
    from anndata.experimental import write_elem
    one = path.with_suffix(".one")
    h5ad(scipy.sparse.csr_matrix)(one)
    data = anndata.read_h5ad(one)
    one.unlink()
    with h5py.File(path, "w") as file:
        file.attrs["encoding-type"] = "MuData"
        file.attrs["encoding-version"] = "0.1.0"
        for name, values in (("rna", data), ("prot", data[:, :5].copy())):
            write_elem(file.require_group("mod"), name, values)
        write_elem(file, "obs", pd.DataFrame(index=CELLS))
        write_elem(file, "var", pd.DataFrame(index=SYMBOLS))


def h5seurat(path):
    matrix = scipy.sparse.csr_matrix(COUNTS)
    with h5py.File(path, "w") as file:
        file.attrs["active.assay"], file.attrs["project"], file.attrs["version"] = "RNA", "p", "4.0.0"
        file.create_dataset("cell.names", data=np.array(CELLS, object), dtype=TEXT)
        assay = file.create_group("assays/RNA")
        assay.attrs["key"] = "rna_"
        assay.create_dataset("features", data=np.array(SYMBOLS, object), dtype=TEXT)
        counts = assay.create_group("counts")
        counts.attrs["dims"] = np.array(matrix.shape[::-1], np.int32)
        for part in ("data", "indices", "indptr"):
            counts.create_dataset(part, data=getattr(matrix, part))
        file.create_group("meta.data").create_dataset("score", data=np.arange(N_CELLS) / 4)


FORMATS = {"h5ad_csr": h5ad(scipy.sparse.csr_matrix), "h5ad_csc": h5ad(scipy.sparse.csc_matrix),
           "h5ad_dense": h5ad(np.asarray), "tenx_2": tenx(2), "tenx_3": tenx(3), "loom": loom, "gctx": gctx,
           "h5mu": h5mu, "h5seurat": h5seurat, "model": None, "profiles": None}
ENDINGS = {"tenx_2": ".h5", "tenx_3": ".h5", "loom": ".loom", "gctx": ".gctx", "h5mu": ".h5mu",
           "h5seurat": ".h5seurat", "model": ".h5", "profiles": ".h5mu"}

# Mutations ---------------------------------------------------------------------------------------------------------

INTERESTING = [0, 1, -1, 2, 127, 128, 255, 256, 65535, 2**31 - 1, -2**31, 2**31, 2**32 - 1, 2**40, 2**63 - 1, -2**63]
TYPES = ["i1", "u1", "i2", ">i4", "i4", "u4", "i8", "u8", ">i8", "f2", "f4", "f8", ">f8", "S1", "S7", "U"]


def objects(file, kind):
    found = []
    file.visititems(lambda name, item: found.append(name) if isinstance(item, kind) else None)
    return sorted(found)


def replace(file, name, values, **options):
    attributes = dict(file[name].attrs)
    del file[name]
    made = file.create_dataset(name, data=values, **options)
    for key, value in attributes.items():
        made.attrs[key] = value


def values_of(file, name):
    item = file[name]
    if (item.size or 0) > 1 << 20:
        raise ValueError("an earlier change claims that much")
    return item.asstr()[()] if h5py.check_string_dtype(item.dtype) else item[()]


def change_values(file, name, dice):
    values = np.array(values_of(file, name))
    flat = values.reshape(-1)
    if not flat.size:
        return
    for _ in range(dice.choice([1, 1, 2, 5])):
        at = dice.randrange(flat.size)
        if flat.dtype.kind in "iu":
            flat[at] = np.array(dice.choice(INTERESTING + [int(flat[dice.randrange(flat.size)]), int(flat[at]) + 1])
                                & 2**64 - 1, np.uint64).astype(flat.dtype)
        elif flat.dtype.kind == "f":
            flat[at] = dice.choice([np.nan, np.inf, -np.inf, -1, 1e38, 1e-40, 0.5, 2**53])
        elif flat.dtype.kind == "O":
            flat[at] = dice.choice(["", "x" * 70000, "a/b", "\t", "\n", "µ" * 200, str(flat[dice.randrange(flat.size)])])
    string = file[name].dtype if h5py.check_string_dtype(file[name].dtype) else None
    try:
        replace(file, name, values, dtype=string)
    except (TypeError, ValueError):
        replace(file, name, values)


def change_shape(file, name, dice):
    values = np.array(values_of(file, name))
    string = TEXT if values.dtype.kind == "O" else None
    flat = values.reshape(-1)
    new = dice.choice([lambda: flat[:max(0, flat.size - dice.choice([1, 1, 2, 7]))],
                       lambda: np.concatenate([flat, flat[:dice.choice([1, 2, 7])]]), lambda: flat[:0],
                       lambda: flat[:, None], lambda: values.T, lambda: flat[0] if flat.size else flat,
                       lambda: flat.reshape(1, 1, -1)])()
    replace(file, name, new, dtype=string)


def change_type(file, name, dice):
    values = np.array(values_of(file, name))
    to = dice.choice(TYPES)
    if to == "U":
        replace(file, name, np.array([str(each) for each in values.reshape(-1)], object), dtype=TEXT)
    else:
        with np.errstate(all="ignore"):
            replace(file, name, values.astype("S" if to[0] == "S" and values.dtype.kind == "O" else to))


def change_storage(file, name, dice):
    values = values_of(file, name)
    if not np.shape(values):
        return
    string = file[name].dtype if h5py.check_string_dtype(file[name].dtype) else None
    huge = tuple(dice.choice([n, 2**dice.choice([20, 31, 40, 60])]) for n in np.shape(values))
    kind = dice.randrange(4)
    if kind == 0:  # a claim of which little is stored
        attributes = dict(file[name].attrs)
        dtype = file[name].dtype
        del file[name]
        made = file.create_dataset(name, shape=huge, dtype=dtype, chunks=tuple(min(n, 64) for n in huge))
        for key, value in attributes.items():
            made.attrs[key] = value
    elif kind == 1:
        replace(file, name, values, dtype=string, chunks=tuple(max(1, min(n, 3)) for n in np.shape(values)),
                compression=dice.choice(["gzip", "lzf"]), shuffle=True, fletcher32=dice.random() < 0.5)
    elif kind == 2:
        replace(file, name, values, dtype=string, maxshape=(None,) * np.ndim(values))
    else:
        del file[name]
        file.create_dataset(name, data=h5py.Empty("f4"))


def change_link(file, name, dice):
    kind = dice.randrange(6)
    other = dice.choice(objects(file, (h5py.Dataset, h5py.Group)))
    if kind == 0:
        del file[name]
    elif kind == 1:
        del file[name]
        file[name] = h5py.SoftLink(dice.choice(["/" + name, "/nowhere", "/" + other]))
    elif kind == 2:
        del file[name]
        file[name] = h5py.ExternalLink(dice.choice(["/etc/passwd", "nowhere.h5"]), "/x")
    elif kind == 3:
        del file[name]
        file.create_group(name)
    elif kind == 4 and other != name and not name.startswith(other):
        del file[name]
        file[name] = file[other] if other in file else file
    else:
        parent = file[name].parent
        file.move(name, parent.name.rstrip("/") + "/moved")


def change_attribute(file, dice):
    names = [name for name in ["/", *objects(file, (h5py.Dataset, h5py.Group))] if len(file[name].attrs)]
    if not names:
        return
    attributes = file[dice.choice(names)].attrs
    key = dice.choice(sorted(attributes))
    kind = dice.randrange(5)
    if kind == 0:
        del attributes[key]
    elif kind == 1:
        attributes[key] = dice.choice(["", "csr_matrix", "csc_matrix", "array", "dataframe", "categorical", "x" * 60000])
    elif kind == 2:
        attributes[key] = np.array([dice.choice(INTERESTING[:-4]) for _ in range(dice.choice([1, 2, 3]))])
    elif kind == 3:
        attributes[key] = h5py.Empty("i4")
    else:
        attributes[key] = np.array(["a", "b", "a"], object) if dice.random() < 0.5 else 2.5


def change_bytes(path, dice):
    """Superblock, object headers, heaps, B-trees: HDF5 File Format Specification, II to IV."""
    content = bytearray(path.read_bytes())
    marks = [0]
    for signature in (b"OHDR", b"TREE", b"HEAP", b"GCOL", b"SNOD", b"FRHP", b"BTHD", b"\x01\x00", b"\x08\x00\x18\x00"):
        at = content.find(signature)
        while at >= 0 and len(marks) < 3000:
            marks.append(at)
            at = content.find(signature, at + 1)
    for _ in range(dice.choice([1, 1, 2, 4, 16])):
        at = dice.choice(marks) + dice.randrange(96) if dice.random() < 0.8 else dice.randrange(len(content))
        if at >= len(content):
            continue
        kind = dice.randrange(5)
        if kind == 0:
            content[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            content[at] = dice.choice([0, 1, 2, 127, 128, 255])
        else:
            size = dice.choice([2, 4, 8])
            number = dice.choice(INTERESTING) & (1 << 8 * size) - 1
            content[at:at + size] = number.to_bytes(size, "little")
    if dice.random() < 0.05:
        del content[dice.randrange(len(content)):]
    path.write_bytes(content)


def mutate(path, dice):
    """In place; what was done, in words."""
    done = []
    if dice.random() < 0.65:
        with h5py.File(path, "r+") as file:
            for _ in range(dice.choice([1, 1, 1, 2, 3])):
                datasets = objects(file, h5py.Dataset)
                change = dice.choice([change_values, change_values, change_shape, change_type, change_storage,
                                      change_link, change_attribute])
                try:
                    if change is change_attribute:
                        change(file, dice)
                        done.append(change.__name__)
                    elif datasets:
                        every = datasets if change is not change_link else objects(file, (h5py.Dataset, h5py.Group))
                        name = dice.choice(every)
                        done.append(f"{change.__name__} {name}")
                        change(file, name, dice)
                except (KeyError, ValueError, TypeError, OSError, RuntimeError, OverflowError) as error:
                    done.append(f"(not: {type(error).__name__})")  # h5py refuses; the file is another all the same
    if not done or dice.random() < 0.2:
        change_bytes(path, dice)
        done.append("change_bytes")
    return ", ".join(done)


# Runs --------------------------------------------------------------------------------------------------------------


def commands(name, path, options, dice, out):
    model = ["-m", str(options.model)]
    if name == "model":
        return dice.choice([["inspect", path], ["predict", options.folder / "sound.h5ad", "-m", path, "-o", out]])
    kinds = [["inspect", path, *model], ["predict", path, *model, "-o", out + ".tsv"],
             ["predict", path, *model, "-o", out + ".h5ad"]]
    if name == "profiles":
        kinds = [["inspect", path], ["markers", path, "-o", out + ".tsv"]]
    elif name.startswith("h5ad"):
        kinds += [["profile", path, *model, "--group-by", "type", "-o", out + ".h5mu"],
                  ["predict", path, *model, "--pool", "sum", "--group-by", "type", "-o", out + ".tsv"]]
    return dice.choice(kinds)


def limits(megabytes):
    def set_them():
        if megabytes:
            resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return set_them


def run_one(options, name, number):
    """None, or what is wrong with the run."""
    dice = random.Random(f"{options.seed} {name} {number}")
    path = options.folder / f"mutant{ENDINGS.get(name, '.h5ad')}"
    shutil.copy(options.folder / name, path)
    done = mutate(path, dice)
    out = options.folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    command = [str(each) for each in commands(name, path, options, dice, str(out / "o"))]
    environment = {**os.environ, "SICMIR_SUPERVISE": "0" if options.unsupervised else "1"}
    start = time.monotonic()
    try:
        ran = subprocess.run([options.program, *command, "--threads", "1"] if command[0] == "predict" else
                             [options.program, *command], capture_output=True, timeout=SECONDS,
                             preexec_fn=limits(options.memory), env=environment)
    except subprocess.TimeoutExpired:
        ran = None
    words = ran.stderr.decode(errors="replace") if ran else ""
    wrong = None
    if ran is None:
        wrong = f"more than {SECONDS} seconds"
    elif ran.returncode < 0 or ran.returncode == 1 or ran.returncode > 5:
        wrong = f"exit {ran.returncode}"
    elif "Sanitizer" in words or "runtime error:" in words:
        wrong = "a sanitizer's report"
    elif ran.returncode > 1 and not words:
        wrong = "refused without a word"
    elif ran.returncode > 1 and any(out.iterdir()):
        wrong = f"left behind: {[each.name for each in out.iterdir()]}"
    options.codes[ran.returncode if ran else "hang"] += 1
    caught = "crash in reading" in words or "crash (signal" in words
    options.codes["crash of HDF5, caught"] += caught
    options.slowest = max(options.slowest, time.monotonic() - start)
    if options.keep and (wrong or caught):
        options.keep.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, options.keep / f"{name}-{options.seed}-{number}{'' if wrong else '-caught'}{path.suffix}")
    if wrong is None:
        return None
    return (f"{name} {number} of seed {options.seed}: {wrong}\n  {done}\n  SICMIR_SUPERVISE="
            f"{environment['SICMIR_SUPERVISE']} {' '.join(command)}\n  {words.strip()[:2000]}")


def make_seeds(options):
    for name, make in FORMATS.items():
        if make:
            make(options.folder / name)
    shutil.copy(options.folder / "h5ad_csr", options.folder / "sound.h5ad")
    shutil.copy(options.model, options.folder / "model")
    made = options.folder / "made.h5mu"
    subprocess.run([options.program, "profile", options.folder / "h5ad_csr", "-m", options.model, "--group-by", "type",
                    "-o", made], capture_output=True, check=True)
    made.rename(options.folder / "profiles")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=100, help="per format")
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--memory", type=int, default=3000)
    parser.add_argument("--unsupervised", action="store_true")
    parser.add_argument("--format", action="append", choices=FORMATS)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    options.codes, options.slowest = collections.Counter(), 0.0
    faults = []
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        options.folder = pathlib.Path(folder)
        make_seeds(options)
        for number in range(options.runs):
            for name in options.format or FORMATS:
                if time.monotonic() - start > options.seconds:
                    break
                fault = run_one(options, name, number)
                if fault:
                    faults.append(fault)
                    print(fault, flush=True)
    caught = options.codes.pop("crash of HDF5, caught", 0)
    print(f"{sum(options.codes.values())} mutants, exit codes {dict(options.codes)}, slowest {options.slowest:.1f} s, "
          f"{caught} crashes of the HDF5 library caught, {len(faults)} faults, CPU {resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
