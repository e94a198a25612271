# SPDX-License-Identifier: BSD-3-Clause
"""Catalogues of an atlas that are damaged or lie: questions are refused with exit code 3, or answered in true words."""
import os
import shutil
import sqlite3
import sys

import pytest

from damage import Cases, check_refused
from program import PROJECT, run

sys.path.insert(0, str(PROJECT / "tests" / "faults"))
import scenes  # noqa: E402

case = Cases(code=3)


def catalogue(atlas):
    return atlas / "data" / "catalogue.sqlite"


def sql(atlas, *statements):
    connection = sqlite3.connect(catalogue(atlas), isolation_level=None)
    for statement in ("PRAGMA foreign_keys = OFF", *statements):
        connection.execute(statement)
    connection.close()


def schema_edit(atlas, statement):
    connection = sqlite3.connect(catalogue(atlas), isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(statement)
    connection.close()


def tables(atlas):
    connection = sqlite3.connect(catalogue(atlas))
    found = [name for name, in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    connection.close()
    return found


def rewrite(atlas, change):
    data = bytearray(catalogue(atlas).read_bytes())
    catalogue(atlas).write_bytes(bytes(change(data) or data))


@case("missing", "the catalogue cannot be read: No such file or directory. It")
def _(a): catalogue(a).unlink()
@case("empty", "the catalogue cannot be read: is empty. It is missing or")
def _(a): catalogue(a).write_bytes(b"")
@case("text", "the catalogue cannot be read: file is not a database. It is")
def _(a): catalogue(a).write_text("not a database\n" * 100)
@case("half", "the catalogue cannot be read: database disk image is")
def _(a): rewrite(a, lambda data: data[:len(data) // 2])
@case("the header alone", "the catalogue cannot be read: database disk image is")
def _(a): rewrite(a, lambda data: data[:100])
@case("a folder", "the catalogue cannot be read: Is a directory. It is missing")
def _(a):
    catalogue(a).unlink()
    catalogue(a).mkdir()
@case("pages of zeros", "the catalogue cannot be read: malformed database schema")
def _(a): rewrite(a, lambda data: data.__setitem__(slice(4096, len(data)), bytes(len(data) - 4096)))
@case("the first page of zeros", "the catalogue cannot be read: file is not a database. It is")
def _(a): rewrite(a, lambda data: data.__setitem__(slice(0, 4096), bytes(4096)))
@case("a page size of 3", "the catalogue cannot be read: file is not a database. It is")
def _(a): rewrite(a, lambda data: data.__setitem__(slice(16, 18), b"\0\3"))
@case("a schema that is none", "the catalogue cannot be read: malformed database schema")
def _(a): schema_edit(a, "UPDATE sqlite_schema SET sql = 'nonsense' WHERE type = 'table'")
@case("another database", "is a database, but no catalogue of an atlas.")
def _(a):
    catalogue(a).unlink()
    sql(a, "CREATE TABLE notes (text TEXT)")
@case("a newer version", "has the version 99, which this program does not know;")
def _(a): sql(a, "PRAGMA user_version = 99")
@case("the version of an older program", "has the version 1, which this program does not know; expected 2. Make it again")
def _(a): sql(a, "PRAGMA user_version = 1")
@case("no application", "is a database, but no catalogue of an atlas.")
def _(a): sql(a, "PRAGMA application_id = 7")
@case("no tables", "has 0 of 16 tables. The catalogue is damaged or was")
def _(a): sql(a, *(f'DROP TABLE IF EXISTS "{name}"' for name in tables(a) if not name.startswith("sqlite_")))
@case("no miRNAs", "is none of its tables. The catalogue is damaged or was")
def _(a): sql(a, "DROP TABLE mirnas")
@case("no groups", "is none of its tables. The catalogue is damaged or was")
def _(a): sql(a, "DROP TABLE groups")
@case("a column with another name", "is none of its tables. The catalogue is damaged or was")
def _(a): sql(a, "ALTER TABLE mirnas RENAME COLUMN name TO word")
@case("a view that never ends in place of a table", "is none of its tables. The catalogue is damaged or was")
def _(a):
    sql(a, "DROP TABLE mirnas",
        "CREATE VIEW mirnas AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, i AS name FROM n")


@pytest.fixture(scope="module")
def sound(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    cells = folder / "cells.h5ad"
    scenes.cells_of().write_h5ad(cells)
    run("atlas", "add", folder / "atlas", cells, "--id", "one", "-m", model, "--group-by", "cell_type", "--sample",
        "sample", "--min-cells", 2, "--min-counts", 100, "--labels-from", "annotation")
    run("atlas", "index", folder / "atlas")
    mirna = run("atlas", "query", folder / "atlas", "--markers", "B").stdout.splitlines()[1].split("\t")[0]
    return folder / "atlas", mirna


@pytest.mark.parametrize("name", case.all)
def test_a_damaged_catalogue_answers_nothing(sound, tmp_path, name):
    atlas, mirna = sound
    path, code, words, _ = case.damaged(name, atlas, tmp_path)
    check_refused(["atlas", "query", path, "--mirna", mirna], code, words)


def test_there_are_enough():
    assert len(case.all) >= 15
