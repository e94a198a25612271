# SPDX-License-Identifier: BSD-3-Clause
"""Runs commands while one call of the system after the other fails (fault_shim.c), and says what broke.

A run may end well only with the right outputs; one that fails says why, has the right exit code, and leaves
what stood there before.
"""
import dataclasses
import errno
import hashlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import scenes  # noqa: E402
from program import SICMIR  # noqa: E402

SHIM = pathlib.Path(os.environ.get("SICMIR_BUILD", ".")) / "tests" / "faults" / "fault_shim.so"

# Kinds of calls, and what each may fail with. "short": half a write.
KINDS = {
    "write": ["ENOSPC", "EIO", "EINTR", "short"],
    "open": ["ENOSPC", "EACCES", "EMFILE", "EINTR"],
    "close": ["EIO", "EINTR"],
    "rename": ["EIO", "ENOSPC"],
    "sync": ["EIO"],
    "truncate": ["ENOSPC", "EIO"],
    "mkdir": ["ENOSPC"],
    "unlink": ["EIO"],
    "mmap": ["ENOMEM"],
    "thread": ["EAGAIN"],
}
HARMLESS = {("write", "EINTR"), ("write", "short"), ("close", "EINTR")}  # to be tried again or ignored
REASONS = {name: os.strerror(getattr(errno, name)) for names in KINDS.values() for name in names if name != "short"}


@dataclasses.dataclass
class Fault:
    kind: str = ""
    at: int = 0
    error: str = "EIO"
    stays: bool = False

    def __str__(self):
        return f"{self.kind} {self.at} {self.error}{' and all later' if self.stays else ''}"


@dataclasses.dataclass
class Ending:
    code: int
    stdout: bytes
    errors: str
    tree: dict
    calls: int
    failed: int
    litter: list


def tree_of(folder):
    """Relative path -> digest of the content, "folder" or the link's target."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = "-> " + os.readlink(path)
        elif path.is_dir():
            found[name] = "folder"
        else:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


class Stage:
    """Folders in which scenes are played: inputs, an output folder made anew for every run, TMPDIR."""

    def __init__(self, folder, model):
        self.folder = pathlib.Path(folder).resolve()
        self.inputs = self.folder / "in"
        self.out = self.folder / "out"
        self.temporary = self.folder / "tmp"
        self.counter = self.folder / "counter"
        self.mirnas = scenes.make_inputs(self.inputs, model)
        (self.inputs / "mirnas.csv").write_text("".join(f"{name}\n" for name in self.mirnas))
        self.scenes = scenes.scenes(self.mirnas)
        self.threads = 2

    def command(self, scene):
        places = {"{out}": str(self.out), "{in}": str(self.inputs)}
        command = [SICMIR]
        for argument in map(str, scene.arguments):
            for name, place in places.items():
                argument = argument.replace(name, place)
            command.append(argument)
        without_threads = ("merge", "merge-stats", "import", "export", "evaluate", "explain", "atlas remove")
        if not scene.name.startswith(without_threads):
            command += ["--threads", str(self.threads)]
        return command

    def set_up(self, scene, existing):
        for folder in (self.out, self.temporary):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        if scene.copied:
            shutil.copytree(self.inputs / scene.copied, self.out / scene.copied)
        if existing:
            for name in scene.outputs:
                (self.out / name).write_text("precious\n")
        return tree_of(self.out)

    def play(self, scene, fault=Fault(), existing=False, stacks=None, timeout=120):
        """Runs the scene once; returns what was there before, and how it ended."""
        before = self.set_up(scene, existing)
        self.counter.write_bytes(bytes(16))
        environment = dict(os.environ, TMPDIR=str(self.temporary), LD_PRELOAD=str(SHIM),
                           SICMIR_FAULT_COUNTER=str(self.counter), SICMIR_FAULT_KIND=fault.kind,
                           SICMIR_FAULT_AT=str(fault.at),
                           SICMIR_FAULT_ERRNO=fault.error if fault.error == "short" else str(getattr(errno, fault.error)),
                           SICMIR_FAULT_STAYS=str(int(fault.stays)),
                           SICMIR_FAULT_UNDER=f"{self.out}:{self.temporary}",
                           SICMIR_FAULT_STDOUT=str(int(scene.to_stdout)))
        if stacks is not None:
            environment["SICMIR_FAULT_STACKS"] = str(stacks)
        try:
            done = subprocess.run(self.command(scene), env=environment, capture_output=True, timeout=timeout)
        except subprocess.TimeoutExpired as late:
            done = subprocess.CompletedProcess([], 999, late.stdout or b"", late.stderr or b"")
        tree = tree_of(self.out)
        numbers = self.counter.read_bytes()
        calls, failed = (int.from_bytes(numbers[i:i + 8], "little") for i in (0, 8))
        litter = [str(path) for path in self.temporary.rglob("*")]
        return before, Ending(done.returncode, done.stdout, done.stderr.decode(errors="replace"), tree, calls, failed,
                              litter)


class Play:
    """A scene on a stage with its right outputs."""

    def __init__(self, stage, scene):
        self.stage, self.scene = stage, scene
        _, first = stage.play(scene)
        assert first.code == 0, f"{scene.name}: {first.errors}"
        time.sleep(1.1)  # so that what tells the time shows
        _, second = stage.play(scene)
        self.right, self.stdout = second.tree, second.stdout
        # What tells the time is not compared.
        self.differs = {name for name in second.tree if second.tree[name] != first.tree.get(name)} | set(scene.timed)
        unstable_names = set(first.tree) ^ set(second.tree)
        assert not unstable_names, f"{scene.name}: {unstable_names}"

    def calls(self, kind):
        return self.stage.play(self.scene, Fault(kind))[1].calls

    def is_right(self, tree):
        return set(tree) == set(self.right) and all(
            tree[name] == self.right[name] or name in self.differs for name in tree)

    def faults_of(self, before, ending, fault):
        """What is wrong with an ending, in words; empty if nothing is."""
        wrong = []
        if ending.code < 0 or ending.code == 999:
            name = "no end in time" if ending.code == 999 else signal.Signals(-ending.code).name
            wrong.append(f"ended by {name}")
        if "internal: ended by signal" in ending.errors or "crash (signal" in ending.errors:
            wrong.append("crashed")
        if ending.litter:
            wrong.append(f"left in TMPDIR: {ending.litter}")
        parts = [name for name in ending.tree if name.endswith(".part") and name not in before]
        if parts and fault.kind != "unlink":
            wrong.append(f"left temporary files: {parts}")
        if ending.code == 0:
            if not self.is_right(ending.tree):
                bad = [n for n in set(ending.tree) | set(self.right)
                       if ending.tree.get(n) != self.right.get(n) and n not in self.differs]
                wrong.append(f"exit 0 with other outputs: {bad[:4]}")
            if ending.stdout != self.stdout:
                wrong.append("exit 0 with another standard output")
            return wrong
        if ending.failed == 0:
            wrong.append(f"failed ({ending.code}) without a fault")
        for name, digest in ending.tree.items():
            if name in parts or digest == before.get(name):
                continue
            if digest == "folder" or name in self.differs and name in self.right:
                continue
            if digest == self.right.get(name):
                if fault.kind == "memory":
                    continue  # complete; the allocation that failed came after it
                # Of several outputs some may be done; one alone may not, unless only its folder was not synced.
                if len(self.scene.outputs) == 1 and fault.kind != "sync" and not self.scene.copied:
                    wrong.append(f"{name} was written, yet exit {ending.code}")
                continue
            if self.scene.copied or not self.scene.outputs:
                continue  # unfinished folders are judged by the program (atlas check)
            wrong.append(f"{name}: neither as before nor complete")
        for name in before:
            if name not in ending.tree and name not in self.scene.outputs and not self.scene.copied:
                wrong.append(f"{name} is gone")
            elif name not in ending.tree and name in self.scene.outputs:
                wrong.append(f"the file that was there is gone: {name}")
        return wrong + self.wrong_words(ending, fault)

    def wrong_words(self, ending, fault):
        words = ending.errors
        if fault.kind in ("memory", "mmap", "thread"):
            wrong = []
            if ending.code != 1:
                wrong.append(f"exit {ending.code}, not 1")
            if fault.kind != "thread" and "memory" not in words:
                wrong.append("the words do not name memory")
            if fault.kind == "thread" and "thread" not in words and REASONS["EAGAIN"] not in words:
                wrong.append("the words do not name threads")
            return wrong
        if fault.error == "EPIPE":
            return [] if ending.code == 141 else [f"exit {ending.code}, not 141"]
        wrong = []
        if ending.code != 5:
            wrong.append(f"exit {ending.code}, not 5")
        if fault.error != "short" and REASONS[fault.error] not in words:
            wrong.append(f"the words lack the reason, {REASONS[fault.error]!r}")
        if (fault.kind, fault.error) in HARMLESS:
            wrong.append("a call that can be tried again ended the run")
        return wrong

    def try_fault(self, fault, existing):
        before, ending = self.stage.play(self.scene, fault, existing)
        wrong = self.faults_of(before, ending, fault)
        return ending, wrong


def positions_of(play, kinds=KINDS):
    """Every fault that can be made of the scene: (fault, how many calls of the kind it makes)."""
    found = []
    for kind, errors in kinds.items():
        for at in range(1, play.calls(kind) + 1):
            for error in errors:
                found.append(Fault(kind, at, error))
                if kind == "write" and error == "ENOSPC":
                    found.append(Fault(kind, at, error, stays=True))
            if kind == "write" and play.scene.to_stdout:
                found.append(Fault(kind, at, "EPIPE", stays=True))
    return found


def stack_positions(play):
    """Number of the first, a middle and the last allocation with each call stack."""
    stacks = play.stage.folder / "stacks"
    stacks.write_bytes(b"")
    play.stage.play(play.scene, Fault("memory"), stacks=stacks, timeout=600)
    raw = stacks.read_bytes()
    hits = {}
    for i in range(0, len(raw) - 7, 8):
        hits.setdefault(raw[i:i + 8], []).append(i // 8 + 1)
    return sorted({at for numbers in hits.values() for at in (numbers[0], numbers[min(1, len(numbers) - 1)], numbers[-1])}), \
        len(raw) // 8, len(hits)


def check(play, faults, seed=1, report=None):
    """Tries faults; returns how many were tried, how many were met, and the list of (fault, wrong, ending)."""
    coin = random.Random(seed)
    tried, met, bad = 0, 0, []
    for fault in faults:
        ending, wrong = play.try_fault(fault, existing=coin.random() < 0.5)
        tried += 1
        met += ending.failed > 0
        if wrong:
            bad.append((fault, wrong, ending))
            if report:
                report(play.scene.name, fault, wrong, ending)
    return tried, met, bad
