# SPDX-License-Identifier: BSD-3-Clause
"""Where /proc is not mounted (chroots, some sandboxes) and nothing takes temporary files."""
import json
import os
import shutil
import subprocess
import tarfile

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse

from conftest import make_model
from program import SANITIZE, SICMIR, counts

HIDE = "mount -t tmpfs none /proc && exec \"$@\""


def can_hide():
    done = subprocess.run(["unshare", "-rm", "sh", "-c", HIDE, "-", "test", "!", "-e", "/proc/self"],
                          capture_output=True)
    return done.returncode == 0


pytestmark = [
    pytest.mark.skipif(bool(SANITIZE), reason="the sanitizers read /proc"),
    pytest.mark.skipif(not can_hide(), reason="this machine does not let /proc be hidden"),
]


def run(*arguments, program=SICMIR, hide=HIDE, **options):
    done = subprocess.run(["unshare", "-rm", "sh", "-c", hide, "-", program, *map(str, arguments)],
                          capture_output=True, text=True, timeout=120, **options)
    assert done.returncode == 0, done.stderr
    return done


def test_the_model_beside_the_program_is_found(tmp_path):
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "sicmir"
    shutil.copy(SICMIR, program)
    (tmp_path / "share" / "sicmir").mkdir(parents=True)
    make_model(tmp_path / "share" / "sicmir" / "sicmir-tcga.h5", 3, 8, "beside")
    counts().to_csv(tmp_path / "counts.csv")
    environment = {k: v for k, v in os.environ.items() if k != "SICMIR_MODEL"}
    for called, path in ((program, ""), ("bin/sicmir", ""), ("sicmir", tmp_path / "bin")):
        run("predict", "counts.csv", "-o", "out.csv", "--report", "report.json", program=called,
            cwd=tmp_path, env=environment | {"PATH": f"{path}:/usr/bin:/bin"})
        report = json.loads((tmp_path / "report.json").read_text())
        assert report["model"]["name"] == "beside"
        assert report["peak_memory_bytes"] > 1e6


def write_folder(folder, table):
    folder.mkdir()
    scipy.io.mmwrite(folder / "matrix.mtx", scipy.sparse.csc_matrix(table.to_numpy()))
    (folder / "genes.tsv").write_text("".join(f"{gene}\t{gene}\n" for gene in table.index))
    (folder / "barcodes.tsv").write_text("".join(f"{cell}\n" for cell in table.columns))
    with tarfile.open(folder.parent / "cells.tar.gz", "w:gz") as archive:
        archive.add(folder, "cells")
    return folder.parent / "cells.tar.gz"


def test_archives_pipes_and_annotated_files_are_read_as_elsewhere(model, tmp_path):
    table = counts(40)
    archive = write_folder(tmp_path / "cells", table)
    cells = anndata.AnnData(table.to_numpy(dtype=np.float32).T, var=pd.DataFrame(index=table.index),
                            obs=pd.DataFrame({"kind": ["a", "b"] * 20}, index=table.columns),
                            dtype=np.float32)
    cells.write_h5ad(tmp_path / "cells.h5ad")
    for source in (archive, tmp_path / "cells", tmp_path / "cells.h5ad"):
        elsewhere = subprocess.run([SICMIR, "predict", source, "-m", model, "-q"],
                                   capture_output=True, text=True, check=True).stdout
        assert run("predict", source, "-m", model, "-q").stdout == elsewhere
        assert len(elsewhere.splitlines()) == 41
    table.to_csv(tmp_path / "table.csv")
    with open(tmp_path / "table.csv") as lines:
        here = run("predict", "-", "-m", model, "-q", "-o", "/dev/stdout", stdin=lines)
    assert here.stdout == elsewhere


def test_temporary_files_go_where_there_is_room(model, tmp_path):
    """The files of an archive are kept until they are read."""
    arguments = ("predict", write_folder(tmp_path / "cells", counts(50)), "-m", model)
    wanted = run(*arguments).stdout
    done = run(*arguments, env=dict(os.environ, TMPDIR=str(tmp_path / "missing")))
    assert done.stdout == wanted
    assert "TMPDIR" in done.stderr and "/missing: No such file" in done.stderr and "/tmp" in done.stderr
    # Where nothing can be written, what is left is memory.
    closed = ("for folder in /tmp /var/tmp; do mount --bind $folder $folder && "
              "mount -o remount,bind,ro $folder; done; "
              "mount -t tmpfs -o ro none /proc && cd /proc && exec \"$@\"")
    environment = {k: v for k, v in os.environ.items() if k != "TMPDIR"}
    done = run(*arguments, hide=closed, env=environment)
    assert done.stdout == wanted
    assert "Read-only file system" in done.stderr and "kept in memory" in done.stderr
