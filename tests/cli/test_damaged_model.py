# SPDX-License-Identifier: BSD-3-Clause
"""Models that are damaged or lie: exit code 4, with the place."""
import h5py
import numpy as np
import pytest

from damage import Cases, check_refused
from h5_edit import claims, edit, remove, replace, set_attribute
from program import counts

case = Cases(code=4)
FIRST = "members/000/layers/000"


def texts(path, name, change):
    with edit(path) as file:
        values = [value.decode() for value in file[name][()]]
    replace(path, name, np.array(change(values), dtype=h5py.string_dtype()))


def numbers(path, name, change):
    with edit(path) as file:
        values = file[name][()]
    replace(path, name, change(values))


def changed(values, at, to):
    values = np.array(values)
    values.flat[at] = to
    return values


@case("text", "not a sicmir model: models are HDF5 files, and this is not one.")
def _(p): p.write_text("weights\n")
@case("empty", "not a sicmir model: models are HDF5 files, and this is not one.")
def _(p): p.write_bytes(b"")
@case("half", "HDF5 cannot open this file; it is damaged or incomplete (compare its")
def _(p): p.write_bytes(p.read_bytes()[:p.stat().st_size // 2])
@case("the last 100 bytes lost", "HDF5 cannot open this file; it is damaged or incomplete (compare its")
def _(p): p.write_bytes(p.read_bytes()[:-100])
@case("a folder", "the model file cannot be opened. Specify a model with --model or")
def _(p):
    p.unlink()
    p.mkdir()
@case("an HDF5 file of something else", "/: not a sicmir model: its attribute 'format' is not 'sicmir-model'.")
def _(p):
    with h5py.File(p, "w") as file:
        file["x"] = 1
@case("another format", "/: not a sicmir model: its attribute 'format' is not 'sicmir-model'.")
def _(p): set_attribute(p, "/", "format", "sicmir-moments")
@case("a newer version", "/: is of model format 99")
def _(p): set_attribute(p, "/", "format_version", 99)
@case("version 0", "/: format_version is 0; 1 or more was expected.")
def _(p): set_attribute(p, "/", "format_version", 0)
@case("version that is a text", "/: has no integer attribute 'format_version'.")
def _(p): set_attribute(p, "/", "format_version", "one")
@case("no genes", "/: has no group 'genes'.")
def _(p): remove(p, "genes")
@case("no symbols", "/genes: has no data set 'symbol'.")
def _(p): remove(p, "genes/symbol")
@case("a symbol twice", "/genes/symbol: holds 'CISD1' twice; names must be unique.")
def _(p): texts(p, "genes/symbol", lambda v: [v[1], *v[1:]])
@case("an empty symbol", "/genes/symbol: holds an empty name.")
def _(p): texts(p, "genes/symbol", lambda v: ["", *v[1:]])
@case("fewer ids than symbols", "/genes/ensembl_id: has 976 entries; 977 were expected.")
def _(p): texts(p, "genes/ensembl_id", lambda v: v[1:])
@case("symbols that are numbers", "/genes/symbol: does not hold texts.")
def _(p): replace(p, "genes/symbol", np.arange(977))
@case("no miRNAs", "/: has no group 'mirnas'.")
def _(p): remove(p, "mirnas")
@case("a miRNA twice", "/mirnas/name: holds 'hsa-miR-4740-5p' twice; names must be unique.")
def _(p): texts(p, "mirnas/name", lambda v: [v[1], *v[1:]])
@case("fewer means than miRNAs", "/mirnas/mean: has 19 entries; 20 were expected.")
def _(p): numbers(p, "mirnas/mean", lambda v: v[1:])
@case("target of an unknown kind", "/: the checksum of the contents is")
def _(p): texts(p, "mirnas/target", lambda v: ["guessed", *v[1:]])
@case("no members", "/members: has 0 members; 1 to 1000 were expected.")
def _(p):
    remove(p, "members")
    with edit(p) as file:
        file.create_group("members")
@case("a member without layers", "/members/000: has no group 'layers'.")
def _(p): remove(p, "members/000/layers")
@case("a member of weight NaN", "/members/000/weight: must be one number above 0 and at most 1.")
def _(p): replace(p, "members/000/weight", np.array([np.nan]))
@case("a member of weight 0", "/members/000/weight: must be one number above 0 and at most 1.")
def _(p): replace(p, "members/000/weight", np.array([0.0]))
@case("shares that sum to 2", "/members/000/weight: must be one number above 0 and at most 1.")
def _(p): replace(p, "members/000/weight", np.array([2.0]))
@case("a weight NaN", "/members/000/layers/000/weight: holds NaN or infinite numbers; the")
def _(p): numbers(p, f"{FIRST}/weight", lambda v: changed(v, 5, np.nan))
@case("a weight infinite", "/members/000/layers/000/weight: holds NaN or infinite numbers; the")
def _(p): numbers(p, f"{FIRST}/weight", lambda v: changed(v, 5, np.inf))
@case("a weight changed", "/: the checksum of the contents is")
def _(p): numbers(p, f"{FIRST}/weight", lambda v: changed(v, 5, 7.0))
@case("weights of one axis", "/members/000/layers/000/weight: has 1 dimensions; 2 were expected.")
def _(p): numbers(p, f"{FIRST}/weight", lambda v: v.reshape(-1))
@case("weights for fewer genes", "/members/000/layers/000/weight: has shape [64, 976]; 977 inputs were")
def _(p): numbers(p, f"{FIRST}/weight", lambda v: v[:, 1:])
@case("weights that are texts", "/members/000/layers/000/weight: has 1 dimensions; 2 were expected.")
def _(p): replace(p, f"{FIRST}/weight", np.array(["x"] * 4, dtype=h5py.string_dtype()))
@case("weights of 2^60 numbers, which are not there", "/members/000/layers/000/weight: claims 1100004208985243648 elements")
def _(p): claims(p, f"{FIRST}/weight", (2**50, 977))
@case("weights of 2^33 zeros, which are not there", "/members/000/layers/000/weight: claims 8195670016 elements but the")
def _(p): claims(p, f"{FIRST}/weight", (2**23, 977))
@case("a bias too short", "/members/000/layers/000/bias: has shape [63]; [64] was expected.")
def _(p): numbers(p, f"{FIRST}/bias", lambda v: v[1:])
@case("a layer of an unknown type", "/members/000/layers/000/: is of type 'attention'")
def _(p): set_attribute(p, FIRST, "type", "attention")
@case("a layer without a type", "/members/000/layers/000/: has no text attribute 'type'.")
def _(p):
    with edit(p) as file:
        del file[FIRST].attrs["type"]
@case("a recipe that is unknown", "/genes: unit_recipe is 'tpm'")
def _(p): set_attribute(p, "genes", "unit_recipe", "tpm")
@case("genes in another file", "/: has no group 'genes'.")
def _(p):
    remove(p, "genes")
    with edit(p) as file:
        file["genes"] = h5py.ExternalLink("/etc/passwd", "/")
@case("genes that lead to themselves", "/: has no group 'genes'.")
def _(p):
    remove(p, "genes")
    with edit(p) as file:
        file["genes"] = h5py.SoftLink("/genes")
@case("no checksum", "/: has no text attribute 'checksum'.")
def _(p):
    with edit(p) as file:
        del file.attrs["checksum"]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "cells.csv"
    counts(3).to_csv(path)
    return path


@pytest.mark.parametrize("name", case.all)
def test_a_damaged_model_is_refused(model, table, tmp_path, name):
    path, code, words, _ = case.damaged(name, model, tmp_path)
    check_refused(["predict", table, "-m", path, "-o", tmp_path / "x.csv"], code, words, tmp_path / "x.csv")


def test_there_are_enough():
    assert len(case.all) >= 25
