# SPDX-License-Identifier: BSD-3-Clause
"""help, manual pages, completions and did-you-mean."""
import os
import pathlib
import re
import shutil
import subprocess

import anndata
import numpy as np
import pandas as pd
import pytest

from program import PROJECT, SICMIR, SYMBOLS, counts, run

MANUAL = pathlib.Path(os.environ["SICMIR_BUILD"]) / "manual"


def commands():
    usage = run("--help").stdout
    return re.findall(r"^  ([a-z-]+)  +\S", usage.split("Commands:")[1].split("Options:")[0], re.MULTILINE)


def options(command):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", run(command, "--help").stdout))


def test_help_shows_what_the_option_shows():
    assert run("help").stdout == run("--help").stdout
    for command in commands():
        assert run("help", command).stdout == run(command, "--help").stdout
    done = run("help", "predicct", expect=2)
    assert "Did you mean 'predict'?" in done.stderr


def test_the_build_writes_pages_and_completions_of_every_command():
    assert "predict" in commands() and "help" in commands()
    pages = {path.stem for path in (MANUAL / "man1").glob("*.1")}
    assert pages == {"sicmir", *(f"sicmir-{command}" for command in commands())}
    bash = (MANUAL / "bash" / "sicmir").read_text()
    zsh = (MANUAL / "zsh" / "_sicmir").read_text()
    assert bash == run("help", "--completion", "bash").stdout
    assert zsh == run("help", "--completion", "zsh").stdout
    for command in commands():
        page = (MANUAL / "man1" / f"sicmir-{command}.1").read_text()
        assert page == run("help", "--man", command).stdout
        plain = page.replace("\\-", "-")
        named = options(command) - {"--help"} if command == "help" else options(command)
        for option in named:
            assert option in plain, f"{command} {option}"
            assert option in bash and option in zsh, f"{command} {option}"


def test_man_formats_the_pages_without_a_warning():
    if shutil.which("groff") is None and shutil.which("man") is None:
        pytest.skip("neither groff nor man is here")
    for page in sorted((MANUAL / "man1").glob("*.1")):
        command = (["groff", "-man", "-Tutf8", "-ww", "-z", page] if shutil.which("groff") else
                   ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page])
        done = subprocess.run(command, capture_output=True)
        assert done.returncode == 0 and not done.stderr, f"{page}: {done.stderr.decode()}"


@pytest.mark.parametrize("section", ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "ENVIRONMENT", "FILES",
                                     "EXIT STATUS", "SEE ALSO"])
def test_every_page_has_its_sections(section):
    without = []
    for page in sorted((MANUAL / "man1").glob("*.1")):
        text = page.read_text()
        parts = text.split(f"\n.SH {section}\n")
        if len(parts) != 2 or not parts[1].split("\n.SH ")[0].strip():
            without.append(page.name)
    assert not without


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_help_names_no_parser_and_ends_its_sentences_once(columns):
    for command in commands():
        text = subprocess.run([SICMIR, command, "--help"], capture_output=True, text=True, check=True,
                              env={**os.environ, "COLUMNS": str(columns)}).stdout
        assert "Examples:" in text and text.startswith(text[0].upper())
        assert ".." not in text.replace("...", ""), command
        assert "  " not in re.sub(r"^ +|(?<=\S)  +(?=\S)", "", text, flags=re.MULTILINE), command
        assert not re.search(r"[ \t]+$", text, re.MULTILINE), command


def completed(*words):
    """What bash offers for the last of the words."""
    script = (f"source {MANUAL}/bash/sicmir; COMP_WORDS=({' '.join(map(repr, words))}); "
              f"COMP_CWORD={len(words) - 1}; _sicmir; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_bash_completes_commands_options_and_words():
    assert set(completed("sicmir", "")) >= set(commands())
    assert completed("sicmir", "predi") == ["predict"]
    assert set(completed("sicmir", "predict", "--s")) == {
        option for option in options("predict") if option.startswith("--s")}
    assert completed("sicmir", "predict", "--scale", "re") == ["reference"]
    assert set(completed("sicmir", "predict", "--values", "")) == {
        "auto", "counts", "linear", "log", "zscore"}
    assert completed("sicmir", "predict", "-o", "x") == []  # bash itself offers files
    assert completed("sicmir", "help", "insp") == ["inspect"]


def test_zsh_parses_the_script():
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not here")
    subprocess.run(["zsh", "-n", MANUAL / "zsh" / "_sicmir"], check=True)


@pytest.mark.parametrize("words, hint", [
    (["predcit", "x.csv"], "predict"),
    (["merge-stat"], "merge-stats"),
    (["predict", "x.csv", "--treads", "3"], "--threads"),
    (["predict", "x.csv", "--outptu=y.csv"], "--output"),
    (["--versoin"], "--version"),
])
def test_a_mistyped_word_is_answered_with_the_nearest(words, hint):
    done = run(*words, expect=2)
    assert f"Did you mean '{hint}'?" in done.stderr
    assert done.stdout == ""


def test_a_word_that_is_near_none_gets_no_suggestion():
    assert "Did you mean" not in run("frobnicate", expect=2).stderr


@pytest.mark.parametrize("words, message", [
    (["evalute", "x", "y"], "error: 'evalute' is not a command of sicmir; `sicmir --help` lists them. "
     "Did you mean 'evaluate'?"),
    (["notes", "x"], "error: 'notes' is not a command of sicmir; `sicmir --help` lists them."),
    ([], "error: a command is required; `sicmir --help` lists them."),
    (["predict", "x.csv", "y.csv"], "error: predict: unexpected argument 'y.csv'. "
     "(See `sicmir predict --help`.)"),
    (["predict", "x.csv", "--scale", "datset"], "error: --scale: 'datset' is not one of auto, dataset, "
     "reference, none. Did you mean 'dataset'? (See `sicmir predict --help`.)"),
    (["predict", "x.csv", "--threads", "0"],
     "error: --threads: 0 is outside the range from 1 to 1024. (See `sicmir predict --help`.)"),
    (["predict", "x.csv", "--threads", "two"],
     "error: --threads: 'two' is not a whole number. (See `sicmir predict --help`.)"),
    (["predict", "x.csv", "--min-panel", "2"],
     "error: --min-panel: 2 is outside the range from 0 to 1. (See `sicmir predict --help`.)"),
    (["predict", "x.csv", "-q", "-v"],
     "error: --verbose cannot be combined with --quiet. (See `sicmir predict --help`.)"),
    (["merge", "part.h5ad"], "error: --output is required. (See `sicmir merge --help`.)"),
    (["train", "--hidden", "64,x"],
     "error: --hidden: 'x' is not a whole number. (See `sicmir train --help`.)"),
])
def test_errors_of_usage_are_one_line(words, message):
    done = run(*words, expect=2)
    assert done.stderr.splitlines() == [message]
    assert done.stdout == ""


@pytest.mark.parametrize("columns", [50, 80, 100])
def test_help_fits_the_width_and_hides_the_parser(columns):
    texts = [subprocess.run([SICMIR, *words], capture_output=True, text=True, check=True,
                            env={**os.environ, "COLUMNS": str(columns)}).stdout
             for words in ([["--help"]] + [[command, "--help"] for command in commands()])]
    for text in texts:
        options_only = text.split("\nExamples:")[0]
        assert max(map(len, options_only.splitlines())) <= columns
        assert "{" not in text and "Excludes" not in text and "TEXT:" not in text
    pages = "".join(page.read_text() for page in (MANUAL / "man1").glob("*.1"))
    assert "Excludes" not in pages and "{sicmir}" not in pages and "{false}" not in pages


def test_help_shows_the_main_options_first():
    text = run("predict", "--help").stdout
    main = text.split("Main options:")[1].split("\n\n")[0]
    for option in ("--model", "--output", "--values", "--scale", "--layer", "--pool", "--mirnas"):
        assert option in main
    assert len(re.findall(r"^  (?: {4}|-\w, )--", main, re.MULTILINE)) <= 10
    assert text.index("Main options:") < text.index("Reading:")
    assert "Examples:" in text


def test_help_of_a_command_needs_nothing_else():
    for words in (["predict", "--help"], ["predict", "--nonsense", "--help"], ["merge", "-h"]):
        assert run(*words).stdout.startswith(("Predict miRNAs", "Merge the"))


def test_mistyped_mirnas_and_layers(model, tmp_path):
    table = counts(12)
    table.to_csv(tmp_path / "counts.csv")
    names = list(pd.read_csv(PROJECT / "data" / "mirnas.tsv", sep="\t")["name"][:20])
    wrong = names[3].replace("miR", "mir")
    done = run("predict", tmp_path / "counts.csv", "-m", model, "--mirnas", wrong, "-o",
               tmp_path / "out.csv", expect=2)
    assert f"Did you mean '{names[3]}'?" in done.stderr
    values = table.T.to_numpy().astype(np.float32)
    data = anndata.AnnData(values, dtype=np.float32, obs=pd.DataFrame(index=table.columns),
                           var=pd.DataFrame(index=SYMBOLS), layers={"counts": values})
    data.write_h5ad(tmp_path / "x.h5ad")
    done = run("predict", tmp_path / "x.h5ad", "-m", model, "--layer", "cuonts", "-o",
               tmp_path / "out.csv", expect=3)
    assert "Did you mean 'counts'?" in done.stderr


def test_mistyped_columns_of_obs(model, tmp_path):
    table = counts(12)
    data = anndata.AnnData(table.T.to_numpy().astype(np.float32), dtype=np.float32,
                           obs=pd.DataFrame({"cell_type": ["a", "b"] * 6}, index=table.columns),
                           var=pd.DataFrame(index=SYMBOLS))
    data.write_h5ad(tmp_path / "x.h5ad")
    done = run("pool", tmp_path / "x.h5ad", "-m", model, "--group-by", "celltype", "-o",
               tmp_path / "out.h5ad", expect=2)
    assert "Did you mean 'cell_type'?" in done.stderr
