# SPDX-License-Identifier: BSD-3-Clause
"""`sicmir import`: what PyTorch saved, and what was made to harm.

The checkpoints under tests/data/import and what is expected of them come from PyTorch
(make_checkpoints.py there). Hostile ones are made here, by Python's pickle and zipfile.
"""
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest

from program import PROJECT, SANITIZE, SICMIR, SYMBOLS, predict, run

FOLDER = PROJECT / "tests" / "data" / "import"
EXPECTED = pd.read_csv(FOLDER / "expected.tsv", sep="\t", header=None, index_col=[0, 1])
MIRNAS = list(pd.read_csv(PROJECT / "data" / "mirnas.tsv", sep="\t")["name"][:20])
ORDER = "bn-relu,relu-bn"


@pytest.fixture(scope="module")
def mirnas(tmp_path_factory):
    """The small networks' outputs; with what the published lists have: BOM, CRLF, stray blanks."""
    path = tmp_path_factory.mktemp("lists") / "mirnas.csv"
    path.write_bytes("".join(("\ufeff" if i == 0 else "   " if i == 7 else "") + name + "\r\n"
                             for i, name in enumerate(MIRNAS)).encode())
    return path


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """The cells of make_checkpoints.py."""
    path = tmp_path_factory.mktemp("cells") / "z.csv"
    z = np.random.default_rng(11).normal(size=(4, 977)).astype(np.float32)
    pd.DataFrame(z.astype(np.float64), [f"cell {i}" for i in range(4)], SYMBOLS).to_csv(path)
    return path


def imported(checkpoint, mirnas, folder, *arguments):
    model = folder / "model.h5"
    done = run("import", checkpoint, "--mirnas", mirnas, *arguments, "-o", model)
    return model, done


@pytest.mark.parametrize("name", sorted(set(EXPECTED.index.get_level_values(0))))
def test_an_imported_network_predicts_what_pytorch_predicts(name, mirnas, cells, tmp_path):
    order = ("--order", ORDER) if name.startswith("state") else ()
    if name == "module_loose.pt":
        order = ("--order", "relu-bn")
    model, _ = imported(FOLDER / name, mirnas, tmp_path, *order)
    found = predict(model, cells, "--values", "zscore", "--scale", "none")
    assert list(found.columns) == MIRNAS
    np.testing.assert_allclose(found, EXPECTED.loc[name], rtol=0, atol=1e-5)


def test_the_module_brings_its_order_and_eps(mirnas, tmp_path):
    model, done = imported(FOLDER / "module_relu_bn.pt", mirnas, tmp_path, "--name", "mine")
    assert "module __main__.NeuralNet" in done.stderr
    card = json.loads(run("inspect", "--json", model).stdout)
    assert card["name"] == "mine"
    assert card["members"][0]["layers"].split()[2:4] == ["ReLU", "BatchNorm"]
    assert card["median_pearson"]["pooled"] is None
    import h5py
    with h5py.File(model) as file:
        assert file["members/000/layers/002/eps"][0] == 1e-3


def test_tags_of_other_devices_do_not_matter(mirnas, cells, tmp_path):
    elsewhere = tmp_path / "cuda.pt"
    with zipfile.ZipFile(FOLDER / "module.pt") as old, zipfile.ZipFile(elsewhere, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("data.pkl"):
                assert content.count(b"X\x03\0\0\0cpu") == 1
                content = content.replace(b"X\x03\0\0\0cpu", b"X\x06\0\0\0cuda:0")
            new.writestr(name, content)
    model, _ = imported(elsewhere, mirnas, tmp_path)
    found = predict(model, cells, "--values", "zscore", "--scale", "none")
    np.testing.assert_allclose(found, EXPECTED.loc["module.pt"], rtol=0, atol=1e-5)


def test_a_deflated_archive_is_read(mirnas, tmp_path):
    packed = tmp_path / "packed.pt"
    with zipfile.ZipFile(FOLDER / "module.pt") as old, \
            zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    imported(packed, mirnas, tmp_path)


def test_a_state_dict_asks_for_the_order(mirnas, tmp_path):
    done = run("import", FOLDER / "state.pt", "--mirnas", mirnas, "-o", tmp_path / "m.h5", expect=2)
    assert "--order" in done.stderr and "bn-relu" in done.stderr and "relu-bn" in done.stderr
    assert not (tmp_path / "m.h5").exists()
    _, done = imported(FOLDER / "state.pt", mirnas, tmp_path, "--order", ORDER)
    assert "eps" in done.stderr and "1e-05" in done.stderr
    assert "suggest" not in done.stderr
    _, done = imported(FOLDER / "state.pt", mirnas, tmp_path, "--order", "bn-relu")
    assert "model.4 and model.6 suggest the order relu-bn" in done.stderr
    run("import", FOLDER / "state.pt", "--mirnas", mirnas, "--order", "bn-relu,bn-relu,bn-relu",
        "-o", tmp_path / "m.h5", expect=2)
    run("import", FOLDER / "state.pt", "--mirnas", mirnas, "--order", "relu", "-o",
        tmp_path / "m.h5", expect=2)


def test_a_module_whose_forward_decides_asks_for_the_order(mirnas, tmp_path):
    done = run("import", FOLDER / "module_loose.pt", "--mirnas", mirnas, "-o", tmp_path / "m.h5",
               expect=2)
    assert "--order" in done.stderr


def test_batch_norm_without_statistics_cannot_be_a_model(mirnas, tmp_path):
    done = run("import", FOLDER / "module_no_statistics.pt", "--mirnas", mirnas, "-o",
               tmp_path / "m.h5", expect=4)
    assert "running" in done.stderr and "model.1" in done.stderr


def test_lists_that_do_not_fit_are_refused(mirnas, tmp_path):
    done = run("import", FOLDER / "module.pt", "-o", tmp_path / "m.h5", expect=2)
    assert "20" in done.stderr and "1298" in done.stderr and "--mirnas" in done.stderr
    short = tmp_path / "short.txt"
    short.write_text("\n".join(MIRNAS[:19]))
    run("import", FOLDER / "module.pt", "--mirnas", short, "-o", tmp_path / "m.h5", expect=3)
    short.write_text("\n".join(MIRNAS[:19] + MIRNAS[:1]))
    done = run("import", FOLDER / "module.pt", "--mirnas", short, "-o", tmp_path / "m.h5", expect=3)
    assert MIRNAS[0] in done.stderr
    assert list(tmp_path.iterdir()) == [short]


def test_a_list_of_genes_may_have_a_header_and_an_alias_column(mirnas, cells, tmp_path):
    genes = tmp_path / "genes.csv"
    pd.DataFrame({"gene": SYMBOLS, "alias": SYMBOLS}).to_csv(genes)  # and running numbers
    model, _ = imported(FOLDER / "module.pt", mirnas, tmp_path, "--genes", genes)
    found = predict(model, cells, "--values", "zscore", "--scale", "none")
    np.testing.assert_allclose(found, EXPECTED.loc["module.pt"], rtol=0, atol=1e-5)


def test_scales_of_an_imported_model(mirnas, tmp_path):
    model, done = imported(FOLDER / "module.pt", mirnas, tmp_path)
    assert "875 of 977 genes" in done.stderr
    random = np.random.default_rng(3)
    bulk = pd.DataFrame(random.lognormal(6.0, 1.5, (977, 12)), SYMBOLS,
                        [f"sample {i}" for i in range(12)])
    bulk.to_csv(tmp_path / "bulk.csv")
    done = run("predict", tmp_path / "bulk.csv", "-m", model, "--scale", "reference",
               "--force-scale", "--save-input", tmp_path / "seen.csv", "-o", tmp_path / "out.csv")
    assert "875 of 977" in done.stderr
    seen = pd.read_csv(tmp_path / "seen.csv", index_col=0)
    moments = pd.read_csv(PROJECT / "data" / "gene_moments.tsv", sep="\t", index_col=0)
    upper = np.quantile(bulk, 0.75, axis=0, method="inverted_cdf")
    unit = np.log2(1 + 1000 * bulk / upper)
    expected = unit.loc[moments.index].sub(moments["mean"], axis=0).div(moments["sd"], axis=0).T
    np.testing.assert_allclose(seen[moments.index], expected, rtol=0, atol=2e-4)
    assert (seen.drop(columns=moments.index) == 0).all(axis=None)
    run("predict", tmp_path / "bulk.csv", "-m", model, "--scale", "dataset", "-o",
        tmp_path / "out.csv")
    done = run("predict", tmp_path / "bulk.csv", "-m", model, "--output-scale", "log2rpm", "-o",
               tmp_path / "rpm.csv", expect=2)
    assert "log2(RPM + 1)" in done.stderr and not (tmp_path / "rpm.csv").exists()


def test_a_panel_without_known_moments_has_no_reference(mirnas, tmp_path):
    genes = tmp_path / "genes.txt"
    genes.write_text("\n".join(f"PROBE_{i}_at" for i in range(977)))
    model, done = imported(FOLDER / "module.pt", mirnas, tmp_path, "--genes", genes)
    assert "977 of 977 genes are not in" in done.stderr and "not possible" in done.stderr
    values = np.random.default_rng(3).lognormal(6.0, 1.5, (977, 12))
    pd.DataFrame(values, [f"PROBE_{i}_at" for i in range(977)],
                 [f"s{i}" for i in range(12)]).to_csv(tmp_path / "x.csv")
    done = run("predict", tmp_path / "x.csv", "-m", model, "--orientation", "genes", "--scale",
               "reference", "-o", tmp_path / "out.csv", expect=2)
    assert "has no mean and standard deviation of its training samples" in done.stderr
    assert "--scale dataset" in done.stderr


def test_files_that_are_no_checkpoint(mirnas, tmp_path, model):
    text = tmp_path / "text.pt"
    text.write_text("weights\n")
    for path in (text, tmp_path, tmp_path / "missing.pt", model):
        done = run("import", path, "--mirnas", mirnas, "-o", tmp_path / "m.h5", expect=4)
        assert str(path) in done.stderr


# Hostile files. Each must be refused in under a second and 200 MB, and run nothing.

class Call:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def zipped(members, method=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def around(pickled):
    return zipped([("archive/data.pkl", pickled), ("archive/version", b"3\n")])


def tensor(shape, stride, offset=0, numel=4, dtype="FloatStorage", key="0"):
    """A pickle of {"0.weight": a tensor} that says this of itself."""
    def text(value):
        return b"X" + struct.pack("<I", len(value)) + value.encode()

    def whole(value):
        return b"\x8a\x08" + struct.pack("<q", value)

    def sizes(values):
        return b"(" + b"".join(map(whole, values)) + b"t"
    return (b"\x80\x02}" + text("0.weight") + b"ctorch._utils\n_rebuild_tensor_v2\n(("
            + text("storage") + b"ctorch\n" + dtype.encode() + b"\n" + text(key) + text("cpu")
            + whole(numel) + b"tQ" + whole(offset) + sizes(shape) + sizes(stride)
            + b"\x89ccollections\nOrderedDict\n)RtRs.")


def legacy(pickled, keys=(), storages=b"", little=True):
    magic = pickle.dumps(0x1950a86a20f9469cfc6c, 2)
    return (magic + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": little}, 2) + pickled
            + pickle.dumps(list(keys), 2) + storages)


def hostile():
    good = (FOLDER / "module.pt").read_bytes()
    old = (FOLDER / "module_legacy.pt").read_bytes()
    weights = struct.pack("<4f", 1, 2, 3, 4)

    def stored(pickled, content=weights):
        return zipped([("a/data.pkl", pickled), ("a/data/0", content)])
    swapped = bytearray(good)
    at = good.index(b"PK\x01\x02")
    swapped[at + 24:at + 28] = struct.pack("<I", 0x7fffffff)  # a size in the central directory
    nested = b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."
    modules = b"\x80\x02ctorch.nn.modules.container\nSequential\n)\x81}X\x08\0\0\0_modules}sb"
    doubled = (modules + b"q\x00" + b"0" + b"".join(
        b"ctorch.nn.modules.container\nSequential\n)\x81}X\x08\0\0\0_modules}"
        + b"X\x01\0\0\0ah" + bytes([i]) + b"sX\x01\0\0\0bh" + bytes([i]) + b"ssbq" + bytes([i + 1])
        + b"0" for i in range(60)) + b"h\x3c.")
    itself = (b"\x80\x02ctorch.nn.modules.container\nSequential\n)\x81q\x00}X\x08\0\0\0_modules}"
              b"X\x01\0\0\0ah\x00ssb.")
    yield "os.system", around(pickle.dumps(Call(os.system, "touch ran"), 2)), "system"
    yield "eval, protocol 4", around(pickle.dumps(Call(eval, "open('ran','w')"), 4)), "eval"
    yield "subprocess", around(pickle.dumps(Call(subprocess.Popen, ["touch", "ran"]), 2)), "Popen"
    yield "in a list", around(pickle.dumps([1, {"a": Call(os.system, "touch ran")}], 2)), "system"
    yield "legacy os.system", legacy(pickle.dumps(Call(os.system, "touch ran"), 2)), "system"
    yield "bare pickle", pickle.dumps(Call(os.system, "touch ran"), 2), "system"
    yield "INST", around(b"(X\x09\0\0\0touch ranios\nsystem\n."), "os.system"
    yield "OBJ", around(b"(cos\nsystem\nX\x09\0\0\0touch rano."), "os.system"
    yield "extension", around(b"\x80\x02\x82\x01."), "extension"
    yield "protocol 0", around(pickle.dumps(Call(os.system, "touch ran"), 0)), "pickle"
    yield "numpy scalar", around(pickle.dumps({"a": np.float64(1)}, 2)), "numpy"
    yield "memo bomb", around(doubled), "module"
    yield "module in itself", around(itself), "module"
    yield "nested lists", around(nested), "neither"
    yield "marks", around(b"\x80\x02" + b"(" * 100_000 + b"."), "nested"
    yield "values", around(b"\x80\x02" + b"}" * 1_000_000 + b"."), "too many"
    yield "big pickle", around(b"\x80\x02" + b"N0" * 10_000_000 + b"N."), "bytes"
    yield "endless text", around(b"\x80\x02X\xff\xff\xff\xffabc"), "ends early"
    yield "endless text 8", around(b"\x80\x04\x8d" + b"\xff" * 8 + b"abc"), "ends early"
    yield "no value", around(b"\x80\x02."), "does not exist"
    yield "no memo", around(b"\x80\x02h\x07."), "did not store"
    yield "no stop", around(b"\x80\x02N"), "ends early"
    yield "empty pickle", around(b""), "ends early"
    yield "unknown opcode", around(b"\x80\x02\xff."), "0xff"
    yield "protocol 9", around(b"\x80\x09N."), "protocol 9"
    yield "only a number", around(pickle.dumps(3, 2)), "neither"
    yield "numbers claimed", stored(tensor([2, 2], [2, 1], numel=2**50)), "claims"
    yield "shape beyond", stored(tensor([2**31, 2**31], [0, 0])), "reaches beyond"
    yield "shape overflows", stored(tensor([2**62, 2**62], [1, 1])), "reaches beyond"
    yield "stride overflows", stored(tensor([2, 2], [2**62, 1])), "strides"
    yield "offset beyond", stored(tensor([2, 2], [2, 1], offset=1)), "reaches beyond"
    yield "offset overflows", stored(tensor([2, 2], [2, 1], offset=2**63 - 1)), "reaches beyond"
    yield "negative size", stored(tensor([-2, 2], [2, 1])), "not a size"
    yield "negative offset", stored(tensor([2, 2], [2, 1], offset=-4)), "offset"
    yield "whole numbers", stored(tensor([2, 2], [2, 1], dtype="IntStorage")), "IntStorage"
    yield "unknown storage", stored(tensor([2, 2], [2, 1], dtype="EvilStorage")), "EvilStorage"
    yield "missing storage", stored(tensor([2, 2], [2, 1], key="../../x")), "missing"
    yield "NaN", stored(tensor([2, 2], [2, 1]), struct.pack("<4f", 1, 2, 3, float("nan"))), "NaN"
    yield "legacy count", legacy(tensor([2, 2], [2, 1]), ["0"],
                                 struct.pack("<q", 2**60) + weights), "claims"
    yield "legacy negative", legacy(tensor([2, 2], [2, 1]), ["0"],
                                    struct.pack("<q", -1) + weights), "claims"
    yield "legacy twice", legacy(tensor([2, 2], [2, 1]), ["0", "0"],
                                 2 * (struct.pack("<q", 4) + weights)), "twice"
    yield "legacy big-endian", legacy(tensor([2, 2], [2, 1]), little=False), "big-endian"
    yield "big-endian", zipped([("a/data.pkl", tensor([2, 2], [2, 1])), ("a/byteorder", b"big"),
                                ("a/data/0", weights)]), "byte order"
    yield "truncated", good[:len(good) // 2], "damaged"
    yield "truncated legacy", old[:-100], "more than the file contains"
    yield "cut pickle", old[:500], "ends early"
    yield "no pickle", zipped([("archive/version", b"3\n")]), "data.pkl"
    yield "two pickles", zipped([("a/data.pkl", b"N."), ("b/data.pkl", b"N.")]), "second"
    yield "TorchScript", zipped([("a/data.pkl", b"N."), ("a/code/net.py", b"")]), "TorchScript"
    yield "outside", zipped([("a/data.pkl", b"N."), ("a/../../evil", b"")]), "points outside"
    yield "absolute", zipped([("/data.pkl", b"N.")]), "points outside"
    yield "lying size", bytes(swapped), ""
    yield "bomb", zipped([("a/data.pkl", b"N."), ("a/data/0", b"\0" * 300_000_000)],
                         zipfile.ZIP_DEFLATED), "unpack"
    yield "damaged member", good.replace(b"X\x08\0\0\0training", b"X\x08\0\0\0trainink", 1), \
        "checksum"


def duplicates():
    with pytest.warns(UserWarning):
        return zipped([("a/data.pkl", b"N."), ("a/data/0", b"1234"), ("a/data/0", b"4321")])


HOSTILE = {name: (content, word) for name, content, word in hostile()}
HOSTILE["duplicate members"] = (duplicates(), "twice")


# Runs a command with nothing on stdout of its own; prints its peak memory in kB and its CPU time.
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=sys.stderr)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_maxrss, used.ru_utime + used.ru_stime)
sys.exit(done.returncode)
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_at_once_and_runs_nothing(name, tmp_path):
    content, word = HOSTILE[name]
    (tmp_path / "evil.pt").write_bytes(content)
    done = subprocess.run([sys.executable, "-c", MEASURE, SICMIR, "import", "evil.pt", "--order",
                           "bn-relu", "-o", "model.h5"],
                          cwd=tmp_path, capture_output=True, text=True, timeout=60)
    kilobytes, seconds = map(float, done.stdout.split())
    assert done.returncode == 4, f"exit {done.returncode}: {done.stderr}"
    assert word in done.stderr, done.stderr
    assert "evil.pt" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["evil.pt"], "something ran or was left"
    if not SANITIZE:
        assert seconds < 1.0 and kilobytes < 200_000, f"{seconds:.2f} s of CPU, {kilobytes} kB"
