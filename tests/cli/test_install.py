# SPDX-License-Identifier: BSD-3-Clause
"""An installed sicmir: the program from any prefix, the library from another project."""
import os
import platform
import re
import subprocess

import pytest

from conftest import make_model
from program import PROJECT, SANITIZE, SICMIR, counts, run

VERSION = re.search(r"project\(sicmir VERSION (\S+)", (PROJECT / "CMakeLists.txt").read_text())[1]
CMAKE = os.environ.get("SICMIR_CMAKE", "cmake")


def command(*arguments):
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True)
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a prefix")
    command(CMAKE, "--install", os.environ["SICMIR_BUILD"], "--prefix", folder / "first")
    (folder / "first").rename(folder / "moved")
    return folder / "moved"


def test_version_is_one_line_on_stdout():
    assert run("--version").stdout == f"sicmir {VERSION}\n"


def test_the_changelog_and_the_citation_name_this_version():
    assert f"\n## [{VERSION}] - " in (PROJECT / "CHANGELOG.md").read_text()
    assert f"\nversion: {VERSION}\n" in (PROJECT / "CITATION.cff").read_text()


def test_an_installed_program_finds_its_model_beside_itself(prefix, tmp_path):
    make_model(prefix / "share" / "sicmir" / "sicmir-tcga.h5", 3, 8, "beside")
    counts().to_csv(tmp_path / "counts.csv")
    environment = {k: v for k, v in os.environ.items() if k != "SICMIR_MODEL"}
    run("predict", tmp_path / "counts.csv", "-o", tmp_path / "out.csv", "--report",
        tmp_path / "report.json", program=prefix / "bin" / "sicmir", cwd=tmp_path,
        env=environment)
    assert '"name": "beside"' in (tmp_path / "report.json").read_text()


def test_its_tables_are_found_beside_itself_also_by_a_link(prefix, tmp_path):
    """A damaged table is the proof: the message names it."""
    table = prefix / "share" / "sicmir" / "mirnas.tsv"
    whole = table.read_bytes()
    (tmp_path / "sicmir").symlink_to(prefix / "bin" / "sicmir")
    counts().to_csv(tmp_path / "counts.csv")
    environment = {k: v for k, v in os.environ.items() if k != "SICMIR_DATA"}
    table.write_text("nothing\n")
    try:
        done = run("evaluate", tmp_path / "counts.csv", tmp_path / "counts.csv", expect=3,
                   program=tmp_path / "sicmir", env=environment)
    finally:
        table.write_bytes(whole)
    assert str(table) in done.stderr


def test_tables_licence_and_documents_are_installed(prefix):
    for path in ("share/sicmir/landmarks.tsv", "share/sicmir/mirnas.tsv",
                 "share/doc/sicmir/README.md", "share/doc/sicmir/LICENSE", "share/doc/sicmir/uPlot.LICENSE",
                 "share/doc/sicmir/docs/README.md", "share/doc/sicmir/docs/model-format.md",
                 "share/doc/sicmir/docs/images/tutorial_umap.png", "share/doc/sicmir/docs/hpc/Snakefile",
                 "share/doc/sicmir/docs/packaging/Dockerfile"):
        assert (prefix / path).is_file(), path
    for script in (PROJECT / "docs" / "hpc").glob("*.sh"):
        assert os.access(prefix / "share/doc/sicmir/docs/hpc" / script.name, os.X_OK), script.name


def test_links_of_the_installed_documents_lead_somewhere(prefix):
    folder = prefix / "share" / "doc" / "sicmir"
    # For those who change sicmir: they have its source.
    source_only = {".github", "scripts", "Doxyfile", "bench", "tests", "include", "src"}
    for page in folder.rglob("*.md"):
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if ":" in link or source_only & set(link.split("/")):
                continue
            assert (page.parent / link).exists(), f"{page.relative_to(folder)}: {link}"


@pytest.mark.skipif(SANITIZE != "", reason="the other project would need the sanitizer, too")
def test_another_project_predicts_with_the_installed_library(prefix, model, tmp_path):
    command(CMAKE, "-S", PROJECT / "tests" / "install", "-B", tmp_path / "build",
            "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_PREFIX_PATH={prefix}")
    command(CMAKE, "--build", tmp_path / "build")
    counts().to_csv(tmp_path / "counts.csv")
    out = command(tmp_path / "build" / "downstream", model, tmp_path / "counts.csv",
                  tmp_path / "downstream.csv")
    assert out.splitlines()[-1] == f"{VERSION} 12"
    run("predict", tmp_path / "counts.csv", "-m", model, "-o", tmp_path / "program.csv",
        program=SICMIR)
    assert (tmp_path / "downstream.csv").read_bytes() == (tmp_path / "program.csv").read_bytes()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="AVX is of x86-64")
def test_code_compiled_for_avx_is_told_that_it_does_not_fit(prefix):
    source = PROJECT / "tests" / "install" / "downstream.cpp"
    compiler = ["c++", "-std=c++20", "-fsyntax-only", f"-I{prefix}/include",
                "-isystem/usr/include/eigen3", str(source)]
    assert subprocess.run(compiler, capture_output=True).returncode == 0
    done = subprocess.run([*compiler, "-mavx"], capture_output=True, text=True)
    assert done.returncode != 0
    assert "without -mavx, -march=native" in done.stderr
