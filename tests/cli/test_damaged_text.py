# SPDX-License-Identifier: BSD-3-Clause
"""Tables and Matrix Market folders that are damaged or lie: exit code 3, with the place."""
import bz2
import gzip
import io
import zipfile
import zlib

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from damage import Cases, check_refused
from program import SYMBOLS, counts

N_CELLS = 12
case = Cases(code=3)
mtx = Cases(code=3)


def lines(path, change):
    """`change` gets the lines of a table and changes them."""
    found = path.read_text().splitlines()
    change(found)
    path.write_text("\n".join(found) + "\n")


def field(path, line, column, text):
    def change(found):
        fields = found[line].split("\t")
        fields[column] = text
        found[line] = "\t".join(fields)
    lines(path, change)


def packed(path, content):
    path.write_bytes(content)


# Tables: genes as lines, tabs ------------------------------------------------------------------------------------------

@case("empty", "the file is empty. Was it copied or downloaded completely?")
def _(p): p.write_bytes(b"")
@case("blank lines alone", "there are only blank lines in it; expected a table with a header.")
def _(p): p.write_bytes(b"\n\n\n")
@case("a header alone", "the file has no genes (0 features).")
def _(p): lines(p, lambda found: found.__delitem__(slice(1, None)))
@case("no cells", "no separator was found: line 1 is \"gene\". Expected a table of names")
def _(p): p.write_text("gene\n" + "".join(f"{gene}\n" for gene in SYMBOLS))
@case("a short line", "line 6 has 12 fields, but 13 were expected, as in the header and the")
def _(p): lines(p, lambda found: found.__setitem__(5, found[5].rsplit("\t", 1)[0]))
@case("a long line", "line 6 has 14 fields, but 13 were expected, as in the header and the")
def _(p): lines(p, lambda found: found.__setitem__(5, found[5] + "\t1"))
@case("the last line cut", "line 978 has 8 fields, but 13 were expected, as in the header and the")
def _(p): p.write_bytes(p.read_bytes()[:-12])
@case("a text among numbers", "line 8, column 4 (\"cell_3\"): \"many\" is not a number. Expected an")
def _(p): field(p, 7, 3, "many")
@case("two points", "line 8, column 4 (\"cell_3\"): \"1.2.3\" is not a number. Expected an")
def _(p): field(p, 7, 3, "1.2.3")
@case("two signs", "line 8, column 4 (\"cell_3\"): \"--1\" is not a number. Expected an")
def _(p): field(p, 7, 3, "--1")
@case("an exponent without digits", "line 8, column 4 (\"cell_3\"): \"1e\" is not a number. Expected an")
def _(p): field(p, 7, 3, "1e")
@case("a hexadecimal number", "line 8, column 4 (\"cell_3\"): \"0x1F\" is not a number. Expected an")
def _(p): field(p, 7, 3, "0x1F")
@case("a number of 10^400", "cell 3 ('cell_3'), gene FOXO3: found inf, but the values were taken")
def _(p): field(p, 7, 3, "1e400")
@case("infinity", "cell 3 ('cell_3'), gene FOXO3: found inf, but the values were taken")
def _(p): field(p, 7, 3, "inf")
@case("NaN", "cell 3 ('cell_3'), gene FOXO3: found nan, but the values were taken")
def _(p): field(p, 7, 3, "nan")
@case("nothing for a number", "cell 3 ('cell_3'), gene FOXO3: found nan, but the values were taken")
def _(p): field(p, 7, 3, "")
@case("a negative count", "cell 3 ('cell_3'), gene FOXO3: found -4, but the values were taken to", arguments=["--values", "counts"])
def _(p): field(p, 7, 3, "-4")
@case("half a count", "line 8, column 4 (\"cell_3\"): \"0.5x\" is not a number. Expected an", arguments=["--values", "counts"])
def _(p): field(p, 7, 3, "0.5x")
@case("a gene twice, as logarithms", "1 gene of the panel occurs more than once in the file (SPDEF), and", arguments=["--values", "log"])
def _(p): lines(p, lambda found: found.append(found[3]))
@case("a quote that is not closed", "line 8 has 1 fields, but 13 were expected, as in the header and the")
def _(p): field(p, 7, 0, '"TP53')
@case("bytes of zero", "this is no text table (byte 4 is zero) and no format that is known")
def _(p): packed(p, p.read_bytes().replace(b"\t", b"\0", 400))
@case("a sector of zeros", "line 264, column 8 (\"cell_7\"): \"")
def _(p):
    data = bytearray(p.read_bytes())
    data[8192:12288] = bytes(4096)
    packed(p, bytes(data))
@case("UTF-16", "this is UTF-16 text. Convert it: iconv -f UTF-16 -t UTF-8 IN > OUT.")
def _(p): packed(p, p.read_text().encode("utf-16"))
@case("line ends of old Macs", "its lines end with CR alone, as on old Macs. Convert them: `tr '\\r'")
def _(p): packed(p, p.read_bytes().replace(b"\n", b"\r"))
@case("a page of the web", "this is a web page, not data (a download that failed?). Fetch the")
def _(p): p.write_text("<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n")
@case("JSON", "this is JSON, not a table (a download that failed?). Fetch the file")
def _(p): p.write_text('{"genes": ["TP53"], "counts": [[1]]}\n')
@case("PDF", "this is a PDF document. Expected a CSV or TSV table, a 10x folder or")
def _(p): packed(p, b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n" + bytes(range(256)) * 20)
@case("a picture", "this is a PNG picture. Expected a CSV or TSV table, a 10x folder or")
def _(p): packed(p, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
@case("random bytes", "this is no text table (byte 192 is zero) and no format that is known")
def _(p): packed(p, np.random.default_rng(1).bytes(20000))
@case("gzip, cut", "the gzip data end too early, at byte 9961 of the file. It was not")
def _(p): packed(p, gzip.compress(p.read_bytes())[:-300])
@case("gzip, its checksum wrong", "the gzip data are damaged near byte 10257 of the file (incorrect data")
def _(p):
    data = bytearray(gzip.compress(p.read_bytes()))
    data[-6] ^= 0xFF
    packed(p, bytes(data))
@case("gzip, a byte wrong", "the gzip data are damaged near byte 10257 of the file (incorrect data")
def _(p):
    data = bytearray(gzip.compress(p.read_bytes()))
    data[len(data) // 2] ^= 0xFF
    packed(p, bytes(data))
@case("gzip, a header alone", "the gzip data end too early, at byte 10 of the file. It was not")
def _(p): packed(p, gzip.compress(b"x")[:10])
@case("gzip in gzip", "this is no text table (byte 3 is zero) and no format that is known")
def _(p): packed(p, gzip.compress(gzip.compress(p.read_bytes())))
@case("gzip of a billion zeros", "this is no text table (byte 0 is zero) and no format that is known")
def _(p):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = bytes(1 << 20)
    packed(p, b"".join(packer.compress(piece) for _ in range(1000)) + packer.flush())
@case("bzip2, cut", "this bzip2 file cannot be decompressed beyond byte 0 of its content")
def _(p): packed(p, bz2.compress(p.read_bytes())[:-100])
@case("zip, cut", "this zip archive cannot be read: ZIP decompression failed (-5) (in")
def _(p):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.tsv", p.read_text())
    packed(p, buffer.getvalue()[:-100])
@case("one line of 4 MB", "no separator was found: line 1 is")
def _(p): p.write_text("x" * (4 << 20))
@case("a header of a million cells, and no more", "the header (line 1) has 1000001 fields, but most lines have 2. Every")
def _(p): p.write_text("gene\t" + "\t".join(f"c{i}" for i in range(1_000_000)) + "\nTP53\t1\n")
@case("genes that are not human", "only 0 of the model's 977 genes were found (0.0 %; at least 10 % are")
def _(p): lines(p, lambda found: found.__setitem__(slice(1, None), [f"AT1G{i:05}\t" + line.split("\t", 1)[1]
                                                                    for i, line in enumerate(found[1:])]))
@case("no names of genes", "only 0 of the model's 977 genes were found (0.0 %; at least 10 % are")
def _(p): lines(p, lambda found: found.__setitem__(slice(1, None), ["\t" + line.split("\t", 1)[1] for line in found[1:]]))


# Matrix Market: matrix.mtx, barcodes.tsv, features.tsv ------------------------------------------------------------------

def entries(folder, change):
    lines(folder / "matrix.mtx", change)


def first_entry(found):
    return next(i for i, line in enumerate(found) if not line.startswith("%")) + 1


def entry(folder, text):
    entries(folder, lambda found: found.__setitem__(first_entry(found), text))


def size(folder, text):
    entries(folder, lambda found: found.__setitem__(first_entry(found) - 1, text))


N_ENTRIES = int((counts(N_CELLS).to_numpy() > 0).sum())


@mtx("no matrix", "the folder holds no matrix. Looked for matrix.mtx, cells_x_genes.mtx,")
def _(p): (p / "matrix.mtx").unlink()
@mtx("an empty matrix", "the file is empty. Was it copied or downloaded completely?")
def _(p): (p / "matrix.mtx").write_bytes(b"")
@mtx("no barcodes", "a Matrix Market file needs the list of its cells beside it, and there")
def _(p): (p / "barcodes.tsv").unlink()
@mtx("no genes", "a Matrix Market file needs the list of its genes beside it, and there")
def _(p): (p / "features.tsv").unlink()
@mtx("a barcode too few", "the matrix is 977 x 12, but \"")
def _(p): lines(p / "barcodes.tsv", lambda found: found.pop())
@mtx("a barcode too many", "\"")
def _(p): lines(p / "barcodes.tsv", lambda found: found.append("more"))
@mtx("a gene too few", "the matrix is 977 x 12, but \"")
def _(p): lines(p / "features.tsv", lambda found: found.pop())
@mtx("no banner", "the header (line 1) has 1 fields, but most lines have 3. Every line")
def _(p): entries(p, lambda found: found.pop(0))
@mtx("a banner of an array", "line 1: the matrix has the format \"array\"; only \"coordinate\" (sparse)")
def _(p): entries(p, lambda found: found.__setitem__(0, "%%MatrixMarket matrix array integer general"))
@mtx("a banner of complex numbers", "line 1: the entries are \"complex\"; expected integer, real or pattern.")
def _(p): entries(p, lambda found: found.__setitem__(0, "%%MatrixMarket matrix coordinate complex general"))
@mtx("a banner of a vector", "line 1: \"%%MatrixMarket vector coordinate integer general\" is not the")
def _(p): entries(p, lambda found: found.__setitem__(0, "%%MatrixMarket vector coordinate integer general"))
@mtx("a banner alone", "it ends before its size line; fetch it again.")
def _(p): entries(p, lambda found: found.__delitem__(slice(1, None)))
@mtx("sizes of two numbers", "line 3: \"977 12\" is not a size line (genes, cells, entries).")
def _(p): size(p, f"{len(SYMBOLS)} {N_CELLS}")
@mtx("sizes that are texts", "line 3: \"many few none\" is not a size line (genes, cells, entries).")
def _(p): size(p, "many few none")
@mtx("a negative size", "line 3: \"-977 12 6987\" is not a size line (genes, cells, entries).")
def _(p): size(p, f"-{len(SYMBOLS)} {N_CELLS} {N_ENTRIES}")
@mtx("a size of 2^60 entries", "line 3: \"977 12 1152921504606846976\" is not a size line (genes,")
def _(p): size(p, f"{len(SYMBOLS)} {N_CELLS} {2**60}")
@mtx("a size of 2^60 cells", "line 3: \"977 1152921504606846976 6987\" is not a size line (genes,")
def _(p): size(p, f"{len(SYMBOLS)} {2**60} {N_ENTRIES}")
@mtx("a size of 10^30", "line 3: \"977 12 1000000000000000000000000000000\" is not a size line")
def _(p): size(p, f"{len(SYMBOLS)} {N_CELLS} 1{'0' * 30}")
@mtx("an entry too few", "it ends after 6986 of the 6987 entries that line 3 declares. It was")
def _(p): entries(p, lambda found: found.pop())
@mtx("an entry too many", "line 3 declares 6987 entries, but there are 6988 (the first surplus")
def _(p): entries(p, lambda found: found.append("1 1 1"))
@mtx("gene 0", "line 4: the entry (0, 1) lies outside the matrix, whose sides run")
def _(p): entry(p, "0 1 5")
@mtx("gene 978 of 977", "line 4: the entry (978, 1) lies outside the matrix, whose sides run")
def _(p): entry(p, f"{len(SYMBOLS) + 1} 1 5")
@mtx("cell 13 of 12", "line 4: the entry (1, 13) lies outside the matrix, whose sides run")
def _(p): entry(p, f"1 {N_CELLS + 1} 5")
@mtx("gene -1", "line 4: \"-1 1 5\" is not an entry; expected two whole numbers and a")
def _(p): entry(p, "-1 1 5")
@mtx("gene 1.5", "line 4: \"1.5 1 5\" is not an entry; expected two whole numbers and a")
def _(p): entry(p, "1.5 1 5")
@mtx("a value that is a text", "line 4: \"1 1 many\" is not an entry; expected two whole numbers and a")
def _(p): entry(p, "1 1 many")
@mtx("a value NaN", "cell 1 ('cell_1'), gene PSME1: found nan, but the values were taken")
def _(p): entry(p, "1 1 nan")
@mtx("an entry of two fields", "line 4: \"1 1\" is not an entry; expected two whole numbers and a value.")
def _(p): entry(p, "1 1")
@mtx("an entry of four fields", "line 4: \"1 1 5 6\" is not an entry; expected two whole numbers and a")
def _(p): entry(p, "1 1 5 6")
@mtx("the last line cut", "line 6990: \"977 1\" is not an entry; expected two whole numbers and a")
def _(p): (p / "matrix.mtx").write_bytes((p / "matrix.mtx").read_bytes()[:-4])
@mtx("gzip, cut", "the gzip data end too early, at byte 19953 of the file. It was not")
def _(p):
    (p / "matrix.mtx.gz").write_bytes(gzip.compress((p / "matrix.mtx").read_bytes())[:-200])
    (p / "matrix.mtx").unlink()
@mtx("a sector of zeros", "line 1078: \"15")
def _(p):
    data = bytearray((p / "matrix.mtx").read_bytes())
    data[8192:12288] = bytes(4096)
    (p / "matrix.mtx").write_bytes(bytes(data))


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    table = counts(N_CELLS)
    table.to_csv(folder / "cells.tsv", sep="\t", index_label="gene")
    (folder / "tenx").mkdir()
    scipy.io.mmwrite(str(folder / "tenx" / "matrix.mtx"), scipy.sparse.coo_matrix(table.to_numpy()), field="integer")
    (folder / "tenx" / "barcodes.tsv").write_text("".join(f"{cell}\n" for cell in table.columns))
    (folder / "tenx" / "features.tsv").write_text("".join(f"{g}\t{g}\tGene Expression\n" for g in table.index))
    return folder


def refuse(cases, sound, model, folder, name):
    path, code, words, arguments = cases.damaged(name, sound, folder)
    check_refused(["predict", path, "-m", model, "--min-panel", "0.1", "--force-scale", "-q", "-o", folder / "x.csv",
                   *arguments], code, words, folder / "x.csv")


@pytest.mark.parametrize("name", case.all)
def test_a_damaged_table_is_refused(sound, model, tmp_path, name):
    refuse(case, sound / "cells.tsv", model, tmp_path, name)


@pytest.mark.parametrize("name", mtx.all)
def test_a_damaged_folder_is_refused(sound, model, tmp_path, name):
    refuse(mtx, sound / "tenx", model, tmp_path, name)


def test_there_are_enough():
    assert len(case.all) >= 30 and len(mtx.all) >= 20
