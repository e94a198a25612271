# SPDX-License-Identifier: BSD-3-Clause
"""Many inputs in one run: --inputs, --output-dir, --resume, --verify."""
import json
import os
import signal
import subprocess
import time

import pytest

from program import SICMIR, SYMBOLS, counts, run

N = 40


def make_inputs(folder, n):
    """Small tables, one of which cannot be predicted, and their list."""
    tables = [counts(12, SYMBOLS, seed=i).to_csv() for i in range(min(n, N))]
    lines = ["# id and path", ""]
    for i in range(n):
        path = folder / f"in{i}.csv"
        path.write_text("cell,not,genes\na,1,2\n" if i == 17 else tables[i % N])
        lines.append(f"sample-{i}\t{path}")
    (folder / "list.tsv").write_text("\n".join(lines) + "\n")
    return folder / "list.tsv"


@pytest.fixture
def inputs(tmp_path):
    return make_inputs(tmp_path, N)


def batch(model, inputs, *arguments, **options):
    return run("predict", "--inputs", inputs, "-m", model, "--output-dir",
               inputs.parent / "out", "--output-format", "tsv", *arguments, **options)


def outputs(inputs):
    """Output files with what would change if one were written again."""
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_ino)
            for path in (inputs.parent / "out").glob("*.tsv") if path.name != "summary.tsv"}


def test_one_bad_input_is_named_and_stops_nothing(model, inputs):
    done = batch(model, inputs, expect=3)
    assert "1 of 40 inputs" in done.stderr
    assert "sample-17" in done.stderr.splitlines()[-1] and "in17.csv" in done.stderr.splitlines()[-1]
    assert set(outputs(inputs)) == {f"sample-{i}.tsv" for i in range(N) if i != 17}
    alone = run("predict", inputs.parent / "in5.csv", "-m", model)
    assert (inputs.parent / "out" / "sample-5.tsv").read_text() == alone.stdout
    first = outputs(inputs)
    again = batch(model, inputs, "--resume", expect=3)
    assert outputs(inputs) == first and "39 done before" in again.stderr


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_goes_on_and_does_nothing_twice(model, tmp_path, stop):
    n, waits_at = 200, 120
    inputs = make_inputs(tmp_path, n)
    waiting = tmp_path / f"in{waits_at}.csv"
    content = waiting.read_bytes()
    waiting.unlink()
    os.mkfifo(waiting)  # the run stops here
    running = subprocess.Popen(
        [SICMIR, "predict", "--inputs", inputs, "-m", model, "--output-dir", tmp_path / "out",
         "--output-format", "tsv"], stderr=subprocess.DEVNULL)
    deadline = time.time() + 100
    while len(outputs(inputs)) < waits_at - 1 and time.time() < deadline and running.poll() is None:
        time.sleep(0.005)
    running.send_signal(stop)
    assert running.wait(timeout=30) == -stop
    records = {path.stem for path in (tmp_path / "out" / ".sicmir").glob("*.json")}
    before = outputs(inputs)
    assert len(before) == waits_at - 1 and len(records) >= waits_at - 2
    assert not [name for name in os.listdir(tmp_path / "out") if name.endswith(".part")]
    waiting.unlink()
    waiting.write_bytes(content)
    resumed = batch(model, inputs, "--resume", expect=3)
    assert f"1 of {n} inputs" in resumed.stderr
    assert "sample-17" in resumed.stderr.splitlines()[-1]
    after = outputs(inputs)
    assert set(after) == {f"sample-{i}.tsv" for i in range(n) if i != 17}
    assert len(after) == 199
    assert all(after[f"{name}.tsv"] == before[f"{name}.tsv"] for name in records)
    batch(model, inputs, "--resume", expect=3)
    assert outputs(inputs) == after


def test_a_signal_between_two_inputs_ends_the_run(model, tmp_path):
    """With --verify the parent reads an input before a child does: a signal then is not lost."""
    inputs = make_inputs(tmp_path, 3)
    waiting = tmp_path / "in1.csv"
    content = waiting.read_bytes()
    waiting.unlink()
    os.mkfifo(waiting)
    running = subprocess.Popen(
        [SICMIR, "predict", "--inputs", inputs, "-m", model, "--output-dir", tmp_path / "out",
         "--output-format", "tsv", "--verify"], stderr=subprocess.DEVNULL)
    with open(waiting, "wb") as fifo:  # opens when the parent reads
        running.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        fifo.write(content)
    assert running.wait(timeout=30) == -signal.SIGTERM
    assert set(outputs(inputs)) == {"sample-0.tsv"}


def test_what_has_changed_is_predicted_again(model, inputs, full_model):
    batch(model, inputs, expect=3)
    first = outputs(inputs)
    changed = inputs.parent / "in3.csv"
    counts(12, SYMBOLS, seed=99).to_csv(changed)
    (inputs.parent / "out" / "sample-4.tsv").unlink()
    batch(model, inputs, "--resume", expect=3)
    second = outputs(inputs)
    assert {name for name in first if first[name] != second[name]} == {"sample-3.tsv",
                                                                       "sample-4.tsv"}
    batch(model, inputs, "--resume", "--digits", "3", expect=3)
    third = outputs(inputs)
    assert not set(second.values()) & set(third.values())
    batch(full_model, inputs, "--resume", "--digits", "3", "--mirnas", "hsa-miR-21-5p", expect=3)
    assert not set(third.values()) & set(outputs(inputs).values())


def test_verify_goes_by_content(model, inputs):
    batch(model, inputs, "--verify", expect=3)
    first = outputs(inputs)
    for i in range(N):
        os.utime(inputs.parent / f"in{i}.csv")  # touched, not changed
    look = inputs.parent / "in6.csv"
    text = look.read_text()
    times = look.stat()
    # Another digit, of the same length and time.
    at = text.rindex("\n", 0, len(text) - 1) + 1 + len("X")
    swapped = text[:at] + text[at:].replace("0", "1", 1)
    look.write_text(swapped)
    os.utime(look, ns=(times.st_atime_ns, times.st_mtime_ns))
    batch(model, inputs, "--verify", "--resume", expect=3)
    second = outputs(inputs)
    assert {name for name in first if first[name] != second[name]} == {"sample-6.tsv"}


def test_colliding_names_are_found_before_any_work(model, tmp_path):
    for sample in ("a", "b"):
        (tmp_path / sample).mkdir()
        counts(12).to_csv(tmp_path / sample / "filtered_feature_bc_matrix.csv")
    listed = tmp_path / "list"
    listed.write_text("".join(f"{tmp_path / s / 'filtered_feature_bc_matrix.csv'}\n" for s in "ab"))
    refused = run("predict", "--inputs", listed, "--output-dir", tmp_path / "out", "-m", model,
                  expect=2)
    assert "filtered_feature_bc_matrix" in refused.stderr and not (tmp_path / "out").exists()
    listed.write_text(f"a\t{tmp_path / 'a' / 'filtered_feature_bc_matrix.csv'}\n")
    run("predict", "--inputs", listed, "--output-dir", tmp_path / "out", "-m", model)
    record = json.loads((tmp_path / "out" / ".sicmir" / "a.json").read_text())
    assert record["output_bytes"] == (tmp_path / "out" / "a.h5ad").stat().st_size


def test_ids_are_names_without_the_endings_of_any_format(model, tmp_path):
    names = {"a.loom": "a", "b.gctx": "b", "c.gct.gz": "c", "d.tar.gz": "d", "e.tgz": "e",
             "f.v2.h5ad": "f.v2", "g.mtx.gz": "g", "h.TXT": "h.TXT", "deep/i.tsv.bgz": "i", "j/": "j"}
    (tmp_path / "list").write_text("".join(f"{name}\n" for name in names))
    done = run("predict", "--inputs", tmp_path / "list", "--output-dir", tmp_path / "out", "-m", model,
               cwd=tmp_path, expect=3)  # none of them exists
    assert dict(line.strip().rstrip(")").split(" (") for line in
                done.stderr.splitlines()[-len(names):]) == {id: name for name, id in names.items()}


@pytest.mark.parametrize("content, words", [("", "lists no input"), ("../x\tfile\n", "line 1"),
                                            (".x\tfile\n", "line 1"), ("\tfile\n", "line 1")])
def test_lists_that_cannot_be_meant_are_refused(model, tmp_path, content, words):
    (tmp_path / "list").write_text(content)
    assert words in run("predict", "--inputs", tmp_path / "list", "--output-dir", tmp_path / "out",
                        "-m", model, expect=2).stderr


def test_options_that_do_not_go_together_are_refused(model, inputs):
    for arguments in (["-o", "x.tsv"], ["--save-input", "s.csv"], ["--uncertainty", "u.csv"]):
        assert "--inputs goes with" in batch(model, inputs, *arguments, expect=2).stderr
    assert "INPUT is required" in run("predict", expect=2).stderr
    assert "--output-dir" in run("predict", "--inputs", inputs, "-m", model, expect=2).stderr
    assert "go with --inputs" in run("predict", inputs, "--resume", "-m", model, expect=2).stderr
