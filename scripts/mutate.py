#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Mutation testing: changes one place of the sources at a time and looks whether a test notices.

usage: mutate.py [--build FOLDER] [--n 40] [--seed 1] [--rooms model,genes,statistics,analysis,kernels]
                 [--list] [--results FILE.tsv] [--seconds N]

A mutant is one change of one token or statement in src/ROOM. The sample is uniform over all places of all rooms,
drawn with the seed. Each mutant is compiled and linked with the unit tests of its room, and these run; if they pass,
the program is linked and a few quick tests of the command line run. Killed: a test failed, or took ten times as long
(reported apart, as those that do not compile are). The sources are put back, whatever happens; FOLDER is a build of
this tree with tests (default: build/release).

Operators: arithmetic (+ and -, * and /), comparison (== and !=, < and >=), boundary (< and <=), constant (n and n + 1),
boolean (&& and ||, true and false, ! left out), statement (left out), return value.
"""
import argparse
import collections
import os
import pathlib
import random
import re
import subprocess
import sys
import time

PROJECT = pathlib.Path(__file__).resolve().parents[1]
ROOMS = ["model", "genes", "statistics", "analysis", "kernels"]
QUICK = {"model": ["test_model_format.py", "test_damaged_model.py"], "genes": ["test_inputs.py"],
         "statistics": ["test_markers.py"], "analysis": ["test_markers.py", "test_network.py", "test_crosstalk.py"],
         "kernels": ["test_kernels.py", "test_threads.py"]}

Mutant = collections.namedtuple("Mutant", "file line column operator old new")


def blanked(text):
    """The source with comments, texts and preprocessor lines as blanks: places stay."""
    def blank(found):
        return re.sub(r"[^\n]", " ", found[0])
    return re.sub(r'//[^\n]*|/\*.*?\*/|R"\(.*?\)"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'|^\s*#[^\n]*', blank, text,
                  flags=re.S | re.M)


TOKENS = [
    ("arithmetic", r"(?<=[\w)\]] )([+\-*/])(?= [\w(])", {"+": "-", "-": "+", "*": "/", "/": "*"}),
    ("arithmetic", r"(?<=\s)([+\-*/])=(?=\s)", {"+": "-", "-": "+", "*": "/", "/": "*"}),
    ("arithmetic", r"(\+\+|--)(?=\w)", {"++": "--", "--": "++"}),
    ("comparison", r"(?<= )(==|!=)(?= )", {"==": "!=", "!=": "=="}),
    ("comparison", r"(?<=[\w)\]] )(<=|>=|<|>)(?= [\w(\-])", {"<": ">=", ">": "<=", "<=": ">", ">=": "<"}),
    ("boundary", r"(?<=[\w)\]] )(<=|>=|<|>)(?= [\w(\-])", {"<": "<=", ">": ">=", "<=": "<", ">=": ">"}),
    ("boolean", r"(?<= )(&&|\|\|)(?= )", {"&&": "||", "||": "&&"}),
    ("boolean", r"\b(true|false)\b", {"true": "false", "false": "true"}),
    ("boolean", r"(?<=[( ])(!)(?=[a-z(])", {"!": ""}),
    ("constant", r"(?<![\w.])(\d+(?:\.\d+)?(?:e-?\d+)?)(?![\w.']|\))", None),
]


def mutants_of(path):
    text = path.read_text()
    code = blanked(text)
    found = []
    name = str(path.relative_to(PROJECT))

    def add(operator, start, end, new):
        line = text.count("\n", 0, start) + 1
        found.append(Mutant(name, line, start, operator, text[start:end], new))

    for operator, pattern, swaps in TOKENS:
        for token in re.finditer(pattern, code):
            line = code[code.rfind("\n", 0, token.start()) + 1:code.find("\n", token.end())]
            if re.match(r"\s*(template|using|static_assert|#|namespace)", line):
                continue
            old = token[1]
            if operator == "constant":
                new = repr(float(old) + 1) if "." in old or "e" in old else str(int(old) + 1)
            else:
                new = swaps[old]
            add(operator, token.start(1), token.end(1), new)
    for statement in re.finditer(r"^( +)(?!return|break|continue|const|auto|using|throw|case|default|else|if|for|while|do|static"
                                 r"|struct|class|public|private|std::|double |float |int |bool |Index |friend|\})"
                                 r"([a-zA-Z_][\w.:>\-\[\]()]*(?:\(| [+\-*/]?= )[^;{}]*;)$", code, re.M):
        add("statement", statement.start(2), statement.end(2), ";")
    for back in re.finditer(r"\breturn ([^;{}]+);", code):
        value = back[1].strip()
        if value in ("true", "false") or re.fullmatch(r"-?[\d.]+", value):
            continue  # other operators
        before = code[:back.start()]
        kind = re.findall(r"^(?:\[\[nodiscard\]\] )?(?:static |constexpr |inline )*(double|float|int|bool|Index|std::size_t)"
                          r" [\w:]+\([^;{}]*\)[^;{}]*\{", before, re.M)
        # Only where the function is surely the last one that began, at the left margin.
        last = [m.start() for m in re.finditer(r"^\w[^\n;]*\([^;]*\{", before, re.M)]
        at = [m.start() for m in re.finditer(
            r"^(?:\[\[nodiscard\]\] )?(?:static |constexpr |inline )*(?:double|float|int|bool|Index|std::size_t) "
            r"[\w:]+\([^;{}]*\)[^;{}]*\{", before, re.M)]
        if kind and last and at and at[-1] == last[-1] and "[" not in before[at[-1]:]:
            new = {"bool": f"!({value})"}.get(kind[-1], "0" if kind[-1] not in ("double", "float") else f"-({value})")
            add("return value", back.start(1), back.end(1), new)
    return found


def all_mutants(rooms):
    found = []
    for room in rooms:
        for path in sorted((PROJECT / "src" / room).glob("*.cpp")):
            found += mutants_of(path)
    return found


class Bench:
    def __init__(self, build, seconds):
        self.build, self.seconds = build, seconds
        self.usual = {}

    def ninja(self, *targets):
        return subprocess.run(["cmake", "--build", self.build, "--target", *targets], capture_output=True, text=True,
                              timeout=1800)

    def unit(self, room, timeout):
        return subprocess.run([self.build / "tests" / f"{room}_test", "--gtest_brief=1"], capture_output=True, text=True,
                              timeout=timeout)

    def command_line(self, room, timeout):
        environment = {**os.environ, "SICMIR": str(self.build / "src" / "sicmir"), "SICMIR_BUILD": str(self.build),
                       "SICMIR_MAKE_MODEL": str(self.build / "tests" / "make_test_model"),
                       "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(["/usr/bin/python3", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
                               *(str(PROJECT / "tests" / "cli" / name) for name in QUICK[room])], env=environment,
                              capture_output=True, text=True, timeout=timeout)

    def prepare(self, rooms):
        done = self.ninja("sicmir", "make_test_model", *(f"{room}_test" for room in rooms))
        if done.returncode != 0:
            sys.exit(f"mutate.py: {self.build} cannot be built:\n{done.stdout[-2000:]}")
        for room in rooms:
            for kind in (self.unit, self.command_line):
                start = time.time()
                if kind(room, 1800).returncode != 0:
                    sys.exit(f"mutate.py: the tests of {room} fail before any change")
                self.usual[room, kind.__name__] = time.time() - start

    def judge(self, mutant):
        """killed by unit tests or command line, survived, no compile, too long."""
        room = pathlib.Path(mutant.file).parts[1]
        if self.ninja(f"{room}_test").returncode != 0:
            return "no compile"
        for kind in (self.unit, self.command_line):
            if kind == self.command_line and self.ninja("sicmir").returncode != 0:
                return "killed: the program does not build"  # it runs as a step of its own build
            try:
                if kind(room, 30 + 10 * self.usual[room, kind.__name__]).returncode != 0:
                    return f"killed: {kind.__name__}"
            except subprocess.TimeoutExpired:
                return "too long"
        return "survived"

    def run(self, mutant):
        path = PROJECT / mutant.file
        sound = path.read_text()
        end = mutant.column + len(mutant.old)
        assert sound[mutant.column:end] == mutant.old
        try:
            path.write_text(sound[:mutant.column] + mutant.new + sound[end:])
            return self.judge(mutant)
        finally:
            path.write_text(sound)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=PROJECT / "build" / "release")
    parser.add_argument("--n", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rooms", default=",".join(ROOMS))
    parser.add_argument("--list", action="store_true", help="only say how many places there are, and show the sample")
    parser.add_argument("--results", type=pathlib.Path, help="append a line for each mutant; those there are passed over")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no mutant after that")
    options = parser.parse_args()
    rooms = options.rooms.split(",")
    places = all_mutants(rooms)
    sample = random.Random(options.seed).sample(places, min(options.n, len(places)))
    by_operator = collections.Counter(mutant.operator for mutant in places)
    print(f"{len(places)} places: " + ", ".join(f"{n} {name}" for name, n in sorted(by_operator.items())), flush=True)
    if options.list:
        for mutant in sample:
            print(f"{mutant.file}:{mutant.line}\t{mutant.operator}\t{mutant.old!r} -> {mutant.new!r}")
        return
    known = {}
    if options.results and options.results.exists():
        known = {line.rsplit("\t", 1)[0]: line.rsplit("\t", 1)[1] for line in options.results.read_text().splitlines()}
    bench = Bench(options.build.resolve(), options.seconds)
    bench.prepare(rooms)
    start, found = time.time(), collections.Counter()
    for mutant in sample:
        name = f"{mutant.file}:{mutant.line}\t{mutant.operator}\t{mutant.old!r} -> {mutant.new!r}"
        if name in known:
            found[known[name].split(":")[0]] += 1
            continue
        if time.time() - start > options.seconds:
            break
        outcome = bench.run(mutant)
        found[outcome.split(":")[0]] += 1
        print(f"{name}\t{outcome}", flush=True)
        if options.results:
            with options.results.open("a") as file:
                file.write(f"{name}\t{outcome}\n")
    bench.ninja("sicmir", *(f"{room}_test" for room in rooms))
    judged = found["killed"] + found["survived"]
    print(f"{sum(found.values())} mutants of seed {options.seed}: {found['killed']} killed, {found['survived']} survived, "
          f"{found['too long']} too long, {found['no compile']} do not compile"
          + (f"; {100 * found['killed'] / judged:.0f} % killed" if judged else ""))


if __name__ == "__main__":
    main()
