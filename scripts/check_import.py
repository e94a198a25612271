#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares `sicmir import` and `sicmir export` with PyTorch.

    check_import.py SICMIR

Networks of the published size, saved by PyTorch in both published layer orders and a third, are
imported. `predict` must match PyTorch's forward pass on 10,000 cells, and the exported .npz and .onnx
must match it on some of them. Exports of the bundled model must match `predict`. The committed
checkpoints (tests/data/import) are regenerated and compared. Needs Debian's python3-torch,
python3-anndata and python3-onnx, and onnxruntime-web through npm; without npm, ONNX files are checked
but not run, and a message says so. Exit code 1 after any finding. Takes about 20 s on one core.
"""
import importlib.util
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import warnings

import anndata
import numpy as np
import onnx
import pandas as pd
import torch

sicmir = sys.argv[1]
project = pathlib.Path(__file__).resolve().parent.parent
committed = project / "tests" / "data" / "import"
spec = importlib.util.spec_from_file_location("make_checkpoints", committed / "make_checkpoints.py")
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
for network_class in (made.NeuralNet, made.Loose):  # pickles refer to classes of the script that saved them
    network_class.__module__ = "__main__"
    setattr(sys.modules["__main__"], network_class.__name__, network_class)

warnings.filterwarnings("ignore")  # PyTorch's, about the source code of classes
failures = []


def check(what, ok):
    print(f"{what}: {'ok' if ok else 'FAILED'}", flush=True)
    if not ok:
        failures.append(what)


def run(*arguments):
    done = subprocess.run([sicmir, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"sicmir {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stderr}")
    return done


def contents(value):
    """Tensors of a checkpoint by name."""
    if isinstance(value, torch.nn.Module):
        value = value.state_dict()
    return {key: item for key, item in value.items() if torch.is_tensor(item)} or \
        contents(value["model_state_dict"])


def committed_checkpoints(folder):
    subprocess.run([sys.executable, committed / "make_checkpoints.py", folder], check=True)
    same = True
    for path in sorted(folder.glob("*.pt")):
        old, new = contents(torch.load(committed / path.name)), contents(torch.load(path))
        same = same and old.keys() == new.keys() and all(
            old[key].dtype == new[key].dtype and torch.equal(old[key], new[key]) for key in old)
    check("committed checkpoints hold what is made again", same)
    old, new = (pd.read_csv(place / "expected.tsv", sep="\t", header=None, index_col=[0, 1])
                for place in (committed, folder))
    # float32 sums of 977 terms: their order differs between builds of BLAS.
    error = largest(old.to_numpy(), new.to_numpy()) if old.index.equals(new.index) else np.inf
    check(f"what is expected of them differs by {error:.2g}", error < 1e-5)


def npz_forward(path, x):
    """The network of an exported archive, layer by layer, in NumPy."""
    model = np.load(path)
    result = 0
    for member, weight in enumerate(model["member_weights"]):
        values = x.astype(np.float64)
        for i, kind in enumerate(model[f"layers_{member:03}"]):
            part = {key: model[name] for name in model.files for head, key in [(name[:8], name[8:])]
                    if head == f"{member:03}_{i:03}_"}
            if kind == "linear":
                values = values @ part["weight"].T.astype(np.float64) + part.get("bias", 0)
            elif kind == "batch_norm":
                values = (values - part["mean"]) / np.sqrt(part["variance"] + part["eps"])
                values = values * part["gamma"] + part["beta"]
            elif kind == "relu":
                values = np.maximum(values, 0)
            elif kind == "huber":
                size, limit = np.abs(values), part["limit"]
                values = np.where(size <= limit, values * values / 2, limit * (size - limit / 2))
            elif kind == "softmax":
                values = np.exp(values - values.max(axis=1, keepdims=True))
                values = values / values.sum(axis=1, keepdims=True)
            elif kind != "dropout":
                raise ValueError(f"{path}: unknown layer {kind}")
        result = result + weight * values
    return result


RUN_ONNX = """
const ort = require('onnxruntime-web');
const fs = require('fs');
const [model, input, cells, genes, output] = process.argv.slice(2);
const bytes = fs.readFileSync(input);
const x = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
ort.env.wasm.numThreads = 1;
ort.InferenceSession.create(fs.readFileSync(model)).then(session =>
  session.run({genes: new ort.Tensor('float32', x, [Number(cells), Number(genes)])})
).then(found => {
  const y = found.mirnas.data;
  fs.writeFileSync(output, Buffer.from(y.buffer, y.byteOffset, y.byteLength));
}).catch(error => { console.error(error); process.exit(1); });
"""


def onnx_runtime(folder):
    """A folder with onnxruntime-web in it, or None with the reason printed."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        print("ONNX run: skipped (no npm and node)")
        return None
    home = folder / "node"
    home.mkdir()
    try:
        subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--silent",
                        "--prefix", home, "onnxruntime-web@1.30.0"], check=True, timeout=120,
                       capture_output=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        print("ONNX run: skipped (npm could not install onnxruntime-web)")
        return None
    (home / "run.js").write_text(RUN_ONNX)
    return home


def run_onnx(home, model, x):
    x.tofile(home / "x.bin")
    subprocess.run(["node", home / "run.js", model, home / "x.bin", *map(str, x.shape),
                    home / "y.bin"], check=True, cwd=home)
    return np.fromfile(home / "y.bin", np.float32).reshape(len(x), -1)


def largest(found, expected):
    return float(np.abs(found - expected).max())


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "again").mkdir()
        committed_checkpoints(folder / "again")
        genes = list(pd.read_csv(project / "data" / "landmarks.tsv", sep="\t")["symbol"])
        z = np.random.default_rng(5).normal(size=(10000, len(genes))).astype(np.float32)
        cells = anndata.AnnData(z, dtype=np.float32, var=pd.DataFrame(index=genes),
                                obs=pd.DataFrame(index=[f"s{i}" for i in range(len(z))]))
        cells.write_h5ad(folder / "z.h5ad")
        home = onnx_runtime(folder)
        outputs = []
        for orders in (("bn-relu", "relu-bn"), ("relu-bn", "relu-bn"), ("bn-relu", "bn-relu")):
            network = made.filled(made.NeuralNet(orders, (1024, 1024), 1298), 9)
            what = ",".join(orders)
            with torch.no_grad():  # the spread that the published predictions have
                last = network.model[-1]
                factor = 0.7 / network(torch.from_numpy(z[:500])).std()
                last.weight.mul_(factor)
                last.bias.mul_(factor)
            torch.save(network, folder / "net.pt")
            model = folder / "model.h5"
            run("import", folder / "net.pt", "-o", model)
            with torch.no_grad():
                expected = network(torch.from_numpy(z)).numpy()
            run("predict", folder / "z.h5ad", "-m", model, "--values", "zscore", "-o",
                folder / "out.h5ad")
            error = largest(anndata.read_h5ad(folder / "out.h5ad").X, expected)
            check(f"{what}: predict and PyTorch on 10,000 cells differ by {error:.2g}", error < 1e-5)
            run("export", model, "-o", folder / "model.npz")
            error = largest(npz_forward(folder / "model.npz", z[:500]), expected[:500])
            check(f"{what}: .npz and PyTorch differ by {error:.2g}", error < 1e-5)
            run("export", model, "-o", folder / "model.onnx")
            check_onnx(folder / "model.onnx", what)
            if home is not None:
                error = largest(run_onnx(home, folder / "model.onnx", z[:500]), expected[:500])
                check(f"{what}: .onnx under onnxruntime-web and PyTorch differ by {error:.2g}",
                      error < 1e-5)
            outputs.append(expected)
        check("the orders differ from each other", min(
            largest(a, b) for i, a in enumerate(outputs) for b in outputs[:i]) > 0.1)
        bundled(folder, home, z[:200])


def check_onnx(path, what):
    try:
        onnx.checker.check_model(onnx.load(str(path)), full_check=True)
        found = ""
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        found = f" ({error})"
    check(f"{what}: onnx.checker takes the .onnx{found}", not found)


def bundled(folder, home, z):
    """The bundled model, an ensemble, against `predict`."""
    model = project / "models" / "sicmir-tcga.h5"
    card = json.loads(run("inspect", "--json", model).stdout)
    run("predict", folder / "z.h5ad", "-m", model, "--values", "zscore", "-o", folder / "out.h5ad")
    expected = anndata.read_h5ad(folder / "out.h5ad").X[:len(z)]
    what = f"bundled model of {len(card['members'])} members"
    run("export", model, "-o", folder / "model.npz")
    error = largest(npz_forward(folder / "model.npz", z), expected)
    check(f"{what}: .npz and predict differ by {error:.2g}", error < 1e-5)
    run("export", model, "-o", folder / "model.onnx")
    check_onnx(folder / "model.onnx", what)
    if home is not None:
        error = largest(run_onnx(home, folder / "model.onnx", z), expected)
        check(f"{what}: .onnx under onnxruntime-web and predict differ by {error:.2g}", error < 1e-5)


main()
sys.exit(f"import: {len(failures)} findings" if failures else 0)
