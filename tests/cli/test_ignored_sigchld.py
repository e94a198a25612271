# SPDX-License-Identifier: BSD-3-Clause
"""A launcher that ignores SIGCHLD (and so, by inheritance, lets the system forget how children end) changes nothing."""
import json
import os
import signal
import subprocess
import time

import pytest

from program import SANITIZE, SICMIR, counts


def ignore():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def start(*arguments, ignored, folder):
    return subprocess.Popen([SICMIR, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            cwd=folder, preexec_fn=ignore if ignored else None)


def outcome(*arguments, ignored, folder):
    running = start(*arguments, ignored=ignored, folder=folder)
    out, said = running.communicate(timeout=60)
    return running.returncode, out, said


def worker_that_reads(running, fifo):
    """The process, of this and its children, that waits for the other end of a pipe by name."""
    deadline = time.time() + 30
    while time.time() < deadline and running.poll() is None:
        waiting = [running.pid]
        while waiting:
            pid = waiting.pop()
            try:
                with open(f"/proc/{pid}/task/{pid}/children") as file:
                    children = [int(word) for word in file.read().split()]
                with open(f"/proc/{pid}/wchan") as file:
                    place = file.read()
            except OSError:
                continue
            if not children and pid != running.pid and ("fifo" in place or "pipe" in place or "wait_for_partner" in place):
                return pid
            waiting += children
        time.sleep(0.02)
    pytest.fail(f"no process waits for {fifo}")


@pytest.fixture
def folder(tmp_path):
    counts(12).to_csv(tmp_path / "good.csv")
    (tmp_path / "bad.csv").write_text("cell,not,genes\nx,1,2\n")
    (tmp_path / "list").write_text("good.csv\nbad.csv\n")
    return tmp_path


def test_the_signal_is_ignored_in_these_tests(folder):
    """The tests below test something: a program that waits here is told that there is no child."""
    script = "import os; pid = os.fork() or os._exit(7)\ntry: os.waitpid(pid, 0)\nexcept ChildProcessError: print('forgotten')"
    done = subprocess.run(["/usr/bin/python3", "-c", script], preexec_fn=ignore, capture_output=True, text=True)
    assert done.stdout == "forgotten\n"


@pytest.mark.parametrize("arguments", [
    ["predict", "good.csv"],
    ["predict", "good.csv", "--report", "r.json"],
    ["predict", "bad.csv"],                               # bad input
    ["predict", "none.csv"],
    ["predict", "good.csv", "--values", "x"],             # usage
    ["predict", "good.csv", "-m", "bad.csv"],             # bad model
    ["predict", "good.csv", "-o", "/proc/none/o.csv"],    # not written
    ["inspect", "good.csv"],
    ["inspect", "bad.csv"],
], ids=lambda words: " ".join(words))
def test_exit_codes_and_outputs_are_the_same(model, folder, arguments):
    if "-m" not in arguments:
        arguments = [*arguments, "-m", model]
    plain = outcome(*arguments, ignored=False, folder=folder)
    ignored = outcome(*arguments, ignored=True, folder=folder)

    def timeless(said):
        return [line for line in said.splitlines() if " written to " not in line]
    assert ignored[:2] == plain[:2] and timeless(ignored[2]) == timeless(plain[2])
    if "--report" in arguments:
        assert json.loads((folder / "r.json").read_text())["status"] == "done"


def test_a_list_of_inputs_has_the_same_ends(model, folder):
    for ignored, output in ((False, "plain"), (True, "ignored")):
        code, _, said = outcome("predict", "--inputs", "list", "--output-dir", output, "-m", model, ignored=ignored,
                                folder=folder)
        assert code == 3, said
        lines = json.loads((folder / output / "summary.json").read_text())["inputs"]
        assert [(line["id"], line["status"], line["exit_code"]) for line in lines] == [
            ("good", "done", 0), ("bad", "failed", 3)]
        assert all(line["peak_memory_mb"] > 1 for line in lines)


@pytest.mark.skipif(bool(SANITIZE), reason="a sanitizer has handlers of its own")
@pytest.mark.parametrize("how, code, words", [
    (signal.SIGKILL, 1, "killed (signal 9), most often for lack of memory"),
    (signal.SIGSEGV, 1, "internal: ended by signal 11"),
    (signal.SIGTERM, -signal.SIGTERM, ""),
])
def test_the_end_of_a_killed_process_is_told(model, folder, how, code, words):
    os.mkfifo(folder / "waits.csv")
    running = start("predict", "waits.csv", "-m", model, "-o", "o.csv", "--report", "r.json", ignored=True, folder=folder)
    worker = worker_that_reads(running, "waits.csv")
    os.kill(worker, how)
    _, said = running.communicate(timeout=60)
    assert running.returncode == code, said
    assert words in said
    told = json.loads((folder / "r.json").read_text())
    assert told["status"] == ("interrupted" if how == signal.SIGTERM else "failed")
    assert told["exit_code"] == (128 + signal.SIGTERM if how == signal.SIGTERM else 1)
    assert not (folder / "o.csv").exists()


def test_an_input_of_a_list_whose_process_is_killed_fails_alone(model, folder):
    os.mkfifo(folder / "waits.csv")
    (folder / "list").write_text("waits.csv\ngood.csv\n")
    running = start("predict", "--inputs", "list", "--output-dir", "out", "-m", model, ignored=True, folder=folder)
    os.kill(worker_that_reads(running, "waits.csv"), signal.SIGKILL)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1, said
    lines = json.loads((folder / "out" / "summary.json").read_text())["inputs"]
    assert [line["status"] for line in lines] == ["failed", "done"] and "killed" in lines[0]["reason"]
