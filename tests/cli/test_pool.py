# SPDX-License-Identifier: BSD-3-Clause
"""Pooling cells: against pandas, and the published program's faults of pooling."""
import json
import math
import re

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from program import SYMBOLS, counts, predict, run

N_CELLS = 437
GROUPS = {"T cell": 205, "B": 130, "NK": 101, "one": 1}


@pytest.fixture(scope="module")
def table():
    return counts(N_CELLS, genes=SYMBOLS + ["OTHER1", "OTHER2"], seed=3)


@pytest.fixture(scope="module")
def groups(table):
    """Groups in mixed order, one a cell."""
    names = np.repeat(list(GROUPS), list(GROUPS.values()))
    return pd.Series(np.random.default_rng(4).permutation(names), index=table.columns)


@pytest.fixture(scope="module")
def normalised(table):
    """ln(1 + CP10k), cells as lines."""
    return np.log1p(table.T.div(table.sum(), axis=0) * 1e4)


@pytest.fixture(scope="module")
def inputs(table, groups, tmp_path_factory):
    """The same cells as a table, as CSR and as CSC h5ad; and their groups as a table."""
    folder = tmp_path_factory.mktemp("cells")
    table.to_csv(folder / "genes.csv")
    table.T.to_csv(folder / "cells.csv")
    donors = pd.Categorical([f"d{i % 3}" for i in range(N_CELLS)])
    obs = pd.DataFrame({"cell_type": pd.Categorical(groups), "donor": donors,
                        "leiden": np.arange(N_CELLS) % 4, "text": list(groups)},
                       index=table.columns)
    var = pd.DataFrame(index=table.index)
    for name, make in (("csr", scipy.sparse.csr_matrix), ("csc", scipy.sparse.csc_matrix)):
        data = anndata.AnnData(make(table.T.to_numpy().astype(np.float32)), dtype=np.float32,
                               obs=obs, var=var)
        data.write_h5ad(folder / f"{name}.h5ad")
    groups.to_csv(folder / "groups.tsv", sep="\t", header=False)
    return folder


def pool(source, *arguments, expect=0):
    """Runs `pool` to stdout; returns the pools as a table, pools as lines."""
    done = run("pool", source, *arguments, expect=expect)
    if expect != 0:
        return done
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    values = np.array([line[1:] for line in lines[1:]], dtype=np.float64)
    return pd.DataFrame(values, index=[line[0] for line in lines[1:]], columns=lines[0][1:])


@pytest.mark.parametrize("name", ["genes.csv", "cells.csv", "csr.h5ad", "csc.h5ad"])
def test_sums_equal_those_of_pandas_exactly(model, inputs, table, groups, name):
    found = pool(inputs / name, "-m", model, "--groups", inputs / "groups.tsv")
    expected = table.T.groupby(groups).sum()
    pd.testing.assert_frame_equal(found, expected.astype(float), check_names=False)


def test_means_equal_those_of_pandas(model, inputs, normalised, groups):
    found = pool(inputs / "csr.h5ad", "-m", model, "--pool", "mean", "--group-by", "cell_type")
    expected = normalised.groupby(groups).mean()
    assert list(found.index) == list(expected.index)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("column", ["cell_type", "text"])
def test_obs_columns_give_the_groups_that_a_table_gives(model, inputs, column):
    by_table = pool(inputs / "csr.h5ad", "-m", model, "--groups", inputs / "groups.tsv")
    by_obs = pool(inputs / "csr.h5ad", "-m", model, "--group-by", column)
    pd.testing.assert_frame_equal(by_table, by_obs)


def test_numbers_in_obs_are_names_of_groups(model, inputs, table):
    found = pool(inputs / "csr.h5ad", "-m", model, "--group-by", "leiden")
    expected = table.T.groupby(np.arange(N_CELLS) % 4).sum()
    assert list(found.index) == ["0", "1", "2", "3"]
    np.testing.assert_array_equal(found, expected)


def test_two_columns_make_pseudo_bulk_per_donor(model, inputs, table, groups, tmp_path):
    run("pool", inputs / "csr.h5ad", "-m", model, "--group-by", "donor,cell_type", "-o",
        tmp_path / "pools.h5ad")
    found = anndata.read_h5ad(tmp_path / "pools.h5ad")
    donors = np.array([f"d{i % 3}" for i in range(N_CELLS)])
    expected = table.T.groupby([donors, groups.to_numpy()])
    sums, sizes = expected.sum(), expected.size()
    assert list(found.obs_names) == ["|".join(key) for key in sums.index]
    assert list(found.obs["donor"]) == [key[0] for key in sums.index]
    assert list(found.obs["cell_type"]) == [key[1] for key in sums.index]
    assert list(found.obs["n_cells"]) == list(sizes)
    np.testing.assert_array_equal(found.X, sums)
    assert list(found.var_names) == list(table.index)


def test_pools_are_predicted_as_the_cells_that_they_make(model, inputs, table, groups, tmp_path):
    found = predict(model, inputs / "csr.h5ad", "--pool", "sum", "--group-by", "cell_type")
    table.T.groupby(groups).sum().T.to_csv(tmp_path / "sums.csv")
    expected = predict(model, tmp_path / "sums.csv", "--scale", "dataset")
    pd.testing.assert_frame_equal(found, expected)
    # What `pool` writes is what `predict --pool` predicts.
    run("pool", inputs / "csr.h5ad", "-m", model, "--group-by", "cell_type", "-o",
        tmp_path / "sums.h5ad")
    pd.testing.assert_frame_equal(
        predict(model, tmp_path / "sums.h5ad", "--scale", "dataset"), expected)


def test_means_are_predicted_as_the_published_steps_make_them(model, inputs, normalised, groups,
                                                              tmp_path):
    found = predict(model, inputs / "csr.h5ad", "--pool", "mean", "--group-by", "cell_type")
    normalised.groupby(groups).mean().T.to_csv(tmp_path / "means.csv")
    expected = predict(model, tmp_path / "means.csv", "--scale", "dataset", "--values", "log")
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_sums_against_the_reference_have_the_upper_quartile_of_all_genes(model, inputs, table,
                                                                         groups, tmp_path):
    arguments = ["--scale", "reference", "--force-scale"]
    found = predict(model, inputs / "csr.h5ad", "--pool", "sum", "--group-by", "cell_type",
                    *arguments)
    table.T.groupby(groups).sum().T.to_csv(tmp_path / "sums.csv")
    expected = predict(model, tmp_path / "sums.csv", *arguments)
    pd.testing.assert_frame_equal(found, expected)


# Draws. Each cell has one gene of its own, so that a pool shows which cells it was made of.
@pytest.fixture(scope="module")
def one_hot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one_hot")
    names = [f"cell_{i}" for i in range(901)]
    groups = ["big"] * 550 + ["mid"] * 250 + ["small"] * 100 + ["one"]
    data = anndata.AnnData(scipy.sparse.identity(901, format="csr", dtype=np.float32),
                           dtype=np.float32, obs=pd.DataFrame({"group": groups}, index=names),
                           var=pd.DataFrame(index=SYMBOLS[:901]))
    data.write_h5ad(folder / "cells.h5ad")
    data.obs["group"].to_csv(folder / "groups.tsv", sep="\t", header=False)
    return folder


def draws(one_hot, model, *arguments, source="cells.h5ad"):
    found = pool(one_hot / source, "-m", model, "--values", "log", "--pool", "bootstrap",
                 "--groups", one_hot / "groups.tsv", *arguments)
    sizes = (found > 0).sum(axis=1)
    members = found.mul(sizes, axis=0)
    np.testing.assert_allclose(members.to_numpy().round(), members, atol=1e-4)
    return members.round().astype(int)


def test_bootstrap_draws_as_many_as_published_without_replacement(one_hot, model):
    members = draws(one_hot, model)
    sizes = {"big": 550, "mid": 250, "small": 100, "one": 1}
    expected = [f"{group}_bootstrap_{i + 1}" for group in sorted(sizes)
                for i in range(math.ceil(sizes[group] / 100))]
    assert list(members.index) == expected
    assert set(np.unique(members)) == {0, 1}  # no cell twice
    for name, line in members.iterrows():
        group = name.split("_bootstrap_")[0]
        assert line.sum() == max(1, int(0.8 * sizes[group]))
    # Only cells of the group.
    assert members.loc[["big_bootstrap_1"]].iloc[:, 550:].to_numpy().sum() == 0


def test_every_cell_is_as_likely_to_be_drawn(one_hot, model):
    n_seeds = 60
    drawn = np.zeros(550)
    for seed in range(n_seeds):
        members = draws(one_hot, model, "--seed", seed)
        drawn += members.loc[[n for n in members.index if n.startswith("big")]].to_numpy()[
            :, :550].sum(axis=0)
    n_draws = 6 * n_seeds  # each takes 440 of 550: 288 +- 7.6 per cell
    z = (drawn - 0.8 * n_draws) / math.sqrt(n_draws * 0.8 * 0.2)
    assert abs(z).max() < 5
    assert 0.85 < z.std() < 1.15


# Fault 1: the seed has no effect.
def test_the_seed_alone_decides_what_is_drawn(one_hot, model):
    first = draws(one_hot, model, "--seed", 7)
    pd.testing.assert_frame_equal(first, draws(one_hot, model, "--seed", 7))
    other = draws(one_hot, model, "--seed", 8)
    assert (first.loc["big_bootstrap_1"] != other.loc["big_bootstrap_1"]).any()
    assert (first.loc["big_bootstrap_1"] != first.loc["big_bootstrap_2"]).any()


def test_neither_threads_nor_blocks_nor_other_groups_change_a_byte(one_hot, model, tmp_path):
    arguments = ["pool", one_hot / "cells.h5ad", "-m", model, "--values", "log", "--pool",
                 "bootstrap", "--group-by", "group"]
    texts = [run(*arguments, "--threads", threads, "--block-cells", cells).stdout
             for threads, cells in ((1, 1024), (4, 7), (3, 1))]
    assert texts[0] == texts[1] == texts[2]
    alone = pd.read_csv(one_hot / "groups.tsv", sep="\t", header=None, index_col=0)[1]
    alone[alone == "mid"].to_csv(tmp_path / "mid.tsv", sep="\t", header=False)
    found = run("pool", one_hot / "cells.h5ad", "-m", model, "--values", "log", "--pool",
                "bootstrap", "--groups", tmp_path / "mid.tsv").stdout.splitlines()[1:]
    assert found == [line for line in texts[0].splitlines() if line.startswith("mid")]


def test_fewer_draws_are_the_first_ones(one_hot, model):
    every = draws(one_hot, model, "--published")
    pd.testing.assert_frame_equal(every, draws(one_hot, model))
    two = draws(one_hot, model, "--max-draws", 2)
    pd.testing.assert_frame_equal(two, every.loc[two.index])
    assert list(two.index[:2]) == ["big_bootstrap_1", "big_bootstrap_2"] and len(two) == 6


def test_a_table_may_list_cells_that_do_not_come(one_hot, model, tmp_path):
    listed = (one_hot / "groups.tsv").read_text()
    listed += "".join(f"elsewhere_{i}\tbig\n" for i in range(500)) + "nowhere\tnew group\n"
    (tmp_path / "more.tsv").write_text(listed)
    expected = draws(one_hot, model)
    done = run("pool", one_hot / "cells.h5ad", "-m", model, "--values", "log", "--pool",
               "bootstrap", "--groups", tmp_path / "more.tsv")
    assert "501 of the 1402 cells" in done.stderr
    assert [line.split("\t")[0] for line in done.stdout.splitlines()[1:]] == list(expected.index)
    assert done.stdout == run("pool", one_hot / "cells.h5ad", "-m", model, "--values", "log",
                              "--pool", "bootstrap", "--group-by", "group").stdout


def test_so_it_may_where_the_input_is_read_only_once(one_hot, model, tmp_path):
    data = anndata.read_h5ad(one_hot / "cells.h5ad")
    pd.DataFrame(data.X.toarray(), index=data.obs_names, columns=data.var_names).to_csv(
        tmp_path / "cells.csv")
    listed = (one_hot / "groups.tsv").read_text()
    listed += "".join(f"elsewhere_{i}\tbig\n" for i in range(500))
    (tmp_path / "more.tsv").write_text(listed)
    arguments = ["-m", model, "--values", "log", "--pool", "bootstrap", "--groups",
                 tmp_path / "more.tsv"]
    with open(tmp_path / "cells.csv") as stream:
        piped = run("pool", "-", *arguments, stdin=stream)
    assert piped.stdout == run("pool", one_hot / "cells.h5ad", *arguments).stdout


# Fault 2: a group of one cell makes a line of NaN and, standardised, a matrix of zeros.
@pytest.mark.parametrize("method", ["sum", "mean", "bootstrap"])
def test_a_group_of_one_cell_is_that_cell_and_disturbs_no_other(model, inputs, table, groups,
                                                                normalised, method, tmp_path):
    run("predict", inputs / "csr.h5ad", "-m", model, "--pool", method, "--group-by", "cell_type",
        "-o", tmp_path / "out.csv", "--save-input", tmp_path / "input.csv")
    found = pd.read_csv(tmp_path / "out.csv", index_col=0)
    assert np.isfinite(found.to_numpy()).all()
    assert (found.std() > 1e-3).mean() > 0.9
    seen = pd.read_csv(tmp_path / "input.csv", index_col=0)
    assert (seen != 0).to_numpy().mean() > 0.9
    pools = pool(inputs / "csr.h5ad", "-m", model, "--pool", method, "--group-by", "cell_type")
    only = groups.index[groups == "one"][0]
    name = "one_bootstrap_1" if method == "bootstrap" else "one"
    expected = table[only] if method == "sum" else normalised.loc[only]
    np.testing.assert_allclose(pools.loc[name], expected, atol=1e-6)


# Fault 5: two groups or fewer give back the matrix that was not pooled.
@pytest.mark.parametrize("n_groups", [1, 2])
def test_two_groups_or_fewer_are_pooled_too(model, inputs, groups, n_groups, tmp_path):
    few = groups.map(lambda name: "T" if name == "T cell" or n_groups == 1 else "other")
    few.to_csv(tmp_path / "few.tsv", sep="\t", header=False)
    pools = pool(inputs / "csr.h5ad", "-m", model, "--groups", tmp_path / "few.tsv")
    assert len(pools) == n_groups
    arguments = ["--pool", "sum", "--groups", tmp_path / "few.tsv"]
    refused = predict(model, inputs / "csr.h5ad", *arguments, expect=3)
    assert "--scale reference" in refused.stderr and re.search("1 cell, sample or pool|2 cells, samples or pools", refused.stderr)
    found = predict(model, inputs / "csr.h5ad", *arguments, "--scale", "reference",
                    "--force-scale")
    assert len(found) == n_groups


def test_three_to_nine_pools_are_warned_of(model, inputs):
    done = run("predict", inputs / "csr.h5ad", "-m", model, "--pool", "sum", "--group-by",
               "cell_type")
    assert "warning: only 4 cells, samples or pools are standardised" in done.stderr


def test_cells_without_a_group_are_counted_and_left_out(model, inputs, table, groups, tmp_path):
    some = groups.copy()
    some.iloc[:20] = ""
    some.iloc[20:30] = "NA"
    some.iloc[:30].to_csv(tmp_path / "x.tsv", sep="\t", header=False)
    some.iloc[:420].to_csv(tmp_path / "some.tsv", sep="\t", header=False)
    done = run("pool", inputs / "csr.h5ad", "-m", model, "--groups", tmp_path / "some.tsv", "-o",
               tmp_path / "pools.h5ad", "--report", tmp_path / "report.json")
    assert f"{30 + N_CELLS - 420} of {N_CELLS} cells have no group" in done.stderr
    report = json.loads((tmp_path / "report.json").read_text())["pool"]
    assert report["without_group"] == 30 + N_CELLS - 420
    assert report["pooled"] == 390
    kept = some.iloc[30:420]
    expected = table.T.loc[kept.index].groupby(kept).sum()
    found = anndata.read_h5ad(tmp_path / "pools.h5ad")
    np.testing.assert_array_equal(found.X, expected)
    assert list(found.obs["n_cells"]) == list(kept.value_counts().sort_index())
    refused = pool(inputs / "csr.h5ad", "-m", model, "--groups", tmp_path / "x.tsv", expect=3)
    assert "gives no cell a group" in refused.stderr


def test_a_table_that_matches_no_cell_is_refused_with_names_of_both(model, inputs, groups,
                                                                    tmp_path):
    groups.rename(lambda name: name + "-1").to_csv(tmp_path / "other.tsv", sep="\t", header=False)
    for arguments in (["pool", inputs / "csr.h5ad"],
                      ["predict", inputs / "csr.h5ad", "--pool", "bootstrap"]):
        done = run(*arguments, "-m", model, "--groups", tmp_path / "other.tsv", expect=3)
        assert "cell_1-1" in done.stderr and "cell_1," in done.stderr
        assert done.stdout == ""


def test_obs_of_predicted_draws_say_what_they_are_made_of(model, inputs, tmp_path):
    run("predict", inputs / "csr.h5ad", "-m", model, "--pool", "bootstrap", "--group-by",
        "cell_type", "-o", tmp_path / "out.h5ad")
    obs = anndata.read_h5ad(tmp_path / "out.h5ad").obs
    expected = [(name, max(1, int(0.8 * size)), i + 1) for name, size in sorted(GROUPS.items())
                for i in range(math.ceil(size / 100))]
    assert list(zip(obs["group"], obs["n_cells"], obs["draw"])) == expected
    assert list(obs.index) == [f"{name}_bootstrap_{i}" for name, _, i in expected]


@pytest.mark.parametrize("text", [
    "barcode,group\n{}", '"barcode","group"\n{}', "{}"], ids=["header", "quoted header", "none"])
def test_tables_of_two_columns_need_no_header_and_may_have_one(model, inputs, groups, text,
                                                              tmp_path):
    lines = groups.to_csv(header=False)
    (tmp_path / "groups.csv").write_text(text.format(lines))
    found = pool(inputs / "csr.h5ad", "-m", model, "--groups", tmp_path / "groups.csv")
    pd.testing.assert_frame_equal(
        found, pool(inputs / "csr.h5ad", "-m", model, "--groups", inputs / "groups.tsv"))


@pytest.mark.parametrize("header", ["barcode,group\n", ",cell_type\n", "Cell_ID,x\n"])
def test_a_header_is_not_counted_as_a_cell(model, inputs, groups, header, tmp_path):
    path = tmp_path / "groups.csv"

    def log_of(lines, expect=0):
        path.write_text(header + lines)
        return run("pool", inputs / "csr.h5ad", "-m", model, "--groups", path, expect=expect).stderr

    assert "not in the input" not in log_of(groups.to_csv(header=False))
    log = log_of(groups.to_csv(header=False) + "other,B\n")
    assert f"1 of the {N_CELLS + 1} cells of {path} is not in the input" in log
    log = log_of("a,B\nb,B\n", expect=3)
    assert "none of its 2 cells" in log and "It names a, b..." in log


def test_a_cell_may_be_called_as_a_header_is(model, table, groups, tmp_path):
    called = {table.columns[0]: "cell", table.columns[1]: "barcode"}
    table.rename(columns=called).to_csv(tmp_path / "genes.csv")
    groups.rename(called).to_csv(tmp_path / "groups.csv", header=False)
    done = run("pool", tmp_path / "genes.csv", "-m", model, "--groups", tmp_path / "groups.csv")
    assert f"of {N_CELLS} cells in {len(GROUPS)} groups" in done.stderr
    assert "not in the input" not in done.stderr


@pytest.mark.parametrize("written", ["pandas", "R write.csv", "R write.table"])
def test_a_column_of_a_larger_table_is_named(model, inputs, groups, written, tmp_path):
    meta = pd.DataFrame({"n": range(N_CELLS), "type": groups, "x": "a, b"}, index=groups.index)
    if written == "pandas":
        meta.to_csv(tmp_path / "meta.csv")
    elif written == "R write.csv":
        meta.to_csv(tmp_path / "meta.csv", quoting=2)
    else:
        text = meta.to_csv(sep="\t", header=False)
        (tmp_path / "meta.csv").write_text("n\ttype\tx\n" + text)
    expected = pool(inputs / "csr.h5ad", "-m", model, "--groups", inputs / "groups.tsv")
    found = pool(inputs / "csr.h5ad", "-m", model, "--groups", f"{tmp_path}/meta.csv:type")
    pd.testing.assert_frame_equal(found, expected)
    refused = pool(inputs / "csr.h5ad", "-m", model, "--groups", tmp_path / "meta.csv", expect=2)
    assert "n, type, x" in refused.stderr
    refused = pool(inputs / "csr.h5ad", "-m", model, "--groups", f"{tmp_path}/meta.csv:tpye",
                   expect=2)
    assert "no column 'tpye'" in refused.stderr and "n, type, x" in refused.stderr


def test_a_cell_in_two_groups_and_a_broken_line_are_refused(model, inputs, groups, tmp_path):
    lines = groups.to_csv(header=False, sep="\t")
    (tmp_path / "twice.tsv").write_text(lines + "cell_3\tnew\n")
    done = pool(inputs / "csr.h5ad", "-m", model, "--groups", tmp_path / "twice.tsv", expect=3)
    assert "cell_3" in done.stderr and "'new'" in done.stderr
    (tmp_path / "broken.tsv").write_text(lines + "cell_999\n")
    done = pool(inputs / "csr.h5ad", "-m", model, "--groups", tmp_path / "broken.tsv", expect=3)
    assert f"line {N_CELLS + 1}" in done.stderr
    (tmp_path / "empty.tsv").write_text("")
    pool(inputs / "csr.h5ad", "-m", model, "--groups", tmp_path / "empty.tsv", expect=3)


def test_a_column_that_obs_does_not_have_is_answered_with_those_it_has(model, inputs):
    done = pool(inputs / "csr.h5ad", "-m", model, "--group-by", "celltype", expect=2)
    assert "cell_type, donor, leiden, text" in done.stderr
    done = pool(inputs / "genes.csv", "-m", model, "--group-by", "cell_type", expect=2)
    assert "--groups" in done.stderr


@pytest.mark.parametrize("values", ["log", "linear"])
def test_only_counts_are_summed(model, inputs, normalised, tmp_path, values):
    table = normalised if values == "log" else np.expm1(normalised)
    table.T.to_csv(tmp_path / "values.csv")
    done = pool(tmp_path / "values.csv", "-m", model, "--groups", inputs / "groups.tsv", expect=2)
    assert "--pool mean" in done.stderr


def test_a_nan_names_its_cell_and_gene_not_its_pool(model, inputs, table, tmp_path):
    text = table.astype(float)
    text.loc["TP53", "cell_7"] = np.nan
    text.to_csv(tmp_path / "nan.csv", na_rep="NaN")
    for method in ("sum", "mean"):
        done = pool(tmp_path / "nan.csv", "-m", model, "--values", "counts", "--pool", method,
                    "--groups", inputs / "groups.tsv", expect=3)
        assert "cell_7" in done.stderr and "TP53" in done.stderr


def test_empty_cells_are_refused_or_left_out_of_draws(one_hot, model, tmp_path):
    data = anndata.read_h5ad(one_hot / "cells.h5ad")
    data.X = data.X.copy()
    data.X[:60] = 0
    data.X.eliminate_zeros()
    data.write_h5ad(tmp_path / "cells.h5ad")
    arguments = ["-m", model, "--values", "log", "--pool", "bootstrap", "--group-by", "group"]
    refused = pool(tmp_path / "cells.h5ad", *arguments, expect=3)
    assert "60 of 901 cells" in refused.stderr
    run("pool", tmp_path / "cells.h5ad", *arguments, "--empty-cells", "skip", "-o",
        tmp_path / "pools.h5ad")
    obs = anndata.read_h5ad(tmp_path / "pools.h5ad").obs
    big = obs[obs["group"] == "big"]
    assert len(big) == 5 and set(big["n_cells"]) == {int(0.8 * 490)}
    pool(tmp_path / "cells.h5ad", *arguments, "--empty-cells", "nan", expect=2)


def test_what_does_not_go_together_is_refused(model, inputs):
    source = inputs / "csr.h5ad"
    for arguments in (["--pool", "sum"], ["--group-by", "cell_type"],
                      ["--pool", "sum", "--group-by", "cell_type", "--seed", 3],
                      ["--pool", "sum", "--group-by", "cell_type", "--shard", "1/2"],
                      ["--pool", "sum", "--group-by", "a,,b"],
                      ["--pool", "sum", "--group-by", "cell_type", "--groups",
                       inputs / "groups.tsv"]):
        done = run("predict", source, "-m", model, *arguments, expect=2)
        assert done.stderr.startswith("error: ") or "error: " in done.stderr
