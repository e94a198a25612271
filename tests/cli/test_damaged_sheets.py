# SPDX-License-Identifier: BSD-3-Clause
"""Lists of inputs and sample sheets that are damaged or cannot be meant: exit code 2 before any work, with the place."""
import gzip
import os

import pytest

from damage import Cases, check_refused
from program import counts

case = Cases(code=2)


def write(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


# What the list is

@case("a file of no bytes", "lists no input")
def _(p): write(p, b"")
@case("blank lines alone", "lists no input")
def _(p): write(p, "\n\r\n\n")
@case("comments alone", "lists no input")
def _(p): write(p, "# a.csv\n# b.csv\n")
@case("a header alone", "lists no input")
def _(p): write(p, "id\tpath\tvalues\n")
@case("a header and empty lines of a spreadsheet", "lists no input")
def _(p): write(p, "id,path,values\r\n,,\r\n,,\r\n")
@case("a byte-order mark alone", "lists no input")
def _(p): write(p, b"\xef\xbb\xbf")
@case("a directory", "--inputs: {sheet}: reading fails at byte 0: Is a directory")
def _(p):
    p.unlink()
    p.mkdir()
@case("no such file", "--inputs: {sheet}: cannot be opened: No such file or directory")
def _(p): p.unlink()
@case("a broken link", "--inputs: {sheet}: cannot be opened: No such file or directory")
def _(p):
    p.unlink()
    p.symlink_to("nowhere")
@case("a spreadsheet", "line 1: holds bytes that are not text. A list is a text file; export a spreadsheet as TSV or CSV.")
def _(p): write(p, b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00xl/workbook.xml" + bytes(60))
@case("an h5ad", "line 2: holds bytes that are not text")
def _(p): write(p, b"\x89HDF\r\n\x1a\n" + bytes(range(1, 200)))
@case("gzip, cut", "--inputs: {sheet}: the gzip data end too early")
def _(p): write(p, gzip.compress(os.urandom(400).hex().encode())[:-9])
@case("UTF-16 without a mark", "line 1: holds bytes that are not text")
def _(p): write(p, "id\tpath\nx\ta.csv\n".encode("utf-16-le"))
@case("UTF-16, cut within a character", "--inputs: {sheet}: its UTF-16 text ends within a character")
def _(p): write(p, "id\tpath\nx\ta.csv\n".encode("utf-16")[:-1])
@case("UTF-16, half a pair", "--inputs: {sheet}: its UTF-16 text is damaged")
def _(p): write(p, b"\xff\xfe" + "a.csv\n".encode("utf-16-le") + b"\x00\xdc\n\x00")

# Its header

@case("a misspelt path column", "line 1: has 3 fields, separated by tabs. A list without a header has `id<TAB>path`")
def _(p): write(p, "id\tpaht\tvalues\nx\ta.csv\tcounts\n")
@case("two path columns", "line 1: there are two columns 'path'")
def _(p): write(p, "path\tpath\na.csv\tb.csv\n")
@case("an option twice, written twice as one may", "line 1: there are two columns 'log_base'")
def _(p): write(p, "path\tlog-base\tlog_base\na.csv\t2\t2\n")
@case("an unknown column", "line 1: 'vlaues' is no column of a sample sheet. Did you mean 'values'?")
def _(p): write(p, "path\tvlaues\na.csv\tcounts\n")
@case("an option that has no column", "line 1: 'threads' is no column of a sample sheet.")
def _(p): write(p, "path\tthreads\na.csv\t2\n")
@case("a column without a name", "line 1: '' is no column of a sample sheet.")
def _(p): write(p, "id\tpath\t\nx\ta.csv\t\n")
@case("a name of 1 MB in the header", "is no column of a sample sheet.")
def _(p): write(p, "path\t" + "v" * 1_000_000 + "\na.csv\tx\n")
@case("commas below a header with tabs", "line 2: the field in column path is empty")
def _(p): write(p, "id\tpath\nx,a.csv\n")

# Its lines

@case("a ragged line, too long", "line 3: has 3 fields, but the header names 2 columns")
def _(p): write(p, "id\tpath\nx\ta.csv\ny\tb.csv\tcounts\n")
@case("a ragged line, without the path", "line 3: the field in column path is empty")
def _(p): write(p, "id\tpath\nx\ta.csv\ny\n")
@case("an empty id in a list", "line 1: is not `id<TAB>path`; one of the two is empty")
def _(p): write(p, "\ta.csv\n")
@case("an empty path in a list", "line 2: is not `id<TAB>path`; one of the two is empty")
def _(p): write(p, "x\ta.csv\ny\t\n")
@case("an id twice", "2 inputs would have the id 'x' (the first: a.csv and b.csv)")
def _(p): write(p, "id\tpath\nx\ta.csv\nx\tb.csv\n")
@case("a path twice", "2 inputs would have the id 'a' (the first: a.csv and a.csv)")
def _(p): write(p, "a.csv\nb.csv\na.csv\n")
@case("an id with a slash", "line 2: the id 'x/../../y' cannot name a file")
def _(p): write(p, "id\tpath\nx/../../y\ta.csv\n")
@case("an id that is a folder", "line 2: the id '..' cannot name a file")
def _(p): write(p, "id\tpath\n..\ta.csv\n")
@case("a hidden id", "line 2: the id '.sicmir' cannot name a file")
def _(p): write(p, "id\tpath\n.sicmir\ta.csv\n")
@case("the id of the summary", "line 2: the id 'summary' is that of a file that sicmir writes")
def _(p): write(p, "id\tpath\nsummary\ta.csv\n")
@case("an id of 1 MB", "cannot name a file (no slash, no dot in front, at most 200 bytes)")
def _(p): write(p, "id\tpath\n" + "x" * 1_000_000 + "\ta.csv\n")
@case("a zero byte in an id", "line 2: holds bytes that are not text")
def _(p): write(p, b"id\tpath\nx\0y\ta.csv\n")
@case("a zero byte in a path", "line 3: holds bytes that are not text")
def _(p): write(p, b"id\tpath\nx\ta.csv\ny\tb.csv\0\n")
@case("a bell in an id", "line 2: holds bytes that are not text")
def _(p): write(p, b"id\tpath\nx\x07\ta.csv\n")
@case("line ends of old Macs", "line 1: holds bytes that are not text")
def _(p): write(p, "id\tpath\rx\ta.csv\r")
@case("a quotation mark that is not closed", "line 2: a quotation mark is not closed")
def _(p): write(p, 'id,path\nx,"a.csv\ny,b.csv\n')
@case("a quotation mark that is not closed, in the header", "line 1: a quotation mark is not closed")
def _(p): write(p, 'id,"path\nx,a.csv\n')
@case("a million quotation marks", "line 2: the id '\"\"\"")
def _(p): write(p, "id,path\n" + '"' * 1_000_002 + ",a.csv\n")
@case("100,000 inputs of one name", "100000 inputs would have the id 'a'")
def _(p): write(p, "a.csv\n" * 100_000)

# Its options

@case("a value that is no choice", "line 3: --values: 'count' is not one of")
def _(p): write(p, "path\tvalues\na.csv\tcounts\nb.csv\tcount\n")
@case("a number that is none", "line 2: --log-base: ")
def _(p): write(p, "path\tlog_base\na.csv\ttwo\n")
@case("yes or no that is neither", "line 2: force_scale is 'maybe'; expected yes or no")
def _(p): write(p, "path\tforce_scale\na.csv\tmaybe\n")
@case("moments that do not exist", "line 2: --moments: ")
def _(p): write(p, "path\tmoments\na.csv\tnone.h5\n")
@case("groups without pools", "line 2: --groups and --group-by require --pool")
def _(p): write(p, "path\tgroups\na.csv\tgroups.tsv\n")
@case("an option within a field", "line 2: --values: 'counts --force-scale' is not one of")
def _(p): write(p, "path\tvalues\na.csv\tcounts --force-scale\n")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("sheet") / "sheet.tsv"
    path.write_text("id\tpath\nx\ta.csv\n")
    return path


@pytest.mark.parametrize("name", case.all)
def test_a_damaged_sheet_is_refused_before_any_work(name, model, sound, tmp_path):
    path, code, words, arguments = case.damaged(name, sound, tmp_path)
    output = tmp_path / "out"
    check_refused(["predict", "--inputs", path, "--output-dir", output, "-m", model, *arguments], code,
                  words.replace("{sheet}", str(path)), output)
