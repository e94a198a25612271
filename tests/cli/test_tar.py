# SPDX-License-Identifier: BSD-3-Clause
"""Tar archives of 10x folders: against the same folder, by Python's tarfile; and hostile ones."""
import gzip
import io
import subprocess
import tarfile

import pandas as pd
import pytest
import scipy.io
import scipy.sparse

from program import LANDMARKS, SICMIR, SYMBOLS, counts, predict, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A 10x folder of version 3."""
    table = counts(40, seed=6)
    path = tmp_path_factory.mktemp("tenx") / "filtered_feature_bc_matrix"
    path.mkdir()
    with gzip.open(path / "matrix.mtx.gz", "wb") as file:
        scipy.io.mmwrite(file, scipy.sparse.coo_matrix(table.to_numpy()), field="integer")
    ids = list(LANDMARKS["ensembl_id"])
    with gzip.open(path / "features.tsv.gz", "wt") as file:
        file.writelines(f"{i}\t{s}\tGene Expression\n" for i, s in zip(ids, SYMBOLS))
    with gzip.open(path / "barcodes.tsv.gz", "wt") as file:
        file.writelines(f"{cell}\n" for cell in table.columns)
    return path


@pytest.fixture(scope="module")
def expected(model, folder):
    return predict(model, folder)


def archive(path, folder, mode="w:gz", tar_format=tarfile.PAX_FORMAT, prefix="", unpack=False):
    with tarfile.open(path, mode, format=tar_format) as tar:
        tar.addfile(directory(f"{prefix}{folder.name}"))
        for name in sorted(entry.name for entry in folder.iterdir()):
            content = (folder / name).read_bytes()
            if unpack:
                content, name = gzip.decompress(content), name[:-3]
            add(tar, f"{prefix}{folder.name}/._{name}", b"resource fork")
            add(tar, f"{prefix}{folder.name}/{name}", content)
        add(tar, f"{prefix}web_summary.html", b"x" * 100000)
    return path


def directory(name):
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE
    return info


def add(tar, name, content):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT,
                                        tarfile.PAX_FORMAT], ids=["ustar", "gnu", "pax"])
@pytest.mark.parametrize("prefix", ["", "a/" * 45, "long folder name é/" * 8], ids=len)
def test_an_archive_gives_the_predictions_of_its_folder(model, folder, expected, tmp_path, mode,
                                                        tar_format, prefix):
    path = archive(tmp_path / "cells.tar.gz", folder, mode, tar_format, prefix,
                   unpack=mode == "w:gz")
    pd.testing.assert_frame_equal(predict(model, path), expected)
    with open(path, "rb") as stream:
        piped = run("predict", "-", "-m", model, stdin=stream)
    assert piped.stdout == run("predict", path, "-m", model).stdout


def test_what_tar_itself_makes_is_read(model, folder, expected, tmp_path):
    subprocess.run(["tar", "-czf", tmp_path / "cells.tar.gz", "-C", folder.parent, folder.name],
                   check=True)
    pd.testing.assert_frame_equal(predict(model, tmp_path / "cells.tar.gz"), expected)


def test_archives_of_other_content_are_refused_with_what_they_hold(model, folder, tmp_path):
    with tarfile.open(tmp_path / "two.tar.gz", "w:gz") as tar:
        for sample in ("raw", "filtered"):
            for entry in folder.iterdir():
                tar.add(entry, f"{sample}/{entry.name}")
    done = predict(model, tmp_path / "two.tar.gz", expect=3)
    assert "raw/matrix.mtx.gz" in done.stderr and "filtered/matrix.mtx.gz" in done.stderr
    with tarfile.open(tmp_path / "none.tar", "w") as tar:
        add(tar, "readme.txt", b"words")
    assert "readme.txt: no separator was found" in predict(model, tmp_path / "none.tar", expect=3).stderr
    with tarfile.open(tmp_path / "lists.tar", "w") as tar:
        tar.add(folder / "matrix.mtx.gz", "a/matrix.mtx.gz")
        tar.add(folder / "features.tsv.gz", "b/features.tsv.gz")
    assert "no list of genes" in predict(model, tmp_path / "lists.tar", expect=3).stderr


def test_messages_name_the_member(model, folder, tmp_path):
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        tar.add(folder / "features.tsv.gz", "x/features.tsv.gz")
        add(tar, "x/barcodes.tsv", b"one\ntwo\n")
        tar.add(folder / "matrix.mtx.gz", "x/matrix.mtx.gz")
    done = predict(model, tmp_path / "bad.tar", expect=3)
    assert "bad.tar: x/barcodes.tsv" in done.stderr and "/proc/" not in done.stderr


def test_hostile_archives_do_no_harm(model, folder, tmp_path):
    good = archive(tmp_path / "good.tar", folder, "w").read_bytes()
    (tmp_path / "cut.tar").write_bytes(good[:3000])
    (tmp_path / "between members.tar").write_bytes(good[:good.index(b"web_summary.html")])
    damaged = bytearray(good)
    damaged[512 + 130] ^= 1
    (tmp_path / "checksum.tar").write_bytes(bytes(damaged))
    with tarfile.open(tmp_path / "paths.tar", "w") as tar:
        add(tar, "../../../../tmp/sicmir_escaped/matrix.mtx", b"%%MatrixMarket\n")
        link = tarfile.TarInfo("features.tsv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    for size in ("7" * 11, "\x80" + "\x00" * 3 + "\xff" * 8):
        header = bytearray(tarfile.TarInfo("matrix.mtx").tobuf())
        header[124:136] = size.encode("latin-1").ljust(12, b"\0")
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        (tmp_path / f"size{len(size)}.tar").write_bytes(bytes(header) + b"x" * 2000)
    before = sorted(tmp_path.iterdir())
    for path in before:
        if path.name == "good.tar":
            continue
        done = run("predict", path, "-m", model, expect=3, timeout=20)
        assert path.name in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_no_file_is_left_in_the_folder_for_temporary_files(model, folder, tmp_path):
    path = archive(tmp_path / "cells.tar.gz", folder)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    subprocess.run([SICMIR, "predict", path, "-m", model], check=True, capture_output=True,
                   env={"TMPDIR": str(scratch), "PATH": "/usr/bin"})
    assert list(scratch.iterdir()) == []
