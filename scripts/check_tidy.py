#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""clang-tidy over src/ and tests/support/, each file once although the kernels are compiled several
times:   check_tidy.py BUILD_FOLDER CACHE_FOLDER MINUTES
BUILD_FOLDER must be configured (compile_commands.json). Exit code 1 if there is a finding, or if MINUTES
have passed before every file was checked. CACHE_FOLDER records clean files: such a file is checked
again only if it, a header that it includes, .clang-tidy or clang-tidy itself changes.
Needs clang++, and LLVM's headers for the plugin own_code_only.cpp (Debian: libclang-14-dev,
llvm-14-dev).
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time

build, cache = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
deadline = time.monotonic() + 60 * float(sys.argv[3])
project = pathlib.Path(__file__).resolve().parent.parent
plugin_source = project / "scripts" / "own_code_only.cpp"
plugin = cache / "own_code_only.so"
rules = (b"".join(path.read_bytes() for path in [project / ".clang-tidy", plugin_source,
                                                 *sorted((project / "src").rglob(".clang-tidy"))])
         + subprocess.check_output(["clang-tidy", "--version"]))


def build_plugin():
    """Uses the headers of the LLVM that clang-tidy belongs to: /usr/lib/llvm-14/bin, ../include."""
    headers = pathlib.Path(shutil.which("clang-tidy")).resolve().parent.parent / "include"
    if not (headers / "clang" / "AST" / "ASTContext.h").exists():
        sys.exit(f"tidy: {headers} has no clang headers; install libclang-14-dev and llvm-14-dev")
    subprocess.run(["g++", "-std=c++17", "-fno-rtti", "-fPIC", "-shared", "-isystem", str(headers),
                    str(plugin_source), "-o", str(plugin)], check=True)
    # It must not exclude everything from the checks.
    probe = cache / "probe.cpp"
    probe.write_text("#include <string>\nstruct wrong_name {};\n")
    done = subprocess.run(["clang-tidy", f"-load={plugin}", "--quiet",
                           f"--config-file={project / '.clang-tidy'}", str(probe), "--", "-std=c++20"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if "readability-identifier-naming" not in done.stdout:
        sys.exit(f"tidy: the deliberate fault in {probe} was not found; check {plugin_source}")


def key(entry):
    """Digest of everything that clang-tidy sees, including comments, which contain the NOLINTs."""
    words = entry["arguments"] if "arguments" in entry else shlex.split(entry["command"])
    words = words[next(i for i, word in enumerate(words) if word.startswith("-")):]
    for option in ("-o", "-MT", "-MF", "-MQ"):
        while option in words:
            at = words.index(option)
            del words[at:at + 2]
    words = [word for word in words if word not in ("-c", "-MD", "-MMD")]
    text = subprocess.run(["clang++", *words, "-w", "-E", "-C", "-o", "-"], cwd=entry["directory"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return hashlib.sha256(rules + str(words).encode() + text).hexdigest()


def look_at(entry):
    """Findings; "" if there are none; None if time ran out."""
    left = deadline - time.monotonic()
    if left <= 0:
        return None
    clean = cache / key(entry)
    if clean.exists():
        clean.touch()
        return ""
    try:
        done = subprocess.run(["clang-tidy", f"-load={plugin}", "-p", str(build), "--quiet",
                               entry["file"]],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=left)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode == 0:
        clean.touch()
        return ""
    return done.stdout or done.stderr or f"clang-tidy ended with {done.returncode}\n"


entries = {}
for entry in json.loads((build / "compile_commands.json").read_text()):
    file = pathlib.Path(entry["file"])
    if any(file.is_relative_to(project / place) for place in ("src", "tests/support")):
        entries.setdefault(entry["file"], entry)
cache.mkdir(parents=True, exist_ok=True)
build_plugin()
for old in cache.iterdir():  # unused for a month
    if old.stat().st_mtime < time.time() - 30 * 24 * 3600:
        old.unlink()
with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
    results = dict(zip(entries, pool.map(look_at, entries.values())))
findings = {file: text for file, text in results.items() if text}
late = [file for file, text in results.items() if text is None]
for text in findings.values():
    print(text, end="")
for file in findings:
    print(f"tidy: findings in {os.path.relpath(file, project)}")
if late:
    print(f"tidy: OUT OF TIME after {sys.argv[3]} minutes; {len(late)} of {len(entries)} files "
          "were not looked at:", *(os.path.relpath(file, project) for file in late))
print(f"tidy: {len(entries)} files, {len(findings)} with findings")
sys.exit(1 if findings or late else 0)
