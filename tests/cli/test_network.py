# SPDX-License-Identifier: BSD-3-Clause
"""`sicmir network`, from cells to hubs, with scipy, networkx and an XML parser as witnesses."""
import gzip
import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import h5py
import networkx
import numpy as np
import pandas as pd
import pytest
import scipy.stats

from program import PROJECT, SANITIZE, SICMIR, run

sys.path.insert(0, str(PROJECT / "scripts"))
import study_network as study  # noqa: E402

MODEL = PROJECT / "models" / "sicmir-tcga.h5"
pytestmark = pytest.mark.skipif(not MODEL.exists(), reason=f"{MODEL} is not there")
N_SAMPLES = 12


def table(text):
    return pd.read_csv(io.StringIO(text), sep="\t", keep_default_na=False, na_values=["NaN"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("network")


@pytest.fixture(scope="module")
def names():
    return study.mirnas_of_different_families(np.random.default_rng(3))[:12]


@pytest.fixture(scope="module")
def profiles(folder):
    """12 samples of one group, in two conditions."""
    import anndata
    study.Samples(np.random.default_rng(8), N_SAMPLES).write(folder / "cells.h5ad")
    cells = anndata.read_h5ad(folder / "cells.h5ad")
    cells.obs["disease"] = ["tumour" if int(s[1:]) % 3 == 0 else "normal" for s in cells.obs["sample"]]
    cells.write_h5ad(folder / "cells.h5ad")
    run("profile", folder / "cells.h5ad", "--group-by", "cell_type", "--sample", "sample", "--condition", "disease",
        "--min-counts", 1000, "-o", folder / "profiles.h5mu")
    return folder / "profiles.h5mu"


@pytest.fixture(scope="module")
def targets(folder, names):
    """30 targets each, genes of the panel among them; the last miRNA has those of the one before it."""
    random = np.random.default_rng(4)
    lines = []
    for name in names[:-1]:
        genes = [*random.choice(study.OTHERS, 30, replace=False), *random.choice(study.PANEL, 2, replace=False)]
        lines += [f"{name}\t{gene}\tstrong" for gene in genes]
    lines += [line.replace(names[-2], names[-1]) for line in lines if line.startswith(names[-2] + "\t")]
    lines += [f"{names[0]}\t{study.OTHERS[7]}\tpredicted"]
    (folder / "targets.tsv").write_text("mirna\ttarget\tevidence\n" + "\n".join(lines) + "\n")
    return folder / "targets.tsv"


@pytest.fixture(scope="module")
def results(profiles, targets, folder):
    graphs = [folder / f"net.{ending}" for ending in ("graphml", "sif", "cyjs", "svg")]
    done = run("network", profiles, "--targets", targets, "-o", folder / "hubs.tsv", "--edges", folder / "edges.tsv",
               "--graph", ",".join(map(str, graphs)))
    return table((folder / "hubs.tsv").read_text()), table((folder / "edges.tsv").read_text()), done.stderr


@pytest.fixture(scope="module")
def correlations(profiles):
    """Partial Spearman correlations of all miRNAs with all genes, given depth and condition, by scipy's ranks."""
    with h5py.File(profiles) as file:
        def index(frame):
            return [name.decode() for name in frame[frame.attrs["_index"]][:]]
        rna, mirna = file["mod/rna"], file["mod/mirna"]
        counts, z = rna["X"][:], mirna["X"][:]
        total = file["obs/n_counts"][:]
        samples = [name.split("|")[0] for name in index(file["obs"])]
        genes, mirnas = index(rna["var"]), index(mirna["var"])
    condition = np.array([int(sample[1:]) % 3 == 0 for sample in samples], float)
    given = np.column_stack([np.ones(len(total)), scipy.stats.rankdata(total), condition])

    def residuals(values):
        ranks = scipy.stats.rankdata(values, axis=0)
        ranks = ranks - given @ np.linalg.lstsq(given, ranks, rcond=None)[0]
        length = np.sqrt((ranks ** 2).sum(0))
        return ranks / np.where(length > 1e-6, length, np.inf)
    rho = residuals(z).T @ residuals(counts / total[:, None])
    return pd.DataFrame(rho, mirnas, genes)


def test_edges_are_partial_spearman_correlations(results, correlations):
    _, edges, _ = results
    expected = [correlations.loc[mirna, gene] for mirna, gene in zip(edges["mirna"], edges["target"])]
    np.testing.assert_allclose(edges["correlation"], expected, atol=2e-6)
    assert set(edges["target"]).isdisjoint(study.PANEL)
    assert ((edges["consistent"] == "yes") == (edges["correlation"] < -0.2)).all()
    assert set(edges["evidence"]) == {"strong"} and (edges["detected"] >= 0.1).all()


def test_tests_are_mean_fisher_z_against_other_families(results, correlations, names):
    hubs, edges, _ = results
    z = np.arctanh(correlations.clip(-0.9999, 0.9999))
    reference = study.MIRNAS.set_index("name")["sequence"].str[1:8]
    assert len(hubs) == len(names) - 1 and ",".join(names[-2:]) in [",".join(sorted(m.split(","), key=names.index))
                                                                    for m in hubs["mirnas"]]
    for _, line in hubs.iterrows():
        members = line["mirnas"].split(",")
        genes = list(edges["target"][edges["mirna"] == members[0]])
        assert line["n_targets"] == line["degree"] == len(genes)
        means = z[genes].mean(axis=1)
        own = means[members].mean()
        assert line["mean_fisher_z"] == pytest.approx(own, abs=1e-5)
        others = means[~reference[means.index].isin(reference[members]).to_numpy()]
        assert line["n_other_mirnas"] == len(others)
        assert line["p_other_families"] == pytest.approx((1 + (others <= own + 1e-7).sum()) / (1 + len(others)),
                                                         rel=1e-5)
        assert line["share_low"] == pytest.approx((correlations.loc[members, genes] < -0.2).to_numpy().mean(), abs=1e-5)
        assert line["p"] == max(line["p_other_families"], line["p_rewired"])
    expected = scipy.stats.rankdata(hubs["p"], method="max")
    adjusted = np.minimum.accumulate((hubs["p"] * len(hubs) / expected)[::-1])[::-1].clip(upper=1)
    np.testing.assert_allclose(hubs["fdr"], adjusted, rtol=1e-4)


def test_what_was_taken_and_left_out_is_said(results):
    _, _, words = results
    assert "pairs of strong evidence" in words and "left out since the prediction is made of the target" in words
    assert "consistent with repression" in words and "tumours" in words
    assert re.search(r"random graphs share \d+ % of the edges", words) and "smallest p" in words


def test_graphs_are_read_by_others(results, folder):
    hubs, edges, _ = results
    pairs = {(mirna, gene) for mirna, gene in zip(edges["mirna"], edges["target"])}
    graph = networkx.read_graphml(folder / "net.graphml")
    name = networkx.get_node_attributes(graph, "name")
    kind = networkx.get_node_attributes(graph, "kind")
    found = {tuple(sorted(edge, key=lambda node: kind[node] != "miRNA")) for edge in graph.edges}
    assert {(name[a], name[b]) for a, b in found} == pairs
    assert networkx.is_bipartite(graph)
    rho = {(name[a], name[b]): data["correlation"] for a, b, data in graph.edges(data=True)}
    for mirna, gene, value in zip(edges["mirna"], edges["target"], edges["correlation"]):
        assert rho.get((mirna, gene), rho.get((gene, mirna))) == pytest.approx(value)
    between = networkx.betweenness_centrality(graph, normalized=False)
    rank = networkx.pagerank(graph, alpha=0.85, weight=None, tol=1e-12, max_iter=1000)
    lines = hubs.assign(first=hubs["mirnas"].str.split(",").str[0]).set_index("first")
    for node in graph.nodes:
        if kind[node] == "miRNA" and name[node] in lines.index:
            assert lines.loc[name[node], "betweenness"] == pytest.approx(between[node], rel=1e-4)
            assert lines.loc[name[node], "page_rank"] == pytest.approx(rank[node], rel=1e-4)

    sif = [tuple(line.split("\t")) for line in (folder / "net.sif").read_text().splitlines()]
    assert {(a, c) for a, _, c in sif} == pairs and {b for _, b, _ in sif} == {"strong"}
    cytoscape = json.loads((folder / "net.cyjs").read_text())["elements"]
    label = {node["data"]["id"]: node["data"]["name"] for node in cytoscape["nodes"]}
    assert {(label[e["data"]["source"]], label[e["data"]["target"]]) for e in cytoscape["edges"]} == pairs


def test_the_picture_has_no_label_upon_another(results, folder):
    root = ET.parse(folder / "net.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    boxes = []
    for text in root.iter(space + "text"):
        size = float(text.get("font-size", root.get("font-size")))
        width = 0.66 * size * len(text.text)
        x, y = float(text.get("x")), float(text.get("y"))
        left = x - {"end": width, "middle": width / 2}.get(text.get("text-anchor"), 0)
        boxes.append((left, y - 0.8 * size, left + width, y + 0.2 * size, text.text))
    assert len(boxes) > 30
    width, height = float(root.get("width")), float(root.get("height"))
    for i, a in enumerate(boxes):
        assert a[0] >= 0 and a[2] <= width and a[1] >= 0 and a[3] <= height, a
        for b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (a, b)
    words = " ".join(text.text for text in root.iter(space + "text"))
    assert "consistent with repression" in words and "tumours" in words


def test_bytes_do_not_depend_on_threads(profiles, targets, folder):
    outputs = []
    for threads in (1, 2, 3):
        run("network", profiles, "--targets", targets, "--threads", threads, "-o", folder / "t.tsv", "--edges",
            folder / "t_edges.tsv", "--graph", f"{folder / 't.svg'},{folder / 't.graphml'}")
        outputs.append([(folder / name).read_bytes() for name in ("t.tsv", "t_edges.tsv", "t.svg", "t.graphml")])
    assert outputs[0] == outputs[1] == outputs[2]
    assert outputs[0][0] != run("network", profiles, "--targets", targets, "--seed", 2).stdout.encode()


def test_json_says_how_it_was_computed(profiles, targets, folder, results):
    run("network", profiles, "--targets", targets, "-o", folder / "hubs.json")
    found = json.loads((folder / "hubs.json").read_text())
    assert found["targets"]["evidence"] == "strong" and found["options"]["seed"] == 1
    network = found["networks"][0]
    assert network["given"] == ["depth", "condition"] and network["n_profiles"] == N_SAMPLES
    lines, _, _ = results
    assert [",".join(test["mirnas"]) for test in network["tests"]] == list(lines["mirnas"])
    assert network["tests"][0]["p"] == pytest.approx(lines["p"][0], rel=1e-5)


def test_kinds_of_evidence_are_never_mixed(profiles, targets, names):
    done = run("network", profiles, "--targets", targets, "--evidence", "predicted")
    assert list(table(done.stdout)["mirnas"]) == [names[0]]
    assert "1 targets, fewer than 10" in done.stdout
    error = run("network", profiles, "--targets", targets, "--evidence", "weak", expect=2).stderr
    assert "has no such pairs" in error


def test_bundled_motifs_are_predicted_and_credited(profiles):
    # Genes of the simulation have made-up names: all pairs are left out, and it is said.
    done = run("network", profiles)
    assert "CC BY 4.0" in done.stderr and "78903 predicted" in done.stderr
    assert len(table(done.stdout)) == 0


def test_enrichment_is_hypergeometric(profiles, targets, results, folder, names):
    _, edges, _ = results
    own = list(edges["target"][edges["mirna"] == names[0]])
    random = np.random.default_rng(6)
    sets = {"half": own[:15] + list(random.choice(study.OTHERS, 30, replace=False)),
            "panel": study.PANEL[:50], "other": list(random.choice(study.OTHERS, 40, replace=False))}
    (folder / "sets.gmt").write_text("".join(f"{name}\tx\t" + "\t".join(genes) + "\n" for name, genes in sets.items()))
    run("network", profiles, "--targets", targets, "--gene-sets", folder / "sets.gmt", "--enrichment",
        folder / "enriched.tsv", "--mirnas", names[0], "-o", folder / "x.tsv")
    found = table((folder / "enriched.tsv").read_text()).set_index("gene_set")
    assert set(found["mirnas"]) == {names[0]} and "panel" not in found.index
    with h5py.File(profiles) as file:
        rna = file["mod/rna"]
        genes = [name.decode() for name in rna["var"][rna["var"].attrs["_index"]][:]]
        share = rna["layers/n_detected"][:].sum(0) / file["obs/n_cells"][:].sum()
    universe = {gene for gene, s in zip(genes, share) if s >= 0.1} - set(study.PANEL)
    for name, line in found.iterrows():
        members = set(sets[name]) & universe
        both = members & set(own)
        assert (line["n_universe"], line["n_set"], line["n_both"]) == (len(universe), len(members), len(both))
        expected = scipy.stats.hypergeom.sf(len(both) - 1, len(universe), len(members), len(own))
        assert line["p"] == pytest.approx(expected, rel=1e-5)
        assert set(line["targets"].split(",")) == both


HEADER = "mirna\ttarget\tevidence\n"
GOOD = "hsa-miR-21-5p\tOFF1\tstrong\n"
DAMAGED = {
    "empty": (b"", 3, "is empty"),
    "no_table": (b"Dear colleague, please find enclosed\n", 3, "expected the header of one of these"),
    "header_only": (HEADER.encode(), 3, "has a header, but no line"),
    "short_line": ((HEADER + GOOD + "hsa-miR-21-5p\tOFF2\n").encode(), 3, "line 3: has 2 fields; expected 3"),
    "other_species": ((HEADER + "mmu-miR-21a-5p\tPten\tstrong\n").encode(), 3, "holds no target of the 1298"),
    "cut_gzip": (gzip.compress((HEADER + GOOD * 500).encode())[:-12], 3, "damaged.tsv"),
    "xlsx": (b"PK\x03\x04" + b"x" * 100, 3, "Excel workbook"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 100, 3, "is not text"),
    "long_name": ((HEADER + f"hsa-miR-21-5p\t{'A' * 5000}\tstrong\n").encode(), 3, "line 2: names a gene by more"),
    "open_quote": ((HEADER + 'hsa-miR-21-5p\t"OFF1\tstrong\n').encode(), 3, "line 2: has 2 fields; expected 3"),
    "transcripts": (b"hsa-miR-21-5p\tNM_000314\t99.1\n", 3, "names targets by transcripts"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_tables_are_refused(profiles, tmp_path, name):
    content, code, words = DAMAGED[name]
    (tmp_path / "damaged.tsv").write_bytes(content)
    done = run("network", profiles, "--targets", tmp_path / "damaged.tsv", "-o", tmp_path / "out.tsv", expect=code)
    assert words in done.stderr and "damaged.tsv" in done.stderr
    assert not (tmp_path / "out.tsv").exists()


def test_names_in_a_table_do_no_harm_in_graphs(profiles, tmp_path, names, folder):
    """Names of groups come from files, too."""
    import anndata
    cells = anndata.read_h5ad(folder / "cells.h5ad")
    cells.obs["cell_type"] = 'T <&"\'> \x1b[31m'
    cells.write_h5ad(tmp_path / "cells.h5ad")
    run("profile", tmp_path / "cells.h5ad", "--group-by", "cell_type", "--sample", "sample", "--min-counts", 1000,
        "-o", tmp_path / "profiles.h5mu")
    (tmp_path / "targets.tsv").write_text("mirna\ttarget\n" + "".join(f"{names[0]}\t{g}\n" for g in study.OTHERS[:40]))
    run("network", tmp_path / "profiles.h5mu", "--targets", tmp_path / "targets.tsv", "-o", tmp_path / "x.tsv",
        "--graph", f"{tmp_path / 'x.svg'},{tmp_path / 'x.graphml'},{tmp_path / 'x.cyjs'}")
    assert 'T <&"\'>' in " ".join(text.text or "" for text in ET.parse(tmp_path / "x.svg").getroot().iter())
    networkx.read_graphml(tmp_path / "x.graphml")
    json.loads((tmp_path / "x.cyjs").read_text())


def test_options_that_make_no_sense_are_refused(profiles, targets, tmp_path):
    def refused(*arguments, expect=2):
        return run("network", profiles, "--targets", targets, *arguments, expect=expect).stderr
    assert "ends in .graphml, .sif, .cyjs or .svg" in refused("--graph", tmp_path / "x.png")
    assert "no group 'B'; there are 'T'" in refused("--group", "B")
    assert "exclude each other" in refused("--group", "T", "--whole")
    assert "belong together" in refused("--gene-sets", targets)
    assert "is an input" in refused("--edges", targets)
    assert "name the same file" in refused("-o", tmp_path / "x", "--edges", tmp_path / "x")

    refused("-o", tmp_path / "missing" / "x.tsv", expect=5)
    run("network", targets, expect=2)


def test_the_export_without_counts_is_refused(folder, tmp_path):
    run("profile", folder / "cells.h5ad", "--group-by", "cell_type", "--sample", "sample", "--min-counts", 1000,
        "-o", tmp_path / "profiles.h5ad")
    assert "no counts of genes" in run("network", tmp_path / "profiles.h5ad", expect=3).stderr


def test_a_real_table_of_strong_evidence(profiles):
    shared = PROJECT.parent / "shared" / "reference" / "targets.tsv"
    if not shared.exists():
        pytest.skip(f"{shared} is not there")
    words = run("network", profiles, "--targets", shared).stderr
    pairs = pd.read_csv(shared, sep="\t", dtype=str).dropna(subset=["mirna_sicmir"])
    keys = ["mirna_sicmir", "target_symbol", "target_entrez_id"]
    strong = pairs[pairs["support_type"] == "Functional MTI"][keys].drop_duplicates()
    weak = pairs[pairs["support_type"] == "Functional MTI (Weak)"][keys].drop_duplicates()
    weak = weak.merge(strong, how="left", indicator=True).query("_merge == 'left_only'")
    # sicmir also finds a few names with dashes of word processors, which the table's maker did not.
    found = re.search(r"\((\d+) strong, (\d+) weak\)", words)
    assert 0 <= int(found[1]) - len(strong) <= 10 and 0 <= int(found[2]) - len(weak) <= 10, words


@pytest.mark.skipif(SANITIZE != "", reason="a study of figures, and slow")
def test_planted_truth_is_found_and_wrong_pairs_are_not():
    """Ten data sets of the study."""
    done = subprocess.run([sys.executable, PROJECT / "scripts" / "study_network.py", SICMIR, "--repeats", "10",
                           "--samples", "24"], capture_output=True, text=True, check=True)
    for kind in ("scattered", "modules"):
        found = re.search(rf"wrong pairs, {kind}, .*both ([\d.]+); false hubs per data set ([\d.]+)", done.stdout)
        assert float(found[1]) <= 0.065 and float(found[2]) <= 0.3, done.stdout
    found = re.search(r"called in ([\d.]+), other hubs per data set ([\d.]+)", done.stdout)
    assert float(found[1]) >= 0.8 and float(found[2]) <= 0.3, done.stdout
