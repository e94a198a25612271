# SPDX-License-Identifier: BSD-3-Clause
"""--scale auto: bulk samples are compared with the training samples, cells and pools with each other. Runs with the
bundled model."""
import json

import numpy as np
import pandas as pd
import pytest

from program import PROJECT, run

N_SAMPLES = 12


def bulk(shift=0.0):
    """Samples drawn from the published moments of log2(normalised counts + 1), `shift` sds away, with 12,000 other
    genes such that the upper quartile of all is near 1,000, as that normalisation has it. Genes as lines."""
    random = np.random.default_rng(3)
    moments = pd.read_csv(PROJECT / "data" / "gene_moments.tsv", sep="\t", index_col=0)
    mean, sd = moments["mean"].to_numpy()[:, None], moments["sd"].to_numpy()[:, None]
    panel = random.normal(mean + shift * sd, sd, (len(moments), N_SAMPLES))
    others = random.normal(random.normal(8.3, 2.4, (12_000, 1)), 0.5, (12_000, N_SAMPLES))
    return pd.DataFrame(np.round(np.maximum(2 ** np.vstack([panel, others]) - 1, 0)).astype(np.int64),
                        index=[*moments.index, *(f"OTHER{i}" for i in range(12_000))],
                        columns=[f"S{i + 1}" for i in range(N_SAMPLES)])


def write(folder, table):
    table.to_csv(folder / "table.tsv", sep="\t", index_label="gene")
    return folder / "table.tsv"


def scale_of(path):
    return json.loads(run("inspect", "--json", path).stdout)["scale"]


def test_bulk_is_compared_with_the_training_samples(tmp_path):
    path = write(tmp_path, bulk())
    assert "bulk samples" in str(scale_of(path)) and "reference" in str(scale_of(path))
    outputs = [tmp_path / "auto.csv", tmp_path / "stated.csv"]
    run("predict", path, "-o", outputs[0])
    run("predict", path, "--scale", "reference", "-o", outputs[1])
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


def test_cells_are_not_bulk(tmp_path):
    """Half of the genes have no count."""
    table = bulk()
    assert "dataset" in str(scale_of(write(tmp_path, table * np.random.default_rng(4).integers(0, 2, table.shape))))


def test_few_reads_are_not_bulk(tmp_path):
    found = str(scale_of(write(tmp_path, np.ceil(bulk() / 2e4).astype(int))))
    assert "dataset" in found and "bulk" not in found


def test_pools_unlike_the_training_samples_stay_with_each_other(tmp_path):
    found = str(scale_of(write(tmp_path, bulk(shift=-1.3))))
    assert "dataset" in found and "unlike the training samples: median z -1." in found


@pytest.mark.parametrize("options", [[], ["--values", "linear"]])
def test_a_stated_scale_is_kept(tmp_path, options):
    path = write(tmp_path, bulk())
    done = run("predict", path, "--scale", "dataset", *options, "-o", tmp_path / "out.csv")
    assert "scale: dataset (as stated)" in done.stderr
