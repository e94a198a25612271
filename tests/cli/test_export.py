# SPDX-License-Identifier: BSD-3-Clause
"""`sicmir export`: models for NumPy and ONNX. That ONNX is read and run by others, and that both equal
PyTorch at full size, is shown by scripts/check_import.py."""
import numpy as np
import pandas as pd
import pytest

from program import SYMBOLS, predict, run


def forward(path, x):
    """docs/import.md and docs/model-format.md, in NumPy."""
    model = np.load(path)
    y = 0
    for member, weight in enumerate(model["member_weights"]):
        values = x.astype(np.float64)
        for i, kind in enumerate(model[f"layers_{member:03}"]):
            def part(name):
                return model[f"{member:03}_{i:03}_{name}"].astype(np.float64)
            if kind == "linear":
                values = values @ part("weight").T
                if f"{member:03}_{i:03}_bias" in model.files:
                    values = values + part("bias")
            elif kind == "batch_norm":
                values = (values - part("mean")) / np.sqrt(part("variance") + part("eps"))
                values = values * part("gamma") + part("beta")
            elif kind == "relu":
                values = np.maximum(values, 0)
            elif kind == "huber":
                size, limit = np.abs(values), part("limit")
                values = np.where(size <= limit, values ** 2 / 2, limit * (size - limit / 2))
            elif kind == "softmax":
                values = np.exp(values - values.max(axis=1, keepdims=True))
                values = values / values.sum(axis=1, keepdims=True)
            else:
                assert kind == "dropout"
        y = y + weight * values
    return y


def z_scores(folder):
    """Five cells as a table, and as `predict` takes them."""
    z = np.random.default_rng(4).normal(size=(5, 977)).astype(np.float32)
    pd.DataFrame(z.astype(np.float64), [f"c{i}" for i in range(5)], SYMBOLS).to_csv(
        folder / "z.csv")
    return z, (folder / "z.csv", "--values", "zscore", "--scale", "none")


def test_numpy_predicts_the_same_from_the_archive(model, tmp_path):
    run("export", model, "-o", tmp_path / "model.npz")
    z, cells = z_scores(tmp_path)
    found = predict(model, *cells)
    archive = np.load(tmp_path / "model.npz")
    assert list(archive["genes"]) == SYMBOLS
    assert list(archive["mirnas"]) == list(found.columns)
    assert archive["name"].shape == () and archive["gene_mean"].shape == (977,)
    np.testing.assert_allclose(forward(tmp_path / "model.npz", z), found, rtol=0, atol=1e-5)


def fields(message):
    """Of a protobuf message: (number, value) one after the other."""
    at = 0

    def varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
    while at < len(message):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        elif key & 7 == 2:
            length = varint()
            yield key >> 3, message[at:at + length]
            at += length
        else:
            assert key & 7 == 5
            yield key >> 3, message[at:at + 4]
            at += 4
    assert at == len(message)


def onnx_forward(path, x):
    """The graph by the definitions of ONNX's operators (opset 13), in NumPy."""
    graph = list(fields(dict(fields(path.read_bytes()))[7]))
    values = {"genes": x.astype(np.float64)}
    for tensor in [list(fields(message)) for number, message in graph if number == 5]:
        shape = [value for number, value in tensor if number == 1]
        values[dict(tensor)[8].decode()] = np.frombuffer(dict(tensor)[9], "<f4").reshape(shape)
    for node in [list(fields(message)) for number, message in graph if number == 1]:
        a, *more = (values[value.decode()] for number, value in node if number == 1)
        kind, output = dict(node)[4].decode(), dict(node)[2].decode()
        if kind == "Gemm":
            factors = {dict(fields(value))[1]: dict(fields(value)).get(2)
                       for number, value in node if number == 5}
            alpha, beta = (np.frombuffer(factors[name], "<f4")[0] for name in (b"alpha", b"beta"))
            values[output] = alpha * (a @ more[0].T.astype(np.float64)) + beta * more[1]
        elif kind == "Softmax":
            powers = np.exp(a - a.max(axis=-1, keepdims=True))
            values[output] = powers / powers.sum(axis=-1, keepdims=True)
        else:
            values[output] = {"Relu": lambda: np.maximum(a, 0), "Abs": lambda: np.abs(a),
                              "Min": lambda: np.minimum(a, *more), "Mul": lambda: a * more[0],
                              "Sub": lambda: a - more[0], "Sum": lambda: sum(more, a)}[kind]()
    return values["mirnas"]


def test_the_bundled_model_is_exported_and_predicts_the_same(bundled, tmp_path):
    path = bundled.parents[1] / "models" / "sicmir-tcga.h5"
    z, cells = z_scores(tmp_path)
    found = predict(path, *cells)
    run("export", path, "-o", tmp_path / "model.npz")
    kinds = {kind for name, value in np.load(tmp_path / "model.npz").items()
             if name.startswith("layers_") for kind in value}
    assert kinds == {"linear", "relu"}
    np.testing.assert_allclose(forward(tmp_path / "model.npz", z), found, rtol=0, atol=1e-5)
    run("export", path, "-o", tmp_path / "model.onnx")
    np.testing.assert_allclose(onnx_forward(tmp_path / "model.onnx", z), found, rtol=0, atol=1e-5)


def test_onnx_predicts_the_same(model, tmp_path):
    z, cells = z_scores(tmp_path)
    run("export", model, "-o", tmp_path / "model.onnx")
    np.testing.assert_allclose(onnx_forward(tmp_path / "model.onnx", z), predict(model, *cells),
                               rtol=0, atol=1e-5)


def test_onnx_holds_a_graph_of_gemm_and_relu(model, tmp_path):
    run("export", model, "-o", tmp_path / "model.onnx")
    top = list(fields((tmp_path / "model.onnx").read_bytes()))
    graph = list(fields(dict(top)[7]))
    nodes = [dict(fields(node))[4].decode() for number, node in graph if number == 1]
    assert nodes == ["Gemm", "Relu", "Gemm", "Relu", "Gemm"]
    weights = [list(fields(tensor)) for number, tensor in graph if number == 5]
    shapes = [[value for number, value in tensor if number == 1] for tensor in weights]
    assert shapes == [[64, 977], [64], [64, 64], [64], [20, 64], [20]]
    for shape, tensor in zip(shapes, weights):
        assert len(dict(tensor)[9]) == 4 * np.prod(shape)
    metadata = dict((dict(fields(entry))[1].decode(), dict(fields(entry))[2].decode())
                    for number, entry in top if number == 14)
    assert metadata["genes"].split("|") == SYMBOLS
    assert len(metadata["mirnas"].split("|")) == 20


@pytest.mark.parametrize("ending", ["npz", "onnx"])
def test_the_same_model_makes_the_same_bytes(model, tmp_path, ending):
    for name in ("a", "b"):
        run("export", model, "-o", tmp_path / f"{name}.{ending}")
    assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_what_cannot_be_exported_is_refused(model, tmp_path):
    done = run("export", model, "-o", tmp_path / "model.pt", expect=2)
    assert ".npz" in done.stderr and ".onnx" in done.stderr
    run("export", tmp_path / "missing.h5", "-o", tmp_path / "model.npz", expect=4)
    run("export", model, "-o", tmp_path / "nowhere" / "model.npz", expect=5)
    assert list(tmp_path.iterdir()) == []
