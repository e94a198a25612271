# SPDX-License-Identifier: BSD-3-Clause
"""Lists of damaged files: each is made from a sound one, and has an exit code and words that the message must hold."""
import os
import pathlib
import resource
import shutil
import subprocess
import time

import pytest

from program import SANITIZE, SICMIR

MOST_MEMORY = 1_500_000_000  # of address space: nothing is allocated on the word of a file
MOST_SECONDS = 20


class Cases:
    """`@cases("name", "words")` before a function that damages a file in place, or returns another path."""

    def __init__(self, code):
        self.code = code
        self.all = {}

    def __call__(self, name, words, code=None, arguments=()):
        def add(make):
            assert name not in self.all, name
            self.all[name] = (make, self.code if code is None else code, words, list(arguments))
            return make
        return add

    def damaged(self, name, sound, folder):
        """The damaged copy of `sound` in `folder`, its exit code, words and options."""
        make, code, words, arguments = self.all[name]
        path = pathlib.Path(folder) / sound.name
        shutil.copytree(sound, path) if sound.is_dir() else shutil.copy(sound, path)
        return make(path) or path, code, words, arguments


def limited(arguments):
    """Runs the program without its supervisor (a crash is a signal) and with little memory."""
    def limit():
        if not SANITIZE:
            resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    start = time.time()
    done = subprocess.run([SICMIR, *map(str, arguments)], capture_output=True, preexec_fn=limit, timeout=120,
                          env={**os.environ, "SICMIR_SUPERVISE": "0"})
    return done, time.time() - start


def check_refused(arguments, code, words, output=None):
    if SANITIZE:
        pytest.skip("a sanitizer ends the program where an allocation of HDF5 fails")
    done, seconds = limited(arguments)
    said = done.stderr.decode(errors="replace")
    if os.environ.get("SICMIR_SHOW_DAMAGE"):  # to write a list
        print(f"\n[{done.returncode}] {said.strip().splitlines()[-1] if said.strip() else ''}")
    assert done.returncode == code, (done.returncode, said)
    assert words in said, said
    assert "crash" not in said and "internal" not in said, said
    assert done.stdout == b"" and (output is None or not output.exists())
    assert SANITIZE or seconds < MOST_SECONDS
