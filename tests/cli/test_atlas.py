# SPDX-License-Identifier: BSD-3-Clause
"""`sicmir atlas`: data sets are added, indexed and asked as users do; figures by `profile`, `predict`, numpy and SQLite."""
import http.client
import io
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from anndata.experimental import read_elem

from program import SICMIR, SYMBOLS, counts, predict, run

GENES = [*SYMBOLS, *(f"OTHER{i}" for i in range(1100))]
TYPES = {"B cell": "CL:0000236", "T cell": "CL:0000084", "hepatocyte": "CL:0000182"}
BY = ["--group-by", "cell_type", "--sample", "sample", "--donor", "donor", "--disease", "disease", "--sex", "sex",
      "--tissue", "tissue", "--min-cells", 8, "--min-counts", 1000]


def cells(seed, n_cells=600, n_samples=6, tissue="liver", types=TYPES):
    """Cells of three types, each with its own raised genes; even samples are normal."""
    random = np.random.default_rng(seed)
    values = counts(n_cells, genes=GENES, seed=seed).to_numpy().T.astype(np.float32)
    type_of = random.integers(0, len(types), n_cells)
    sample = random.integers(0, n_samples, n_cells)
    for number in range(len(types)):
        raised = np.random.default_rng(100 + number).choice(len(SYMBOLS), 120, replace=False)
        values[np.ix_(type_of == number, raised)] *= 3
    obs = pd.DataFrame({"cell_type": pd.Categorical(np.array(list(types))[type_of]),
                        "cell_type_ontology_term_id": pd.Categorical(np.array(list(types.values()))[type_of]),
                        "sample": pd.Categorical([f"s{i}" for i in sample]), "donor": [f"{tissue}-d{i}" for i in sample],
                        "disease": pd.Categorical(np.where(sample % 2 == 0, "normal", "cirrhosis")),
                        "sex": np.where(sample % 3 == 0, "female", "male"), "tissue": tissue},
                       index=[f"cell_{i}" for i in range(n_cells)])
    data = anndata.AnnData(scipy.sparse.csr_matrix(values), dtype=np.float32, obs=obs, var=pd.DataFrame(index=GENES))
    data.obsm["X_pca"] = random.normal(size=(n_cells, 5))
    data.obsm["X_umap"] = random.normal(size=(n_cells, 2)).astype(np.float32)
    return data


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """liver; lung, of whose cells half are not primary; gut, with more samples."""
    folder = tmp_path_factory.mktemp("inputs")
    cells(1).write_h5ad(folder / "liver.h5ad")
    lung = cells(2, n_cells=900, tissue="lung")
    lung.obs["is_primary_data"] = np.random.default_rng(3).random(900) < 0.6
    lung.write_h5ad(folder / "lung.h5ad", compression="gzip")
    cells(4, n_samples=8, tissue="gut").write_h5ad(folder / "gut.h5ad")
    return folder


def add(atlas, source, name, *arguments, model, expect=0, **options):
    return run("atlas", "add", atlas, source, "--id", name, "-m", model, *BY, *arguments, expect=expect, **options)


@pytest.fixture(scope="module")
def built(inputs, model, tmp_path_factory):
    atlas = tmp_path_factory.mktemp("atlas") / "A"
    for name in ("liver", "lung", "gut"):
        add(atlas, inputs / f"{name}.h5ad", name, "--labels-from", "annotation", "--public", "cells", model=model)
    run("atlas", "index", atlas)
    return atlas


@pytest.fixture
def own(built, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(built, tmp_path / "A")


def query(atlas, *arguments, expect=0):
    done = run("atlas", "query", atlas, *arguments, expect=expect)
    if expect != 0:
        return done
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    table = pd.DataFrame(lines[1:], columns=lines[0]).replace("NaN", np.nan)
    for column in table:
        try:
            table[column] = pd.to_numeric(table[column])
        except ValueError:
            pass
    table.attrs["notes"] = done.stderr
    return table


def database(atlas):
    return sqlite3.connect(f"file:{atlas}/data/catalogue.sqlite?immutable=1", uri=True)


@pytest.fixture(scope="module")
def profiled(inputs, model, tmp_path_factory):
    """What `sicmir profile` says of liver: z-scores by profile."""
    out = tmp_path_factory.mktemp("profiled") / "liver.h5mu"
    run("profile", inputs / "liver.h5ad", "-m", model, "-o", out, "--group-by", "cell_type", "--sample", "sample",
        "--donor", "donor", "--condition", "disease", "--tissue", "tissue", "--min-cells", 8, "--min-counts", 1000)
    return out


def test_a_set_holds_the_profiles_of_profile(built, profiled):
    with h5py.File(built / "data/sets/liver/profiles.h5mu") as ours, h5py.File(profiled) as theirs:
        a, b = (read_elem(file["mod/mirna"]) for file in (ours, theirs))
    np.testing.assert_array_equal(a.X, b.X)
    pd.testing.assert_frame_equal(a.obs, b.obs)


def test_group_means_are_those_of_the_profiles(built, profiled):
    with h5py.File(profiled) as file:
        mirna = read_elem(file["mod/mirna"])
    z = pd.DataFrame(mirna.X, index=mirna.obs_names, columns=mirna.var_names)[~mirna.obs["below_floor"].to_numpy()]
    groups = query(built, "--mirna", mirna.var_names[3], "--by", "group", "--set", "liver")
    assert len(groups) == 6
    for _, group in groups.iterrows():
        here = ((mirna.obs["group"].astype(str) == group["type"])
                & (mirna.obs["condition"].astype(str) == group["disease"]) & ~mirna.obs["below_floor"])
        values = mirna.X[here.to_numpy(), 3].astype(float)
        assert group["n_samples"] == len(values)
        assert group["mean_z"] == pytest.approx(values.mean(), abs=6e-4 * max(1, abs(values.mean())))
        assert group["sd_z"] == pytest.approx(values.std(ddof=1), rel=1e-3)
        assert group["type_id"] == TYPES[group["type"]]
        assert group["n_cells"] == mirna.obs["n_cells"][here.to_numpy()].sum()
    assert list(groups["mean_z"]) == sorted(groups["mean_z"], reverse=True)
    assert z.shape[0] > 0


def test_the_cells_are_those_of_predict_in_a_byte(built, inputs, model):
    values = predict(model, inputs / "liver.h5ad").to_numpy()
    source = anndata.read_h5ad(inputs / "liver.h5ad")
    description = json.loads((built / "data/sets/liver/set.json").read_text())
    with h5py.File(built / "data/sets/liver/cells.h5") as file:
        low, high, stored = file["low"][:], file["high"][:], file["mirnas"][:]
        np.testing.assert_array_equal(file["map"][:], source.obsm["X_umap"])
        assert file["map"].attrs["name"] == "X_umap"
        names = [description["types"][i]["name"] for i in file["types"]]
        assert [name.decode() for name in file["names"][:]] == list(source.obs_names)
    assert names == list(source.obs["cell_type"].astype(str))
    np.testing.assert_allclose(low, values.min(axis=0), rtol=1e-6)
    step = ((high - low) / 254)[:, None]
    assert (np.abs(low[:, None] + stored * step - values.T) <= step * 0.501).all()


def test_cells_that_are_not_primary_are_left_out_everywhere(built, inputs, model, tmp_path):
    source = anndata.read_h5ad(inputs / "lung.h5ad")
    source = source[source.obs["is_primary_data"].to_numpy()].copy()
    del source.obs["is_primary_data"]
    source.write_h5ad(tmp_path / "primary.h5ad")
    add(tmp_path / "A", tmp_path / "primary.h5ad", "lung", "--labels-from", "annotation", "--public", "cells",
        model=model)
    a, b = built / "data/sets/lung", tmp_path / "A/data/sets/lung"
    assert json.loads((a / "set.json").read_text())["n_not_primary"] == 900 - source.n_obs
    assert (a / "cells.h5").read_bytes() == (b / "cells.h5").read_bytes()
    assert (a / "summary.h5").read_bytes() == (b / "summary.h5").read_bytes()


def test_markers_are_those_of_markers(built, profiled):
    done = run("markers", profiled, "--labels-from", "annotation")
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    theirs = pd.DataFrame(lines[1:], columns=lines[0])
    theirs = theirs[theirs["group"] == "hepatocyte"].reset_index(drop=True)
    ours = query(built, "--markers", "CL:0000182", "--set", "liver")
    assert list(ours["mirna"]) == list(theirs["mirna"])
    np.testing.assert_allclose(ours["z"], theirs["difference_z"].astype(float), rtol=1e-5)
    np.testing.assert_allclose(ours["fdr"], theirs["fdr"].astype(float), rtol=1e-4)


def test_markers_over_sets_count_them(built):
    table = query(built, "--markers", "hepatocyte")
    assert set(table["of_sets"]) == {3} and table["n_sets"].max() == 3
    one = query(built, "--markers", "hepatocyte", "--set", "gut").set_index("mirna")["z"]
    assert set(table["mirna"]) >= set(one.index)


def test_a_mirna_is_ranked_over_types_with_the_spread_over_sets(built):
    mirna = "MIMAT" if False else query(built, "--markers", "T cell")["mirna"][0]
    groups = query(built, "--mirna", mirna, "--by", "group")
    by_set = groups.groupby(["type", "set"])["mean_z"].mean()
    expected = by_set.groupby("type").agg(["mean", "std", "min", "max"]).sort_values("mean", ascending=False)
    table = query(built, "--mirna", mirna)
    assert list(table["type"]) == list(expected.index)
    np.testing.assert_allclose(table["mean_z"], expected["mean"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(table["sd_over_sets"], expected["std"], rtol=1e-3)
    np.testing.assert_allclose(table["lowest_set"], expected["min"], rtol=1e-4, atol=1e-5)
    assert set(query(built, "--mirna", mirna, "--by", "tissue")["tissue"]) == {"liver", "lung", "gut"}
    assert set(query(built, "--mirna", mirna, "--by", "disease")["disease"]) == {"normal", "cirrhosis"}
    assert len(query(built, "--mirna", mirna, "--top", 1)) == 1


def test_two_diseases_and_two_types_are_compared(built):
    table = query(built, "--compare", "cirrhosis", "--with", "normal", "--of", "disease", "--type", "T cell")
    assert (table["n_sets"] == 3).all() and set(table["within_sets"]) == {"yes"}
    mirna = table["mirna"][0]
    groups = query(built, "--mirna", mirna, "--by", "group", "--type", "T cell").set_index(["set", "disease"])["mean_z"]
    differences = [groups[s, "cirrhosis"] - groups[s, "normal"] for s in ("liver", "lung", "gut")]
    assert table["difference_z"][0] == pytest.approx(np.mean(differences), abs=2e-5)
    assert len(query(built, "--compare", "T cell", "--with", "hepatocyte")) > 0


def test_biomarkers_join_the_contrasts_of_compare(built, profiled):
    """Effects and errors of each set from `sicmir compare`; the rest is meta_analysis_test."""
    out = profiled.parent / "compared.json"
    run("compare", profiled, "--reference", "normal", "--min-difference", 0, "-o", out)
    groups = {group["group"]: group for group in json.loads(out.read_text())["groups"]}
    theirs = pd.DataFrame(groups["T cell"]["differences"]).set_index("mirna")
    connection = database(built)
    types = dict(connection.execute("SELECT name, id FROM terms WHERE kind = 'type'"))
    sets = dict(connection.execute("SELECT name, id FROM sets"))
    effect, error = connection.execute("SELECT effect, error FROM contrasts JOIN contrast_values USING(id) WHERE dataset = ? AND type = ?",
                                       (sets["liver"], types["T cell"])).fetchone()
    names = [name for name, in connection.execute("SELECT name FROM mirnas ORDER BY id")]
    effect = pd.Series(np.frombuffer(effect, "<f4"), index=names)
    error = pd.Series(np.frombuffer(error, "<f4"), index=names)
    z = theirs["difference_z"].astype(float)
    np.testing.assert_allclose(effect[z.index], z, rtol=1e-5)
    np.testing.assert_allclose(error[z.index], z / theirs["t"].astype(float), rtol=1e-4)
    table = query(built, "--biomarkers", "cirrhosis")
    assert len(table) == len(TYPES) * len(names) and (table["n_sets"] == 3).all()
    assert (table["high"] > table["low"]).all() and (table["fdr"] >= table["p"]).all()
    assert table["predicted_low"].isna().all(), "three sets predict no fourth"
    assert "Hartung-Knapp" in table.attrs["notes"]


def test_what_is_made_of_whole_data_sets_is_chosen_by_its_groups(built):
    """A tissue, too, chooses markers and contrasts: those of its one data set."""
    mirna = query(built, "--markers", "hepatocyte", "--set", "gut")["mirna"][0]
    for question in (["--markers", "hepatocyte"], ["--mirna", mirna, "--by", "marker"], ["--biomarkers", "cirrhosis"]):
        by_tissue, by_set = query(built, *question, "--tissue", "gut"), query(built, *question, "--set", "gut")
        assert "whole data sets" in by_tissue.attrs["notes"] and "whole data sets" not in by_set.attrs["notes"]
        if question[0] == "--markers":
            assert set(by_tissue["sets"]) == {"gut"} and set(by_tissue["mirna"]) == set(by_set["mirna"])
        else:
            pd.testing.assert_frame_equal(by_tissue, by_set)
    assert len(query(built, "--markers", "hepatocyte", "--min-samples", 1000)) == 0


def test_profiles_are_most_like_their_own_groups(built, profiled):
    table = query(built, "--like", profiled, "--top", 1)
    assert list(table["group"]) == list(table["type"]) == sorted(TYPES)


def test_json_says_the_same_with_notes(built):
    table = query(built, "--mirna", query(built, "--markers", "T cell")["mirna"][0])
    done = run("atlas", "query", built, "--mirna", query(built, "--markers", "T cell")["mirna"][0], "--json")
    answer = json.loads(done.stdout)
    assert [line["type"] for line in answer["lines"]] == list(table["type"])
    np.testing.assert_allclose([line["mean_z"] for line in answer["lines"]], table["mean_z"], rtol=1e-5)
    assert any("predicted, not measured" in note for note in answer["notes"])


def test_the_catalogue_is_plain_sqlite_as_documented(built):
    connection = database(built)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA journal_mode").fetchone() != ("wal",)
    assert connection.execute("SELECT name, ontology FROM terms WHERE kind = 'type' ORDER BY id").fetchall() == \
        sorted(TYPES.items())
    documented = open(os.path.join(os.path.dirname(__file__), "../../docs/atlas-format.md")).read()
    stated = " ".join(documented.split("```sql")[1].split("```")[0].replace("-- float16 per miRNA", "")
                      .replace("-- float16 per group", "").split())
    for sql, in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"):
        assert sql in stated, sql
    mean, = connection.execute("SELECT mean FROM mirna_values WHERE id = 0").fetchone()
    groups = connection.execute("SELECT count(*) FROM groups").fetchone()[0]
    assert len(np.frombuffer(mean, "<f2")) == groups


def test_adding_touches_only_its_own_folder(built, inputs, model, own):
    before = {path: path.stat().st_mtime_ns for path in own.rglob("*") if path.is_file()}
    add(own, inputs / "gut.h5ad", "gut-2", model=model)
    after = {path: path.stat().st_mtime_ns for path in own.rglob("*") if path.is_file()}
    assert {path: after[path] for path in before} == before
    assert {path.parent.name for path in set(after) - set(before)} == {"gut-2"}


def test_the_same_sets_make_the_same_bytes(built, inputs, model, tmp_path):
    other = tmp_path / "B"
    for name in ("gut", "liver", "lung"):  # in another order, with other threads
        add(other, inputs / f"{name}.h5ad", name, "--labels-from", "annotation", "--public", "cells", "--threads", 1,
            model=model)
    run("atlas", "index", other, "--threads", 1)
    for name in ("data/catalogue.sqlite", "data/sets/lung/cells.h5", "data/sets/lung/summary.h5",
                 "data/sets/gut/profiles.h5mu"):
        assert (other / name).read_bytes() == (built / name).read_bytes(), name


def test_an_id_is_added_once(built, inputs, model):
    done = add(built, inputs / "liver.h5ad", "liver", model=model, expect=2)
    assert "'liver' is in the atlas already" in done.stderr
    assert "is in the atlas already" in add(built, inputs / "liver.h5ad", "liver", "--resume", model=model).stderr
    assert not list((built / "data/claims").iterdir())


@pytest.mark.parametrize("name", ["Liver", "../x", "a/b", ".x", "x" * 65])
def test_ids_are_of_few_characters(name, inputs, model, tmp_path):
    assert "id of a data set" in add(tmp_path / "A", inputs / "liver.h5ad", name, model=model, expect=2).stderr


def test_of_two_adds_of_one_id_one_wins(inputs, model, tmp_path):
    atlas = tmp_path / "A"
    command = [SICMIR, "atlas", "add", atlas, inputs / "liver.h5ad", "--id", "liver", "-m", model, *BY]
    several = [subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE, text=True) for _ in range(4)]
    ends = [(process.communicate()[1], process.returncode) for process in several]
    assert sorted(code for _, code in ends) == [0, 2, 2, 2], ends
    for text, code in ends:
        assert code == 0 or "liver" in text.splitlines()[-1]
    run("atlas", "index", atlas)
    assert run("atlas", "check", atlas).stdout == ""


def findings(atlas):
    return run("atlas", "check", atlas, expect=None).stdout


def start_and_kill(command, seconds):
    process = subprocess.Popen([str(word) for word in command], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               start_new_session=True)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_killed_adds_leave_nothing_half_done(inputs, model, own):
    """At twelve moments: what is in data/sets is whole; --resume takes over what was left."""
    command = [SICMIR, "atlas", "add", own, inputs / "liver.h5ad", "--id", "late", "-m", model, *BY]
    start = time.monotonic()
    run(*command[1:])
    duration = time.monotonic() - start
    for moment in range(12):
        shutil.rmtree(own / "data/sets/late", ignore_errors=True)
        start_and_kill(command, duration * (moment + 0.5) / 12)
        left = (own / "data/claims/late").exists()
        run("atlas", "index", own, "--quiet")  # goes on, whatever was left
        if left:
            assert "was left by an add" in run("atlas", "check", own, expect=3).stdout
            again = run(*command[1:], expect=2).stderr
            assert "--resume" in again
        run(*command[1:], "--resume")
        run("atlas", "index", own, "--quiet")
        assert findings(own) == ""


def test_killed_indexes_leave_the_old_catalogue_or_the_new(own, inputs, model):
    add(own, inputs / "liver.h5ad", "more", model=model)
    old = (own / "data/catalogue.sqlite").read_bytes()
    command = [SICMIR, "atlas", "index", own, "--resume"]
    start = time.monotonic()
    run(*command[1:])
    duration = time.monotonic() - start
    new = (own / "data/catalogue.sqlite").read_bytes()
    assert new != old
    for moment in range(10):
        (own / "data/catalogue.sqlite").write_bytes(old)
        start_and_kill(command, duration * (moment + 0.5) / 10)
        assert (own / "data/catalogue.sqlite").read_bytes() in (old, new)
        query(own, "--markers", "T cell")
    run(*command[1:])
    for path in (own / "data").glob(".*.part"):
        path.unlink()  # `check` names them
    assert findings(own) == ""


def test_index_runs_while_sets_are_added(inputs, model, tmp_path):
    """Four tasks of an array, two of them with one id; `index` all the while."""
    atlas = tmp_path / "A"
    table = "id\tpath\n" + "".join(f"set-{i}\t{inputs}/{name}.h5ad\n" for i, name in
                                   enumerate(["liver", "gut", "liver", "gut", "liver"]))
    (tmp_path / "sets.tsv").write_text(table)
    add(atlas, inputs / "gut.h5ad", "first", model=model)
    stop = threading.Event()
    faults = []

    def index():
        while not stop.is_set():
            done = subprocess.run([SICMIR, "atlas", "index", str(atlas)], capture_output=True, text=True)
            if done.returncode != 0:
                faults.append(done.stderr)

    thread = threading.Thread(target=index)
    thread.start()
    tasks = [subprocess.Popen([SICMIR, "atlas", "add", atlas, "--inputs", tmp_path / "sets.tsv", "--shard", "slurm/3",
                               "-m", model, *map(str, BY)], env={**os.environ, "SLURM_ARRAY_TASK_ID": str(task)},
                              stderr=subprocess.PIPE, text=True) for task in (1, 2, 3, 3)]
    ends = [(task.communicate()[1], task.returncode) for task in tasks]
    stop.set()
    thread.join()
    assert not faults, faults
    assert [code for _, code in ends[:2]] == [0, 0], ends
    assert sorted(code for _, code in ends[2:]) in ([0, 3], [0, 0]), ends
    run("atlas", "index", atlas)
    assert len(json.loads(run("atlas", "info", atlas, "--json").stdout)["sets"]) == 6
    assert run("atlas", "check", atlas).stdout == ""


def test_a_list_states_the_options_of_each_set(inputs, model, tmp_path):
    atlas = tmp_path / "A"
    columns = "id\tpath\ttitle\tpublic\tdisease\tlabels_from\n"
    (tmp_path / "sets.tsv").write_text(f"{columns}one\t{inputs}/liver.h5ad\tOne\tno\t\tsorting\n"
                                       f"# not this one\ntwo\t{inputs}/gut.h5ad\tTwo\t\tall well\n")
    run("atlas", "add", atlas, "--inputs", tmp_path / "sets.tsv", "-m", model, *BY)
    one, two = (json.loads((atlas / f"data/sets/{name}/set.json").read_text()) for name in ("one", "two"))
    assert (one["title"], one["public"], two["public"]) == ("One", "no", "summary")
    assert [term["name"] for term in one["diseases"]] == ["cirrhosis", "normal"]
    assert [term["name"] for term in two["diseases"]] == ["all well"]
    assert ["labels-from", "sorting"] in [list(pair.values()) for pair in one["options"]]


@pytest.mark.parametrize("text, what", [
    ("path\tid\tcolour\n", "line 1: 'colour' is no such column"),
    ("id\ttitle\n", "'path' is missing"),
    ("id\tpath\nA\tx.h5ad\n", "line 2: expected an id"),
    ("id\tpath\na\tx\na\ty\n", "the id 'a' stands in the list twice"),
    ("id\tpath\tpublic\na\tx\tyes\n", "line 2: public is 'yes'; expected no, summary, cells"),
    ("id\tpath\n", "lists no data set")])
def test_lists_that_are_wrong_are_refused(text, what, tmp_path, model):
    (tmp_path / "sets.tsv").write_text(text)
    done = run("atlas", "add", tmp_path / "A", "--inputs", tmp_path / "sets.tsv", "-m", model, *BY, expect=2)
    assert what in done.stderr


@pytest.mark.parametrize("arguments, what", [
    (["--tissue", "tisue"], "but it has 'tissue'"),
    (["--sample", "smaple"], "Did you mean 'sample'?"),
    (["--map", "X_umpa"], "Did you mean 'X_umap'?"),
    (["--reference", "norml"], "Did you mean 'normal'?")])
def test_columns_that_there_are_not_are_told_with_the_nearest(arguments, what, inputs, model, tmp_path):
    stated = [word for i, word in enumerate(BY) if BY[i] != arguments[0] and (i == 0 or BY[i - 1] != arguments[0])]
    done = run("atlas", "add", tmp_path / "A", inputs / "liver.h5ad", "--id", "x", "-m", model, *stated, *arguments,
               expect=2)
    assert what in done.stderr
    assert not list((tmp_path / "A/data/claims").iterdir())


def test_mixed_scales_are_refused_by_name_or_kept_apart(own, inputs, model):
    add(own, inputs / "gut.h5ad", "far", "--scale", "reference", "--force-scale", model=model)
    done = run("atlas", "index", own, expect=3)
    assert "scale reference" in done.stderr and ": far" in done.stderr and ": gut, liver, lung" in done.stderr
    run("atlas", "index", own, "--allow-mixed")
    table = query(own, "--markers", "T cell")
    assert set(table["comparable"]) == {0, 1}
    assert set(table[table["sets"].str.contains("far")]["comparable"]) == {0}


def test_auto_takes_the_reference_for_a_set_of_too_few_profiles_and_index_names_it(inputs, model, tmp_path):
    """One sample of two types makes two profiles, too few to be compared among themselves."""
    few = cells(9, n_cells=200, n_samples=1, types=dict(list(TYPES.items())[:2]))
    few.write_h5ad(tmp_path / "bulk.h5ad")
    atlas = tmp_path / "A"
    add(atlas, inputs / "liver.h5ad", "liver", "--scale", "auto", model=model)
    log = run("atlas", "add", atlas, tmp_path / "bulk.h5ad", "--id", "bulk", "-m", model, *BY, "--scale",
              "auto").stderr
    assert "only 2 profiles are above the floor" in log and "compared with the training samples" in log
    scales = {id: json.loads((atlas / f"data/sets/{id}/set.json").read_text())["comparability"]["scale"]
              for id in ("liver", "bulk")}
    assert scales == {"liver": "dataset", "bulk": "reference"}
    done = run("atlas", "index", atlas, expect=3)
    assert "scale reference" in done.stderr and ": bulk" in done.stderr and ": liver" in done.stderr
    assert not (atlas / "data/catalogue.sqlite").exists()
    run("atlas", "index", atlas, "--allow-mixed")
    kinds = pd.read_csv(io.StringIO(run("atlas", "query", atlas, "--markers", list(TYPES)[0]).stdout), sep="\t")
    assert "bulk" not in "".join(kinds[kinds["sets"].str.contains("liver")]["sets"])  # no line holds both
    # The remedy: all sets with one scale.
    run("atlas", "remove", atlas, "liver")
    run("atlas", "index", atlas)


def test_removed_sets_go_with_the_next_index(own):
    run("atlas", "remove", own, "lung")
    assert "lung" in set(query(own, "--mirna", query(own, "--markers", "T cell")["mirna"][0], "--by", "set")["set"])
    run("atlas", "index", own)
    assert not (own / "data/sets/lung").exists()
    assert "lung" not in run("atlas", "info", own).stdout
    assert "Did you mean 'liver'?" in run("atlas", "remove", own, "livr", expect=2).stderr


def flip(path, at=None):
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if at is None else at] ^= 0x40
    path.write_bytes(data)


DAMAGES = {
    "a byte of the cells": (lambda a: flip(a / "data/sets/liver/cells.h5"), "liver/cells.h5: has the checksum"),
    "a byte of the profiles": (lambda a: flip(a / "data/sets/lung/profiles.h5mu"), "lung/profiles.h5mu: has the"),
    "a missing summary": (lambda a: (a / "data/sets/gut/summary.h5").unlink(), "gut/summary.h5: is missing"),
    "a file cut short": (lambda a: os.truncate(a / "data/sets/gut/cells.h5", 999), "has 999 bytes; expected"),
    "an edited description": (lambda a: (a / "data/sets/gut/set.json").write_text("{}"), "gut/set.json: has 2 bytes"),
    "missing checksums": (lambda a: (a / "data/sets/gut/checksums.json").unlink(), "checksums.json: cannot be read"),
    "a stranger among the files": (lambda a: (a / "data/sets/gut/x.tmp").touch(), "x.tmp: does not belong"),
    "a stranger among the sets": (lambda a: (a / "data/sets/README").touch(), "README: is no data set"),
    "a set that is gone": (lambda a: shutil.rmtree(a / "data/sets/gut"), "other data sets than there are now"),
    "a claim left behind": (lambda a: (a / "data/claims/x").mkdir(), "claims/x: was left by an add"),
    "a byte of the catalogue": (lambda a: flip(a / "data/catalogue.sqlite"), "another checksum than the catalogue"),
    "no catalogue": (lambda a: (a / "data/catalogue.sqlite").unlink(), "catalogue.sqlite: is missing"),
    "half a catalogue": (lambda a: (a / "data/.catalogue.sqlite.XyZ123.part").touch(), "a command that was stopped"),
    "a set that was copied": (lambda a: shutil.copytree(a / "data/sets/gut", a / "data/sets/gut2"),
                              "the folder is named 'gut2'"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_check_finds_damage(name, own):
    damage, what = DAMAGES[name]
    assert findings(own) == ""
    damage(own)
    done = run("atlas", "check", own, expect=3)
    assert what in done.stdout, done.stdout


def test_info_lists_sets_terms_and_what_is_not_indexed(own, inputs, model):
    add(own, inputs / "gut.h5ad", "gut-2", "--title", "=danger\ttitle", model=model)
    text = run("atlas", "info", own).stdout
    assert "gut-2\t600\t8\t3\t6\tnormal\tdataset\tsummary\t=danger title" in text
    assert "changed since the catalogue was made: gut-2" in text
    assert "donor 'gut-d0' is in gut, gut-2" in text
    terms = run("atlas", "info", own, "--terms").stdout.splitlines()
    assert "type\thepatocyte\tCL:0000182\t4" in terms
    assert "tissue\tliver\t\t1" in terms, "no id: it stays, and is listed"


def test_a_table_of_terms_goes_first(inputs, model, tmp_path):
    (tmp_path / "terms.tsv").write_text("tissue\tliver\tUBERON:0002107\ntype\tT cell\tCL:0000625\n")
    add(tmp_path / "A", inputs / "liver.h5ad", "x", "--terms", tmp_path / "terms.tsv", model=model)
    found = json.loads((tmp_path / "A/data/sets/x/set.json").read_text())
    assert found["tissues"] == [{"name": "liver", "ontology": "UBERON:0002107"}]
    assert [term["ontology"] for term in found["types"]] == ["CL:0000236", "CL:0000625", "CL:0000182"]


@pytest.mark.parametrize("arguments, what", [
    (["--mirna", "x", "--markers", "y"], "ask one question"),
    ([], "ask one question"),
    (["--compare", "T cell"], "go together"),
    (["--markers", "T cel"], "Did you mean 'T cell'?"),
    (["--biomarkers", "cirrhosis", "--reference", "healthy"], "has no condition 'healthy'"),
    (["--markers", "T cell", "--set", "livr"], "Did you mean 'liver'?")])
def test_questions_that_cannot_be_answered(arguments, what, built):
    assert what in query(built, *arguments, expect=2).stderr


def test_what_is_no_atlas_is_told(tmp_path, inputs, model):
    for verb in ("index", "info", "check"):
        assert "is no atlas" in run("atlas", verb, tmp_path, expect=3).stderr
    assert "sicmir atlas index" in run("atlas", "query", tmp_path, "--mirna", "x", expect=3).stderr
    (tmp_path / "cells.tsv").write_text("gene\tc1\nTP53\t1\n")
    assert "cells.tsv has no obs" in run("atlas", "add", tmp_path / "A", tmp_path / "cells.tsv", "--id", "x", "-m",
                                         model, *BY, expect=2).stderr
    assert "say what to do" in run("atlas", expect=2).stderr
    assert "Did you mean 'index'?" in run("atlas", "indx", expect=2).stderr


def test_hostile_names_stay_names(inputs, model, tmp_path):
    data = anndata.read_h5ad(inputs / "liver.h5ad")
    data.obs["cell_type"] = data.obs["cell_type"].cat.rename_categories(
        {"B cell": "=cmd|' /C calc'!A0", "T cell": "<script>alert(1)</script>'); DROP TABLE sets;--",
         "hepatocyte": "a\tb\nc"})
    data.write_h5ad(tmp_path / "x.h5ad")
    add(tmp_path / "A", tmp_path / "x.h5ad", "x", model=model)
    run("atlas", "index", tmp_path / "A")
    mirna = query(tmp_path / "A", "--markers", "a\tb\nc")["mirna"][0]
    table = query(tmp_path / "A", "--mirna", mirna)
    assert set(table["type"]) == {"'=cmd|' /C calc'!A0", "<script>alert(1)</script>'); DROP TABLE sets;--", "a b c"}


def test_a_question_is_answered_at_once(built):
    """Seconds of the processor, for the machine may be busy."""
    mirna = query(built, "--markers", "T cell")["mirna"][0]
    times = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        query(built, "--mirna", mirna)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) < 0.1, times


@pytest.fixture
def site(tmp_path):
    """A made-up site, and what must not be served."""
    folder = tmp_path / "A" / "site"
    (folder / "d" / "ab").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Atlas</title>")
    (folder / "manifest.json").write_text("{}")
    (folder / "d" / "ab" / "abcd.bin").write_bytes(bytes(range(256)) * 100)
    (folder / ".hidden").write_text("no")
    (tmp_path / "A" / "data").mkdir()
    (tmp_path / "A" / "data" / "secret").write_text("donor 7")
    (folder / "link").symlink_to(tmp_path / "A" / "data" / "secret")
    process = subprocess.Popen([SICMIR, "atlas", "serve", tmp_path / "A", "--port", "0"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    address = process.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:")
    yield int(address.rstrip("/").rsplit(":", 1)[1])
    process.terminate()
    process.wait()


def ask(port, path="/", method="GET", host=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"localhost:{port}")
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    return answer, answer.read()


def test_serve_sends_the_files_of_the_site(site):
    answer, body = ask(site)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"<title>Atlas" in body and answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    answer, body = ask(site, "/d/ab/abcd.bin")
    assert body == bytes(range(256)) * 100 and "immutable" in answer.headers["Cache-Control"]
    again, body = ask(site, "/d/ab/abcd.bin", If_None_Match=answer.headers["ETag"])
    assert (again.status, body, again.headers["ETag"]) == (304, b"", answer.headers["ETag"])
    head, body = ask(site, "/manifest.json", "HEAD")
    assert (head.status, head.headers["Content-Length"], body) == (200, "2", b"")


@pytest.mark.parametrize("path", ["/../data/secret", "/%2e%2e/data/secret", "/link", "/.hidden", "/d/../../data/secret",
                                  "//etc/passwd", "/d", "/nothing", "/index.html/", "/..%2fdata%2fsecret",
                                  "/manifest.json%00.html", "/d\\..\\x", "*"])
def test_serve_sends_nothing_else(path, site):
    answer, body = ask(site, path)
    assert answer.status in (400, 404) and b"donor" not in body and b"{}" not in body


def test_serve_answers_only_get_and_only_this_machine(site):
    answer, _ = ask(site, method="POST", Content_Length="0")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert ask(site, method="DELETE")[0].status == 405
    for host in ("evil.example", f"evil.example:{site}", "127.0.0.1.evil.example", "localhost:x", "[::1", "a@localhost"):
        assert ask(site, host=host)[0].status == 403, host
    for host in ("localhost", "127.0.0.1", f"[::1]:{site}"):
        assert ask(site, host=host)[0].status == 200, host


def test_serve_needs_a_site_and_a_port(site, tmp_path):
    assert "there is no web site here" in run("atlas", "serve", tmp_path, "--port", 0, expect=3).stderr
    done = run("atlas", "serve", tmp_path / "A", "--port", site, expect=2)
    assert "Choose another --port" in done.stderr


def test_networks_are_those_of_network(model, tmp_path):
    """Types of 12 samples; the genes of vesicles are not measured, so that there is no cross-talk."""
    cells(7, n_cells=1500, n_samples=12).write_h5ad(tmp_path / "cells.h5ad")
    names = run("inspect", model, "--json").stdout
    mirnas = sorted(set(re.findall(r"hsa-[\w-]+", names))) or ["hsa-miR-21-5p"]
    random = np.random.default_rng(8)
    pairs = [(mirna, f"OTHER{i}") for mirna in mirnas[:15] for i in random.choice(400, 40, replace=False)]
    table = tmp_path / "targets.tsv"
    table.write_text("miRNA\ttarget\n" + "".join(f"{mirna}\t{gene}\n" for mirna, gene in pairs))
    add(tmp_path / "A", tmp_path / "cells.h5ad", "x", "--targets", table, model=model)
    run("atlas", "index", tmp_path / "A")
    run("network", tmp_path / "A/data/sets/x/profiles.h5mu", "--targets", table, "--edges", tmp_path / "edges.tsv", "-o",
        tmp_path / "hubs.tsv")
    theirs = pd.read_csv(tmp_path / "edges.tsv", sep="\t", comment="#")
    connection = database(tmp_path / "A")
    ours = pd.read_sql("SELECT terms.name AS type, mirnas.name AS mirna, edges.target, correlation FROM edges "
                       "JOIN terms ON kind = 'type' AND terms.id = edges.type JOIN mirnas ON mirnas.id = edges.mirna", connection)
    assert len(ours) == 150
    group, gene, value = (next(c for c in theirs if c.startswith(word)) for word in ("network", "target", "corr"))
    known = theirs.set_index([group, "mirna", gene])[value]
    for _, edge in ours.iterrows():
        assert known[edge["type"], edge["mirna"], edge["target"]] == pytest.approx(edge["correlation"], abs=1e-4)
    target = ours["target"][0]
    found = query(tmp_path / "A", "--target", target)
    assert set(found["mirna"]) == set(ours[ours["target"] == target]["mirna"])
    assert "left out: cross-talk:" in run("atlas", "info", tmp_path / "A").stdout
