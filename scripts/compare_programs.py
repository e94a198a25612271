#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs two builds of sicmir on the same commands and compares what they write.

    compare_programs.py OLD NEW [--shared DIR] [--only GLOB]... [--keep DIR]

OLD and NEW are programs. OLD must be in its build folder, with make_test_model built as well, below a
checkout that has the bundled model. compare_programs_commands.py lists the commands and makes their
inputs. Each command runs with OLD and with NEW, in an empty folder of the same name, on the same
inputs and with the same model file. The script compares

* exit codes,
* names of the output files,
* tables, archives and standard output, byte for byte,
* HDF5 and npz files, byte for byte, or value by value where they contain a version number,
* the output of `inspect` and `help`, completions, manual pages, reports (JSON and HTML) and the
  records of --inputs, field by field.

Messages on standard error are not compared; they are shown where exit codes differ.

Fields that hold the version, times, the host or memory are left out; the last column of the table
names them. Any other difference is an error unless compare_programs_allowed.tsv lists it with its
cause (`*` matches any text). A listed difference that no longer occurs is an error, too. Requires
Debian's python3-anndata, which brings numpy, pandas, scipy and h5py.

Exit code: 0 no difference that is not listed, 1 differences, 2 usage."""
import argparse
import csv
import dataclasses
import fnmatch
import html
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

import compare_programs_commands as programs

ALLOWED = pathlib.Path(__file__).with_name("compare_programs_allowed.tsv")
LINES_SHOWN = 12  # of a table; a shifted column would list thousands
FIELDS_SHOWN = 200  # of a file
TIMEOUT = 300  # seconds for one run

# Fields that depend on the version or on the run. Paths of fields are like `genes/found`.
VERSION = re.compile(r"(^|[/@])(version|sicmir_version|made_by|sicmir)$")
RUN = re.compile(r"(^|/)(seconds(/\w+)?|peak_memory_bytes|host|(started|finished)_unix_time)$")
# A digest of the version and all options, which --resume compares.
RECORD = re.compile(r"^options$")


@dataclasses.dataclass(frozen=True)
class Difference:
    command: str
    what: str
    before: str
    after: str

    def __str__(self):
        return f"{self.command}\t{self.what}\t{self.before}\t{self.after}"


class Comparison:
    """What differs between the two folders of one command."""

    def __init__(self, command, versions):
        self.command = command
        self.versions = versions
        self.found = []
        self.by_fields = set()  # why files that differ in bytes count as equal

    def add(self, what, before, after):
        self.found.append(Difference(self.command, printable(what), printable(before),
                                     printable(after)))

    def same_but_for_version(self, before, after):
        """`before` names the version of OLD where `after` names that of NEW."""
        old, new = self.versions
        return (before != after and isinstance(before, str) and isinstance(after, str)
                and before.replace(old, new) == after)


def printable(value, longest=160):
    """One field of the table of allowed differences."""
    text = value if isinstance(value, str) else repr(value)
    text = text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text if len(text) <= longest else text[:longest] + "..."


# --- Fields --------------------------------------------------------------------------------------

def flat(value, path=""):
    """A JSON value as {path: number, text or None}; lists also have a length."""
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = [("length", len(value)), *enumerate(value)]
    else:
        return {path: value}
    fields = {path + "/": "object" if isinstance(value, dict) else "list"} if path else {}
    for key, item in items:
        fields.update(flat(item, f"{path}/{key}" if path else str(key)))
    return fields


def fields_of_lines(text):
    """`key: value` lines, indented where they belong to the key above."""
    fields, parents = {}, []
    for line in text.splitlines():
        depth = (len(line) - len(line.lstrip(" "))) // 2
        match = re.match(r"\s*([\w./-]+):( (.*))?$", line)
        parents = parents[:depth]
        name = match[1] if match else "item"
        path = "/".join([*parents, name])
        number = sum(1 for known in fields if re.fullmatch(re.escape(path) + r"(#\d+)?", known))
        fields[f"{path}#{number}" if number else path] = (match[3] or "") if match else line.strip()
        if match:
            parents.append(name)
    return fields


def options_of_help(text):
    """Of --help: every option and argument with its default, and commands."""
    fields, section, last = {}, "", None
    column = 30  # where descriptions begin: on the next line, if there is no room
    lines = text.splitlines()
    for line, following in zip(lines, [*lines[1:], ""]):
        option = re.match(r"  (?: {4})?(-\S.*|[A-Z]\w*( .*)?)$", line)
        command = re.match(r"  ([a-z][a-z-]+) {2,}\S", line)
        if line and not line.startswith(" "):
            section, last = line, None
        elif command and not section.startswith("Examples"):
            fields[f"command {command[1]}"] = ""
        elif option and not section.lower().startswith(("exit", "usage", "examples")):
            cut = len(line) if following.startswith(" " * column) and not line[column:].strip() else column
            left, words = line[:cut], line[cut:]
            names = re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", left) or [left.split()[0].rstrip(".")]
            last = ", ".join(sorted(names))
            fields[last] = ""
            fields[f"{last}: default"] = defaults_in(words)
        elif last and line.startswith("   "):
            fields[f"{last}: default"] += defaults_in(line)
    return fields


def defaults_in(words):
    return "".join(re.findall(r"\[default: ([^\]]*)\]", words))


def options_of_page(text):
    """Of a manual page: options and arguments with their kinds."""
    plain = re.sub(r"\\f[BIR]", "", text).replace("\\-", "-").replace("\\&", "")
    lines = plain.splitlines()
    return {line: "" for above, line in zip(lines, lines[1:]) if above == ".TP"}


def words_of_completion(text):
    """Of a completion script: what is offered after which words; descriptions are left out."""
    fields = {}
    for line in text.splitlines():
        bash = re.match(r'\s*(.+)\) (?:words="(.*)"|return) ;;', line)
        first = re.match(r'\s*words="(.*)"$', line)
        zsh = re.match(r"\s*'(-[^\[]+)\[.*\]([^\]]*)'", line)
        begins = re.match(r"\s*([a-z-]+)\)$", line)
        offered = re.match(r"\s*'([a-z-]+):", line)
        if bash:
            fields[bash[1]] = " ".join(sorted((bash[2] or "").split()))
        elif first:
            fields["first"] = " ".join(sorted(first[1].split()))
        elif begins:
            fields["of"] = begins[1]
        elif zsh:
            fields[f"{fields.get('of', '')} {zsh[1]}"] = zsh[2]
        elif offered:
            fields[f"command {offered[1]}"] = ""
    fields.pop("of", None)
    return fields


def html_data(text):
    """The data of a report of `train`: the one JSON object in its scripts."""
    decoder = json.JSONDecoder()
    for match in re.finditer(r"(?:=|>|\()\s*(?=\{\")", text):
        try:
            value, _ = decoder.raw_decode(text, match.end())
        except ValueError:
            continue
        if isinstance(value, dict):
            return value
    return {"no data": html.escape(text[:80])}


def numbers_in(text):
    return re.findall(r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", text)


def kind_of_change(before, after):
    """A sentence that says the same numbers in other words may be listed as such: its words."""
    if not (isinstance(before, str) and isinstance(after, str)):
        return ""
    # `counts (all values are whole numbers)`: the decision is no wording.
    decisions = [re.match(r"(\S+) \(", text) for text in (before, after)]
    if all(decisions) and decisions[0][1] != decisions[1][1]:
        return ""
    if " " not in before.strip() or " " not in after.strip():
        return ""
    return ": words" if numbers_in(before) == numbers_in(after) else ": words and numbers"


def compare_fields(comparison, name, before, after, leave_out=()):
    """Two dictionaries of fields. `leave_out`: pairs of a pattern and why."""
    made_by_others = any(comparison.same_but_for_version(before.get(path), after.get(path))
                         for path in before if path.endswith("made_by"))
    for path in [*before, *(path for path in after if path not in before)]:
        old, new = before.get(path, "(absent)"), after.get(path, "(absent)")
        reason = next((why for pattern, why in leave_out if pattern.search(path)), None)
        if reason and path in before and path in after:
            comparison.by_fields.add(reason)
        elif type(old) is type(new) and (old == new or old != old and new != new):
            continue
        elif VERSION.search(path) and comparison.same_but_for_version(old, new):
            comparison.by_fields.add("version")
        elif made_by_others and re.search(r"(^|/|@)checksum$", path):
            comparison.by_fields.add("checksum over made_by")
        else:
            comparison.add(f"{name}: {path}{kind_of_change(old, new)}", old, new)


# --- HDF5 ----------------------------------------------------------------------------------------

def attribute_fields(thing, path):
    fields = {}
    for key in sorted(thing.attrs):
        attribute = thing.attrs.get_id(key)
        value = thing.attrs[key]
        fields[f"{path}@{key}"] = (tidy(value) if np.ndim(value) == 0 or np.size(value) < 20
                                   else np.asarray(value).tolist())
        fields[f"{path}@{key}: type"] = f"{attribute.dtype} {attribute.shape}"
    return fields


def tidy(value):
    value = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value if isinstance(value, (str, int, float)) else repr(value)


def storage(data):
    filters = [data.id.get_create_plist().get_filter(i)[:3]
               for i in range(data.id.get_create_plist().get_nfilters())]
    parts = [str(data.dtype), h5py.h5t.check_string_dtype(data.dtype), data.shape, data.maxshape,
             data.chunks, filters, data.is_virtual]
    if data.is_virtual:
        parts += [tuple(source[1:3]) for source in data.virtual_sources()]
    return " ".join(map(str, parts))


def hdf5_fields(group, path=""):
    """Everything in a file: links, storage and attributes as fields; values as arrays."""
    fields = attribute_fields(group, path)
    for name in sorted(group):
        at = f"{path}/{name}" if path else name
        link = group.get(name, getlink=True)
        fields[f"{at}: link"] = type(link).__name__
        if not isinstance(link, h5py.HardLink):
            fields[f"{at}: link"] += " " + str(getattr(link, "path", ""))
            continue
        thing = group[name]
        if isinstance(thing, h5py.Group):
            fields.update(hdf5_fields(thing, at))
            continue
        fields.update(attribute_fields(thing, at))
        fields[f"{at}: storage"] = storage(thing)
        value = None if thing.shape is None else thing[()]
        fields[at] = tidy(value) if np.ndim(value) == 0 else np.asarray(value)
    return fields


def compare_arrays(comparison, name, old, new):
    if old.dtype != new.dtype or old.shape != new.shape:
        comparison.add(f"{name}: type", f"{old.dtype} {old.shape}", f"{new.dtype} {new.shape}")
        return
    if old.dtype.hasobject:
        differs = np.array([repr(a) != repr(b) for a, b in zip(old.flat, new.flat)], bool)
    else:  # bit by bit, so that NaN equals NaN and 0 does not equal -0
        width = old.dtype.itemsize
        bits = [np.frombuffer(np.ascontiguousarray(a).tobytes(), np.uint8).reshape(-1, width)
                for a in (old, new)]
        differs = (bits[0] != bits[1]).any(axis=1)
    at = np.flatnonzero(differs)
    if at.size:
        comparison.add(f"{name}: {at.size} of {old.size} values, the first is number {at[0]}",
                       tidy(old.flat[at[0]]), tidy(new.flat[at[0]]))


def compare_archives(comparison, name, before, after, read):
    """Files of named arrays: fields where they are scalars or texts, bits where they are arrays."""
    try:
        old, new = read(before), read(after)
    except (OSError, ValueError, KeyError) as error:
        comparison.add(f"{name}: not readable", "", str(error))
        return
    arrays = {path for path in old if isinstance(old[path], np.ndarray)
              and isinstance(new.get(path), np.ndarray)}
    compare_fields(comparison, name,
                   {path: value if not isinstance(value, np.ndarray) else "(array)"
                    for path, value in old.items() if path not in arrays},
                   {path: value if not isinstance(value, np.ndarray) else "(array)"
                    for path, value in new.items() if path not in arrays})
    for path in sorted(arrays):
        compare_arrays(comparison, f"{name}: {path}", old[path], new[path])


def read_hdf5(path):
    with h5py.File(path) as file:
        return hdf5_fields(file)


def read_npz(path):
    with np.load(path) as archive:
        return {name: tidy(archive[name]) if archive[name].ndim == 0 else archive[name]
                for name in archive.files}


# --- Files ---------------------------------------------------------------------------------------

def compare_bytes(comparison, name, before, after):
    """Tables and anything else: the first fields that differ, by their lines."""
    if before == after:
        return
    lines = [content.split(b"\n") for content in (before, after)]
    if len(lines[0]) != len(lines[1]):
        comparison.add(f"{name}: lines", len(lines[0]), len(lines[1]))
    shown = 0
    for number, (old, new) in enumerate(zip(*lines), start=1):
        if old == new:
            continue
        if shown == LINES_SHOWN:
            comparison.add(f"{name}: more lines", "", "")
            return
        shown += 1
        old, new = (re.split(r"[\t,]", line.decode("utf-8", "backslashreplace"))
                    for line in (old, new))
        if len(old) != len(new):
            comparison.add(f"{name}: line {number}: fields", len(old), len(new))
            continue
        at = next(i for i, (a, b) in enumerate(zip(old, new)) if a != b)
        comparison.add(f"{name}: line {number}, field {at + 1}", old[at], new[at])
    if not shown and len(lines[0]) == len(lines[1]):
        comparison.add(f"{name}: bytes", len(before), len(after))


def without_column(content, column):
    """A TSV without one of its columns."""
    lines = [line.split("\t") for line in content.decode().splitlines()]
    at = lines[0].index(column)
    return "\n".join("\t".join(line[:at] + line[at + 1:]) for line in lines).encode()


def without_times(content):
    """An HDF5 file without modification times: messages 0x12 of object headers, 8 bytes, version 1.
    a8b3c2a writes one into what `merge` makes."""
    return re.sub(rb"(\x12\0\x08\0.\0{3}\x01\0{3}).{4}", rb"\1", content, flags=re.DOTALL)


def compare_file(comparison, name, kind, old, new):
    """`kind`: how standard output is to be read; of other files, the name says it."""
    before, after = old.read_bytes(), new.read_bytes()
    if before == after:
        return
    if name.endswith((".h5", ".h5ad", ".npz")):
        values = Comparison(comparison.command, comparison.versions)
        compare_archives(values, name, old, new, read_npz if name.endswith(".npz") else read_hdf5)
        if not values.found and not values.by_fields:  # nor does the version explain it
            if without_times(before) == without_times(after):
                values.by_fields.add("time of writing")
            else:
                values.add(f"{name}: bytes, with equal values", len(before), len(after))
        comparison.found += values.found
        comparison.by_fields |= values.by_fields | {"HDF5 or npz by value"}
    elif name.endswith(".metrics.tsv"):
        comparison.by_fields.add("seconds")
        compare_bytes(comparison, name, without_column(before, "seconds"),
                      without_column(after, "seconds"))
    elif name.endswith(".onnx"):
        old_version, new_version = (version.encode() for version in comparison.versions)
        if old_version != new_version and before.replace(old_version, new_version) == after:
            comparison.by_fields.add("version")
        else:
            compare_bytes(comparison, name, before, after)
    else:
        readers = {"json": lambda text: flat(json.loads(text)), "lines": fields_of_lines,
                   "help": options_of_help, "page": options_of_page,
                   "completion": words_of_completion, "html": lambda text: flat(html_data(text)),
                   "version": lambda text: {"version": text.strip()}}
        ending = name.rsplit(".", 1)[-1]
        reader = readers.get(ending if ending in ("json", "html") else kind)
        if reader is None:
            compare_bytes(comparison, name, before, after)
            return
        try:
            fields = [reader(content.decode()) for content in (before, after)]
        except ValueError as error:
            comparison.add(f"{name}: not readable", "", str(error))
            return
        comparison.by_fields.add(f"{'words' if kind in ('help', 'page', 'completion') else 'fields'}"
                                 f" of {ending if ending in ('json', 'html') else kind}")
        leave_out = [(RUN, "time and memory")]
        if "/.sicmir/" in name:
            leave_out.append((RECORD, "fingerprint of options and version"))
        compare_fields(comparison, name, *fields, leave_out)


def compare_folders(comparison, command, old, new):
    before, after = ({str(path.relative_to(folder)) for path in folder.rglob("*")
                      if path.is_file() or path.is_symlink()} for folder in (old, new))
    for name in sorted(before - after):
        comparison.add(f"file {name}", "written", "absent")
    for name in sorted(after - before):
        comparison.add(f"file {name}", "absent", "written")
    for name in sorted(before & after):
        run = re.match(r"stdout(?:\.(\d+))?$", name)
        kind = command.kind(int(run[1] or 0)) if run else ""
        found = len(comparison.found)
        compare_file(comparison, name, kind, old / name, new / name)
        more = len(comparison.found) - found - FIELDS_SHOWN
        if more > 0:
            del comparison.found[found + FIELDS_SHOWN:]
            comparison.add(f"{name}: more differences", "", more)


# --- Running -------------------------------------------------------------------------------------

def environment(changes=()):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SICMIR_")}
    return {**kept, "LC_ALL": "C.UTF-8", **dict(changes)}


def run_command(program, command, folder):
    """Runs all runs of a command in `folder`; returns exit codes and what was said."""
    codes, said = [], []
    for number, run in enumerate(command.runs):
        name = "stdout" if len(command.runs) == 1 else f"stdout.{number:03}"
        with open(folder / name, "wb") as stdout:
            try:
                done = subprocess.run(
                    [program, *map(str, run.arguments)], cwd=folder, env=environment(run.env),
                    stdin=open(run.stdin, "rb") if run.stdin else subprocess.DEVNULL, stdout=stdout,
                    stderr=subprocess.PIPE, timeout=TIMEOUT)
                codes.append(str(done.returncode))
                said.append(done.stderr.decode("utf-8", "backslashreplace"))
            except subprocess.TimeoutExpired:
                codes.append("timeout")
                said.append("")
    return codes, said


def in_short(codes):
    """`0`, or `0 x3, 3 x2`."""
    if len(codes) == 1:
        return codes[0]
    return ", ".join(f"{code} x{codes.count(code)}" for code in sorted(set(codes)))


def compare_command(command, programs_, versions, work):
    comparison = Comparison(command.id, versions)
    codes, said = {}, {}
    here = work / "here"
    for which, program in zip(("old", "new"), programs_):
        shutil.rmtree(here, ignore_errors=True)
        here.mkdir()
        codes[which], said[which] = run_command(program, command, here)
        kept = work / which / command.id
        shutil.rmtree(kept, ignore_errors=True)
        kept.parent.mkdir(exist_ok=True)
        here.rename(kept)
    words = []
    for number, (old, new) in enumerate(zip(codes["old"], codes["new"])):
        if old == new:
            continue
        what = "exit code" if len(command.runs) == 1 else f"exit code of run {number:03}"
        comparison.add(what, old, new)
        words.append(f"    sicmir {shlex.join(map(str, command.runs[number].arguments))}")
        for which in ("old", "new"):
            words += [f"    {which}: {line}" for line in said[which][number].splitlines()[-4:]]
    compare_folders(comparison, command, work / "old" / command.id, work / "new" / command.id)
    return comparison, in_short(codes["new"]), words


# --- What is allowed -----------------------------------------------------------------------------

class Allowed:
    def __init__(self, path):
        self.lines = []
        with open(path, encoding="utf-8", newline="") as file:
            for line in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                if not line or line[0].startswith("#") or line[0] == "command":
                    continue
                if len(line) != 5 or not line[4].strip():
                    sys.exit(f"{path}: {line}: expected five columns, the last with the cause")
                self.lines.append(line)
        self.used = [False] * len(self.lines)
        self.patterns = [[re.compile(".*".join(map(re.escape, field.split("*"))), re.DOTALL)
                          for field in line[:4]] for line in self.lines]

    def covers(self, difference):
        fields = (difference.command, difference.what, difference.before, difference.after)
        covered = False
        for number, patterns in enumerate(self.patterns):
            if all(pattern.fullmatch(field) for pattern, field in zip(patterns, fields)):
                self.used[number] = covered = True
        return covered

    def unused(self, commands, all_ran):
        """Lines that no difference of these commands needed. Where only some commands ran, a line for
        several may belong to the others."""
        return [line for line, patterns, used in zip(self.lines, self.patterns, self.used)
                if not used and (all_ran or "*" not in line[0])
                and any(patterns[0].fullmatch(command.id) for command in commands)]


def version_of(program):
    done = subprocess.run([program, "--version"], capture_output=True, text=True, env=environment(),
                          timeout=60)
    if done.returncode != 0 or not done.stdout.startswith("sicmir "):
        sys.exit(f"{program}: `--version` does not print 'sicmir VERSION'")
    return done.stdout.split()[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("old", type=pathlib.Path)
    parser.add_argument("new", type=pathlib.Path)
    parser.add_argument("--shared", type=pathlib.Path, help="folder with data/ and cases/ "
                        "[default: shared/ next to the project, if it exists]")
    parser.add_argument("--checkout", type=pathlib.Path, help="sources of OLD, with its model "
                        "[default: the folder above OLD that has models/sicmir-tcga.h5]")
    parser.add_argument("--only", action="append", default=[], metavar="GLOB",
                        help="only commands with such ids")
    parser.add_argument("--keep", type=pathlib.Path, help="keep inputs and outputs in this folder")
    parser.add_argument("--list", action="store_true", help="only list the commands")
    options = parser.parse_args()
    pair = [options.old.resolve(), options.new.resolve()]
    versions = [version_of(program) for program in pair]
    work = (options.keep or pathlib.Path(tempfile.mkdtemp(prefix="compare_programs."))).resolve()
    work.mkdir(parents=True, exist_ok=True)
    try:
        return compare(options, pair, versions, work)
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)


def compare(options, pair, versions, work):
    start = time.monotonic()
    inputs = programs.make_inputs(pair[0], options.checkout, options.shared, work / "inputs",
                                  environment())
    commands = [command for command in programs.commands(inputs)
                if not options.only or any(fnmatch.fnmatchcase(command.id, glob)
                                           for glob in options.only)]
    if not commands:
        sys.exit("--only: no command has a matching id")
    if options.list:
        for command in commands:
            for run in command.runs:
                print(command.id, "sicmir", shlex.join(map(str, run.arguments)), sep="\t")
        return 0
    print(f"old: {versions[0]}, new: {versions[1]}; inputs made in {time.monotonic() - start:.0f} s")
    allowed = Allowed(ALLOWED)
    results, bad = {"equal": 0, "allowed": 0, "DIFFERENT": 0}, []
    for command in commands:
        comparison, codes, words = compare_command(command, pair, versions, work)
        refused = [found for found in comparison.found if not allowed.covers(found)]
        result = "DIFFERENT" if refused else "allowed" if comparison.found else "equal"
        results[result] += 1
        notes = "; ".join(sorted(comparison.by_fields)) or "bytes"
        print(f"{command.id:<34} {len(command.runs):>3} run(s)  exit {codes:<16} {result:<9} {notes}",
              flush=True)
        for found in refused:
            print(f"  {found}")
        if refused:
            bad.append(command.id)
            print(*words, sep="\n", end="\n" if words else "")
    stale = allowed.unused(commands, all_ran=not options.only)
    for line in stale:
        print("listed, but did not occur:\n  " + "\t".join(line))
    runs = sum(len(command.runs) for command in commands)
    print(f"{len(commands)} commands ({runs} runs of each program) in "
          f"{time.monotonic() - start:.0f} s: {results['equal']} equal, {results['allowed']} with "
          f"allowed differences, {results['DIFFERENT']} different; {len(stale)} stale entries in the list")
    return 1 if bad or stale else 0


if __name__ == "__main__":
    sys.exit(main())
