# SPDX-License-Identifier: BSD-3-Clause
"""What programs read: decisions, and what was left out, as fields in reports, summaries, `inspect` and uns."""
import json
import re

import anndata
import h5py
import numpy as np
import pytest

from program import PROJECT, SYMBOLS, counts, run

WORDS = {"values": {"counts", "linear", "log", "zscore"}, "scale": {"dataset", "reference", "none"}}


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def write(path, text):
    path.write_text(text)
    return path


def table(n_cells=12, separator="\t", corner="gene", change=lambda gene, values: values):
    """Lines of a table of counts, genes as lines."""
    values = counts(n_cells)
    lines = [[corner, *values.columns]]
    lines += [[gene, *change(gene, list(map(str, line)))] for gene, line in zip(values.index, values.to_numpy())]
    return [separator.join(line) for line in lines]


def told_by_all(model, source, *options, scale=None):
    """The decisions in the report, in the summary, by inspect and in uns; all of one run."""
    folder = source.parent
    of_predict = [*options, "--scale", scale] if scale else options
    run("predict", source, "-m", model, "-o", folder / "o.h5ad", "--report", folder / "r.json", *of_predict)
    report = json.loads((folder / "r.json").read_text())
    inspected = json.loads(run("inspect", source, "-m", model, "--json", *options).stdout)
    (folder / "list").write_text(f"id\tpath\nx\t{source}\n")
    run("predict", "--inputs", folder / "list", "--output-dir", folder / "out", "-m", model, *of_predict)
    summary = json.loads((folder / "out" / "summary.json").read_text())["inputs"][0]["decisions"]
    uns = anndata.read_h5ad(folder / "o.h5ad").uns["sicmir"]["decisions"]
    for member in ("values", "scale"):
        assert report[member] == summary[member]
        assert report[member] == inspected[member] or (member == "scale" and scale)  # inspect has no --scale
        stored = {name: value.item() if hasattr(value, "item") else value for name, value in uns[member].items()}
        assert {**stored, "why": report[member]["why"]} == report[member]
    for member in ("lines_are", "table", "notes"):
        assert report.get(member) == summary.get(member), member
        assert report.get(member) == inspected.get(member) or (member == "notes" and scale), member
    assert uns["genes"]["found"] == report["genes"]["found"] == inspected["panel"]["found"]
    assert list(uns["genes"]["missing"]) == report["genes"]["missing"] == inspected["panel"]["missing"]
    assert uns.get("lines_are") == report.get("lines_are")
    # No sentence stands alone, and none is lost: each warning of the input is the text of a note.
    texts = [note["text"] for note in report["notes"]]
    assert scale or set(inspected["warnings"]) == set(texts)
    assert set(texts) <= set(report["warnings"])
    return report, uns


def note(report, kind):
    [found] = [note for note in report["notes"] if note["kind"] == kind]
    return {name: value for name, value in found.items() if name not in ("kind", "text")}


def test_counts_of_a_plain_table(model, folder):
    source = write(folder / "a.tsv", "\n".join(table()) + "\n")
    report, uns = told_by_all(model, source)
    plain = counts(12)
    totals = np.sort(plain.sum().to_numpy())
    assert report["table"] == {"separator": "tab", "decimal": "point", "thousands": "none", "header_line": 1,
                               "first_data_line": 2, "name_columns": ["gene"]}
    assert report["lines_are"] == "genes"
    values = report["values"]
    assert values["taken_as"] == "counts" and values["by"] == "whole_numbers"
    assert values["whole_numbers"] is True and values["negative"] is False
    assert values["maximum"] == plain.to_numpy().max() and values["sampled_cells"] == 12
    assert values["median_total"] == totals[6]  # the upper median of 12
    assert report["scale"]["taken"] == "dataset" and report["scale"]["by"] == "enough_cells"
    assert note(report, "few_genes") == {"genes": 977}
    assert uns["notes"]["few_genes"]["genes"] == 977
    assert report["genes"]["in_input"] == 977 and report["genes"]["not_counted"] == 0


def test_what_was_left_out_of_an_odd_table(model, folder):
    lines = table(12, ";", "symbol", lambda gene, values: [f"{int(value) + 0.5}".replace(".", ",") for value in values])
    lines = ["Expression of our cells", "", *lines]
    lines[2] += ";padj;length"
    lines[3:] = [f"{line};0,01;1200" for line in lines[3:]]
    lines += [f"ERCC-0000{i};" + ";".join(["7,5"] * 12) + ";0,5;900" for i in (2, 3)]
    source = write(folder / "a.csv", "\n".join(lines) + "\n")
    report, uns = told_by_all(model, source, "--values", "linear", scale="dataset")
    assert report["table"]["separator"] == "semicolon" and report["table"]["decimal"] == "comma"
    assert report["table"]["header_line"] == 3 and report["table"]["first_data_line"] == 4
    assert report["table"]["name_columns"] == ["symbol"]
    assert note(report, "columns_left_out") == {"columns": ["padj", "length"], "meanings": ["statistic", "size"]}
    assert note(report, "features_left_out") == {"of_kind": "spike-ins", "features": ["ERCC-00002", "ERCC-00003"]}
    assert note(report, "text_above_header") == {"line": 1, "excerpt": "Expression of our cells"}
    assert list(uns["notes"]["columns_left_out"]["columns"]) == ["padj", "length"]
    assert report["values"]["by"] == report["scale"]["by"] == "stated"
    assert report["values"]["taken_as"] == "linear" and report["values"]["whole_numbers"] is False
    assert report["genes"]["not_counted"] == 2


def test_a_star_table_and_a_long_one(model, folder):
    values = counts(1).iloc[:, 0]
    star = "N_unmapped\t9\t9\t9\nN_multimapping\t1\t1\t1\nN_noFeature\t2\t30\t3\nN_ambiguous\t0\t0\t0\n"
    star += "".join(f"{gene}\t{n}\t{n // 50}\t{n}\n" for gene, n in values.items())
    source = write(folder / "S1_ReadsPerGene.out.tab", star)
    run("predict", source, "-m", model, "--scale", "none", "-o", folder / "o.csv", "--report", folder / "r.json")
    report = json.loads((folder / "r.json").read_text())
    found = note(report, "star_column")
    assert found["sums"] == [values.sum(), (values // 50).sum(), values.sum()]
    assert report["table"]["header_line"] is None and report["scale"] == {
        "taken": "none", "by": "stated", "why": "as stated"}

    wide = counts(12)
    pairs = "".join(f"{cell},{gene},{wide.loc[gene, cell]}\n" for cell in wide for gene in wide.index)
    report, _ = told_by_all(model, write(folder / "long.csv", "cell,gene,count\n" + pairs))
    assert report["lines_are"] == "pairs"
    assert note(report, "long_table") == {"genes": 977, "gene_column": "gene", "cells": 12, "cell_column": "cell",
                                          "value_column": "count"}


@pytest.mark.parametrize("change, values, by", [
    (lambda x: x, "counts", "whole_numbers"),
    (lambda x: np.log2(x * 0.37 + 1.3), "log", "small_fractions"),
    (lambda x: x * 1.618 + 0.017, "linear", "large_fractions"),
    (lambda x: (x - x.mean(1, keepdims=True)) / (x.std(1, keepdims=True) + 1e-9), "zscore", "standardised_genes"),
])
def test_what_the_values_are_rests_on(model, folder, change, values, by):
    plain = counts(40)
    plain.iloc[:, :] = change(plain.to_numpy(dtype=float))
    plain.to_csv(folder / "a.csv")
    report, _ = told_by_all(model, folder / "a.csv")
    assert (report["values"]["taken_as"], report["values"]["by"]) == (values, by)
    # Tables without a zero look like bulk samples, but not like those of the model.
    assert report["scale"]["by"] == {"counts": "enough_cells", "zscore": "z_scores"}.get(values, "unlike_reference")


def test_formats_without_a_table(model, folder):
    cells = anndata.AnnData(counts(12).T.astype(np.float32))
    cells.write_h5ad(folder / "a.h5ad")
    report, _ = told_by_all(model, folder / "a.h5ad")
    assert "table" not in report and "lines_are" not in report and report["matrix"] == "X"


def test_genes_that_are_missing_are_a_list(model, folder):
    lines = [line for line in table() if line.split("\t")[0] not in (SYMBOLS[3], SYMBOLS[8])]
    report, uns = told_by_all(model, write(folder / "a.tsv", "\n".join(lines) + "\n"))
    assert sorted(report["genes"]["missing"]) == sorted([SYMBOLS[3], SYMBOLS[8]])
    assert uns["genes"]["of"] == 977 and uns["genes"]["found"] == 975
    assert sum(uns["genes"]["by_kind"].values()) == 975


def test_pools_tell_of_their_cells(model, folder):
    plain = counts(12)
    source = write(folder / "a.tsv", "\n".join(table()) + "\n")
    (folder / "g.tsv").write_text("".join(f"{cell}\tg{i % 4}\n" for i, cell in enumerate(plain.columns)))
    for command in (["predict", "--pool", "sum", "--scale", "none"], ["pool", "--pool", "sum"]):
        if command[0] == "pool":
            command = ["pool"]
        run(command[0], source, *command[1:], "-m", model, "--groups", folder / "g.tsv", "-o", folder / "o.csv",
            "--report", folder / "r.json")
        report = json.loads((folder / "r.json").read_text())
        assert report["pool"]["values"]["taken_as"] == "counts" and report["pool"]["values"]["by"] == "whole_numbers"
        assert report["pool"]["values"]["median_total"] == np.sort(plain.sum().to_numpy())[6]
        assert all(note["text"] in report["warnings"] for note in report["notes"])


def test_merge_keeps_the_fields_and_takes_files_without_them(model, folder):
    source = write(folder / "a.tsv", "\n".join(table(24)) + "\n")
    run("stats", source, "-m", model, "-o", folder / "m.h5")
    parts = [folder / f"p{i}.h5ad" for i in (1, 2)]
    for i, part in enumerate(parts, 1):
        run("predict", source, "-m", model, "--moments", folder / "m.h5", "--shard", f"{i}/2", "-o", part)
    cells = [anndata.read_h5ad(part).uns["sicmir"]["decisions"]["shard"] for part in parts]
    assert cells[0]["first"] == 0 and cells[0]["last"] == cells[1]["first"]
    assert cells[1]["last"] == cells[0]["of"] == cells[1]["of"] == 24
    run("merge", *parts, "-o", folder / "whole.h5ad")
    run("predict", source, "-m", model, "--moments", folder / "m.h5", "-o", folder / "once.h5ad")
    whole, once = anndata.read_h5ad(folder / "whole.h5ad"), anndata.read_h5ad(folder / "once.h5ad")
    assert np.array_equal(whole.X, once.X)

    def plain(value):
        if isinstance(value, dict):
            return {name: plain(inner) for name, inner in value.items()}
        return value.tolist() if hasattr(value, "tolist") else value
    assert plain(whole.uns["sicmir"]) == plain(once.uns["sicmir"])
    assert "shard" not in whole.uns["sicmir"]["decisions"]
    told = json.loads(run("inspect", folder / "whole.h5ad", "--json").stdout)
    assert told["decisions"]["scale"] == {"by": "moments", "taken": "dataset"}
    assert told["decisions"]["genes"]["missing"] == [] and told["decisions"]["values"]["whole_numbers"] is True

    for part in parts:  # as version 0.1.0 wrote them
        with h5py.File(part, "r+") as file:
            del file["uns/sicmir/decisions"]
    run("merge", *parts, "-o", folder / "old.h5ad")
    old = anndata.read_h5ad(folder / "old.h5ad")
    assert np.array_equal(old.X, once.X) and "decisions" not in old.uns["sicmir"]
    assert "decisions" not in json.loads(run("inspect", folder / "old.h5ad", "--json").stdout)


def test_summaries_without_decisions_are_still_merged(model, folder):
    source = write(folder / "a.tsv", "\n".join(table()) + "\n")
    (folder / "list").write_text(f"id\tpath\nx\t{source}\ny\t{source}\n")
    for i in (1, 2):
        run("predict", "--inputs", folder / "list", "--output-dir", folder / "out", "-m", model, "--shard", f"{i}/2")
    first = folder / "out" / "summary.1-of-2.json"
    content = json.loads(first.read_text())
    del content["inputs"][0]["decisions"]
    first.write_text(json.dumps(content))
    run("merge-summaries", folder / "out")
    lines = json.loads((folder / "out" / "summary.json").read_text())["inputs"]
    assert [line["status"] for line in lines] == ["done", "done"] and "decisions" in lines[1]


def test_every_kind_of_note_is_documented():
    page = (PROJECT / "docs" / "batch.md").read_text().split("### Notes")[1]
    documented = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    used = set()
    for path in (PROJECT / "src").glob("*/*.cpp"):
        text = path.read_text()
        used |= set(re.findall(r"(?:warnings|left_out_)\.push_back\(\s*\{\"(\w+)\"", text))
        used |= set(re.findall(r"return (?:Note)?\s*\{+\s*\"([a-z]+_[a-z_]+)\",\s+fmt::format", text))
        used |= set(re.findall(r"\{\"(\w+)\", WarningKind::", text))
    assert used == documented
    assert len(used) > 20
