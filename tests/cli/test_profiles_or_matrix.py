# SPDX-License-Identifier: BSD-3-Clause
"""What follows `sicmir profile` takes its profiles or the matrix itself, with the same results."""
import pytest

from program import run
from test_crosstalk import cells_of, mirna_lines, profiles_of, table

GROUPS = ["--group-by", "cell_type", "--sample", "sample", "--min-cells", 1, "--min-counts", 1]


class Case:
    """A matrix of 12 samples in two conditions, its profiles, and what each command is given besides."""

    def __init__(self, folder, model):
        self.model = model
        self.profiles = profiles_of(folder, model, cells_of(12, conditions=("normal", "tumour")))
        self.matrix = folder / "cells.h5ad"
        mirnas = sorted(set(table(run("markers", self.profiles).stdout)["mirna"]))
        targets = folder / "targets.tsv"
        targets.write_text(mirna_lines(mirnas, mirnas[0]))
        self.arguments = {
            "markers": ["--labels-from", "sorting"],
            "compare": ["--reference", "normal"],
            "network": ["--targets", targets, "--rewirings", 100, "--most-rewirings", 100],
            "crosstalk": ["--targets", targets, "--labels-from", "sorting", "--all", "--shuffles", 2,
                          "--condition", "tumour", "--reference", "normal"],
            "explain": ["--group", "B", "--mirna", mirnas[0]]}

    def of_matrix(self, command):
        condition = "--condition-column" if command == "crosstalk" else "--condition"
        return ["-m", self.model, *GROUPS, condition, "disease"]

    def of_profiles(self, command):
        return ["-m", self.model] if command == "explain" else []


@pytest.fixture(scope="module")
def case(model, tmp_path_factory):
    return Case(tmp_path_factory.mktemp("door"), model)


COMMANDS = ["markers", "compare", "network", "crosstalk", "explain"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_matrix_gives_what_its_profiles_give(case, command, tmp_path):
    outputs = [tmp_path / "table.tsv", tmp_path / "table.json"]
    if command == "explain":
        outputs.append(tmp_path / "chart.svg")
    first = []
    for source, extra in [(case.profiles, case.of_profiles(command)), (case.matrix, case.of_matrix(command))]:
        for output in outputs[:2]:
            chart = ["--svg", outputs[2]] if len(outputs) > 2 else []
            run(command, source, *extra, *case.arguments[command], "-o", output, *chart)
        found = [output.read_bytes() for output in outputs]
        assert all(len(text) > 500 for text in found)
        first = first or found
    assert found == first


@pytest.mark.parametrize("command", [*COMMANDS, "report"])
def test_a_matrix_needs_groups(case, command, tmp_path):
    arguments = [*case.arguments.get(command, []), "-o", tmp_path / "out"]
    done = run(command, case.matrix, "-m", case.model, *arguments, expect=2)
    assert f"{case.matrix}: holds no profiles" in done.stderr
    assert "--group-by COLUMN" in done.stderr and "--groups FILE" in done.stderr
    assert not (tmp_path / "out").exists()
    # Nor is a table of text, a folder or a pipe a file of profiles.
    (tmp_path / "table.csv").write_text("gene,c1\nTP53,1\n")
    assert "--group-by COLUMN" in run(command, tmp_path / "table.csv", *arguments, expect=2).stderr
    assert "--group-by COLUMN" in run(command, tmp_path, *arguments, expect=2).stderr
    with open(tmp_path / "table.csv") as stream:
        done = run(command, "-", *arguments, expect=2, stdin=stream)
    assert "standard input" in done.stderr


@pytest.mark.parametrize("command", [*COMMANDS, "report"])
def test_profiles_take_no_options_of_a_matrix(case, command, tmp_path):
    arguments = [*case.of_profiles(command), *case.arguments.get(command, []), "-o", tmp_path / "out"]
    done = run(command, case.profiles, *arguments, "--group-by", "group", expect=2)
    assert f"{case.profiles}: holds profiles, and --group-by is for a matrix. Leave it out." in done.stderr
    done = run(command, case.profiles, *arguments, "--scale", "dataset", "--min-cells", 3, expect=2)
    assert "--min-cells, --scale are for a matrix. Leave them out." in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", [*COMMANDS, "report"])
def test_a_damaged_file_is_called_damaged(case, command, tmp_path):
    cut = tmp_path / "cut.h5mu"
    cut.write_bytes(case.profiles.read_bytes()[:5000])
    arguments = [*case.of_profiles(command), *case.arguments.get(command, []), "-o", tmp_path / "out"]
    done = run(command, cut, *arguments, expect=3)
    assert f"{cut}: " in done.stderr and "damaged or incomplete" in done.stderr
    done = run(command, tmp_path / "missing.h5mu", *arguments, expect=3)
    assert "cannot be opened" in done.stderr


def test_a_list_of_matrices_is_joined(case, tmp_path):
    (tmp_path / "inputs.tsv").write_text(f"{case.matrix}\n")
    arguments = case.arguments["compare"]
    joined = run("compare", "--inputs", tmp_path / "inputs.tsv", *case.of_matrix("compare"), *arguments).stdout
    assert joined == run("compare", case.profiles, *arguments).stdout
    done = run("compare", case.matrix, "--inputs", tmp_path / "inputs.tsv", *case.of_matrix("compare"), *arguments,
               expect=2)
    assert "--inputs lists the inputs" in done.stderr
    (tmp_path / "inputs.tsv").write_text(f"path\tcondition\n{case.matrix}\ttumour\n")
    done = run("crosstalk", "--inputs", tmp_path / "inputs.tsv", *case.of_matrix("crosstalk"),
               *case.arguments["crosstalk"], expect=2)
    assert "--condition-column names a column" in done.stderr
    assert "INPUT is required" in run("compare", *arguments, expect=2).stderr
