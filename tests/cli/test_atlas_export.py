# SPDX-License-Identifier: BSD-3-Clause
"""`sicmir atlas export`: a smaller copy of the site, whose figures are those of the whole."""
import collections
import json
import shutil

import numpy as np
import pytest

from program import run
from test_atlas_site import TYPES, Site, add, cells_of, files_of


@pytest.fixture(scope="module")
def atlas(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    atlas = folder / "atlas"
    add(atlas, folder, model, "open", cells_of(1, 4, TYPES, "open"), "--public", "cells", "--tissue", "gut")
    add(atlas, folder, model, "sums", cells_of(2, 2, TYPES[1:], "sums"), "--tissue", "gut")
    add(atlas, folder, model, "secret", cells_of(3, 2, ["mono", "hush-hush cell"], "secret"), "--public", "no",
        "--tissue", "hush-hush tissue", "--title", "hush-hush title")
    run("atlas", "index", atlas)
    return atlas


@pytest.fixture(scope="module")
def whole(atlas):
    return Site(atlas / "site")


def cells_of_set(site, d=0):
    header, arrays = site.bundle(site.tables["datasets"]["file"][d])
    if header["cells"] is None:
        return header, arrays, None, None
    return header, arrays, header["cells"], site.bundle(header["cells"]["file"])[1]


def value_of(site, cells, m):
    """The bytes of a miRNA of all cells, and their range."""
    header, block = site.bundle(cells["blocks"][m // cells["per_block"]])
    k = m - header["first"]
    return block["bytes"].reshape(-1, cells["n"])[k], header["low"][k], header["high"][k]


def test_a_copy_of_everything_has_the_bytes_of_the_site(atlas, tmp_path):
    run("atlas", "export", atlas, "--to", tmp_path / "www")
    assert files_of(tmp_path / "www") == files_of(atlas / "site")
    assert [path.name for path in tmp_path.iterdir()] == ["www"]


def test_fewer_cells_are_drawn_in_proportion_to_their_groups(atlas, whole, tmp_path):
    done = run("atlas", "export", atlas, "--to", tmp_path / "www", "--max-cells", "60")
    site = Site(tmp_path / "www")
    assert "2 data sets" in done.stderr and "60 cells on maps" in done.stderr
    _, all_arrays, all_cells, all_of = cells_of_set(whole)
    header, arrays, cells, few = cells_of_set(site)
    assert (cells["n"], cells["of"], all_cells["n"]) == (60, 480, 480) and "of" not in all_cells
    number = few["number_low"].astype(int) + 65536 * few["number_high"].astype(int)
    assert len(set(number)) == 60 and (np.diff(number) > 0).all()
    for name in ("x", "y", "type", "sample"):
        assert (few[name] == all_of[name][number]).all(), name
    # 3 types in 2 of 4 samples each of either disease: 6 groups of 80 cells, of which 60 / 6 stay.
    groups = collections.Counter((t, s % 2) for t, s in zip(few["type"], few["sample"]))
    assert sorted(groups.values()) == [10] * 6
    for m in (0, len(site.tables["mirnas"]["name"]) - 1):
        values, low, high = value_of(site, cells, m)
        all_values, all_low, all_high = value_of(whole, all_cells, m)
        assert (values == all_values[number]).all() and (low, high) == (all_low, all_high)
    # What is not drawn is that of all cells.
    assert (arrays["mean"] == all_arrays["mean"]).all() and site.tables["groups"] == whole.tables["groups"]
    assert site.manifest["counts"] == whole.manifest["counts"]
    assert site.manifest["excerpt"]["words"] == "An excerpt: at most 60 cells of each data set. Figures of groups are of all cells."
    assert "excerpt" not in whole.manifest


def test_the_draw_is_that_of_its_seed_whatever_the_threads(atlas, tmp_path):
    for name, *options in (("a", "--threads", "1"), ("b", "--threads", "3"), ("c", "--seed", "1"), ("d", "--seed", "2")):
        run("atlas", "export", atlas, "--to", tmp_path / name, "--max-cells", "50", *options)
    a, b, c, d = (files_of(tmp_path / name) for name in "abcd")
    assert a == b == c and a != d
    numbers = [cells_of_set(Site(tmp_path / name))[3]["number_low"] for name in "ad"]
    assert len(numbers[0]) == len(numbers[1]) == 50 and set(numbers[0]) != set(numbers[1])


def test_a_listed_mirna_has_the_figures_of_the_whole(atlas, whole, tmp_path):
    names, accessions = whole.tables["mirnas"]["name"], whole.tables["mirnas"]["accession"]
    listed = [7, 2, 5]  # pasted, in any order, by accession or name, also in a file
    (tmp_path / "list.txt").write_text(f"{names[7]}\n{accessions[2]}\t{names[5]}\n{names[7]}\n")
    pasted = f"{names[7]}\n{accessions[2]}, {names[5]} "
    run("atlas", "export", atlas, "--to", tmp_path / "www", "--mirnas", tmp_path / "list.txt")
    run("atlas", "export", atlas, "--to", tmp_path / "pasted", "--mirnas", pasted)
    assert files_of(tmp_path / "www") == files_of(tmp_path / "pasted")
    site = Site(tmp_path / "www")
    listed.sort()
    assert site.tables["mirnas"]["name"] == [names[m] for m in listed]
    assert site.manifest["counts"]["mirnas"] == 3 and site.manifest["excerpt"]["of_mirnas"] == len(names)
    for k, m in enumerate(listed):
        header, arrays = site.bundle(site.tables["mirnas"]["file"][k])
        _, full = whole.bundle(whole.tables["mirnas"]["file"][m])
        assert header["mirna"] == k and set(arrays["mirna"]) <= {k}
        for name in arrays:
            if not name.endswith("mirna"):
                assert np.array_equal(arrays[name], full[name], equal_nan=arrays[name].dtype.kind == "f"), name
        values, low, high = value_of(site, cells_of_set(site)[2], k)
        all_values, all_low, all_high = value_of(whole, cells_of_set(whole)[2], m)
        assert (values == all_values).all() and (low, high) == (all_low, all_high)
    _, arrays = site.bundle(site.tables["types"]["file"][0])
    _, full = whole.bundle(whole.tables["types"]["file"][0])
    assert (arrays["mean"] == full["mean"][listed]).all()
    kept = np.isin(full["mirna"], listed)
    assert kept.any() and (arrays["rank"] == full["rank"][kept]).all()
    assert (np.array(listed)[arrays["mirna"]] == full["mirna"][kept]).all()
    _, arrays, _, _ = cells_of_set(site)
    _, full, _, _ = cells_of_set(whole)
    for name in ("mean", "effect", "error"):
        assert np.array_equal(arrays[name].reshape(-1, 3), full[name].reshape(-1, len(names))[:, listed], equal_nan=True), name


def test_every_file_of_a_copy_is_named_and_no_other_mirna_is_found(atlas, whole, tmp_path):
    names = whole.tables["mirnas"]["name"]
    run("atlas", "export", atlas, "--to", tmp_path / "www", "--mirnas", names[3], "--max-cells", "40")
    site = Site(tmp_path / "www")
    assert {path.stem for path in (site.folder / "d").rglob("*") if path.is_file()} == set(site.names())
    assert {path.name for path in (site.folder / "downloads").iterdir()} == {
        item["path"].split("/")[1] for item in site.manifest["downloads"]}
    for item in site.manifest["downloads"]:
        assert (site.folder / item["path"]).stat().st_size == item["bytes"]
    found = [line for _, key in site.manifest["search"] for line in json.loads(site.content(key))]
    assert {line[2] for line in found if line[1] == "mirna"} == {names[3]}
    assert {line[2] for line in found if line[1] == "type"} == set(TYPES)
    text = b"".join(site.content(key) for key in site.names()) + b"".join(files_of(site.folder).values())
    assert b"hush-hush" not in text and names[4].encode() not in text


@pytest.mark.parametrize("make, what", [
    (lambda to: (to.mkdir(), (to / "a.txt").write_text("x")), "is not empty"),
    (lambda to: to.write_text("x"), "is no folder")])
def test_what_is_there_is_never_replaced(atlas, tmp_path, make, what):
    make(tmp_path / "www")
    before = sorted(path for path in tmp_path.rglob("*"))
    assert what in run("atlas", "export", atlas, "--to", tmp_path / "www", expect=2).stderr
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_an_empty_folder_is_taken_an_earlier_copy_is_not(atlas, elsewhere):
    (elsewhere / "www").mkdir()
    run("atlas", "export", atlas, "--to", f"{elsewhere}/www/", "--max-cells", "40")
    before = files_of(elsewhere / "www")
    assert "delete this one" in run("atlas", "export", atlas, "--to", elsewhere / "www", "--max-cells", "40", expect=2).stderr
    assert files_of(elsewhere / "www") == before


def test_a_copy_within_the_atlas_is_refused(atlas):
    for to in (atlas / "www", atlas / "site" / "x", atlas):
        assert "within the atlas" in run("atlas", "export", atlas, "--to", to, expect=2).stderr
    run("atlas", "check", atlas)


def test_a_name_that_is_unknown_is_refused(atlas, tmp_path):
    done = run("atlas", "export", atlas, "--to", tmp_path / "www", "--mirnas", "hsa-miR-9999-5p", expect=2)
    assert "--mirnas" in done.stderr and "hsa-miR-9999-5p" in done.stderr and not list(tmp_path.iterdir())


def test_a_set_that_was_removed_since_is_not_copied(atlas, tmp_path):
    copy = tmp_path / "atlas"
    shutil.copytree(atlas, copy)
    run("atlas", "remove", copy, "sums")
    done = run("atlas", "export", copy, "--to", tmp_path / "www", expect=3)
    assert "removed after the catalogue was made" in done.stderr and "atlas index" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["atlas"]
    run("atlas", "index", copy)
    run("atlas", "export", copy, "--to", tmp_path / "www")
    assert Site(tmp_path / "www").tables["datasets"]["id"] == ["open"]


def test_a_disk_without_room_leaves_nothing(atlas, tmp_path):
    run("atlas", "export", atlas, "--to", tmp_path / "none" / "www", expect=5)
    assert not list(tmp_path.iterdir())
