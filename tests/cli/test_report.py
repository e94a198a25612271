# SPDX-License-Identifier: BSD-3-Clause
"""`sicmir report`: what the page holds, compared with the other commands and with the input."""
import base64
import hashlib
import io
import json
import re

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy.cluster import hierarchy

from program import PROJECT, SYMBOLS, predict, run
from test_markers import cells_of, profiles_of

HOSTILE = ["</script><script>alert(1)</script>", "<img src=x onerror=alert(2)>", "T & \"B\" 'x' <!-- \u2028"]


def write(folder, cells, name="cells.h5ad"):
    cells.write_h5ad(folder / name)
    return folder / name


def with_map(cells, seed=3):
    random = np.random.default_rng(seed)
    cells.obsm["X_pca"] = random.normal(0, 1, (cells.n_obs, 5)).astype(np.float32)
    cells.obsm["X_umap"] = (random.normal(0, 4, (cells.n_obs, 2)) + [100, -7]).astype(np.float32)
    return cells


def report(source, model, output, *arguments, expect=0, **options):
    return run("report", source, "-m", model, "--group-by", "cell_type", "--sample", "sample", "-o", output,
               *arguments, expect=expect, **options)


def data_of(page):
    """The JSON in the page, found as a browser does: up to the first </script."""
    text = page.read_text(encoding="utf-8") if hasattr(page, "read_text") else page
    start = text.index('<script type="application/json" id="data">') + len('<script type="application/json" id="data">')
    return json.loads(text[start:text.lower().index("</script", start)])


def bytes_of(column):
    raw = np.frombuffer(base64.b64decode(column["values"]), np.uint8).astype(float)
    values = column["low"] + raw / 254 * (column["high"] - column["low"])
    return np.where(raw == 255, np.nan, values)


def test_reasons_are_those_of_explain(model, tmp_path):
    source = write(tmp_path, cells_of(3))
    report(source, model, tmp_path / "report.html", "--labels-from", "sorting", "--reasons", "--tables",
           tmp_path / "tables")
    part = data_of(tmp_path / "report.html")["reasons"]
    found = table((tmp_path / "tables" / "reasons.tsv").read_text())
    assert [line[:3] for line in part["tables"][0]["lines"]] == found.iloc[:, :3].values.tolist()
    markers = table(run("markers", source, "-m", model, "--group-by", "cell_type", "--sample", "sample",
                        "--labels-from", "sorting").stdout)
    assert set(found["group"]) == {"B", "mono", "T"}
    for group, lines in found.groupby("group"):
        mirna = markers.loc[markers["group"] == group, "mirna"].iloc[0]
        expected = table(run("explain", source, "-m", model, "--group-by", "cell_type", "--sample", "sample", "--mirna",
                             mirna, "--group", group).stdout).head(10)
        assert set(lines["mirna"]) == {mirna} and list(lines["gene"]) == list(expected["gene"])
        np.testing.assert_allclose(lines["attribution_z"], expected["attribution_z"], rtol=1e-4)
    report(source, model, tmp_path / "without.html")
    assert "sicmir report --reasons" in data_of(tmp_path / "without.html")["reasons"]["words"]
    profiles = profiles_of(tmp_path, model, cells_of(3))
    run("report", profiles, "--reasons", "-o", tmp_path / "profiles.html")
    assert "made from profiles" in data_of(tmp_path / "profiles.html")["reasons"]["words"]


def places_of(found):
    return np.stack([low + np.frombuffer(base64.b64decode(found[axis]), "<u2") / 65535 * (high - low)
                     for axis, low, high in zip("xy", found["low"], found["high"])], axis=1)


def table(text):
    return pd.read_csv(io.StringIO(text), sep="\t", keep_default_na=False, na_values=["NaN"])


@pytest.fixture(scope="module")
def made(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    cells = with_map(cells_of(6))
    source = write(folder, cells)
    done = report(source, model, folder / "report.html", "--labels-from", "sorting", "--genes",
                  f"{SYMBOLS[5]},{SYMBOLS[0]},NOT_A_GENE", "--tables", folder / "tables")
    return folder, cells, data_of(folder / "report.html"), done


def test_the_map_is_the_inputs(made):
    folder, cells, page, _ = made
    found = page["map"]
    assert found["name"] == "X_umap" and found["n"] == cells.n_obs
    np.testing.assert_allclose(places_of(found), cells.obsm["X_umap"], atol=50 / 65535)
    groups = np.frombuffer(base64.b64decode(found["group"]), np.uint8)
    assert [page["groups"][g]["name"] for g in groups] == list(cells.obs["cell_type"])
    assert "obsm/X_umap" in found["about"] and "not from the predictions" in found["about"]


def test_colours_are_the_predictions_and_the_mrna(made, model):
    folder, cells, page, done = made
    expected = predict(model, folder / "cells.h5ad", "--scale", "dataset")
    assert 10 <= len(page["map"]["mirnas"]) <= 20  # of the 20 of the model
    for column in page["map"]["mirnas"]:
        step = (column["high"] - column["low"]) / 254
        np.testing.assert_allclose(bytes_of(column), expected[column["name"]], atol=0.51 * step + 1e-5)
    counts = np.asarray(cells.X)
    logs = np.log1p(counts / counts.sum(axis=1, keepdims=True) * 1e4)
    assert [column["name"] for column in page["map"]["genes"]] == [SYMBOLS[5], SYMBOLS[0]]
    for column in page["map"]["genes"]:
        expected = logs[:, SYMBOLS.index(column["name"])]
        step = (column["high"] - column["low"]) / 254
        np.testing.assert_allclose(bytes_of(column), expected, atol=0.51 * step + 1e-5)
    assert "--genes: the input does not have NOT_A_GENE" in done.stderr
    assert any("NOT_A_GENE" in words for words in page["warnings"])


def test_markers_are_those_of_the_command(made, model, tmp_path):
    folder, cells, page, _ = made
    profiles = profiles_of(tmp_path, model, cells_of(6))
    expected = table(run("markers", profiles, "--labels-from", "sorting").stdout)
    full = table((folder / "tables" / "markers.tsv").read_text())
    columns = [name for name in expected if not name.startswith("auc")]
    pd.testing.assert_frame_equal(full[columns], expected[columns])
    lines = pd.DataFrame(page["markers"]["lines"])
    assert len(lines) == 60 and list(lines["mirna"]) == list(expected["mirna"])
    for ours, theirs in [("z", "difference_z"), ("rival_z", "rival_difference_z"), ("p", "p"), ("fdr", "fdr"),
                         ("agreement", "agreement")]:
        np.testing.assert_allclose(lines[ours].astype(float), expected[theirs], rtol=1e-5)
    # The volcano holds every miRNA of every group.
    volcano = page["volcano"]
    assert volcano["tested"] and volcano["y_words"] == "−log10 p"
    for group in volcano["groups"]:
        name = page["groups"][group["group"]]["name"]
        mine = expected[expected["group"] == name].set_index("mirna")
        names = [page["mirnas"]["name"][i] for i in volcano["mirnas"]]
        found = np.frombuffer(base64.b64decode(group["difference"]), "<i2") / 1000
        np.testing.assert_allclose(found, mine["difference_z"][names], atol=6e-4)
        heights = np.frombuffer(base64.b64decode(group["y"]), "<u2") / volcano["steps"]
        np.testing.assert_allclose(heights, -np.log10(mine["p"][names]), atol=6e-3)


def test_auc_is_that_of_the_cells(made, model):
    folder, cells, _, _ = made
    z = predict(model, folder / "cells.h5ad", "--scale", "dataset")
    full = table((folder / "tables" / "markers.tsv").read_text())
    group = cells.obs["cell_type"].to_numpy()
    for line in full.itertuples():
        inside, outside = z[line.mirna][group == line.group], z[line.mirna][group != line.group]
        ranks = pd.concat([inside, outside]).rank().to_numpy()[:len(inside)]
        exact = (ranks.sum() - len(inside) * (len(inside) + 1) / 2) / (len(inside) * len(outside))
        assert abs(line.auc - exact) <= line.auc_error + 1e-6
        assert line.auc_error < 0.05


def test_dots_are_ordered_by_average_linkage(made):
    _, _, page, _ = made
    dots = page["dots"]
    differences = np.array(dots["difference"], dtype=float)
    for items, merges, order in [(differences.T, dots["group_merges"], dots["group_order"]),
                                 (differences, dots["mirna_merges"], dots["mirna_order"])]:
        linkage = hierarchy.linkage(items, "average")
        np.testing.assert_allclose([merge[2] for merge in merges], linkage[:, 2], rtol=1e-4)
        np.testing.assert_array_equal([merge[:2] for merge in merges], linkage[:, :2].astype(int))
        assert sorted(order) == list(range(len(items)))
        # Leaves of each cluster stand side by side.
        members = {i: [i] for i in range(len(items))}
        for step, (a, b, _) in enumerate(merges):
            members[len(items) + step] = members[a] + members[b]
            places = sorted(order.index(i) for i in members[len(items) + step])
            assert places == list(range(places[0], places[-1] + 1))


def test_the_page_stands_alone(made):
    folder, _, _, _ = made
    text = (folder / "report.html").read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy and "http" not in policy
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(scripts) == 1 and len(styles) == 2
    for inside in scripts + styles:
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not re.search(r"<(link|img|iframe|object|embed|base|form)\b", text)
    assert not re.search(r"""\b(src|href)\s*=|url\(|@import|fetch\(|XMLHttpRequest|innerHTML|\beval\(""",
                         text.replace(json.dumps(data_of(text)), "").replace('href: "#"', ""))
    assert "referrer" in text


def test_bytes_do_not_depend_on_threads_or_blocks(made, model, tmp_path):
    folder, _, _, _ = made
    arguments = ["--labels-from", "sorting", "--genes", f"{SYMBOLS[5]},{SYMBOLS[0]},NOT_A_GENE"]
    for name, more in [("one", ["--threads", 1]), ("four", ["--threads", 4, "--block-cells", 7, "-q"])]:
        report(folder / "cells.h5ad", model, tmp_path / name, *arguments, *more)
        assert (tmp_path / name).read_bytes() == (folder / "report.html").read_bytes()


def test_hostile_names_are_data(model, tmp_path):
    cells = with_map(cells_of(3))
    cells.obs["cell_type"] = cells.obs["cell_type"].map(dict(zip(["B", "mono", "T"], HOSTILE)))
    cells.obs["sample"] = cells.obs["sample"] + "</script>"
    cells.obsm["X_umap<img src=x>"] = cells.obsm["X_umap"]
    del cells.obsm["X_umap"]
    source = write(tmp_path, cells, "<img src=x onerror=alert(3)>.h5ad")
    report(source, model, tmp_path / "report.html", "--genes", "</script><script>alert(4)</script>")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = data_of(text)
    assert sorted(group["name"] for group in page["groups"]) == sorted(HOSTILE)
    assert page["input"]["name"].endswith("<img src=x onerror=alert(3)>.h5ad")
    assert page["map"]["name"] == "X_umap<img src=x>"
    assert text.lower().count("</script") == 2 and text.lower().count("<script") == 2
    assert "<img" not in text and "<!--" not in text and "onerror=alert(3)>" in page["facts"][0][1]


def test_without_a_map_components_are_drawn_and_named_so(model, tmp_path):
    cells = cells_of(3)
    source = write(tmp_path, cells)
    report(source, model, tmp_path / "report.html")
    found = data_of(tmp_path / "report.html")["map"]
    assert found["name"] == "PCA of the predictions" and "PC 1" in found["axes"][0]
    z = predict(model, source, "--scale", "dataset").to_numpy()
    centred = z - z.mean(axis=0)
    _, values, directions = np.linalg.svd(centred, full_matrices=False)
    expected = centred @ directions[:2].T
    for axis in range(2):
        ours = places_of(found)[:, axis]
        assert abs(np.corrcoef(ours, expected[:, axis])[0, 1]) > 0.9999
        assert ours.std() == pytest.approx(expected[:, axis].std(), rel=0.01)
        share = values[axis] ** 2 / (values ** 2).sum()
        assert re.search(rf"\b{100 * share:.0f} %", found["about"])


def test_cells_are_chosen_by_group_with_the_seed(model, tmp_path):
    cells = with_map(cells_of(4))
    source = write(tmp_path, cells)
    pages = {}
    for name, arguments in [("a", []), ("b", []), ("c", ["--seed", 2])]:
        report(source, model, tmp_path / name, "--max-cells", 90, *arguments)
        pages[name] = (tmp_path / name).read_bytes()
    assert pages["a"] == pages["b"] != pages["c"]
    found = data_of(pages["a"].decode())["map"]
    groups = np.frombuffer(base64.b64decode(found["group"]), np.uint8)
    assert found["n"] == 90 and (np.bincount(groups) == 30).all()  # three groups of 160 cells
    assert "90 of 480 cells that have a group, chosen by group with seed 1." in found["words"]
    report(source, model, tmp_path / "none", "--max-cells", 0)
    assert not data_of(tmp_path / "none")["map"]["cells"]


def damage_shape(file):
    del file["obsm/X_umap"]
    file["obsm/X_umap"] = np.zeros((5, 2))


def damage_type(file):
    del file["obsm/X_umap"]
    file["obsm/X_umap"] = np.array([b"text"] * 3)


def damage_columns(file):
    n = file["obsm/X_umap"].shape[0]
    del file["obsm/X_umap"]
    file["obsm/X_umap"] = np.zeros((n, 1))


def damage_kind(file):
    del file["obsm/X_umap"]
    file.create_group("obsm/X_umap")


DAMAGES = [("shape", damage_shape, "has the shape (5, 2); expected (360, 2)"),
           ("type", damage_type, "does not hold numbers"),
           ("columns", damage_columns, "has the shape (360, 1)"),
           ("kind", damage_kind, "is no array")]


@pytest.mark.parametrize("damage,words", [case[1:] for case in DAMAGES], ids=[case[0] for case in DAMAGES])
def test_a_damaged_map_is_not_drawn(model, tmp_path, damage, words):
    source = write(tmp_path, with_map(cells_of(3)))
    with h5py.File(source, "r+") as file:
        damage(file)
    done = report(source, model, tmp_path / "report.html")
    page = data_of(tmp_path / "report.html")
    assert words in done.stderr and page["map"]["name"] == "PCA of the predictions"
    assert any(words in warning for warning in page["warnings"])
    done = report(source, model, tmp_path / "named.html", "--map", "X_umap", expect=3)
    assert f"obsm/X_umap: {words}" in done.stderr and not (tmp_path / "named.html").exists()


def test_cells_without_coordinates_are_left_out(model, tmp_path):
    cells = with_map(cells_of(3))
    cells.obsm["X_umap"][:7] = np.nan
    cells.obsm["X_umap"][7] = np.inf
    source = write(tmp_path, cells)
    done = report(source, model, tmp_path / "report.html")
    page = data_of(tmp_path / "report.html")
    assert page["map"]["n"] == 352 and "8 of 360 drawn cells have no coordinates" in done.stderr
    np.testing.assert_allclose(places_of(page["map"]), cells.obsm["X_umap"][8:], atol=50 / 65535)


def test_a_map_that_is_not_there_is_named(model, tmp_path):
    source = write(tmp_path, with_map(cells_of(3)))
    done = report(source, model, tmp_path / "report.html", "--map", "X_tsne", expect=3)
    assert "obsm/X_tsne: is not there; obsm has X_pca, X_umap." in done.stderr
    report(source, model, tmp_path / "report.html", "--map", "pca")
    assert data_of(tmp_path / "report.html")["map"]["name"] == "PCA of the predictions"
    report(source, model, tmp_path / "report.html", "--map", "X_pca")
    np.testing.assert_allclose(places_of(data_of(tmp_path / "report.html")["map"]),
                               anndata.read_h5ad(source).obsm["X_pca"][:, :2], atol=10 / 65535)


def test_profiles_make_a_page_without_a_map(model, tmp_path):
    profiles = profiles_of(tmp_path, model, cells_of(3))
    run("report", profiles, "-o", tmp_path / "report.html")
    page = data_of(tmp_path / "report.html")
    assert not page["map"]["cells"] and "made from profiles" in page["map"]["why"]
    assert len(page["markers"]["lines"]) == 60
    # Clusters: no p-values, and the page says why.
    assert all(line["p"] is None for line in page["markers"]["lines"])
    assert "no hypothesis" in page["markers"]["testing"] and "No p-values were computed" in page["methods"]


def test_tables_and_groups_from_a_table(model, tmp_path):
    cells = cells_of(3)
    counts = pd.DataFrame(np.asarray(cells.X).astype(int).T, index=SYMBOLS, columns=cells.obs_names)
    counts.to_csv(tmp_path / "counts.tsv", sep="\t")
    cells.obs[["cell_type", "sample"]].to_csv(tmp_path / "groups.tsv", sep="\t", index_label="cell")
    run("report", tmp_path / "counts.tsv", "-m", model, "--groups", f"{tmp_path / 'groups.tsv'}:cell_type",
        "--sample", "sample", "-o", tmp_path / "report.html", "--genes", SYMBOLS[3])
    page = data_of(tmp_path / "report.html")
    assert page["map"]["n"] == 360 and [g["name"] for g in page["map"]["genes"]] == [SYMBOLS[3]]
    assert [group["name"] for group in page["groups"]] == ["B", "T", "mono"]


def test_a_folder_can_be_read_twice(model, tmp_path):
    """It is no regular file, but no pipe either."""
    example = PROJECT / "data" / "example"
    cells = pd.read_csv(example / "barcodes.tsv.gz", header=None)[0]
    pd.DataFrame({"group": ["T", "B", "NK"] * 100}, index=cells).to_csv(tmp_path / "groups.tsv", sep="\t")
    run("report", example, "-m", model, "--groups", tmp_path / "groups.tsv", "--min-counts", "0", "-o",
        tmp_path / "report.html")
    assert data_of(tmp_path / "report.html")["map"]["n"] == 300


def test_what_cannot_be_done_is_said(model, tmp_path):
    source = write(tmp_path, cells_of(3))
    done = report(source, model, source, expect=2)
    assert "is an input" in done.stderr
    with open(source, "rb") as stream:
        done = report("-", model, tmp_path / "report.html", expect=2, stdin=stream)
    assert "reads its input twice" in done.stderr
    with open(source, "rb") as stream:
        done = report("-", model, tmp_path / "report.html", "--tables", tmp_path / "tables", expect=2, stdin=stream)
    assert not (tmp_path / "tables").exists()
    done = run("report", source, "-m", model, "-o", tmp_path / "report.html", expect=2)
    assert "--group-by" in done.stderr
    done = report(source, model, tmp_path / "no" / "report.html", expect=5)
    assert "no/report.html" in done.stderr
    (tmp_path / "file").write_text("x")
    done = report(source, model, tmp_path / "report.html", "--tables", tmp_path / "file", expect=5)
    assert "file" in done.stderr and not (tmp_path / "report.html").exists()
    done = report(source, model, tmp_path / "report.html", "--genes", ",".join(f"G{i}" for i in range(31)), expect=2)
    assert "at most 30" in done.stderr


def test_many_groups_and_long_names_stay_small(model, tmp_path):
    random = np.random.default_rng(5)
    n, n_groups = 9000, 300
    counts = random.poisson(random.gamma(0.6, 3.0, len(SYMBOLS)) + 0.05, (n, len(SYMBOLS))).astype(np.float32)
    obs = pd.DataFrame({"cell_type": [f"{i % n_groups:03d} " + "long name " * 60 for i in range(n)],
                        "sample": [f"s{i % 2}" for i in range(n)]}, index=[f"c{i}" for i in range(n)])
    cells = anndata.AnnData(counts, obs=obs, dtype=np.float32, var=pd.DataFrame(index=SYMBOLS))
    report(write(tmp_path, cells), model, tmp_path / "report.html", "--min-cells", 5, "--min-counts", 100)
    assert (tmp_path / "report.html").stat().st_size <= 5_000_000
    page = data_of(tmp_path / "report.html")
    groups = np.frombuffer(base64.b64decode(page["map"]["group"]), "<u2")
    assert page["map"]["wide"] and len(page["groups"]) == n_groups and groups.max() == n_groups - 1
    assert len(page["markers"]["lines"]) <= 200 and len(page["profiles"]["lines"]) == 200


def test_the_mrna_shown_is_a_target_outside_of_the_panel(model, tmp_path):
    """Of the targets, the one that varies most between groups: neither one of the panel, nor one that hardly varies,
    nor one that few cells detect."""
    cells = cells_of(3)
    random = np.random.default_rng(8)
    group = cells.obs["cell_type"].to_numpy()
    more = pd.DataFrame({"VARIES": random.poisson(np.where(group == "B", 40, 2)), "STEADY": random.poisson(20, cells.n_obs),
                         "RARE": random.poisson(np.where(group == "T", 0.1, 0.0))}, index=cells.obs_names)
    both = anndata.AnnData(np.hstack([cells.X, more.to_numpy()]).astype(np.float32), obs=cells.obs, dtype=np.float32,
                           var=pd.DataFrame(index=[*SYMBOLS, *more.columns]))
    source = write(tmp_path, with_map(both))
    report(source, model, tmp_path / "first.html")
    shown = [column["name"] for column in data_of(tmp_path / "first.html")["map"]["mirnas"]]
    targets = pd.DataFrame([(shown[0], name) for name in ("VARIES", "STEADY", "RARE", SYMBOLS[0])] + [(shown[1], "VARIES")],
                           columns=["mirna", "target"])
    targets.to_csv(tmp_path / "targets.tsv", sep="\t", index=False)
    report(source, model, tmp_path / "report.html", "--targets", tmp_path / "targets.tsv")
    genes = data_of(tmp_path / "report.html")["map"]["genes"]
    assert [(gene["name"], gene["note"]) for gene in genes] == [
        ("VARIES", f"predicted target of {shown[0]}, {shown[1]}")]
    expected = np.log1p(more["VARIES"] / both.X.sum(axis=1) * 1e4)
    np.testing.assert_allclose(bytes_of(genes[0]), expected, atol=0.51 * (genes[0]["high"] - genes[0]["low"]) / 254 + 1e-5)


def with_off_panel_genes(cells, n=400, seed=9):
    random = np.random.default_rng(seed)
    names = [f"OFF{i}" for i in range(n)]
    counts = random.poisson(random.gamma(1.0, 3.0, n) + 0.2, (cells.n_obs, n))
    return names, anndata.AnnData(np.hstack([cells.X, counts]).astype(np.float32), obs=cells.obs, dtype=np.float32,
                                  var=pd.DataFrame(index=[*SYMBOLS, *names]))


def test_networks_and_crosstalk_are_those_of_their_commands(full_model, tmp_path):
    names, cells = with_off_panel_genes(cells_of(12))
    symbols = pd.read_csv(PROJECT / "data" / "ev_genes.tsv", sep="\t")["symbol"]
    genes = list(cells.var_names)
    free = [i for i, gene in enumerate(genes) if gene.startswith("OFF")][:len(symbols)]
    missing = [symbol for symbol in symbols if symbol not in genes]
    for place, symbol in zip(free, missing):
        genes[place] = symbol
    cells.var.index = genes
    source = write(tmp_path, cells)
    mirnas = list(pd.read_csv(PROJECT / "data" / "mirnas.tsv", sep="\t")["name"][:250])
    random = np.random.default_rng(10)
    off = [gene for gene in genes if gene.startswith("OFF")]
    pd.DataFrame([(mirna, gene) for mirna in mirnas for gene in random.choice(off, 15, replace=False)],
                 columns=["mirna", "target"]).to_csv(tmp_path / "targets.tsv", sep="\t", index=False)
    report(source, full_model, tmp_path / "report.html", "--labels-from", "sorting", "--network", "--crosstalk",
           "--targets", tmp_path / "targets.tsv", "--tables", tmp_path / "tables", "--max-cells", 0, timeout=300)
    profiles = tmp_path / "profiles.h5mu"
    run("profile", source, "-m", full_model, "--group-by", "cell_type", "--sample", "sample", "-o", profiles)
    hubs = run("network", profiles, "--targets", tmp_path / "targets.tsv", "--edges", tmp_path / "edges.tsv", timeout=300)
    pairs = run("crosstalk", profiles, "--targets", tmp_path / "targets.tsv", "--labels-from", "sorting", "--net",
                tmp_path / "net.tsv", timeout=300)
    for name, expected in [("hubs.tsv", hubs.stdout), ("edges.tsv", (tmp_path / "edges.tsv").read_text()),
                           ("crosstalk.tsv", pairs.stdout), ("crosstalk_net.tsv", (tmp_path / "net.tsv").read_text())]:
        assert (tmp_path / "tables" / name).read_text() == expected
    page = data_of(tmp_path / "report.html")
    for part, text in [("network", hubs.stdout), ("crosstalk", pairs.stdout)]:
        first, expected = page[part]["tables"][0], table(text)
        assert first["columns"] == list(expected.columns)
        assert len(first["lines"]) == min(200, len(expected))
        assert [line[1] for line in first["lines"]] == [expected.iloc[i, 1] for i in range(len(first["lines"]))]
    assert page["crosstalk"]["grid"]["names"] == ["B", "T", "mono"]
    assert "no proof" in page["network"]["words"] and "Nothing here shows" in page["crosstalk"]["words"]


def test_what_was_not_run_is_said(made, model, tmp_path):
    _, _, page, _ = made
    assert page["network"]["words"].startswith("Not run.") and "tables" not in page["network"]
    assert page["crosstalk"]["words"].startswith("Not run.")
    # A panel alone has no genes outside of it: nothing can be said, and the page says why.
    source = write(tmp_path, cells_of(3))
    report(source, model, tmp_path / "report.html", "--crosstalk")
    page = data_of(tmp_path / "report.html")
    assert page["crosstalk"]["words"].startswith("Not run: ")
    assert any("crosstalk was not run" in words for words in page["warnings"])
