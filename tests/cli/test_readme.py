# SPDX-License-Identifier: BSD-3-Clause
"""Every command of the README's quick start runs as it stands, with the bundled model."""
import os
import pathlib
import re
import subprocess

import numpy as np
import pandas as pd

from program import PROJECT, SICMIR, SYMBOLS


def command_lines(document):
    blocks = re.findall(r"^```console\n(.*?)^```$", (PROJECT / document).read_text(),
                        flags=re.MULTILINE | re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def write_pairs(folder, n_samples=40):
    """Files of the names that the `train` command reads."""
    random = np.random.default_rng(1)
    samples = [f"patient_{i + 1}" for i in range(n_samples)]
    mirnas = pd.read_csv(PROJECT / "data" / "mirnas.tsv", sep="\t")["name"][:20]
    mrna = pd.DataFrame(random.gamma(2.0, 300.0, (len(SYMBOLS), n_samples)), SYMBOLS, samples)
    mirna = pd.DataFrame(random.gamma(2.0, 50.0, (len(mirnas), n_samples)), mirnas, samples)
    mrna.to_csv(folder / "mrna.tsv", sep="\t")
    mirna.to_csv(folder / "mirna.tsv", sep="\t")


def run_lines(lines, folder):
    (folder / "data").symlink_to(PROJECT / "data")
    (folder / "models").symlink_to(PROJECT / "models")
    path = f"{pathlib.Path(SICMIR).parent}:/usr/bin:{os.environ['PATH']}"
    for line in lines:
        done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True,
                              timeout=300, env={**os.environ, "PATH": path})
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        writes = any(word in line for word in (" -o ", "--output-dir", " > "))
        assert writes or done.stdout, f"{line}: shows nothing"


def test_the_quick_start_runs_line_by_line(bundled, tmp_path):
    write_pairs(tmp_path)
    lines = command_lines("README.md")
    assert len(lines) > 8
    run_lines(lines, tmp_path)


def test_moments_and_pipes_of_the_predict_page_give_the_same_predictions(bundled, tmp_path):
    lines = [line for line in command_lines("docs/predict.md") if "data/example" in line or " - " in line]
    assert len(lines) == 4
    run_lines(lines, tmp_path)
    # The network's input, predicted again, gives the same predictions, up to rounding, which
    # differs between counts (sparse) and z-scores (dense).
    mirnas, again = (pd.read_csv(tmp_path / name, index_col=0)
                     for name in ("mirnas.csv", "from_pipe.csv"))
    np.testing.assert_allclose(again, mirnas, rtol=0, atol=1e-5)
    # Moments of the whole, used for the whole.
    assert (tmp_path / "part.csv").read_bytes() == (tmp_path / "mirnas.csv").read_bytes()


def test_every_subcommand_is_in_the_readme():
    usage = subprocess.run([SICMIR, "--help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z-]+)  +\S", usage.split("Commands:")[1].split("Options:")[0], re.MULTILINE)
    readme = (PROJECT / "README.md").read_text()
    assert commands
    for command in commands:
        typed = command.replace("atlas-", "atlas ")
        assert re.search(rf"^\| `{typed}\b", readme, re.MULTILINE), command


def test_every_option_that_documents_name_exists():
    known = set()
    for command in ("predict", "inspect", "pool", "profile", "markers", "compare", "network", "crosstalk", "explain",
                    "report", "evaluate", "stats", "merge", "merge-stats", "merge-summaries", "atlas-add",
                    "atlas-index", "atlas-query", "atlas-info", "atlas-remove", "atlas-check", "atlas-serve", "atlas-export", "train", "assemble",
                    "import", "export", "help"):
        text = subprocess.run([SICMIR, command, "--help"], capture_output=True, text=True,
                              check=True).stdout
        known |= set(re.findall(r"--[a-z][a-z0-9-]+", text))
    known |= {"--help", "--version"}
    others = {"--preset", "--prefix", "--build", "--parallel", "--install",  # of cmake, Slurm, Snakemake
              "--array", "--snakefile", "--cores", "--config",
              "--types", "--arch", "--together"}  # of scripts
    for document in (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))):
        named = set(re.findall(r"--[a-z][a-z0-9-]+", document.read_text()))
        assert named <= known | others, f"{document}: {sorted(named - known - others)}"
