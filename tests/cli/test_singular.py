# SPDX-License-Identifier: BSD-3-Clause
"""One thing is spoken of in the singular."""
import re

import pytest

from program import SYMBOLS, counts, run

PLURAL_OF_ONE = re.compile(r"(?<![\d.,])1 (?:\w+ )?(?:samples|cells|genes|features|groups|profiles|pools|parts|inputs|findings|"
                           r"miRNAs|data sets|files|replicates|columns are|lines|donors|tests|(?:name|cell name)s? are)\b")


def said(*arguments, expect=0):
    done = run(*arguments, expect=expect)
    assert not PLURAL_OF_ONE.search(done.stderr), done.stderr
    assert "(s)" not in done.stderr
    return done.stderr


@pytest.fixture
def one(tmp_path):
    """A table of one sample, with one spike-in."""
    table = counts(1)
    table.loc["ERCC-00002"] = 7
    table.to_csv(tmp_path / "one.csv", index_label="gene")
    return tmp_path / "one.csv"


def test_one_sample_and_one_of_its_features(model, one, tmp_path):
    log = said("predict", one, "-m", model, "--scale", "none", "-o", tmp_path / "o.csv")
    assert "1 cell x 20 miRNAs written" in log and "1 cell sampled" in log
    assert "1 feature is one of the spike-ins and counts nowhere: ERCC-00002." in log
    log = said("predict", one, "-m", model, "--scale", "dataset", "-o", tmp_path / "o.csv", expect=3)
    assert "1 cell, sample or pool cannot be standardised" in log


def test_one_pool_of_one_group_and_one_cell_left_out(model, tmp_path):
    table = counts(6)
    table.to_csv(tmp_path / "t.csv")
    (tmp_path / "g.tsv").write_text("".join(f"{cell}\tg\n" for cell in table.columns[:5]))
    log = said("pool", tmp_path / "t.csv", "-m", model, "--groups", tmp_path / "g.tsv", "-o", tmp_path / "o.csv")
    assert "1 pool x 977 genes written" in log and "in 1 group" in log
    assert "1 of 6 cells has no group in" in log and "and is left out" in log


def test_one_input_of_a_list(model, tmp_path):
    (tmp_path / "bad.csv").write_text("cell,not,genes\nx,1,2\n")
    (tmp_path / "list").write_text(f"{tmp_path}/bad.csv\n")
    log = said("predict", "--inputs", tmp_path / "list", "--output-dir", tmp_path / "out", "-m", model, expect=3)
    assert "1 of 1 input could not be predicted" in log


def test_one_gene_twice_and_one_cell_name_twice(model, tmp_path):
    table = counts(12)
    lines = (table * 1.37 + 0.01).to_csv(index_label="gene").splitlines()
    (tmp_path / "t.csv").write_text("\n".join([*lines, lines[9]]) + "\n")
    log = said("predict", tmp_path / "t.csv", "-m", model, "--values", "linear", "--scale", "dataset", expect=3)
    assert f"1 gene of the panel occurs more than once in the file ({SYMBOLS[8]})" in log
    lines[0] = lines[0].replace("cell_2,", "cell_1,")
    (tmp_path / "u.csv").write_text("\n".join(lines) + "\n")
    log = said("predict", tmp_path / "u.csv", "-m", model, "--values", "linear", "--scale", "dataset", "-o", tmp_path / "o.csv")
    assert '1 cell name is repeated, first "cell_1"' in log
