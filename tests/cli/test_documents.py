# SPDX-License-Identifier: BSD-3-Clause
"""Every command in the documentation is run, or is listed in NOT_RUN with the reason.

The mark of a block says what must happen: `sh test` succeeds; `sh exit 3` fails with exit code 3; in
`console`, lines that begin with `$ ` run and print what follows them (the README's: test_readme.py).
Options in running text must be those of their subcommand. docs/known-traps.md names tests that exist.
"""
import collections
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse

import rds_writer
from gdc_tree import cohort_tree
from program import PROJECT, SICMIR, SYMBOLS, run

sys.path.insert(0, str(PROJECT / "scripts"))
import study_network  # noqa: E402

README = PROJECT / "README.md"
DOCUMENTS = [README, *sorted(path for folder in ("docs", "models", "data", ".github")
                             for path in (PROJECT / folder).rglob("*.md"))]
# The page that describes all options of a subcommand.
OPTION_PAGES = {"predict": "docs/predict.md", "train": "docs/training.md"}
# Document, first line of the block: why it is not run here, or who runs it.
NOT_RUN = {
    ("README.md", "scripts/demo.sh   # installs missing packages, builds sicmir and runs it on the bundled "
     "example"): "installs packages and builds; test.sh is what runs this test",
    (".github/CONTRIBUTING.md", "scripts/test.sh                # all tests"):
        "installs packages and builds; test.sh is what runs this test",
    (".github/CONTRIBUTING.md", "cmake --preset release -DCMAKE_CXX_COMPILER_LAUNCHER=ccache"): "builds",
    (".github/CONTRIBUTING.md", "bash .ci/run                   # format, tests, sanitizers, clang-tidy, "
     "instruction counts and more"): "runs this test",
    ("docs/atlas-format.md", "ATLAS/"): "a drawing",
    ("docs/atlas.md", "sicmir atlas export ATLAS --to www --max-cells 20000 --mirnas list.txt"):
        "test_atlas_export.py runs it",
    ("docs/atlas-site.md", "site/"): "a drawing",
    ("docs/atlas-site.md", "Content-Security-Policy: default-src 'self'; base-uri 'none'; object-src 'none'; "
     "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"):
        "headers; test_atlas_site.py compares them",
    ("docs/atlas-format.md", "CREATE TABLE facts(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"):
        "tables; test_atlas.py compares them",
    ("docs/atlas-site.md", "site/"): "a drawing",
    ("docs/atlas-site.md", "Content-Security-Policy: default-src 'self'; base-uri 'none'; object-src 'none'; "
     "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"): "a header",
    ("docs/architecture.md", "10  cli          options, messages, the table of commands"): "a drawing",
    ("docs/hpc.md", "docs/hpc/submit.sh cells.h5ad out 8"): "Slurm; scripts/check_cluster.sh",
    ("docs/hpc.md", "sbatch --array=3 docs/hpc/predict_array.sh cells.h5ad out 8"):
        "Slurm; scripts/check_cluster.sh runs the same script",
    ("docs/hpc.md", "snakemake --snakefile docs/hpc/Snakefile --cores 2 --config input=cells.h5ad "
     "folder=out parts=4"): "Snakemake; scripts/check_cluster.sh",
    ("docs/batch.md", "id\tpath\tlayer\tvalues\tgroups\tpool"): "a table",
    ("docs/batch.md", "multiqc predictions"): "MultiQC; test_batch.py",
    ("docs/batch.md", "sbatch --array=1-8 docs/hpc/inputs_array.sh list.tsv predictions 8"):
        "Slurm; test_batch.py runs the same script",
    ("docs/train-on-tcga.md", "mkdir gdc"): "a download of days through gdc-client",
    ("docs/performance.md", "bench/run.sh                    # makes inputs, runs sicmir and the same steps "
     "in Python, side by side"): "benchmarks",
    ("docs/packaging/README.md", "cmake --preset release && cmake --build --preset release --parallel 2"):
        "builds a package; scripts/check_deb.sh",
    ("docs/packaging/README.md", "scripts/make_portable.sh"): "builds; scripts/check_portable.sh",
    ("docs/packaging/README.md", "scripts/make_portable.sh --arch arm64"):
        "builds; scripts/check_portable_arm64.sh",
    ("docs/packaging/README.md", "podman build --file docs/packaging/Dockerfile --tag sicmir build/portable"):
        "builds an image; scripts/check_container.sh",
    ("docs/hpc.md", "scp build/portable/sicmir cluster:bin/"): "another machine; scripts/check_portable.sh",
    ("docs/model-format.md", "import h5py, numpy, pandas"): "run by test_model_format.py",
    ("docs/formats.md", 'saveRDS(object, "object.rds")'): "Seurat; scripts/check_seurat.sh",
    ("docs/formats.md", 'mirnas <- read.csv("mirnas.csv", row.names = 1, check.names = FALSE)'):
        "Seurat; scripts/check_seurat.sh",
    ("docs/formats.md", 'file <- hdf5r::H5File$new("mirnas.h5ad", "r")'):
        "Seurat; scripts/check_seurat.sh",
}
# Packages that the tests do not need otherwise: lines with these scripts run where they are installed.
NEEDS = {"scripts/make_tutorial_figure.py": ("umap", "sklearn", "matplotlib")}

Block = collections.namedtuple("Block", "document mark text")


def name_of(document):
    return str(document.relative_to(PROJECT))


def blocks(document):
    return [Block(name_of(document), mark.strip(), text) for mark, text in
            re.findall(r"^```([^\n]*)\n(.*?)^```$", document.read_text(), re.MULTILINE | re.DOTALL)]


def first_line(block):
    return block.text.split("\n")[0]


def is_run(block):
    return block.mark in ("sh test", "python test") or re.fullmatch(r"sh exit \d+", block.mark) is not None or \
        (block.mark == "console" and block.document != "README.md")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Files of the names that the documents use."""
    folder = tmp_path_factory.mktemp("inputs")
    random = np.random.default_rng(2)
    example = PROJECT / "data" / "example"
    matrix = scipy.io.mmread(example / "matrix.mtx.gz").T.tocsr()
    names = pd.read_csv(example / "features.tsv.gz", sep="\t", header=None)
    cells = pd.read_csv(example / "barcodes.tsv.gz", header=None)[0]
    obs = pd.DataFrame({"sample": np.where(np.arange(len(cells)) % 2, "a", "b"),
                        "cell_type": [f"type {i % 3}" for i in range(len(cells))],
                        "disease": np.where(np.arange(len(cells)) % 2, "normal", "tumour")},
                       index=list(cells))
    # Genes of vesicles, which the example does not have and crosstalk asks for.
    vesicles = pd.read_csv(PROJECT / "data" / "ev_genes.tsv", sep="\t", comment="#")
    vesicles = vesicles[~vesicles["ensembl_id"].isin(names[0])].drop_duplicates("ensembl_id")
    more = scipy.sparse.csr_matrix(random.poisson(0.5, (len(cells), len(vesicles))))
    data = anndata.AnnData(scipy.sparse.hstack([matrix, more], format="csr").astype(np.float32), obs=obs,
                           dtype=np.float32, var=pd.DataFrame({"symbol": [*names[1], *vesicles["symbol"]]},
                                                              index=[*names[0], *vesicles["ensembl_id"]]))
    for graph in ("connectivities", "distances"):
        data.obsp[graph] = scipy.sparse.random(len(cells), len(cells), 0.02, "csr", np.float32, random)
    data.obsm["X_umap"] = np.random.default_rng(3).normal(size=(len(cells), 2))
    data.write_h5ad(folder / "cells.h5ad")
    cohort = study_network.Samples(np.random.default_rng(9), 12)
    cohort.write(folder / "cohort.h5ad")
    (folder / "targets.csv").write_text("mirna,target,evidence\n" + "".join(
        f"hsa-miR-{mirna},{gene},strong\n" for mirna in ("21-5p", "155-5p", "9-5p")
        for gene in np.random.default_rng(10).choice(study_network.OTHERS, 20, replace=False)))
    (folder / "sets.gmt").write_text("SET_A\tx\t" + "\t".join(study_network.OTHERS[:40]) + "\n")
    samples = [f"sample_{i + 1}" for i in range(40)]
    mirnas = list(pd.read_csv(PROJECT / "data" / "mirnas.tsv", sep="\t")["name"])
    for path in ("mrna.tsv", "bulk.tsv"):
        pd.DataFrame(random.lognormal(6, 1.5, (977, 40)), SYMBOLS, samples).to_csv(
            folder / path, sep="\t")
    for path in ("mirna.tsv", "mirna_rpm.tsv"):
        pd.DataFrame(random.gamma(2.0, 50.0, (1298, 40)), mirnas, samples).to_csv(
            folder / path, sep="\t")
    pd.DataFrame({"sample": samples, "cohort": ["A"] * 20 + ["B"] * 20}).to_csv(
        folder / "samples.tsv", sep="\t", index=False)
    shutil.copy(PROJECT / "tests" / "data" / "import" / "published_size.pt",
                folder / "DNN_miRNA.pth")
    pd.DataFrame({"cluster": [f"c{i % 3}" for i in range(len(cells))]}, index=list(cells)).to_csv(
        folder / "clusters.csv", index_label="barcode")
    (folder / "filtered").symlink_to(example)
    (folder / "list.tsv").write_text("first\tcells.h5ad\n")
    for name in ("data", "models", "docs", "scripts"):
        (folder / name).symlink_to(PROJECT / name)
    obs.to_csv(folder / "cells.csv")
    few, dense = list(cells[:40]), matrix[:40].T.toarray().astype(float)
    rds_writer.save(folder / "object.rds", rds_writer.seurat(
        {"RNA": rds_writer.assay(rds_writer.dgc(dense, list(names[1]), few))}, few,
        {"cell_type": rds_writer.factor(["T", "B", "NK", "monocyte"] * 10)}))
    write_tables(folder, pd.DataFrame(matrix[:40].T.toarray(), list(names[1]), list(cells[:40])))
    tree, _, _ = cohort_tree(folder / "gdc", n_patients=20)
    tree.sheet("gdc_sample_sheet.tsv")
    return folder


def write_tables(folder, counts):
    """What users try, genes as lines."""
    counts.to_csv(folder / "all_cells.csv")
    counts.iloc[:, :1].to_csv(folder / "one_cell.csv")
    counts.iloc[:2000].to_csv(folder / "few_genes.csv")
    counts.assign(empty=0).to_csv(folder / "with_empty_cell.csv")
    counts.rename(index=str.capitalize).to_csv(folder / "mouse.csv")


def files(folder):
    return {path.name: path.lstat().st_mtime_ns for path in folder.iterdir()}


def run_line(line, folder, expect=0):
    path = f"{pathlib.Path(SICMIR).parent}:/usr/bin:{os.environ['PATH']}"
    before = files(folder)
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", line], cwd=folder, text=True,
                          capture_output=True, timeout=300, env={**os.environ, "PATH": path})
    assert done.returncode == expect, f"{line}\n{done.stderr}"
    if expect == 0:
        assert done.stdout or files(folder) != before, f"{line}: does nothing"
    else:
        assert done.stderr and files(folder) == before, line
    return done.stdout


def run_console(text, folder):
    for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
        stdout = run_line(command, folder)
        assert not shown or stdout == shown, f"{command} prints\n{stdout}"


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if any(map(is_run, blocks(d)))],
                         ids=name_of)
def test_command_lines_of_a_document_run_as_they_stand(bundled, inputs, document, tmp_path):
    for path in inputs.iterdir():
        (tmp_path / path.name).symlink_to(path)
    for block in filter(is_run, blocks(document)):
        if any(importlib.util.find_spec(module) is None for script, modules in NEEDS.items()
               if script in block.text for module in modules):
            continue
        if block.mark == "console":
            run_console(block.text, tmp_path)
        elif block.mark == "python test":
            run_line(f"{sys.executable} - <<'END'\n{block.text}END", tmp_path)
        else:
            run_line(block.text, tmp_path, int(block.mark.split()[-1]) if "exit" in block.mark else 0)


def test_every_block_is_run_or_listed_with_a_reason():
    rest = [block for document in DOCUMENTS for block in blocks(document)
            if not is_run(block) and (block.document, block.mark) != ("README.md", "console")]
    for block in [block for block in rest if block.mark == "json"]:
        json.loads(block.text)
    listed = [(block.document, first_line(block)) for block in rest if block.mark != "json"]
    assert sorted(listed) == sorted(NOT_RUN)
    for reason in NOT_RUN.values():
        for script in re.findall(r"scripts/[\w.]+", reason):
            assert os.access(PROJECT / script, os.X_OK), reason


def test_no_command_line_hides_in_an_indented_block():
    for document in DOCUMENTS:
        prose = re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
        assert not re.search(r"^(?:    |\t)\s*(?:\$|sicmir) ", prose, re.MULTILINE), document


@pytest.fixture(scope="module")
def options():
    """Options of each subcommand."""
    usage = run("--help").stdout
    commands = re.findall(r"^  ([a-z-]+)  +\S", usage.split("Commands:")[1].split("Options:")[0], re.MULTILINE)
    return {command: set(re.findall(r"(?<![\w-])--?[a-z][a-z0-9-]*", run(command, "--help").stdout))
            for command in commands}


def spans(document):
    """Code in running text."""
    prose = re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`]+)`", prose)


def test_commands_in_running_text_name_subcommands_and_their_options(options):
    seen = 0
    for document in DOCUMENTS:
        for span in spans(document):
            words = span.split()
            ours = words[0] == "sicmir"
            words = words[1:] if ours else words
            if words[:1] == ["atlas"] and "-".join(words[:2]) in options:
                words = ["-".join(words[:2]), *words[2:]]
            if not words or not (ours or words[0] in options) or not re.match("[a-z]", words[0]):
                continue  # not ours, or `sicmir --version`, or its output
            assert words[0] in options, f"{document}: `{span}`"
            named = {word.split("=")[0] for word in words[1:] if re.match("--?[a-z]", word)}
            assert named <= options[words[0]], f"{document}: `{span}`"
            seen += bool(named)
    assert seen > 20


def test_the_readmes_table_links_each_subcommand_to_its_page(options):
    lines = re.findall(r"^\| `(atlas [a-z]+|[a-z-]+)[^|]*\|[^|]*\|([^|]*)\|$", README.read_text(), re.MULTILINE)
    lines = [(command.replace(" ", "-"), pages) for command, pages in lines]
    assert {command for command, _ in lines} == set(options)
    for command, pages in lines:
        links = re.findall(r"\]\((docs/[\w./-]+\.md)", pages)
        assert links, command
        named = "".join((PROJECT / link).read_text() for link in links)
        typed = command.replace("atlas-", "atlas ")
        assert re.search(rf"sicmir {typed}\b|`{typed}\b", named), f"{links} do not name {command}"


@pytest.mark.parametrize("command, page", OPTION_PAGES.items())
def test_a_page_describes_every_option_of_its_subcommand_and_no_other(options, command, page):
    def described(document):
        cells = re.findall(r"^\| (`-[^|]*(?:\\\|[^|]*)*)\|", (PROJECT / document).read_text(), re.MULTILINE)
        return {word for cell in cells for word in re.findall(r"(?<![\w-])--?[a-z][a-z0-9-]*", cell)}
    common = described("docs/command-line.md")
    assert described(page) <= options[command], described(page) - options[command]
    assert options[command] <= described(page) | common, options[command] - described(page) - common


def test_the_index_lists_every_page():
    index = PROJECT / "docs" / "README.md"
    listed = {(index.parent / link).resolve()
              for link in re.findall(r"\]\(([^)#:]+)\)", index.read_text())}
    pages = {path.resolve() for path in (PROJECT / "docs").rglob("*.md")} - {index.resolve()}
    assert pages <= listed, pages - listed


def test_links_to_sections_lead_to_headings():
    def anchors(document):
        headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for document in DOCUMENTS:
        for link, anchor in re.findall(r"\]\(([^)#:]*)#([^)]*)\)", document.read_text()):
            target = document.parent / link if link else document
            assert anchor in anchors(target), f"{document}: {link}#{anchor}"


def test_scripts_and_documents_that_are_named_exist():
    for document in DOCUMENTS:
        text = document.read_text()
        for path in re.findall(r"(?<![\w./-])(?:scripts|bench|docs|tests)/[\w./-]*\w", text):
            assert (PROJECT / path).exists(), f"{document}: {path}"
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (document.parent / link).exists(), f"{document}: {link}"


def test_known_traps_are_all_answered_by_tests_that_exist():
    text = (PROJECT / "docs" / "known-traps.md").read_text()
    lines = re.findall(r"^\| (\d+) \|(.*)\|$", text, re.MULTILINE)
    assert [int(number) for number, _ in lines] == list(range(1, 25))
    for number, line in lines:
        tests = re.findall(r"`((?:tests|scripts)/[\w/.]+)(?: ([\w.]+))?`", line)
        assert tests, f"trap {number} names no test"
        for path, name in tests:
            content = (PROJECT / path).read_text()
            words = name.split(".") if name else []
            assert all(word in content for word in words), f"trap {number}: {path} has no {name}"
