# SPDX-License-Identifier: BSD-3-Clause
"""The process that reads files opens no sockets, starts no programs, and writes only where outputs go."""
import ctypes
import os
import pathlib
import re
import subprocess
import time

import pytest

from program import PROJECT, SANITIZE, SICMIR, counts, run

pytestmark = pytest.mark.skipif(bool(SANITIZE), reason="sanitizers need what the program gives away")

PROBE = pathlib.Path(os.environ.get("SICMIR_BUILD", ".")) / "tests" / "faults" / "confinement_probe.so"
REFUSED_CALLS = {"socket", "unix socket", "socketpair", "io_uring", "exec", "ptrace", "process_vm_readv", "unshare",
                 "type on the terminal"}
REFUSED_FILES = {"create elsewhere", "write elsewhere", "remove elsewhere", "mkdir elsewhere", "link elsewhere",
                 "move elsewhere", "link beside output"}
DONE = {"create beside output", "remove beside output", "read elsewhere", "create temporary", "remove temporary",
        "fork"}


def landlock_version():
    """0: this kernel has none."""
    return max(0, ctypes.CDLL(None, use_errno=True).syscall(444, None, 0, 1))


def status_of(pid, field):
    found = re.search(rf"^{field}:\s*(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)
    return None if found is None else int(found[1])


needs_landlock = pytest.mark.skipif(landlock_version() < 2, reason="THIS KERNEL HAS NO LANDLOCK (version 2)")
needs_seccomp = pytest.mark.skipif(status_of("self", "Seccomp") is None, reason="THIS KERNEL HAS NO SECCOMP")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "cells.csv"
    counts(30).T.to_csv(path)
    return path


def probed(table, model, elsewhere, output, *arguments, **environment):
    """What the probe tried, how each ended, and the run."""
    log = output.parent / "probe.log"
    log.write_text("")
    done = run("predict", table, "-m", model, "-o", output, *arguments,
               env={**os.environ, "LD_PRELOAD": str(PROBE), "SICMIR_PROBE_LOG": str(log),
                    "SICMIR_PROBE_FOLDER": str(elsewhere), "SICMIR_PROBE_OUTPUT": str(output.parent), **environment})
    return dict(line.split("\t") for line in log.read_text().splitlines()), done


@needs_seccomp
def test_the_process_that_reads_is_confined_and_the_one_that_watches_is_not(model, tmp_path):
    process = subprocess.Popen([SICMIR, "predict", "-", "-m", model, "-o", tmp_path / "x.csv"],
                               stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        deadline = time.time() + 20
        while time.time() < deadline:
            found = children.read_text().split()
            if found and status_of(found[0], "Seccomp") == 2:
                break
            time.sleep(0.01)
        assert status_of(found[0], "Seccomp") == 2 and status_of(found[0], "NoNewPrivs") == 1
        assert status_of(process.pid, "Seccomp") == status_of("self", "Seccomp")
    finally:
        process.kill()
        process.wait()


@needs_seccomp
def test_sockets_programs_and_tracing_are_refused(table, model, tmp_path, elsewhere):
    tried, _ = probed(table, model, elsewhere, tmp_path / "x.csv")
    assert {what: tried[what] for what in REFUSED_CALLS} == dict.fromkeys(REFUSED_CALLS, "EPERM")
    assert tried["fork"] == "done"


@needs_landlock
def test_nothing_is_written_but_where_the_output_goes(table, model, tmp_path, elsewhere):
    tried, _ = probed(table, model, elsewhere, tmp_path / "x.csv")
    refused = REFUSED_FILES | ({"truncate elsewhere"} if landlock_version() >= 3 else set())
    assert {what: tried[what] in ("EACCES", "EXDEV") for what in refused} == dict.fromkeys(refused, True)
    assert {what: tried[what] for what in DONE} == dict.fromkeys(DONE, "done")
    assert [path.name for path in elsewhere.iterdir()] == ["there"]
    if landlock_version() >= 6:
        assert tried["signal to another process"] == "EPERM"


def test_a_kernel_without_either_changes_nothing_but_a_note(table, model, tmp_path, elsewhere):
    run("predict", table, "-m", model, "-o", tmp_path / "whole.csv")
    tried, done = probed(table, model, elsewhere, tmp_path / "x.csv", "-v", SICMIR_PROBE_OLD="1")
    assert (tmp_path / "x.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert tried["socket"] == tried["create elsewhere"] == "done"
    assert "no seccomp filter" in done.stderr and "no limits to writing" in done.stderr
    _, done = probed(table, model, elsewhere, tmp_path / "x.csv", SICMIR_PROBE_OLD="1")
    assert "confinement" not in done.stderr


@needs_landlock
def test_outputs_go_where_links_folders_and_pipes_lead(table, model, tmp_path, elsewhere):
    run("predict", table, "-m", model, "-o", tmp_path / "whole.csv")
    whole = (tmp_path / "whole.csv").read_bytes()
    # All of these are outside of the folders for temporary files, or nothing would be shown.
    link = elsewhere / "link.csv"
    (elsewhere / "far").mkdir()
    link.symlink_to("far/target.csv")
    run("predict", table, "-m", model, "-o", link)
    assert link.is_symlink() and (elsewhere / "far" / "target.csv").read_bytes() == whole
    run("predict", table, "-m", model, "-o", "here.csv", cwd=elsewhere)
    assert (elsewhere / "here.csv").read_bytes() == whole
    run("predict", table, "-m", model, "-o", "/dev/null")
    os.mkfifo(elsewhere / "pipe")
    reader = subprocess.Popen(["cat", elsewhere / "pipe"], stdout=subprocess.PIPE)
    run("predict", table, "-m", model, "-o", elsewhere / "pipe")
    assert reader.communicate()[0] == whole.replace(b",", b"\t")
    # A folder of outputs, with a link in it, and one that is made.
    (elsewhere / "list").write_text(f"one\t{table}\ntwo\t{table}\n")
    (elsewhere / "many").mkdir()
    (elsewhere / "many" / "one.csv").symlink_to("../far/one.csv")
    for folder in ("many", "new/folder"):
        if folder == "new/folder":
            (elsewhere / "new").mkdir()
        run("predict", "--inputs", elsewhere / "list", "-m", model, "--output-dir", elsewhere / folder,
            "--output-format", "csv", "--report", elsewhere / folder / "reports")
        assert (elsewhere / folder / "two.csv").read_bytes() == whole
    assert (elsewhere / "far" / "one.csv").read_bytes() == whole


def test_every_option_that_names_a_file_is_known_as_read_or_written():
    source = (PROJECT / "src" / "cli" / "confinement.cpp").read_text()
    written = set(re.findall(r'"(--[a-z0-9-]+)"', source.split("written_options")[1].split("});")[0]))
    read = {"--covariates", "--distil", "--gdc", "--gene-moments", "--gene-sets", "--genes", "--groups", "--inputs",
            "--like", "--mirna", "--mirna-estimated", "--mirnas", "--model", "--moments", "--mrna", "--pairs", "--platform",
            "--prior-profiles", "--sample-sheet", "--samples", "--targets", "--terms", "--transcripts", "--prior",
            "--completion"}
    commands = re.findall(r'CommandEntry\{\s*"([a-z-]+)"', (PROJECT / "src" / "cli" / "command_table.cpp").read_text())
    assert len(commands) > 20
    unknown = set()
    for command in commands:
        if command == "help":
            continue
        text = run(command, "--help").stdout
        for option in re.finditer(r"^ +(-o, )?(?:-\w, )?(--[a-z0-9-]+) (\S+)(.*)", text, re.M):
            is_output, name, value = option[1], option[2], option[3]
            if (is_output or re.match(r"FILE|FOLDER|DIR|PREFIX", value)
                    or re.search(r"  (Also write|Write|Save) ", option[0])) and name not in written | read:
                unknown.add(f"{command} {name}")
    assert not unknown, "is it read or written? src/cli/confinement.cpp, or `read` above"
