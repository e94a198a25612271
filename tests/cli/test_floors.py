# SPDX-License-Identifier: BSD-3-Clause
"""The plan of the house: a room includes only the rooms that its CMakeLists.txt names."""
import pathlib
import re

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)

# Which room each public header belongs to.
PUBLIC = {
    "annotation_place": "base", "assemble": "assemble", "cell_source": "cells", "error": "base", "evaluate": "evaluate", "export": "export",
    "gene_map": "genes", "grouping": "cells", "import": "import", "matrix_sink": "cells", "model": "model",
    "moments": "cells", "network": "model", "note": "base", "normalize": "model", "pool": "pool", "predict": "predict",
    "prepared_model": "model", "ranks": "statistics", "reading": "cells", "reference_tables": "genes",
    "shard": "cells", "smooth": "pool", "train": "train", "types": "base", "version": "base",
}

def planned():
    """Per room: the rooms that it may include, from sicmir_room(NAME USES ...)."""
    rooms = {}
    for path in sorted(PROJECT.glob("src/*/CMakeLists.txt")):
        call = re.search(r"sicmir_room\((\w+)(.*?)\)", path.read_text(), re.DOTALL)
        assert call, f"{path} declares no room"
        assert call[1] == path.parent.name
        uses = re.search(r"\bUSES\b(.*?)(?=\b(?:LIBRARIES|SOURCES)\b|$)", call[2], re.DOTALL)
        rooms[call[1]] = set(uses[1].split()) if uses else set()
    return rooms


def room_of(path):
    parts = path.relative_to(PROJECT).parts
    if parts[0] == "include":
        return PUBLIC[path.stem]
    return parts[1] if len(parts) > 2 else "main"


def included_room(name):
    first, _, rest = name.partition("/")
    if first == "sicmir":
        return PUBLIC[pathlib.Path(rest).stem]
    return first


def edges():
    """(room, included room, file, include) for every #include "..." of the project."""
    found = []
    for folder in ("src", "include"):
        for path in sorted((PROJECT / folder).rglob("*.[ch]pp")):
            for name in INCLUDE.findall(path.read_text()):
                found.append((room_of(path), included_room(name), path.relative_to(PROJECT), name))
    return found


def test_every_public_header_has_a_room():
    headers = {path.stem for path in (PROJECT / "include/sicmir").glob("*.hpp")} | {"version"}
    assert headers == set(PUBLIC)


def test_rooms_include_only_what_their_plan_names():
    plan = planned()
    plan["main"] = set(plan)
    wrong = [f"{path}: {name} (room {room} may not include {other})"
             for room, other, path, name in edges()
             if other != room and other not in plan[room]]
    assert not wrong, "\n".join(wrong)


def test_the_plan_has_no_cycle():
    plan = planned()
    floors = {}

    def floor(room, below=()):
        assert room not in below, f"rooms in a circle: {' -> '.join((*below, room))}"
        if room not in floors:
            floors[room] = 1 + max((floor(used, (*below, room)) for used in plan[room]), default=0)
        return floors[room]

    for room in plan:
        floor(room)
    assert floors["base"] == 1
    assert max(floors, key=floors.get) == "cli"


def test_the_plan_names_no_room_that_is_not_needed():
    used = {(room, other) for room, other, _, _ in edges()}
    idle = [f"{room}: {other}" for room, uses in planned().items() for other in sorted(uses)
            if (room, other) not in used]
    assert not idle, "\n".join(idle)


@pytest.mark.parametrize("room", sorted(planned()))
def test_tests_mirror_rooms(room):
    for path in (PROJECT / "tests" / room).glob("*_test.cpp"):
        assert (PROJECT / "src" / room).is_dir()
