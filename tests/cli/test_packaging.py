# SPDX-License-Identifier: BSD-3-Clause
"""What docs/packaging says to other platforms: versions and options are the program's, and what a platform would run is
run here, with the platform's own template engine where Debian has it. None of the platforms themselves is here."""
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as tree

import anndata
import pytest
import yaml

from program import PROJECT, SICMIR, run

PACKAGING = PROJECT / "docs" / "packaging"
VERSION = re.search(r"project\(sicmir VERSION (\S+)", (PROJECT / "CMakeLists.txt").read_text())[1]
OPTION = r"(?<![\w-])--[a-z][a-z0-9-]+"
# Options of other programs, by file.
OTHERS = {"Dockerfile": {"--file", "--tag", "--rm", "--volume", "--workdir", "--yes", "--no-install-recommends"},
          "sicmir.def": {"--yes", "--no-install-recommends"},
          "bioconda/build.sh": {"--build", "--install", "--parallel"},
          "README.md": {"--preset", "--build", "--parallel", "--config", "--file", "--tag", "--arch"}}


def files():
    return [path for path in sorted(PACKAGING.rglob("*")) if path.is_file() and "test-data" not in path.parts]


@pytest.fixture(scope="module")
def options():
    known = set()
    for command in ("predict", "inspect", "export"):
        known |= set(re.findall(OPTION, run("help", command).stdout))
    return known | {"--help", "--version", "--man"}


def test_each_option_that_is_named_exists(options):
    seen = set()
    for path in files():
        name = str(path.relative_to(PACKAGING))
        named = set(re.findall(OPTION, path.read_text()))
        assert named - options - OTHERS.get(name, set()) == set(), name
        assert OTHERS.get(name, set()) <= named, f"{name} does not name {OTHERS[name] - named}"
        seen.add(name)
    assert set(OTHERS) <= seen and len(seen) >= 9


def test_versions_are_that_of_the_program():
    assert run("--version").stdout.split()[1] == VERSION
    assert f'{{% set version = "{VERSION}" %}}' in (PACKAGING / "bioconda" / "meta.yaml").read_text()
    assert tree.parse(PACKAGING / "galaxy" / "sicmir_predict.xml").find("macros/token").text == VERSION
    environment = yaml.safe_load((PACKAGING / "nf-core" / "environment.yml").read_text())
    assert environment["dependencies"] == [f"bioconda::sicmir={VERSION}"]


# Conda -------------------------------------------------------------------------------------------------------------

# conda-build's documentation of meta.yaml: the fields that the recipe uses, by section.
FIELDS = {"package": {"name", "version"}, "source": {"path", "url", "sha256"}, "build": {"number", "run_exports"},
          "requirements": {"build", "host", "run"}, "test": {"commands"},
          "about": {"home", "license", "license_file", "summary"}, "extra": {"identifiers"}}
CONDA_NAMES = {"ZLIB": "zlib", "Eigen3": "eigen", "HDF5": "hdf5", "CLI11": "cli11", "LibArchive": "libarchive",
               "libzip": "libzip", "lzf": "liblzf", "SQLite3": "sqlite", "microhttpd": "libmicrohttpd",
               "Boost": "libboost-headers"}


def test_the_recipe_of_conda_renders_and_names_all_libraries(tmp_path):
    jinja2 = pytest.importorskip("jinja2")
    text = (PACKAGING / "bioconda" / "meta.yaml").read_text()
    recipe = yaml.safe_load(jinja2.Template(text, undefined=jinja2.StrictUndefined).render(
        compiler=lambda language: f"{language}-compiler", pin_subpackage=lambda name, max_pin: f"{name} >={VERSION}"))
    assert set(recipe) <= set(FIELDS)
    for section, fields in recipe.items():
        assert set(fields) <= FIELDS[section], section
    assert recipe["package"] == {"name": "sicmir", "version": VERSION} and isinstance(recipe["build"]["number"], int)
    wanted = set(re.findall(r"^find_package\((\w+)", (PROJECT / "CMakeLists.txt").read_text(), re.MULTILINE)) - {"Threads"}
    host = {line.split()[0] for line in recipe["requirements"]["host"]}
    assert {CONDA_NAMES.get(name, name) for name in wanted} == host
    for name in recipe["about"]["license_file"]:
        assert (PROJECT / name).is_file()
    assert (PACKAGING / "bioconda" / recipe["source"]["path"]).resolve() == PROJECT
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sicmir").symlink_to(SICMIR)
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "sicmir").symlink_to(PROJECT / "models")
    for command in recipe["test"]["commands"]:
        subprocess.run(["bash", "-euc", command], check=True, capture_output=True, timeout=60,
                       env={"PREFIX": str(tmp_path), "PATH": f"{tmp_path}/bin:/usr/bin:/bin"})
    subprocess.run(["bash", "-n", PACKAGING / "bioconda" / "build.sh"], check=True)


# Containers --------------------------------------------------------------------------------------------------------

def test_the_definition_of_apptainer_holds_what_the_dockerfile_holds():
    lines = (PACKAGING / "sicmir.def").read_text().splitlines()
    header = dict(line.split(": ") for line in lines if re.match(r"[A-Z]\w+: ", line))
    assert header == {"Bootstrap": "docker", "From": "debian:bookworm-slim"}
    sections = {}
    for line in lines:
        if line.startswith("%"):
            sections[line] = []
        elif sections and line.strip():
            sections[list(sections)[-1]].append(line.split())
    assert list(sections) == ["%files", "%post", "%runscript", "%test", "%labels"]
    docker = (PACKAGING / "Dockerfile").read_text()
    assert "ARG BASE=docker.io/library/debian:bookworm-slim" in docker
    copied = {f"build/portable/{source}": target
              for source, target in re.findall(r"^COPY (\S+) (\S+)$", docker, re.MULTILINE)}
    mine = dict(sections["%files"])
    assert set(mine) == set(copied)
    for source, target in copied.items():
        assert mine[source] in (target, target + source.split("/")[-1])
    installed = re.search(r"apt-get install .*?-recommends ([\w ]+?) *&&", docker)[1].split()
    assert ["apt-get", "install", "--yes", "--no-install-recommends", *installed] in sections["%post"]
    assert sections["%runscript"] == [["exec", "sicmir", '"$@"']] and sections["%test"] == [["sicmir", "--version"]]


# Nextflow ----------------------------------------------------------------------------------------------------------

def elements(node):
    """Of inputs and outputs in meta.yml: name, description of the element."""
    for item in node:
        if isinstance(item, list):
            yield from elements(item)
        else:
            for name, inside in item.items():
                if isinstance(inside, list):
                    yield from elements(inside)
                else:
                    yield name, inside


def test_meta_yml_has_what_the_schema_of_nf_core_requires():
    meta = yaml.safe_load((PACKAGING / "nf-core" / "meta.yml").read_text())
    assert {"name", "description", "keywords", "authors", "output", "tools"} <= set(meta)
    assert meta["name"] == "sicmir_predict" and len(set(meta["keywords"])) >= 3
    for tool in meta["tools"]:
        for about in tool.values():
            assert about["description"] and re.fullmatch(r"10\.\d{4,9}/[^,]+", about["doi"]) and about["licence"]
    assert all(isinstance(channel, list) for channel in meta["input"])
    for name, about in [*elements(meta["input"]), *elements(meta["output"])]:
        assert about["type"] in ("map", "file") and about["description"], name
    script = (PACKAGING / "nf-core" / "main.nf").read_text()
    emitted = re.findall(r"emit: (\w+)", script)
    assert [name for channel in meta["output"] for name in channel] == emitted
    assert re.findall(r'path\("([^"]+)"\)', script) + ["versions.yml"] == [
        name for name, about in elements(meta["output"]) if about["type"] == "file"]


@pytest.mark.parametrize("part", ["script", "stub"])
@pytest.mark.parametrize("model", ["", "own.h5"])
def test_the_module_of_nf_core_runs(bundled, tmp_path, part, model):
    text = (PACKAGING / "nf-core" / "main.nf").read_text()
    command = re.search(rf'^    {part}:\n.*?"""\n(.*?)"""', text, re.MULTILINE | re.DOTALL)[1]
    known = {"matrix": "cells", "with": f"--model {model}" if model else "", "args": "--min-accuracy 0.5",
             "task.cpus": "2", "prefix": "one", "extension": "h5ad", "task.process": "SICMIR_PREDICT"}
    command = re.sub(r"(?<!\\)\$\{([\w.]+)\}", lambda found: known[found[1]], command)
    command = "\n".join(line[4:] for line in command.replace("\\$", "$").replace("\\\\\n", "\\\n").split("\n"))
    (tmp_path / "cells").symlink_to(PROJECT / "data" / "example")
    (tmp_path / "own.h5").symlink_to(PROJECT / "models" / "sicmir-tcga.h5")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sicmir").symlink_to(SICMIR)
    subprocess.run(["bash", "-euo", "pipefail", "-c", command], check=True, cwd=tmp_path, timeout=60,
                   env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin"})
    versions = yaml.safe_load((tmp_path / "versions.yml").read_text())
    assert versions == {"SICMIR_PREDICT": {"sicmir": VERSION}}
    assert (tmp_path / "one.h5ad").exists() and (tmp_path / "one.report.json").exists()
    if part == "script":
        assert anndata.read_h5ad(tmp_path / "one.h5ad").shape == (300, 376)
        assert json.loads((tmp_path / "one.report.json").read_text())["status"] == "done"


# Galaxy ------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def wrapper():
    return tree.parse(PACKAGING / "galaxy" / "sicmir_predict.xml").getroot()


def name_of(param):
    return param.get("name") or param.get("argument").lstrip("-").replace("-", "_")


def test_the_wrapper_of_galaxy_keeps_to_the_rules_of_its_linters(bundled, wrapper, options):
    order = [node.tag for node in wrapper]
    assert order == ["description", "macros", "requirements", "version_command", "command", "inputs", "outputs",
                     "tests", "help", "citations"]
    params = {name_of(param): param for param in wrapper.find("inputs").iter("param")}
    assert len(params) == len(list(wrapper.find("inputs").iter("param")))
    for name, param in params.items():
        assert param.get("type") in ("data", "select", "text") and param.get("label"), name
        assert param.get("name") is None or param.get("argument") is None or \
            param.get("name") != param.get("argument").lstrip("-"), f"{name}: the name follows from the argument"
        assert param.get("argument") is None or param.get("argument") in options
        if param.get("type") == "select":
            assert len([option for option in param if option.get("selected") == "true"]) == 1
    outputs = {data.get("name") for data in wrapper.find("outputs")}
    used = set(re.findall(r"(?<!\\)\$\{?(\w+)", wrapper.find("command").text))
    assert used == set(params) | outputs
    for test in wrapper.find("tests"):
        assert int(test.get("expect_num_outputs")) == len(outputs)
        assert {param.get("name") for param in test.iter("param")} <= set(params)
        assert {output.get("name") for output in test.iter("output")} <= outputs
        for param in test.iter("param"):
            if params[param.get("name")].get("type") == "data":
                assert (PACKAGING / "galaxy" / "test-data" / param.get("value")).is_file()
    assert wrapper.find("citations/citation").get("type") == "doi"
    # The words of the options are the program's: it takes them, whether or not they fit this table.
    for name in ("kind_of_values", "scale"):
        for option in params[name]:
            assert run("predict", PACKAGING / "galaxy" / "test-data" / "bulk.tsv", params[name].get("argument"),
                       option.get("value"), expect=None).returncode in (0, 3), option.get("value")


@pytest.mark.parametrize("chosen", [{}, {"model": "sicmir-tcga.h5", "format": "h5ad", "kind_of_values": "counts"},
                                    {"scale": "reference"}])
def test_the_command_of_galaxy_runs(bundled, wrapper, tmp_path, chosen):
    """The wrapper's own test, and two more, with Galaxy's template engine."""
    template = pytest.importorskip("Cheetah.Template")
    test = wrapper.find("tests/test")
    space = {name_of(param): next((option.get("value") for option in param if option.get("selected") == "true"), None)
             for param in wrapper.find("inputs").iter("param")}
    space |= {param.get("name"): param.get("value") for param in test.iter("param")}
    space |= {"predictions": "dataset_1.dat", "report": "dataset_2.dat"} | chosen
    shutil.copy(PACKAGING / "galaxy" / "test-data" / "bulk.tsv", tmp_path / "dataset_0.dat")
    space["input"] = "dataset_0.dat"
    (tmp_path / "sicmir-tcga.h5").symlink_to(PROJECT / "models" / "sicmir-tcga.h5")
    command = " ".join(str(template.Template(wrapper.find("command").text, searchList=[space])).split("\n"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sicmir").symlink_to(SICMIR)
    subprocess.run(["bash", "-euc", command], check=True, cwd=tmp_path, timeout=60,
                   env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin"})
    report = (tmp_path / "dataset_2.dat").read_text()
    assert test.find("output/assert_contents/has_text").get("text") in report
    if space["format"] == "h5ad":
        assert anndata.read_h5ad(tmp_path / "dataset_1.dat").shape == (3, 1298)
    else:
        lines = (tmp_path / "dataset_1.dat").read_text().splitlines()
        assert len(lines) == 4 and lines[0].count("\t") == 1298
