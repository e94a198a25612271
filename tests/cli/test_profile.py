# SPDX-License-Identifier: BSD-3-Clause
"""`sicmir profile`: sums by numpy, predictions by `predict`, the files by anndata and field by field by h5py."""
import shutil

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from anndata.experimental import read_elem

from program import LANDMARKS, PROJECT, SYMBOLS, counts, predict, run

N_CELLS = 1500
GENES = [*SYMBOLS, *(f"OTHER{i}" for i in range(1500))]
SAMPLES = [f"s{i}" for i in range(1, 7)]
GROUPS = ["B", "NK", "T cell"]
FLOOR = ["--min-cells", 12, "--min-counts", 1000]


@pytest.fixture(scope="module")
def table():
    return counts(N_CELLS, genes=GENES, seed=21)


@pytest.fixture(scope="module")
def obs(table):
    random = np.random.default_rng(22)
    frame = pd.DataFrame({"sample": pd.Categorical(random.choice(SAMPLES, N_CELLS)),
                          "cell_type": pd.Categorical(random.choice(GROUPS, N_CELLS, p=[0.55, 0.05, 0.4]))},
                         index=table.columns)
    sample = frame["sample"].astype(str)
    frame["donor"] = pd.Categorical("d" + ((sample.str[1:].astype(int) + 1) // 2).astype(str))
    frame["disease"] = np.where(sample.str[1:].astype(int) % 2 == 1, "normal", "tumour")
    frame["organ"] = "blood"
    frame["by_cell"] = [f"v{i % 2}" for i in range(N_CELLS)]
    return frame


def h5ad_of(path, table, obs, **var):
    data = anndata.AnnData(scipy.sparse.csr_matrix(table.T.to_numpy().astype(np.float32)), dtype=np.float32,
                           obs=obs, var=pd.DataFrame(var, index=table.index))
    data.write_h5ad(path)
    return path


@pytest.fixture(scope="module")
def cells(table, obs, tmp_path_factory):
    return h5ad_of(tmp_path_factory.mktemp("profile") / "cells.h5ad", table, obs)


@pytest.fixture(scope="module")
def expected(table, obs):
    """Per profile, in order: counts, detected, cells, molecules."""
    found = {}
    for sample in SAMPLES:
        for group in GROUPS:
            here = ((obs["sample"] == sample) & (obs["cell_type"] == group)).to_numpy()
            if here.any():
                values = table.to_numpy()[:, here]
                found[f"{sample}|{group}"] = (values.sum(axis=1), (values > 0).sum(axis=1), here.sum(), values.sum())
    return found


def profile(source, out, *arguments, expect=0, model, **options):
    return run("profile", source, "-m", model, "-o", out, *arguments, expect=expect, **options)


BY = ["--group-by", "cell_type", "--sample", "sample"]


@pytest.fixture(scope="module")
def profiled(model, cells, tmp_path_factory):
    out = tmp_path_factory.mktemp("profiled") / "profiles.h5mu"
    done = profile(cells, out, *BY, "--donor", "donor", "--condition", "disease", "--tissue", "organ", *FLOOR,
                   model=model)
    assert done.stdout == ""
    return out, done.stderr


def modality(path, name):
    with h5py.File(path) as file:
        return read_elem(file[f"mod/{name}"])


def test_sums_detected_cells_and_molecules_are_those_of_numpy(profiled, expected):
    rna = modality(profiled[0], "rna")
    assert list(rna.obs_names) == list(expected)
    assert list(rna.var_names) == GENES
    assert rna.X.dtype == np.float64
    np.testing.assert_array_equal(rna.X, [counts for counts, *_ in expected.values()])
    np.testing.assert_array_equal(rna.layers["n_detected"], [seen for _, seen, *_ in expected.values()])
    np.testing.assert_array_equal(rna.obs["n_cells"], [n for *_, n, _ in expected.values()])
    np.testing.assert_array_equal(rna.obs["n_counts"], [total for *_, total in expected.values()])


def test_what_is_known_of_samples_stands_in_obs(profiled):
    for name in ("rna", "mirna"):
        obs = modality(profiled[0], name).obs
        number = obs["sample"].astype(str).str[1:].astype(int)
        assert list(obs.index) == [f"{s}|{g}" for s, g in zip(obs["sample"], obs["group"])]
        assert list(obs["donor"].astype(str)) == [f"d{(n + 1) // 2}" for n in number]
        assert list(obs["condition"].astype(str)) == ["normal" if n % 2 else "tumour" for n in number]
        assert set(obs["tissue"]) == {"blood"}


def test_profiles_below_the_floor_are_kept_marked_and_told(profiled, expected):
    obs = modality(profiled[0], "mirna").obs
    below = np.array([n < 12 or total < 1000 for *_, n, total in expected.values()])
    assert 0 < below.sum() < len(below) - 10
    assert obs["below_floor"].dtype == bool
    np.testing.assert_array_equal(obs["below_floor"], below)
    assert f"{below.sum()} of {len(below)} profiles are below the floor of 12 cells and 1000 molecules" in profiled[1]


def test_predictions_are_those_of_predict_with_pooled_sums(model, cells, tmp_path):
    """No profile lies below the floor: then both do the same."""
    out = tmp_path / "profiles.h5mu"
    profile(cells, out, *BY, "--min-cells", 1, "--min-counts", 0, model=model)
    mirna = modality(out, "mirna")
    pools = predict(model, cells, "--pool", "sum", "--group-by", "sample,cell_type", "--scale", "dataset")
    assert list(mirna.obs_names) == list(pools.index)
    assert list(mirna.var_names) == list(pools.columns)
    np.testing.assert_array_equal(mirna.X, pools.to_numpy(np.float32))
    rpm = predict(model, cells, "--pool", "sum", "--group-by", "sample,cell_type", "--scale", "dataset",
                  "--output-scale", "log2rpm")
    np.testing.assert_array_equal(mirna.layers["log2rpm"], rpm.to_numpy(np.float32))


def test_two_profiles_are_compared_with_the_training_samples(model, cells, tmp_path):
    out = tmp_path / "profiles.h5mu"
    done = profile(cells, out, "--group-by", "disease", "--min-counts", 0, "--force-scale", model=model)
    assert "only 2 profiles are above the floor" in done.stderr
    pools = predict(model, cells, "--pool", "sum", "--group-by", "disease", "--scale", "reference", "--force-scale")
    np.testing.assert_array_equal(modality(out, "mirna").X, pools.to_numpy(np.float32))


def test_few_profiles_that_are_far_from_the_training_samples_are_told_of_the_floor(bundled, tmp_path):
    """A hundred molecules in each of two groups."""
    random = np.random.default_rng(6)
    data = anndata.AnnData(random.poisson(0.02, (12, len(GENES))).astype(np.float32), dtype=np.float32,
                           obs=pd.DataFrame({"cell_type": ["a", "b"] * 6}, index=[f"c{i}" for i in range(12)]),
                           var=pd.DataFrame(index=GENES))
    data.write_h5ad(tmp_path / "few.h5ad")
    done = run("profile", tmp_path / "few.h5ad", "-o", tmp_path / "p.h5mu", "--group-by", "cell_type", expect=3)
    assert "only 0 of 2 profiles are above the floor, fewer than the 3" in done.stderr
    assert "--min-cells" in done.stderr and "--force-scale" in done.stderr and "--log-base" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["few.h5ad"]


def test_three_profiles_of_one_sample_are_what_predict_makes_of_pools(model, cells, tmp_path):
    out = tmp_path / "profiles.h5mu"
    done = profile(cells, out, "--group-by", "cell_type", "--min-counts", 0, model=model)
    assert "all of its cells are one sample, 'cells'" in done.stderr
    assert "warning: only 3 cells, samples or pools are standardised among themselves" in done.stderr
    mirna = modality(out, "mirna")
    assert list(mirna.obs_names) == [f"cells|{group}" for group in GROUPS]
    pools = predict(model, cells, "--pool", "sum", "--group-by", "cell_type")
    np.testing.assert_array_equal(mirna.X, pools.to_numpy(np.float32))


def test_profiles_below_the_floor_do_not_change_the_others(model, profiled, cells, obs, table, tmp_path):
    """The moments are those of the profiles above it: without the others they come out the same."""
    mirna = modality(profiled[0], "mirna")
    above = mirna[~mirna.obs["below_floor"].to_numpy()]
    names = obs["sample"].astype(str) + "|" + obs["cell_type"].astype(str)
    kept = names.isin(above.obs_names).to_numpy()
    fewer = h5ad_of(tmp_path / "fewer.h5ad", table.loc[:, kept], obs[kept])
    out = tmp_path / "fewer.h5mu"
    profile(fewer, out, *BY, *FLOOR, model=model)
    again = modality(out, "mirna")
    assert not again.obs["below_floor"].any()
    np.testing.assert_array_equal(again.X, above.X)
    assert not np.array_equal(mirna.X, predict(model, cells, "--pool", "sum", "--group-by", "sample,cell_type",
                                               "--scale", "dataset").to_numpy(np.float32))


def test_quality_is_that_of_the_network_input(model, cells, table, obs, expected, tmp_path):
    """Moments over the profiles, in numpy: ln(1 + CP10k), standardised over profiles."""
    out = tmp_path / "profiles.h5mu"
    profile(cells, out, *BY, "--min-cells", 1, "--min-counts", 0, model=model)
    found = modality(out, "mirna").obs
    sums = np.array([c for c, *_ in expected.values()], dtype=np.float64)
    panel = np.log1p(sums / sums.sum(axis=1, keepdims=True) * 1e4)[:, :len(SYMBOLS)]
    sd = panel.std(axis=0)
    z = ((panel - panel.mean(axis=0)) / np.where(sd > 0, sd, 1))[:, sd > 0]
    np.testing.assert_allclose(found["median_z"], np.median(z, axis=1), atol=1e-5)
    np.testing.assert_allclose(found["iqr_z"], np.subtract(*np.percentile(z, [75, 25], axis=1)), atol=1e-5)
    np.testing.assert_array_equal(found["n_panel_genes"], (sums[:, :len(SYMBOLS)] > 0).sum(axis=1))


@pytest.mark.parametrize("arguments", [["--threads", "1"], ["--threads", "3"], ["--block-cells", "7"],
                                       ["--block-cells", "65536"]])
def test_bytes_depend_neither_on_threads_nor_on_blocks(model, profiled, cells, tmp_path, arguments):
    out = tmp_path / "again.h5mu"
    profile(cells, out, *BY, "--donor", "donor", "--condition", "disease", "--tissue", "organ", *FLOOR, *arguments,
            model=model)
    assert out.read_bytes() == profiled[0].read_bytes()


def in_half(k):
    """SplitMix64 of the cell's number in its group, from 1; the lowest bit."""
    mask = (1 << 64) - 1
    x = (k + 0x9E3779B97F4A7C15) & mask
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
    return (x ^ (x >> 31)) & 1


def test_the_variance_of_cells_is_that_of_halves(model, table, obs, tmp_path):
    """Halves that numpy makes, profiled as groups of their own; against the training samples, where profiles do not
    change each other."""
    mine = obs.copy()
    group = mine["sample"].astype(str) + "|" + mine["cell_type"].astype(str)
    number = group.groupby(group).cumcount() + 1
    mine["half"] = [f"{one}:{in_half(int(k))}" for one, k in zip(mine["cell_type"].astype(str), number)]
    panel = table.loc[SYMBOLS]
    source = h5ad_of(tmp_path / "cells.h5ad", panel, mine)
    scale = ["--scale", "reference", "--force-scale", "--sample", "sample", "--min-counts", 0]
    found = {}
    for by, least in (("cell_type", 12), ("half", 0)):
        run("profile", source, "-m", model, "--group-by", by, *scale, "--min-cells", least, "-o",
            tmp_path / f"{by}.h5mu")
        found[by] = modality(tmp_path / f"{by}.h5mu", "mirna")
    whole, halves = found["cell_type"], found["half"].to_df()
    sums, n_profiles = 0, 0
    for name, line in whole.obs.iterrows():
        if line["below_floor"]:
            continue
        n = [found["half"].obs.loc[f"{name}:{half}", "n_cells"] for half in (0, 1)]
        assert sum(n) == line["n_cells"]
        difference = halves.loc[f"{name}:0"] - halves.loc[f"{name}:1"]
        sums, n_profiles = sums + difference**2 / (1 / n[0] + 1 / n[1]), n_profiles + 1
    np.testing.assert_allclose(whole.var["cell_variance"], sums / n_profiles, rtol=2e-3)
    assert n_profiles >= 10


def test_the_root_is_mudata_field_by_field(profiled):
    """MuData specification (mudata.readthedocs.io, io/spec); the mudata package is not in Debian."""
    path = profiled[0]
    head = path.read_bytes()[:520]
    assert head.startswith(b"MuData (format-version=0.1.0;creator=sicmir;creator-version=")
    assert head[:512].rstrip(b"\0").endswith(b")")
    assert head[512:520] == b"\x89HDF\r\n\x1a\n"
    with h5py.File(path) as file:
        assert file.userblock_size == 512
        assert set(file) == {"mod", "obs", "var", "obsm", "varm", "obsp", "varp", "obsmap", "varmap", "uns"}
        assert file.attrs["encoding-type"] == "MuData"
        assert file.attrs["encoding-version"] == "0.1.0"
        assert file.attrs["encoder"] == "sicmir"
        assert np.isscalar(file.attrs["axis"]) and file.attrs["axis"] == 0
        assert list(file["mod"].attrs["mod-order"]) == ["rna", "mirna"]
        assert set(file["mod"]) == {"rna", "mirna"}
        parts = {name: read_elem(file[f"mod/{name}"]) for name in ("rna", "mirna")}
        obs, var = read_elem(file["obs"]), read_elem(file["var"])
        assert var.index.is_unique and obs.index.is_unique
        assert list(var.index) == [*parts["rna"].var_names, *parts["mirna"].var_names]
        n_genes, n_mirnas = parts["rna"].n_vars, parts["mirna"].n_vars
        for name, part in parts.items():
            assert list(part.obs_names) == list(obs.index)
            obsmap, varmap = read_elem(file[f"obsmap/{name}"]), read_elem(file[f"varmap/{name}"])
            assert obsmap.dtype == varmap.dtype == np.uint32
            np.testing.assert_array_equal(obsmap, np.arange(1, len(obs) + 1))
            own = np.concatenate([np.arange(1, n_genes + 1), np.zeros(n_mirnas)]) if name == "rna" else \
                np.concatenate([np.zeros(n_genes), np.arange(1, n_mirnas + 1)])
            np.testing.assert_array_equal(varmap, own)
            np.testing.assert_array_equal(read_elem(file[f"varm/{name}"]), varmap > 0)
            np.testing.assert_array_equal(read_elem(file[f"obsm/{name}"]), obsmap > 0)
        for data in ("mod/rna/X", "mod/rna/layers/n_detected", "mod/mirna/X", "mod/mirna/layers/log2rpm"):
            assert file[data].compression == "gzip" and file[data].shuffle and file[data].chunks
        facts = read_elem(file["uns/sicmir"])
        assert facts["profiles"] == "1"
        assert facts["min_cells"] == "12" and facts["min_counts"] == "1000"
        assert facts["sample_column"] == "sample" and facts["group_by"] == "cell_type"
        assert len(facts["model_checksum"]) >= 8


@pytest.mark.parametrize("arguments, name", [([], "x.h5ad"), (["--export", "h5ad"], "x.data")])
def test_export_is_an_anndata_file_of_the_mirnas(model, profiled, cells, tmp_path, arguments, name):
    out = tmp_path / name
    profile(cells, out, *BY, *FLOOR, *arguments, model=model)
    data = anndata.read_h5ad(out)
    mirna = modality(profiled[0], "mirna")
    np.testing.assert_array_equal(data.X, mirna.X)
    np.testing.assert_array_equal(data.layers["log2rpm"], mirna.layers["log2rpm"])
    assert list(data.obs["n_counts"]) == list(mirna.obs["n_counts"])
    assert data.uns["sicmir"]["min_cells"] == "12"


def split(table, obs, folder):
    """One file per sample; returns the lines of a list."""
    lines = []
    for sample in SAMPLES:
        here = (obs["sample"] == sample).to_numpy()
        path = h5ad_of(folder / f"{sample}.h5ad", table.loc[:, here], obs[here])
        number = int(sample[1:])
        lines.append([path, sample, f"d{(number + 1) // 2}", "normal" if number % 2 else "tumour", "blood"])
    return lines


def as_list(path, lines):
    path.write_text("".join("\t".join(map(str, line)) + "\n" for line in lines))
    return path


@pytest.mark.parametrize("header", [[], [["path", "sample", "donor", "condition", "tissue"]]])
def test_several_inputs_make_the_set_that_one_makes(model, profiled, table, obs, tmp_path, header):
    lines = split(table, obs, tmp_path)
    sheet = as_list(tmp_path / "list.tsv", [*header, *lines[::-1]])
    out = tmp_path / "joined.h5mu"
    run("profile", "--inputs", sheet, "-m", model, "-o", out, "--group-by", "cell_type", *FLOOR)
    for name in ("rna", "mirna"):
        one, joined = modality(profiled[0], name), modality(out, name)
        assert list(joined.obs_names) == list(one.obs_names)
        np.testing.assert_array_equal(joined.X, one.X)
        pd.testing.assert_frame_equal(joined.obs, one.obs)


def test_a_sample_in_two_inputs_is_added_up(model, profiled, table, obs, tmp_path):
    half = np.arange(N_CELLS) % 2 == 0
    lines = [[h5ad_of(tmp_path / f"{name}.h5ad", table.loc[:, part], obs[part])]
             for name, part in (("a", half), ("b", ~half))]
    out = tmp_path / "joined.h5mu"
    done = run("profile", "--inputs", as_list(tmp_path / "list.tsv", lines), "-m", model, "-o", out, *BY, *FLOOR)
    assert "stand in several inputs under the same sample and group, and were added up" in done.stderr
    one, joined = modality(profiled[0], "rna"), modality(out, "rna")
    np.testing.assert_array_equal(joined.X, one.X)
    np.testing.assert_array_equal(joined.layers["n_detected"], one.layers["n_detected"])
    np.testing.assert_array_equal(joined.obs["n_cells"], one.obs["n_cells"])


def test_genes_are_joined_by_ensembl_id_and_those_not_in_all_are_left_out(model, tmp_path):
    first = counts(300, genes=SYMBOLS + ["ONLY1"], seed=31)
    second = counts(300, genes=["ONLY2"] + SYMBOLS[::-1], seed=32)
    ids = dict(zip(LANDMARKS["symbol"], LANDMARKS["ensembl_id"])) | {"ONLY1": "ENSG00000999991",
                                                                    "ONLY2": "ENSG00000999992"}
    lines = []
    for name, table in (("a", first), ("b", second)):
        obs = pd.DataFrame({"cell_type": [f"t{i % 6}" for i in range(300)]}, index=table.columns)
        gene_ids = [ids[gene] + (".3" if name == "b" else "") for gene in table.index]
        # The second knows its genes by id only.
        shown = table if name == "a" else table.set_axis(gene_ids, axis=0)
        lines.append([h5ad_of(tmp_path / f"{name}.h5ad", shown, obs, gene_ids=gene_ids), name])
    out = tmp_path / "joined.h5mu"
    done = run("profile", "--inputs", as_list(tmp_path / "list.tsv", lines), "-m", model, "-o", out, "--group-by",
               "cell_type", "--min-counts", 0)
    assert done.stderr.count("1 of its 978 genes are not in all inputs and are left out") == 2
    rna = modality(out, "rna")
    assert list(rna.var_names) == SYMBOLS
    types = np.array([f"t{i % 6}" for i in range(300)])
    sums = [table.loc[SYMBOLS].to_numpy()[:, types == f"t{t}"].sum(axis=1) for table in (first, second)
            for t in range(6)]
    np.testing.assert_array_equal(rna.X, sums)
    # Molecules are those of all genes.
    assert rna.obs["n_counts"][0] == first.to_numpy()[:, types == "t0"].sum() > rna.X[0].sum()


def test_a_table_of_groups_serves_inputs_without_obs(model, profiled, table, obs, tmp_path):
    table.to_csv(tmp_path / "cells.csv")
    obs[["sample", "cell_type"]].to_csv(tmp_path / "groups.csv")
    out = tmp_path / "profiles.h5mu"
    profile(tmp_path / "cells.csv", out, "--groups", f"{tmp_path}/groups.csv:cell_type", "--sample", "sample", *FLOOR,
            model=model)
    np.testing.assert_array_equal(modality(out, "rna").X, modality(profiled[0], "rna").X)
    np.testing.assert_array_equal(modality(out, "mirna").X, modality(profiled[0], "mirna").X)


def test_names_that_are_not_utf8_are_written_alike_everywhere(model, table, obs, tmp_path):
    """Latin-1 beside UTF-8, as tables of several origins have it."""
    table.to_csv(tmp_path / "cells.csv")
    lines = [b"cell,sample,type\n"] + [b"%s,s\xe9%d,%s\n" % (cell.encode(), i % 3, "ty\u00e9".encode())
                                     for i, cell in enumerate(table.columns)]
    (tmp_path / "groups.csv").write_bytes(b"".join(lines))
    out = tmp_path / "profiles.h5mu"
    profile(tmp_path / "cells.csv", out, "--groups", f"{tmp_path}/groups.csv:type", "--sample", "sample", model=model)
    found = modality(out, "mirna").obs
    assert list(found.index) == [f"s\u00e9{i}|ty\u00e9" for i in range(3)]
    assert list(found.index) == [f"{s}|{g}" for s, g in zip(found["sample"], found["group"])]


def test_names_of_genes_are_unique_also_among_the_mirnas(model, tmp_path):
    with_twins = counts(300, genes=[*SYMBOLS, "TWIN", "TWIN", "TWIN-1"], seed=41)
    mirna = predict(model, h5ad_of(tmp_path / "a.h5ad", with_twins, pd.DataFrame(
        {"t": [f"t{i % 12}" for i in range(300)]}, index=with_twins.columns))).columns[0]
    table = with_twins.set_axis([*SYMBOLS, "TWIN", "TWIN", mirna], axis=0)
    obs = pd.DataFrame({"t": [f"t{i % 12}" for i in range(300)]}, index=table.columns)
    out = tmp_path / "profiles.h5mu"
    profile(h5ad_of(tmp_path / "b.h5ad", table, obs), out, "--group-by", "t", "--min-cells", 1, "--min-counts", 0,
            model=model)
    assert list(modality(out, "rna").var_names)[-3:] == ["TWIN", "TWIN-1", f"{mirna}-1"]
    with h5py.File(out) as file:
        assert read_elem(file["var"]).index.is_unique


@pytest.mark.parametrize("arguments, code, words", [
    (["--sample", "sample"], 2, "profiles need groups"),
    (["--group-by", "cell_typ", "--sample", "sample"], 2, "has no column 'cell_typ'"),
    (["--group-by", "cell_type", "--sample", "sampl"], 2, "has no column 'sampl'"),
    ([*BY, "--donor", "dono"], 2, "has no column 'dono'; it has"),
    ([*BY, "--donor", "by_cell"], 3, "has two values in the column 'by_cell' of obs"),
    (["--group-by", "cell_type", "--condition", "disease"], 3, "Choose a column of samples that tells them apart"),
    ([*BY, "--scale", "dataset", "--min-cells", 100000], 3, "only 0 of 18 profiles are above the floor"),
    ([*BY, "--min-cells", -1], 2, "--min-cells"),
    ([*BY, "--groups", "x"], 2, "--group"),
])
def test_errors_say_what_is_wrong_and_leave_nothing(model, cells, tmp_path, arguments, code, words):
    out = tmp_path / "out" / "profiles.h5mu"
    out.parent.mkdir()
    done = profile(cells, out, *arguments, model=model, expect=code)
    assert words in done.stderr
    assert list(out.parent.iterdir()) == []


def test_values_that_are_no_counts_are_refused(model, table, obs, tmp_path):
    logs = np.log1p(table.div(table.sum()) * 1e4)
    done = profile(h5ad_of(tmp_path / "logs.h5ad", logs, obs), tmp_path / "x.h5mu", *BY, model=model, expect=2)
    assert "profiles are sums of counts, but the values were taken to be log" in done.stderr


def test_more_than_fits_is_refused_before_the_cells_are_read(model, tmp_path):
    """10,000 groups of 2,477 genes are 25 million values."""
    n = 10_000
    data = anndata.AnnData(scipy.sparse.csr_matrix((n, len(GENES)), dtype=np.float32), dtype=np.float32,
                           obs=pd.DataFrame({"barcode": [f"b{i}" for i in range(n)]}, index=[f"c{i}" for i in range(n)]),
                           var=pd.DataFrame(index=GENES))
    data.write_h5ad(tmp_path / "many.h5ad")
    done = profile(tmp_path / "many.h5ad", tmp_path / "x.h5mu", "--group-by", "barcode", model=model, expect=3)
    assert f"10000 profiles of {len(GENES)} genes are too many" in done.stderr
    # Two halves: each would fit.
    lines = []
    for name, part in (("a", data[:n // 2]), ("b", data[n // 2:])):
        part = part.copy()
        part.X = scipy.sparse.csr_matrix(np.tile(np.eye(len(GENES), dtype=np.float32), (3, 1))[:n // 2])
        part.write_h5ad(tmp_path / f"{name}.h5ad")
        lines.append([tmp_path / f"{name}.h5ad", name])
    done = run("profile", "--inputs", as_list(tmp_path / "list.tsv", lines), "-m", model, "-o", tmp_path / "x.h5mu",
               "--group-by", "barcode", expect=3)
    assert f"b.h5ad: 10000 profiles of {len(GENES)} genes are too many" in done.stderr


@pytest.mark.parametrize("name, words", [("-", "cannot be written to a pipe"), ("x.csv", "known endings are .h5mu"),
                                         ("cells.h5ad", "is an input")])
def test_outputs_that_cannot_be(model, cells, tmp_path, name, words):
    shutil.copy(cells, tmp_path / "cells.h5ad")
    arguments = ["--export", "h5mu"] if name == "-" else []
    done = run("profile", "cells.h5ad", "-m", model, "-o", name, *BY, *arguments, expect=2, cwd=tmp_path)
    assert words in done.stderr


@pytest.mark.parametrize("lines, code, words", [
    ([], 2, "lists no input"),
    ([["path", "smaple"], ["x"]], 2, "'smaple' is no column that is known"),
    ([["cells", "a", "b", "c", "d", "e"]], 2, "line 1 has 6 fields"),
    ([["", "a"]], 2, "line 1 names no input"),
    ([["missing.h5ad", "a"]], 3, "missing.h5ad"),
])
def test_lists_that_cannot_be(model, tmp_path, lines, code, words):
    sheet = as_list(tmp_path / "list.tsv", lines)
    done = run("profile", "--inputs", sheet, "-m", model, "-o", tmp_path / "x.h5mu", "--group-by", "cell_type",
               expect=code)
    assert words in done.stderr


def test_a_list_and_an_option_that_both_name_the_samples(model, cells, tmp_path):
    sheet = as_list(tmp_path / "list.tsv", [[cells, "a"]])
    done = run("profile", "--inputs", sheet, "-m", model, "-o", tmp_path / "x.h5mu", *BY, expect=2)
    assert "line 1: states 'a', but --sample names a column that tells it" in done.stderr


def test_samples_whose_donors_differ_between_inputs_are_refused(model, table, obs, tmp_path):
    half = np.arange(N_CELLS) % 2 == 0
    lines = [[h5ad_of(tmp_path / f"{name}.h5ad", table.loc[:, part], obs[part]), "s", donor]
             for name, part, donor in (("a", half, "d1"), ("b", ~half, "d2"))]
    done = run("profile", "--inputs", as_list(tmp_path / "list.tsv", lines), "-m", model, "-o", tmp_path / "x.h5mu",
               "--group-by", "cell_type", expect=3)
    assert "sample 's' stands in several inputs, with two donors: 'd1' and 'd2'" in done.stderr


def test_the_one_sample_of_a_10x_folder_is_named_after_it(tmp_path):
    example = PROJECT / "data" / "example"
    cells = pd.read_csv(example / "barcodes.tsv.gz", header=None)[0]
    pd.DataFrame({"group": ["T", "B", "NK"] * 100}, index=cells).to_csv(tmp_path / "groups.tsv", sep="\t")
    run("profile", example, "--groups", tmp_path / "groups.tsv", "--min-counts", "0", "-o", tmp_path / "out.h5ad")
    assert set(anndata.read_h5ad(tmp_path / "out.h5ad").obs["sample"]) == {"example"}
