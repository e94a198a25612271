# SPDX-License-Identifier: BSD-3-Clause
"""Many inputs as pipelines have them: sample sheets, summaries, reports, shards of the list, ends."""
import csv
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import anndata
import numpy as np
import pytest

from program import PROJECT, SICMIR, SYMBOLS, counts, run

COLUMNS = ("id status exit_code reason path output report cells_read cells_written genes_found genes_of format "
           "matrix values scale n_warnings warnings options seconds peak_memory_mb").split()


@pytest.fixture
def folder(tmp_path):
    """Two tables of counts and one that cannot be predicted."""
    for name in "ab":
        counts(12, SYMBOLS, seed=ord(name)).to_csv(tmp_path / f"{name}.csv")
    (tmp_path / "bad.csv").write_text("cell,not,genes\nx,1,2\n")
    return tmp_path


def sheet(folder, *lines, name="sheet.tsv"):
    (folder / name).write_text("\n".join("\t".join(line.split(" ")) for line in lines) + "\n")
    return folder / name


def batch(model, listed, *arguments, expect=0, **options):
    return run("predict", "--inputs", listed, "-m", model, "--output-dir", "out", "--output-format", "tsv",
               *arguments, expect=expect, cwd=listed.parent, **options)


def lines_of(folder, part=""):
    """The summary by id, which both files tell alike."""
    whole = json.loads((folder / "out" / f"summary{part}.json").read_text())
    with open(folder / "out" / f"summary{part}.tsv", newline="") as file:
        table = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [line["id"] for line in table] == [line["id"] for line in whole["inputs"]]
    for line, other in zip(table, whole["inputs"]):
        assert list(line) == COLUMNS and set(other) == {"position", "decisions", *COLUMNS}
        for name in ("status", "exit_code", "cells_read", "genes_found", "values", "seconds", "output"):
            assert line[name] == ("" if other[name] is None else str(other[name])), name
    return {line["id"]: line for line in whole["inputs"]}


def statuses(folder, part=""):
    return {id: line["status"] for id, line in lines_of(folder, part).items()}


# The sheet

def test_options_of_a_line_are_those_of_a_run_of_its_own(model, folder):
    cells = anndata.AnnData(counts(12).T.astype(np.float32))
    cells.layers["other"] = np.asarray(counts(12, seed=5).T, dtype=np.float32)
    cells.write_h5ad(folder / "c.h5ad")
    listed = sheet(folder, "id path values scale layer #note donor", "one a.csv linear  - x", "two a.csv    ",
                   "three c.h5ad   layers/other", "four c.h5ad  none X")
    text = listed.read_text().replace("\t-\t", "\t\t")
    listed.write_text(text)
    batch(model, listed, "--scale", "dataset")
    for id, source, options in [("one", "a.csv", ["--values", "linear"]), ("two", "a.csv", []),
                                ("three", "c.h5ad", ["--layer", "layers/other"])]:
        alone = run("predict", folder / source, "-m", model, "--scale", "dataset", *options).stdout
        assert (folder / "out" / f"{id}.tsv").read_text() == alone
    # The sheet wins over the command line; an empty field gives nothing.
    alone = run("predict", folder / "c.h5ad", "-m", model, "--scale", "none", "--layer", "X").stdout
    assert (folder / "out" / "four.tsv").read_text() == alone
    found = lines_of(folder)
    assert found["three"]["matrix"] == "layers/other" and found["one"]["values"] == "linear"
    assert found["four"]["options"] == {"scale": "none", "layer": "X"} and found["two"]["options"] == {}


def test_every_column_is_an_option_of_predict_and_documented(model, folder):
    refused = batch(model, sheet(folder, "path vaules", "a.csv counts"), expect=2).stderr
    assert "line 1: 'vaules' is no column" in refused and "Did you mean 'values'?" in refused
    known = refused.split("Known columns are ")[1].split(". A column")[0].split(", ")
    help = run("help", "predict").stdout
    page = (PROJECT / "docs" / "batch.md").read_text()
    for name in known:
        assert f"`{name}`" in page
        if name not in ("id", "path"):
            assert f"--{name.replace('_', '-')}" in help


def test_a_sheet_with_commas_quotes_and_a_byte_order_mark(model, folder):
    (folder / "with, comma.csv").write_bytes((folder / "a.csv").read_bytes())
    listed = folder / "sheet.csv"
    listed.write_bytes('\ufeffid,path,--log-base\r\nx,"with, comma.csv",2\r\n"y ""2""",b.csv\r\n,,\r\n'.encode())
    batch(model, listed)
    assert statuses(folder) == {"x": "done", 'y "2"': "done"}


def test_force_scale_can_be_given_and_taken_back(model, folder):
    listed = sheet(folder, "id path force_scale", "x a.csv yes", "y a.csv no")
    assert statuses_after(model, listed, "--scale", "reference", expect=3) == {"x": "done", "y": "failed"}
    assert statuses_after(model, listed, "--scale", "reference", "--force-scale", expect=3) == {
        "x": "done", "y": "failed"}


def statuses_after(model, listed, *arguments, **options):
    batch(model, listed, *arguments, **options)
    return statuses(listed.parent)


@pytest.mark.parametrize("content, words", [
    ("a\ta.csv\tcounts\n", "line 1: has 3 fields"),
    ("id\tpath\na\ta.csv\tx\n", "line 2: has 3 fields, but the header names 2 columns"),
    ("id\tpath\n\nx\t\n", "line 3: the field in column path is empty"),
    ("id\tpath\tid\nx\ta.csv\ty\n", "line 1: there are two columns 'id'"),
    ("path\tlog-base\tlog_base\n", "two columns 'log_base'"),
    ("id\tpath\nsummary\ta.csv\n", "line 2: the id 'summary'"),
    ("id\tpath\nx/y\ta.csv\n", "line 2: the id 'x/y' cannot name a file"),
    ("id\tpath\nx\ta.csv\nx\tb.csv\n", "2 inputs would have the id 'x'"),
    ("id\tpath\n", "lists no input"),
    ("path,values\n\"a.csv,counts\n", "line 2: a quotation mark is not closed"),
    ("PK\x03\x04\x00\x00xl/workbook.xml", "line 1: holds bytes that are not text"),
    ("path\tvalues\na.csv\tcounts\nb.csv\tcount\n", "line 3: --values: 'count' is not one of"),
    ("path\tforce_scale\na.csv\tmaybe\n", "line 2: force_scale is 'maybe'; expected yes or no"),
    ("path\tmin_panel\na.csv\t2\n", "line 2: --min-panel: 2 is outside the range from 0 to 1"),
    ("path\tmoments\na.csv\tnone.h5\n", "line 2: --moments: "),
    ("path\tgroups\na.csv\tgroups.tsv\n", "line 2: --groups and --group-by require --pool"),
])
def test_a_sheet_that_cannot_be_meant_is_refused_before_any_work(model, folder, content, words):
    (folder / "sheet.tsv").write_text(content)
    refused = batch(model, folder / "sheet.tsv", expect=2).stderr
    assert words in refused and "sheet.tsv" in refused
    assert not (folder / "out").exists()


# What became of each input

def test_the_summary_lists_all_inputs_and_their_findings(model, folder):
    listed = sheet(folder, "id path", "one a.csv", "broken bad.csv", "missing none.csv", "two b.csv")
    batch(model, listed, expect=3)
    found = lines_of(folder)
    assert list(found) == ["one", "broken", "missing", "two"]
    one = found["one"]
    assert (one["cells_read"], one["cells_written"], one["genes_found"], one["genes_of"]) == (12, 12, 977, 977)
    assert (one["values"], one["scale"], one["exit_code"], one["reason"]) == ("counts", "dataset", 0, None)
    assert one["output"] == "out/one.tsv" and one["seconds"] > 0 and one["peak_memory_mb"] > 5
    assert one["n_warnings"] == 1 and "only 977 genes" in one["warnings"][0]
    broken = found["broken"]
    assert (broken["status"], broken["exit_code"], broken["output"]) == ("failed", 3, None)
    assert "bad.csv: only 0 of the model's 977 genes" in broken["reason"]
    assert "none.csv" in found["missing"]["reason"] and found["missing"]["cells_read"] is None
    whole = json.loads((folder / "out" / "summary.json").read_text())
    assert whole["counts"] == {"done": 2, "kept": 0, "failed": 2, "interrupted": 0, "not_run": 0}
    assert whole["exit_code"] == 3 and whole["command_line"][:3] == ["sicmir", "predict", "--inputs"]
    assert whole["model"]["checksum"] in run("inspect", model).stdout


def test_the_exit_code_is_the_smallest_where_failures_differ(model, folder):
    anndata.AnnData(counts(12).T.astype(np.float32)).write_h5ad(folder / "a.h5ad")
    (folder / "damaged.h5ad").write_bytes((folder / "a.h5ad").read_bytes()[:3000])
    into = ["-m", model, "--output-dir", "out", "--into-obsm"]
    # A table has no obsm (2); a damaged file is bad input (3).
    listed = sheet(folder, "id path", "ok a.h5ad", "table a.csv", "damaged damaged.h5ad")
    run("predict", "--inputs", listed, *into, cwd=folder, expect=2)
    found = lines_of(folder)
    assert {id: line["exit_code"] for id, line in found.items()} == {"ok": 0, "table": 2, "damaged": 3}
    listed = sheet(folder, "id path", "damaged damaged.h5ad", "ok a.h5ad")
    run("predict", "--inputs", listed, *into, cwd=folder, expect=3)
    listed = sheet(folder, "id path", "table a.csv", "ok a.h5ad")
    run("predict", "--inputs", listed, *into, cwd=folder, expect=2)


def test_fail_fast_leaves_the_rest(model, folder):
    listed = sheet(folder, "id path", "one a.csv", "broken bad.csv", "two b.csv")
    done = batch(model, listed, "--fail-fast", expect=3)
    assert statuses(folder) == {"one": "done", "broken": "failed", "two": "not_run"}
    assert "1 was not run" in done.stderr and not (folder / "out" / "two.tsv").exists()
    assert lines_of(folder)["two"]["exit_code"] is None
    assert "go with --inputs" in run("predict", folder / "a.csv", "-m", model, "--fail-fast", expect=2).stderr


def children(pid):
    listed = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def deepest(pid, depth):
    """The process `depth` generations below, once it is there."""
    deadline = time.time() + 60
    while time.time() < deadline:
        found = [pid]
        for _ in range(depth):
            found = [child for one in found for child in children(one)]
        if found:
            return found[0]
        time.sleep(0.01)
    raise AssertionError("no child")


def start(*arguments, folder):
    # AddressSanitizer would turn signal 11, sent from outside, into an exit code.
    sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0"
    return subprocess.Popen([SICMIR, *map(str, arguments)], cwd=folder, stderr=subprocess.PIPE, text=True,
                            env=os.environ | {"ASAN_OPTIONS": sanitizer})


def wait_until_it_reads(running, folder, depth, fifo):
    """The process that waits for the FIFO's writer."""
    process = deepest(running.pid, depth)
    deadline = time.time() + 60
    while time.time() < deadline:
        for entry in pathlib.Path(f"/proc/{process}/wchan"), pathlib.Path(f"/proc/{process}/syscall"):
            if entry.exists() and ("fifo" in entry.read_text() or "wait_for_partner" in entry.read_text()):
                return process
        time.sleep(0.05)
        if time.time() > deadline - 58.5:  # the kernel does not tell
            return deepest(running.pid, depth)
    return process


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_end_leaves_its_summary(model, folder, stop):
    os.mkfifo(folder / "waits.csv")
    listed = sheet(folder, "id path", "one a.csv", "waits waits.csv", "two b.csv")
    running = start("predict", "--inputs", listed, "-m", model, "--output-dir", "out", "--output-format", "tsv",
                    "--report", "reports", folder=folder)
    while not (folder / "out" / ".sicmir" / "one.json").exists() and running.poll() is None:
        time.sleep(0.01)
    wait_until_it_reads(running, folder, 2, "waits.csv")
    running.send_signal(stop)
    running.communicate(timeout=30)
    assert running.returncode == -stop
    found = lines_of(folder)
    assert {id: line["status"] for id, line in found.items()} == {
        "one": "done", "waits": "interrupted", "two": "not_run"}
    assert found["waits"]["exit_code"] == 128 + stop
    whole = json.loads((folder / "out" / "summary.json").read_text())
    assert whole["signal"] == stop and whole["exit_code"] == 128 + stop
    report = json.loads((folder / "reports" / "waits.json").read_text())
    assert report["status"] == "interrupted" and f"signal {int(stop)}" in report["reason"]
    assert not (folder / "reports" / "two.json").exists()
    assert not [name for name in os.listdir(folder / "out") if name.endswith(".part")]


def test_an_input_whose_process_is_killed_fails_alone(model, folder):
    os.mkfifo(folder / "waits.csv")
    listed = sheet(folder, "id path", "waits waits.csv", "broken bad.csv", "one a.csv")
    running = start("predict", "--inputs", listed, "-m", model, "--output-dir", "out", "--output-format", "tsv",
                    folder=folder)
    os.kill(wait_until_it_reads(running, folder, 2, "waits.csv"), signal.SIGKILL)
    running.communicate(timeout=60)
    assert running.returncode == 1  # the smallest of 1 (no memory, most often) and 3
    found = lines_of(folder)
    assert {id: line["status"] for id, line in found.items()} == {
        "waits": "failed", "broken": "failed", "one": "done"}
    assert found["waits"]["exit_code"] == 1 and "killed (signal 9)" in found["waits"]["reason"]


# Going on

def test_what_of_the_sheet_makes_resume_run_an_input_again(model, folder):
    def done(*lines, arguments=()):
        listed = sheet(folder, *lines)
        batch(model, listed, "--resume", *arguments)
        return {id for id, line in lines_of(folder).items() if line["status"] == "done"}
    header = "id path values scale #mine"
    assert done(header, "one a.csv counts dataset x", "two b.csv   y") == {"one", "two"}
    assert done(header, "one a.csv counts dataset x", "two b.csv   y") == set()
    kept = lines_of(folder)["one"]
    assert (kept["cells_read"], kept["values"], kept["exit_code"]) == (12, "counts", 0)
    # Another order, other columns of one's own, comments: no.
    assert done("scale #mine values path id", "# words", " z  b.csv two", "dataset z counts a.csv one") == set()
    # The same option on the command line: no.
    assert done("id path values", "one a.csv counts", arguments=["--scale", "dataset"]) == set()
    # Any option of the line: yes, and this line only.
    assert done(header, "one a.csv counts dataset x", "two b.csv counts  y") == {"two"}
    assert done(header, "one a.csv counts dataset x", "two b.csv   y") == {"two"}
    # Another path, even to the same content: yes. Another id: another output.
    shutil.copy2(folder / "a.csv", folder / "c.csv")
    assert done(header, "one c.csv counts dataset x") == {"one"}
    assert done(header, "three c.csv counts dataset x") == {"three"}
    # Content of a file that an option names.
    cells = counts(12, SYMBOLS, seed=ord("a")).columns
    def groups(n):
        (folder / "groups.tsv").write_text("".join(f"{cell}\tg{i % n}\n" for i, cell in enumerate(cells)))
    groups(4)
    pooled = ("id path pool groups", "one a.csv sum groups.tsv")
    assert done(*pooled) == {"one"} and done(*pooled) == set()
    groups(5)
    assert done(*pooled) == {"one"}


def test_a_missing_report_is_made_by_running_again(model, folder):
    listed = sheet(folder, "id path", "one a.csv")
    batch(model, listed)
    batch(model, listed, "--resume", "--report", "reports")
    assert statuses(folder) == {"one": "done"}
    batch(model, listed, "--resume", "--report", "reports")
    assert statuses(folder) == {"one": "kept"}
    assert lines_of(folder)["one"]["report"] == "reports/one.json"


def test_an_older_output_of_an_input_that_fails_is_not_in_the_summary(model, folder):
    listed = sheet(folder, "id path", "one a.csv")
    batch(model, listed)
    shutil.copy(folder / "bad.csv", folder / "a.csv")
    done = batch(model, listed, "--resume", expect=3)
    assert "out/one.tsv: is of an earlier run" in done.stderr
    assert lines_of(folder)["one"]["output"] is None


def test_an_output_that_cannot_be_written_stops_the_run_and_is_in_the_summary(model, folder):
    listed = sheet(folder, "id path", "one a.csv", "two b.csv", "three a.csv")
    (folder / "out").mkdir()
    (folder / "out" / "two.tsv").mkdir()
    batch(model, listed, expect=5)
    assert statuses(folder) == {"one": "done", "two": "failed", "three": "not_run"}


# Shards of the list

def array_task(model, listed, task, of, *arguments, **options):
    return batch(model, listed, "--shard", f"slurm/{of}", *arguments,
                 env=dict(os.environ, SLURM_ARRAY_TASK_ID=str(task)), **options)


def test_tasks_of_an_array_share_a_list_and_their_summaries_merge(model, folder):
    lines = ["id path", *(f"s{i} {'ab'[i % 2]}.csv" for i in range(4)), "broken bad.csv"]
    listed = sheet(folder, *lines)
    batch(model, listed, expect=3)
    whole = lines_of(folder)
    at_once = {path.name: path.read_bytes() for path in (folder / "out").glob("s*.tsv") if "summary" not in path.name}
    shutil.rmtree(folder / "out")
    array_task(model, listed, 1, 3)
    array_task(model, listed, 3, 3)
    assert statuses(folder, ".1-of-3") == {"s0": "done", "s3": "done"}  # every third, from the first
    refused = run("merge-summaries", folder / "out", expect=3).stderr
    assert "no summary.2-of-3.json" in refused
    array_task(model, listed, 2, 3, expect=3)
    done = run("merge-summaries", folder / "out", expect=3)  # as one run over the list ends
    assert "some inputs could not be predicted" in done.stderr
    merged = lines_of(folder)
    assert list(merged) == list(whole)
    for id, line in merged.items():
        assert {name: line[name] for name in line if name not in ("seconds", "peak_memory_mb")} == \
            {name: whole[id][name] for name in line if name not in ("seconds", "peak_memory_mb")}
    assert at_once == {path.name: path.read_bytes() for path in (folder / "out").glob("s*.tsv")
                       if "summary" not in path.name}
    assert json.loads((folder / "out" / "summary.json").read_text())["shard"] is None
    # A mended input, and the part that has it run again.
    shutil.copy(folder / "a.csv", folder / "bad.csv")
    array_task(model, listed, 2, 3, "--resume")
    run("merge-summaries", folder / "out")
    assert set(statuses(folder).values()) == {"done", "kept"}


def test_tasks_without_an_input_and_summaries_of_different_lists(model, folder, full_model):
    listed = sheet(folder, "id path", "one a.csv")
    for task in (1, 2):
        array_task(model, listed, task, 2)
    assert statuses(folder, ".2-of-2") == {}
    run("merge-summaries", folder / "out")
    assert statuses(folder) == {"one": "done"}
    array_task(model, sheet(folder, "id path", "one a.csv", "two b.csv"), 2, 2)
    assert "of different runs" in run("merge-summaries", folder / "out", expect=3).stderr
    array_task(model, listed, 1, 4)
    assert "Delete those of the older run" in run("merge-summaries", folder / "out", expect=3).stderr
    (folder / "empty").mkdir()
    assert "summary.1-of-8.json" in run("merge-summaries", folder / "empty", expect=3).stderr
    assert "cannot be read" in run("merge-summaries", folder / "none", expect=3).stderr
    for content in ("", "[]", "{}", '{"schema": 1, "inputs": [1]}', '{"schema": 1, "inputs": [{"position": -1}]}'):
        (folder / "empty" / "summary.1-of-1.json").write_text(content)
        assert "is not a summary" in run("merge-summaries", folder / "empty", expect=3).stderr


def test_the_script_for_job_arrays_runs_its_part(model, folder):
    listed = sheet(folder, "id path", "one a.csv", "two b.csv")
    script = PROJECT / "docs" / "hpc" / "inputs_array.sh"
    (folder / "bin").mkdir()
    (folder / "bin" / "sicmir").symlink_to(SICMIR)
    for task in (1, 2):
        subprocess.run([script, listed, "out", "2", "-m", model], check=True, cwd=folder, capture_output=True,
                       env=dict(os.environ, SLURM_ARRAY_TASK_ID=str(task), PATH=f"{folder / 'bin'}:{os.environ['PATH']}"))
    run("merge-summaries", folder / "out")
    assert statuses(folder) == {"one": "done", "two": "done"}


def test_an_array_needs_its_number(model, folder):
    env = {name: value for name, value in os.environ.items() if name != "SLURM_ARRAY_TASK_ID"}
    listed = sheet(folder, "id path", "one a.csv")
    assert "SLURM_ARRAY_TASK_ID" in batch(model, listed, "--shard", "slurm/2", expect=2, env=env).stderr


# Reports

def report_of(path):
    return json.loads(path.read_text())


def test_a_report_is_written_when_a_run_fails(model, folder):
    report = folder / "report.json"
    arguments = ["predict", folder / "bad.csv", "-m", model, "-q", "--report", report, "-o", folder / "out.csv"]
    done = run(*arguments, expect=3)
    told = report_of(report)
    assert told["command_line"] == ["sicmir", *map(str, arguments)]
    assert (told["status"], told["exit_code"]) == ("failed", 3)
    assert f"error: {told['reason']}\n" == done.stderr
    # -q hides warnings from the terminal only.
    assert any("neither the header" in warning for warning in told["warnings"])
    assert told["format"] == "CSV" and told["cells"]["in_input"] == 2
    assert not (folder / "out.csv").exists()
    # What the genes were is known though the values are refused.
    run("predict", folder / "a.csv", "-m", model, "--scale", "reference", "--report", report, "-o",
        folder / "out.csv", expect=3)
    told = report_of(report)
    assert told["genes"]["found"] == 977 and told["values"]["taken_as"] == "counts"
    run("predict", folder / "a.csv", "-m", folder / "b.csv", "--report", report, "-o", folder / "o.csv", expect=4)
    assert report_of(report)["exit_code"] == 4
    run("pool", folder / "a.csv", "-m", model, "--groups", folder / "none.tsv", "--report", report, "-o",
        folder / "o.csv", expect=3)
    assert report_of(report)["status"] == "failed" and report_of(report)["command_line"][1] == "pool"


@pytest.mark.parametrize("end, code, words", [(signal.SIGTERM, -signal.SIGTERM, "signal 15"),
                                              (signal.SIGKILL, 1, "killed (signal 9)"),
                                              (signal.SIGSEGV, 1, "internal: ended by signal 11")])
def test_a_report_is_written_when_a_run_ends_suddenly(model, folder, end, code, words):
    os.mkfifo(folder / "waits.csv")
    running = start("predict", "waits.csv", "-m", model, "--report", "report.json", "-o", "out.csv", folder=folder)
    worker = wait_until_it_reads(running, folder, 1, "waits.csv")
    os.kill(running.pid if end == signal.SIGTERM else worker, end)
    running.communicate(timeout=60)
    assert running.returncode == code
    told = report_of(folder / "report.json")
    assert told["status"] == ("interrupted" if end == signal.SIGTERM else "failed")
    assert words in told["reason"] and told["model"]["name"]


def members(value, before=""):
    """Names of all members, nested ones with dots."""
    for name, inner in value.items():
        yield before + name
        if isinstance(inner, dict) and before + name not in ("genes.by_kind", "pool.values"):
            yield from members(inner, before + name + ".")


def test_every_member_of_reports_and_summaries_is_documented(model, folder):
    page = (PROJECT / "docs" / "batch.md").read_text()
    documented = {name for row in re.findall(r"^\| (`[^|]*) \|", page, re.MULTILINE)
                  for name in re.findall(r"`([\w.]+)`", row)}
    run("predict", folder / "a.csv", "-m", model, "--report", folder / "r.json", "-o", folder / "o.csv")
    run("predict", folder / "a.csv", "-m", model, "--scale", "reference", "--force-scale", "--report",
        folder / "s.json", "-o", folder / "o.csv")
    cells = counts(12, SYMBOLS, seed=ord("a")).columns
    (folder / "groups.tsv").write_text("".join(f"{cell}\tg\n" for cell in cells))
    run("pool", folder / "a.csv", "-m", model, "--groups", folder / "groups.tsv", "--report", folder / "p.json",
        "-o", folder / "o.csv")
    listed = sheet(folder, "id path", "one a.csv", "broken bad.csv")
    batch(model, listed, "--report", "reports", expect=3)
    found = set()
    for path in (*folder.glob("?.json"), *folder.glob("reports/*.json")):
        found |= set(members(report_of(path)))
    summary = report_of(folder / "out" / "summary.json")
    found |= set(members({name: value for name, value in summary.items() if name != "counts"}))
    found |= set(summary["inputs"][0])
    assert found - documented == set()


# The log

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def test_log_lines_with_time(model, folder):
    listed = sheet(folder, "id path", "one a.csv", "broken bad.csv")
    plain = batch(model, listed, "--log-format", "plain", expect=3).stderr.splitlines()
    assert all(re.match(TIME + " (info|warning|error): ", line) for line in plain[:-1])
    assert plain[-1] == "  broken (bad.csv)"
    assert any(re.fullmatch(TIME + r" warning: \[one\] the input has only 977 genes.*", line) for line in plain)
    objects = [json.loads(line) for line in
               batch(model, listed, "--log-format", "json", expect=3).stderr.splitlines()]
    assert all(re.fullmatch(TIME, line["time"]) for line in objects)
    bare = batch(model, listed, expect=3).stderr
    said = "".join({"info": "", "warning": "warning: ", "error": "error: "}[line["level"]] + line["message"] + "\n"
                   for line in objects)
    assert re.sub(r"in [\d.]+ s", "", said) == re.sub(r"in [\d.]+ s", "", bare)
    assert {line.get("subject") for line in objects} == {None, "one", "broken"}
    assert time.time() - 300 < time.mktime(time.strptime(objects[0]["time"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone


# Other programs

def test_multiqc_shows_the_summary(model, folder):
    if shutil.which("multiqc") is None:
        pytest.skip("multiqc is not installed: apt-get install multiqc")
    listed = sheet(folder, "id path", "one a.csv", "broken bad.csv", "two b.csv")
    for task in (1, 2):
        array_task(model, listed, task, 2, expect=3 if task == 2 else 0)
    def shown():
        subprocess.run(["multiqc", "-f", "-q", "-o", folder / "report", "--data-format", "json", folder / "out"],
                       check=True, capture_output=True, timeout=120)
        page = (folder / "report" / "multiqc_report.html").read_text()
        assert "mqc-section-sicmir" in page or 'id="sicmir"' in page
        return json.loads((folder / "report" / "multiqc_data" / "multiqc_sicmir_table.json").read_text())
    by_parts = shown()
    run("merge-summaries", folder / "out", expect=3)
    table = shown()
    assert table == by_parts and set(table) == {"one", "broken", "two"}
    assert table["one"]["cells_written"] == 12 and table["one"]["status"] == "done"
    assert table["broken"]["status"] == "failed" and "bad.csv" in table["broken"]["reason"]
