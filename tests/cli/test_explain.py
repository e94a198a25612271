# SPDX-License-Identifier: BSD-3-Clause
"""`sicmir explain`, from cells to tables and a chart."""
import io
import json
import shutil
import xml.etree.ElementTree

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest

from conftest import make_model
from program import SYMBOLS, run

GROUPS = ["B", "mono", "T"]


def cells_of(n_samples, seed=4, n_cells=40, genes=SYMBOLS, groups=GROUPS):
    random = np.random.default_rng(seed)
    base = random.gamma(0.6, 3.0, len(genes)) + 0.05
    program = {group: np.exp(random.normal(0, 0.8, len(genes))) for group in groups}
    counts, obs = [], []
    for sample in range(n_samples):
        for group in groups:
            mean = base * program[group] * np.exp(random.normal(0, 0.2, len(genes)))
            counts.append(random.poisson(mean, (n_cells, len(genes))))
            obs += [(f"s{sample + 1}", group)] * n_cells
    obs = pd.DataFrame(obs, columns=["sample", "cell_type"], index=[f"cell_{i}" for i in range(len(obs))])
    return anndata.AnnData(np.vstack(counts).astype(np.float32), obs=obs, dtype=np.float32,
                           var=pd.DataFrame(index=genes))


def profiles_of(folder, model, cells, *arguments, name="profiles.h5mu"):
    cells.write_h5ad(folder / "cells.h5ad")
    run("profile", folder / "cells.h5ad", "-m", model, "--group-by", "cell_type", "--sample", "sample",
        "-o", folder / name, *arguments)
    return folder / name


@pytest.fixture(scope="module")
def profiles(model, tmp_path_factory):
    return profiles_of(tmp_path_factory.mktemp("explain"), model, cells_of(4))


def explain(profiles, model, *arguments, **options):
    return run("explain", profiles, "-m", model, *arguments, **options)


def table(text):
    return pd.read_csv(io.StringIO(text), sep="\t", keep_default_na=False, na_values=["NaN"])


def z_scores(profiles):
    """Samples x groups, miRNAs."""
    with h5py.File(profiles) as file:
        mirna = file["mod/mirna"]
        names = [name.decode() for name in mirna["obs"][mirna["obs"].attrs["_index"]][:]]
        mirnas = [name.decode() for name in mirna["var"][mirna["var"].attrs["_index"]][:]]
        return pd.DataFrame(mirna["X"][:], pd.MultiIndex.from_tuples([n.split("|") for n in names]), mirnas)


def explained(profiles, model, folder, *arguments):
    explain(profiles, model, *arguments, "-o", folder / "why.json")
    return json.loads((folder / "why.json").read_text())


def test_attributions_sum_to_the_difference_of_the_stored_predictions(profiles, model, tmp_path):
    z = z_scores(profiles)
    mirna = z.columns[3]
    found = explained(profiles, model, tmp_path, "--group", "B", "--against", "T", "--mirna", mirna)
    expected = z.xs("B", level=1)[mirna] - z.xs("T", level=1)[mirna]
    assert [one["sample"] for one in found["samples"]] == list(expected.index)
    ends = [one["end_z"] - one["start_z"] for one in found["samples"]]
    np.testing.assert_allclose(ends, expected, atol=1e-4)
    by_sample = np.array([gene["by_sample"] for gene in found["genes"]])
    np.testing.assert_allclose(by_sample.sum(axis=0), expected, atol=1e-4)
    assert found["sum_of_attributions_z"] == pytest.approx(expected.mean(), abs=1e-4)
    assert found["exact"] and found["complete"] and found["largest_gap_z"] < 1e-9
    means = by_sample.mean(axis=1)
    np.testing.assert_allclose([gene["attribution_z"] for gene in found["genes"]], means, atol=1e-12)
    assert (np.diff(np.abs(means)) <= 1e-15).all()
    assert found["share_of_strongest_10"] == pytest.approx(np.abs(means[:10]).sum() / np.abs(means).sum())
    np.testing.assert_allclose([gene["sd_over_samples"] for gene in found["genes"]], by_sample.std(axis=1, ddof=1))
    ranks = pd.DataFrame(by_sample).apply(
        lambda column: column.corr((pd.DataFrame(by_sample).sum(axis=1) - column), method="spearman"))
    assert found["rank_correlation_between_samples"] == pytest.approx(ranks.mean(), abs=0.02)
    assert any("moments: " in words for words in found["held_fixed"]) and "not biology" in found["reading"]


def test_without_a_rival_the_path_begins_at_the_mean_of_the_samples_other_groups(profiles, model, tmp_path):
    mirna = z_scores(profiles).columns[0]
    found = explained(profiles, model, tmp_path, "--group", "mono", "--mirna", mirna)
    assert found["samples"][0]["against"] == ["B", "T"]
    # The mean of the inputs, seen from both of them: differences of inputs add up.
    to_b = explained(profiles, model, tmp_path, "--group", "mono", "--mirna", mirna, "--against", "B")
    to_t = explained(profiles, model, tmp_path, "--group", "mono", "--mirna", mirna, "--against", "T")
    inputs = [{gene["gene"]: gene["input_difference_z"] for gene in one["genes"]} for one in (found, to_b, to_t)]
    for gene in list(inputs[0])[:50]:
        assert inputs[0][gene] == pytest.approx((inputs[1].get(gene, 0) + inputs[2].get(gene, 0)) / 2, abs=1e-5)


def test_the_table_has_the_numbers_of_the_json(profiles, model, tmp_path):
    mirna = z_scores(profiles).columns[1]
    done = explain(profiles, model, "-g", "B", "--mirna", mirna)
    lines = table(done.stdout)
    found = explained(profiles, model, tmp_path, "-g", "B", "--mirna", mirna)
    assert list(lines["gene"]) == [gene["gene"] for gene in found["genes"]]
    np.testing.assert_allclose(lines["attribution_z"], [gene["attribution_z"] for gene in found["genes"]], rtol=1e-5)
    assert set(lines["sign"]) == {"up", "down"} and ((lines["attribution_z"] > 0) == (lines["sign"] == "up")).all()
    assert "exact" in done.stderr and "largest gap" in done.stderr and "held fixed: moments" in done.stderr
    assert "not biology" in done.stderr


def test_all_mirnas_are_a_matrix_and_threads_change_nothing(profiles, model):
    whole = explain(profiles, model, "-g", "B", "--all", "--threads", 1).stdout
    assert explain(profiles, model, "-g", "B", "--all", "--threads", 3).stdout == whole
    matrix = table(whole).set_index("gene")
    mirna = matrix.columns[5]
    one = explain(profiles, model, "-g", "B", "--mirna", mirna, "--threads", 1).stdout
    assert explain(profiles, model, "-g", "B", "--mirna", mirna, "--threads", 3).stdout == one
    one = table(one).set_index("gene")
    np.testing.assert_allclose(matrix.loc[one.index, mirna], one["attribution_z"], rtol=2e-4, atol=1e-9)
    assert (matrix.index == SYMBOLS).all() and matrix.shape[1] == 20


def test_the_chart_is_xml_and_shows_the_strongest_genes(profiles, model, tmp_path):
    mirna = z_scores(profiles).columns[2]
    done = explain(profiles, model, "-g", "T", "--mirna", mirna, "--svg", tmp_path / "why.svg", "--top", 12)
    root = xml.etree.ElementTree.parse(tmp_path / "why.svg").getroot()
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    strongest = list(table(done.stdout)["gene"][:13])
    assert [text for text in texts if text in strongest] == strongest[:12]
    assert any("not biology" in text for text in texts)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 12 * 4


def test_another_model_changed_counts_and_missing_counts_are_refused(profiles, model, tmp_path):
    mirna = z_scores(profiles).columns[0]
    other = make_model(tmp_path / "other.h5", 20, 48)
    error = explain(profiles, other, "-g", "B", "--mirna", mirna, expect=4).stderr
    assert "checksum" in error and "--model" in error
    changed = shutil.copy(profiles, tmp_path / "changed.h5mu")
    with h5py.File(changed, "r+") as file:
        counts = file["mod/rna/X"]
        counts[2, :400] = counts[2, :400] * 3 + 1
    error = explain(changed, model, "-g", "B", "--mirna", mirna, expect=3).stderr
    assert "gives other z-scores" in error and "s1|" in error
    exported = profiles_of(tmp_path, model, cells_of(4), name="p.h5ad")
    error = explain(exported, model, "-g", "B", "--mirna", mirna, expect=3).stderr
    assert "holds no counts" in error and ".h5mu" in error


def test_genes_that_the_input_names_twice_are_rebuilt(model, tmp_path):
    genes = SYMBOLS + [SYMBOLS[10], SYMBOLS[20], "OTHER"]
    made = profiles_of(tmp_path, model, cells_of(3, genes=genes))
    mirna = z_scores(made).columns[0]
    assert explain(made, model, "-g", "B", "--mirna", mirna).stdout


def test_the_reference_scale_is_rebuilt(model, tmp_path):
    made = profiles_of(tmp_path, model, cells_of(3), "--scale", "reference", "--force-scale")
    z = z_scores(made)
    found = explained(made, model, tmp_path, "-g", "B", "--against", "T", "--mirna", z.columns[0])
    expected = (z.xs("B", level=1) - z.xs("T", level=1))[z.columns[0]].mean()
    assert found["sum_of_attributions_z"] == pytest.approx(expected, abs=1e-4)
    assert any("training samples" in words for words in found["held_fixed"])


def test_platforms_are_rebuilt(bundled, tmp_path):
    cells_of(3).write_h5ad(tmp_path / "cells.h5ad")
    run("profile", tmp_path / "cells.h5ad", "--group-by", "cell_type", "--sample", "sample", "--scale", "reference",
        "--platform", "cells", "--force-scale", "-o", tmp_path / "p.h5mu")
    done = run("explain", tmp_path / "p.h5mu", "-g", "B", "--mirna", "hsa-miR-150-5p")
    assert "held fixed: offsets: those of platform cells" in done.stderr and "(exact)" in done.stderr


def test_groups_that_are_not_there_or_stand_alone_are_named(profiles, model, tmp_path):
    mirna = z_scores(profiles).columns[0]
    error = explain(profiles, model, "-g", "monoo", "--mirna", mirna, expect=2).stderr
    assert "'B', 'T', 'mono'" in error and "Did you mean 'mono'?" in error
    assert "with itself" in explain(profiles, model, "-g", "B", "--against", "B", "--mirna", mirna, expect=2).stderr
    assert "no miRNA 'hsa-none'" in explain(profiles, model, "-g", "B", "--mirna", "hsa-none", expect=2).stderr
    assert "--all" in explain(profiles, model, "-g", "B", expect=2).stderr
    assert "is an input" in explain(profiles, model, "-g", "B", "--mirna", mirna, "-o", profiles, expect=2).stderr
    cells = cells_of(6)
    apart = cells[((cells.obs["cell_type"] == "B") & cells.obs["sample"].isin(["s1", "s2", "s3"]))
                  | ((cells.obs["cell_type"] == "T") & cells.obs["sample"].isin(["s4", "s5", "s6"]))].copy()
    made = profiles_of(tmp_path, model, apart)
    error = explain(made, model, "-g", "B", "--mirna", mirna, expect=3).stderr
    assert "in no sample are both 'B' and another group" in error and "'B' is in 3 samples" in error
