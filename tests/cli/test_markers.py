# SPDX-License-Identifier: BSD-3-Clause
"""`sicmir markers` and `sicmir compare`, from cells to tables."""
import io
import json
import re
import shutil
import subprocess
import sys

import anndata
import numpy as np
import pandas as pd
import pytest

from program import PROJECT, SANITIZE, SICMIR, SYMBOLS, predict, run

GROUPS = ["B", "mono", "T"]


def cells_of(n_samples, seed=4, n_cells=40, conditions=("normal",)):
    """Counts of three groups with programs of their own, in samples that differ a little."""
    random = np.random.default_rng(seed)
    base = random.gamma(0.6, 3.0, len(SYMBOLS)) + 0.05
    program = {group: np.exp(random.normal(0, 0.8, len(SYMBOLS))) for group in GROUPS}
    counts, obs = [], []
    for sample in range(n_samples):
        shift = np.exp(random.normal(0, 0.15, len(SYMBOLS)))
        for group in GROUPS:
            mean = base * program[group] * shift * np.exp(random.normal(0, 0.1, len(SYMBOLS)))
            counts.append(random.poisson(mean, (n_cells, len(SYMBOLS))))
            obs += [(f"s{sample + 1}", group, f"d{sample + 1}", conditions[sample % len(conditions)])] * n_cells
    obs = pd.DataFrame(obs, columns=["sample", "cell_type", "donor", "disease"])
    obs.index = [f"cell_{i}" for i in range(len(obs))]
    return anndata.AnnData(np.vstack(counts).astype(np.float32), obs=obs, dtype=np.float32,
                           var=pd.DataFrame(index=SYMBOLS))


def profiles_of(folder, model, cells, *arguments, name="profiles.h5mu"):
    cells.write_h5ad(folder / "cells.h5ad")
    run("profile", folder / "cells.h5ad", "-m", model, "--group-by", "cell_type", "--sample", "sample",
        "--condition", "disease", "-o", folder / name, *arguments)
    return folder / name


def table(text):
    return pd.read_csv(io.StringIO(text), sep="\t", keep_default_na=False, na_values=["NaN"])


@pytest.fixture(scope="module")
def profiles(model, tmp_path_factory):
    return profiles_of(tmp_path_factory.mktemp("markers"), model, cells_of(6, conditions=("normal", "tumour")))


def markers(profiles, *arguments, **options):
    return run("markers", profiles, *arguments, **options)


def z_scores(profiles, tmp_path, model):
    """The predictions of the profiles, as sicmir itself exports them: samples x groups x miRNAs."""
    import h5py
    with h5py.File(profiles) as file:
        mirna = file["mod/mirna"]
        names = [name.decode() for name in mirna["obs"][mirna["obs"].attrs["_index"]][:]]
        mirnas = [name.decode() for name in mirna["var"][mirna["var"].attrs["_index"]][:]]
        values = mirna["X"][:]
    return pd.DataFrame(values, pd.MultiIndex.from_tuples([name.split("|") for name in names]), mirnas)


def test_differences_are_those_within_samples(profiles, tmp_path, model):
    done = markers(profiles, "--labels-from", "sorting", "--weight-cells", 0)
    found = table(done.stdout).set_index(["group", "mirna"])
    z = z_scores(profiles, tmp_path, model)
    means = z.groupby(level=1).mean()
    for group in GROUPS:
        expected = means.loc[group] - means.drop(group).mean()
        np.testing.assert_allclose(found.loc[group, "difference_z"][expected.index], expected, atol=1e-4)
    assert found["p"].notna().all() and (found["fdr"] >= found["p"]).all()
    assert (found["confidence"] == "not calibrated").all()
    assert (found["n_samples"] == 6).all()
    assert "60 tests" in done.stderr and "d0 = " in done.stderr  # 20 miRNAs, 3 groups


def test_confidence_comes_from_the_calibration_in_the_file(profiles, tmp_path):
    import h5py
    import shutil
    copy = shutil.copy(profiles, tmp_path / "calibrated.h5mu")
    accuracies, sizes = [-1.0, 0.3, 0.5], [0.0, 0.5, 1.0]
    likely = np.array([[0.1, 0.2, np.nan], [0.3, 0.55, 0.6], [0.4, 0.75, 0.9]])
    with h5py.File(copy, "r+") as file:
        tables = file.create_group("uns/sicmir/differences")
        tables["accuracy_from"], tables["difference_from"] = accuracies, sizes
        for name in ("likely", "likely_low", "likely_high", "sign_right", "n"):
            tables[name] = likely.ravel()
    found = table(markers(copy).stdout)
    rows = np.searchsorted(accuracies, found["accuracy"], side="right") - 1
    columns = np.searchsorted(sizes, found["difference_log2rpm"].abs(), side="right") - 1
    expected = np.where(found["accuracy"].isna() | (rows < 0), np.nan, likely[rows, columns])
    np.testing.assert_allclose(found["probability"], expected, atol=1e-6)
    words = np.select([np.isnan(expected), expected >= 0.75, expected >= 0.5],
                      ["not calibrated", "strong", "likely"], "unclear")
    assert list(found["confidence"]) == list(words) and len(set(words)) > 1

    with h5py.File(copy, "r+") as file:
        del file["uns/sicmir/differences/likely"]
        file["uns/sicmir/differences/likely"] = likely.ravel()[:4]
    done = markers(copy, expect=3)
    assert "uns/sicmir/differences/likely: has 4 entries; 9 were expected" in done.stderr


def test_clusters_get_no_p_unless_told_otherwise(profiles):
    done = markers(profiles)
    found = table(done.stdout)
    assert found["p"].isna().all() and found["fdr"].isna().all()
    assert found["difference_z"].notna().all() and found["agreement"].between(0, 1).all()
    assert "--labels-from" in done.stderr


def test_below_three_samples_there_are_effects_but_no_p(model, tmp_path):
    few = profiles_of(tmp_path, model, cells_of(2))
    done = markers(few, "--labels-from", "annotation")
    found = table(done.stdout)
    assert found["p"].isna().all() and found["difference_z"].notna().all()
    assert set(found["no_p_because"]) == {"beside others in 2 samples, fewer than 3"}
    assert "fewer than 3" in done.stderr


def test_json_says_how_it_was_computed(profiles, tmp_path):
    markers(profiles, "--labels-from", "sorting", "-o", tmp_path / "markers.json", "--min-difference", 0.5)
    found = json.loads((tmp_path / "markers.json").read_text())
    assert found["labels_from"] == "sorting" and found["n_tests"] == 60
    k = found["options"].pop("weight_cells")
    assert found["options"] == {"min_difference_z": 0.5, "weight_cells_from": "split halves of the cells",
                                "moderation": "robust", "covariates": []}
    stated = markers(profiles, "--labels-from", "sorting", "--min-difference", 0.5, "--weight-cells", repr(k))
    assert stated.stdout == markers(profiles, "--labels-from", "sorting", "--min-difference", 0.5).stdout
    assert [group["group"] for group in found["groups"]] == sorted(GROUPS)
    lines = table(markers(profiles, "--labels-from", "sorting", "--min-difference", 0.5).stdout)
    first = found["groups"][0]["markers"][0]
    assert first["mirna"] == lines["mirna"][0]
    assert first["p"] == pytest.approx(lines["p"][0], rel=1e-5)
    assert found["prior"]["s0"] > 0


def test_few_cells_weigh_little_where_samples_are_alike(model, tmp_path):
    """Samples of one population: their profiles differ only by the cells that they have. Where samples differ by
    themselves, K is small."""
    def k_of(between_samples):
        random = np.random.default_rng(8)
        base = random.gamma(0.7, 4.0, len(SYMBOLS)) + 0.2
        programmes = {group: np.exp(random.normal(0, 0.5, len(SYMBOLS))) for group in ("T", "B")}
        counts, obs = [], []
        for sample in range(10):
            for group, programme in programmes.items():
                mean = base * programme * np.exp(random.normal(0, between_samples, len(SYMBOLS)))
                cells = mean * np.exp(random.normal(0, 1, (40, len(SYMBOLS))))  # cells differ, too
                counts.append(random.poisson(cells))
                obs += [(f"s{sample}", group)] * 40
        obs = pd.DataFrame(obs, columns=["sample", "cell_type"], index=[f"c{i}" for i in range(len(obs))])
        anndata.AnnData(np.vstack(counts).astype(np.float32), obs=obs, dtype=np.float32,
                        var=pd.DataFrame(index=SYMBOLS)).write_h5ad(tmp_path / "alike.h5ad")
        run("profile", tmp_path / "alike.h5ad", "-m", model, "--group-by", "cell_type", "--sample", "sample",
            "-o", tmp_path / "alike.h5mu")
        done = markers(tmp_path / "alike.h5mu", "--labels-from", "sorting", "-o", tmp_path / "alike.json")
        assert "(split halves of the cells)" in done.stderr
        return json.loads((tmp_path / "alike.json").read_text())["options"]["weight_cells"]

    assert k_of(0.0) > 300
    assert k_of(0.6) < 40  # variances of 1 between cells, 0.36 between samples: below 3 without noise of counting


def test_profiles_without_halves_have_the_default_weights(profiles, tmp_path):
    import h5py
    old = shutil.copy(profiles, tmp_path / "old.h5mu")
    with h5py.File(old, "r+") as file:
        var = file["mod/mirna/var"]
        del var["cell_variance"]
        var.attrs["column-order"] = [name for name in var.attrs["column-order"] if name != "cell_variance"]
    done = markers(old, "--labels-from", "sorting")
    assert "K = 50 (default: the profiles hold no halves of their cells)" in done.stderr
    assert done.stdout == markers(profiles, "--labels-from", "sorting", "--weight-cells", 50).stdout
    with h5py.File(old, "r+") as file:
        file["mod/mirna/var"].create_dataset("cell_variance", data=np.full(len(z_names(file)), -1.0))
        var = file["mod/mirna/var"]
        var["cell_variance"].attrs["encoding-type"], var["cell_variance"].attrs["encoding-version"] = "array", "0.2.0"
        var.attrs["column-order"] = [*var.attrs["column-order"], "cell_variance"]
    assert "cell_variance" in markers(old, expect=3).stderr


def z_names(file):
    var = file["mod/mirna/var"]
    return var[var.attrs["_index"]][:]


def test_bytes_are_the_same_and_the_export_gives_the_same(profiles, model, tmp_path):
    first = markers(profiles, "--labels-from", "sorting").stdout
    assert markers(profiles, "--labels-from", "sorting").stdout == first
    exported = profiles_of(tmp_path, model, cells_of(6, conditions=("normal", "tumour")), name="p.h5ad")
    assert markers(exported, "--labels-from", "sorting").stdout == first


def test_a_list_of_mirnas_is_tested_alone(profiles):
    whole = table(markers(profiles, "--labels-from", "sorting").stdout)
    names = sorted(set(whole["mirna"]))[:2]
    accession = whole.set_index("mirna")["accession"][names[1]].iloc[0]
    done = markers(profiles, "--labels-from", "sorting", "--mirnas", f"{names[0]},{accession}")
    found = table(done.stdout)
    assert sorted(set(found["mirna"])) == names and "6 tests" in done.stderr
    both = found.merge(whole, on=["group", "mirna"])
    np.testing.assert_allclose(both["p_x"], both["p_y"], rtol=1e-12)
    error = markers(profiles, "--mirnas", "hsa-miR-none", expect=2).stderr
    assert "no miRNA 'hsa-miR-none'" in error


def test_covariates_that_follow_from_samples_are_refused_by_name(profiles, tmp_path):
    path = tmp_path / "covariates.tsv"
    path.write_text("sample\tage\n" + "".join(f"s{i}\t{30 + i * i}\n" for i in range(1, 7)))
    error = markers(profiles, "--covariates", path, expect=3).stderr
    assert "'age' cannot be told apart from samples" in error and str(profiles) in error
    assert run("compare", profiles, "--reference", "normal", "--covariates", path).stdout
    path.write_text("sample\tage\ns1\t3\n")
    assert "no line for sample 's2'" in markers(profiles, "--covariates", path, expect=3).stderr


def test_other_files_and_outputs_that_cannot_be_written_are_refused(profiles, tmp_path):
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    assert str(tmp_path / "table.csv") in markers(tmp_path / "table.csv", expect=2).stderr
    assert markers(profiles, "-o", tmp_path / "missing" / "x.tsv", expect=5).stdout == ""
    assert "is an input" in markers(profiles, "-o", profiles, expect=2).stderr


def test_one_group_is_nothing_to_compare(model, tmp_path):
    cells = cells_of(3)
    one = profiles_of(tmp_path, model, cells[cells.obs["cell_type"] == "T"].copy())
    assert "no sample holds two groups" in markers(one, expect=3).stderr


def test_conditions_are_compared_within_groups(profiles, tmp_path, model):
    done = run("compare", profiles, "--reference", "normal", "--weight-cells", 0)
    found = table(done.stdout).set_index(["group", "mirna"])
    z = z_scores(profiles, tmp_path, model)
    tumour = z.index.get_level_values(0).isin(["s2", "s4", "s6"])
    for group in GROUPS:
        is_group = z.index.get_level_values(1) == group
        expected = z[tumour & is_group].mean() - z[~tumour & is_group].mean()
        np.testing.assert_allclose(found.loc[group, "difference_z"][expected.index], expected, atol=1e-4)
    assert set(found["condition"]) == {"tumour"} and set(found["n_condition"]) == {3}
    assert found["p"].notna().all()
    assert "60 tests" in done.stderr


def test_paired_donors_are_blocks_and_partly_paired_ones_are_refused(model, tmp_path):
    cells = cells_of(8, conditions=("normal", "tumour"))
    pairs = {f"s{i + 1}": f"d{i // 2}" for i in range(8)}
    cells.obs["donor"] = [pairs[sample] for sample in cells.obs["sample"]]
    paired = profiles_of(tmp_path, model, cells, "--donor", "donor")
    done = run("compare", paired, "--reference", "normal", "-o", tmp_path / "x.json")
    found = json.loads((tmp_path / "x.json").read_text())
    assert found["paired"] and found["groups"][0]["n_pairs"] == 4 and "paired" in done.stderr
    pairs["s8"] = "alone"
    cells.obs["donor"] = [pairs[sample] for sample in cells.obs["sample"]]
    part = profiles_of(tmp_path, model, cells, "--donor", "donor", name="part.h5mu")
    error = run("compare", part, "--reference", "normal", expect=3).stderr
    assert "paired only in part" in error and "--drop-unpaired" in error
    done = run("compare", part, "--reference", "normal", "--drop-unpaired")
    assert set(table(done.stdout)["n_pairs"]) == {3}


def test_conditions_that_are_not_there_are_named(profiles):
    error = run("compare", profiles, "--reference", "norml", expect=2).stderr
    assert "'normal', 'tumour'" in error and "Did you mean 'normal'?" in error
    assert "--reference" in run("compare", profiles, expect=2).stderr


@pytest.mark.skipif(SANITIZE != "", reason="a study of figures, and slow")
def test_planted_truth_is_found_and_nothing_else(bundled):
    """Ten data sets of the study, with six donors."""
    done = subprocess.run([sys.executable, PROJECT / "scripts" / "study_markers.py", SICMIR, "--repeats", "10",
                           "--samples", "6", "--only", "markers"], capture_output=True, text=True, check=True)
    figures = {words: float(value) for words, value in re.findall(
        r"(share of p below 0.05: |power |false discoveries )([\d.]+)", done.stdout)}
    assert 0.03 < figures["share of p below 0.05: "] < 0.07, done.stdout
    assert figures["power "] > 0.9 and figures["false discoveries "] < 0.05, done.stdout


def test_a_matrix_gives_what_its_profiles_give(model, tmp_path):
    cells = cells_of(4)
    profiles = profiles_of(tmp_path, model, cells)
    source = tmp_path / "cells.h5ad"
    arguments = [source, "-m", model, "--group-by", "cell_type", "--sample", "sample", "--labels-from", "sorting"]
    straight = markers(*arguments).stdout
    assert straight == markers(profiles, "--labels-from", "sorting").stdout
    assert table(straight)["auc"].isna().all()

    found = table(markers(*arguments, "--auc").stdout)
    z = predict(model, source, "--scale", "dataset")
    group = cells.obs["cell_type"].to_numpy()
    for line in found.itertuples():
        inside, outside = z[line.mirna][group == line.group], z[line.mirna][group != line.group]
        wins = (inside.to_numpy()[:, None] > outside.to_numpy()[None, :]).mean()
        assert abs(line.auc - wins) <= line.auc_error + 1e-6 and 0 < line.auc_error < 0.05
    done = markers(profiles, "--auc", expect=2)
    assert "--auc needs the matrix" in done.stderr


def rank_genes_groups_df(adata, group, key="rank_genes_groups"):
    """What scanpy.get.rank_genes_groups_df does with the entry (scanpy 1.9.1), written anew."""
    parts = adata.uns[key]
    assert parts["params"]["method"] != "logreg"
    return pd.DataFrame({name: pd.DataFrame(parts[name])[group]
                         for name in ("names", "scores", "logfoldchanges", "pvals", "pvals_adj")})


@pytest.mark.parametrize("labels", ["sorting", "clusters"])
def test_the_copy_has_markers_where_scanpy_looks(model, tmp_path, labels):
    cells = cells_of(4)
    cells.obs["cell_type"] = cells.obs["cell_type"].replace({"B": "B/ß cells"})
    cells.uns["rank_genes_groups"] = {"old": np.array([1.0])}
    cells.uns["kept"] = "as it was"
    source = tmp_path / "cells.h5ad"
    cells.write_h5ad(source)
    before = source.read_bytes()
    done = markers(source, "-m", model, "--group-by", "cell_type", "--sample", "sample", "--labels-from", labels,
                   "--export-h5ad", tmp_path / "marked.h5ad")
    assert source.read_bytes() == before and "uns/rank_genes_groups is replaced in the copy" in done.stderr
    expected = table(done.stdout).set_index("group")
    copy = anndata.read_h5ad(tmp_path / "marked.h5ad")
    np.testing.assert_array_equal(copy.X, cells.X)
    pd.testing.assert_frame_equal(copy.obs.astype(str), cells.obs.astype(str))
    assert copy.uns["kept"] == "as it was" and "old" not in copy.uns["rank_genes_groups"]
    params = copy.uns["rank_genes_groups"]["params"]
    assert params["groupby"] == "cell_type" and params["reference"] == "rest" and params["labels_from"] == labels
    assert copy.uns["rank_genes_groups"]["names"].dtype.names == ("B/ß cells", "T", "mono")
    for group in copy.uns["rank_genes_groups"]["names"].dtype.names:
        found = rank_genes_groups_df(copy, group)
        mine = expected.loc[group].set_index("mirna").loc[found["names"]]
        assert len(found) == 20 and found["scores"].is_monotonic_decreasing
        for ours, theirs in [("difference_z", "scores"), ("difference_log2rpm", "logfoldchanges"), ("p", "pvals"),
                             ("fdr", "pvals_adj")]:
            np.testing.assert_allclose(found[theirs], mine[ours], rtol=2e-5)
        assert found["pvals"].isna().all() == (labels == "clusters")
    # scanpy's own file functions write it again.
    copy.write_h5ad(tmp_path / "again.h5ad")


def test_what_cannot_be_exported_is_said(profiles, model, tmp_path):
    done = markers(profiles, "--export-h5ad", tmp_path / "x.h5ad", expect=2)
    assert "--export-h5ad needs the matrix" in done.stderr
    cells = cells_of(2)
    source = tmp_path / "cells.h5ad"
    cells.write_h5ad(source)
    arguments = ["-m", model, "--group-by", "cell_type", "--sample", "sample"]
    done = markers(source, *arguments, "--export-h5ad", source, expect=2)
    assert "is an input" in done.stderr
    pd.DataFrame(np.asarray(cells.X).astype(int).T, index=SYMBOLS, columns=cells.obs_names).to_csv(
        tmp_path / "counts.tsv", sep="\t")
    cells.obs[["cell_type", "sample"]].to_csv(tmp_path / "groups.tsv", sep="\t", index_label="cell")
    done = markers(tmp_path / "counts.tsv", "-m", model, "--groups", f"{tmp_path / 'groups.tsv'}:cell_type",
                   "--sample", "sample", "--export-h5ad", tmp_path / "x.h5ad", expect=2)
    assert "only AnnData files can be copied" in done.stderr
    # So many groups with such long names fit into no record.
    many = cells_of(2, n_cells=400)
    many.obs["cell_type"] = [f"{i % 300} " + "long " * 60 for i in range(many.n_obs)]
    many.write_h5ad(source)
    done = markers(source, *arguments, "--min-cells", 1, "--min-counts", 1, "--export-h5ad", tmp_path / "x.h5ad",
                   expect=3)
    assert "uns/rank_genes_groups: cannot hold 300 groups" in done.stderr and not (tmp_path / "x.h5ad").exists()
