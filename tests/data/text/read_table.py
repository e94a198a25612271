# SPDX-License-Identifier: BSD-3-Clause
"""What pandas or scipy make of a table or of a 10x folder: python3 read_table.py INPUT FOLDER.

Writes the files of make_tables.py's reference for up to 200 genes whose names occur once.
"""
import pathlib
import sys

import pandas as pd
import scipy.io

from make_tables import write_reference


def read(path):
    if path.is_dir():
        def names(*stems, column):
            for stem in stems:
                for file in (path / stem, path / f"{stem}.gz"):
                    if file.exists():
                        return pd.read_csv(file, sep="\t", header=None)[column].astype(str).to_list()
            raise FileNotFoundError(path)
        matrix = path / "matrix.mtx"
        values = scipy.io.mmread(str(matrix if matrix.exists() else path / "matrix.mtx.gz"))
        return pd.DataFrame(values.toarray().T.astype("f8"), names("barcodes.tsv", column=0),
                            names("genes.tsv", "features.tsv", column=1))
    return pd.read_csv(path, sep="\t", index_col=0, float_precision="round_trip").T.astype("f8")


def main():
    frame = read(pathlib.Path(sys.argv[1]))
    names = pd.Series(frame.columns)
    folded = names.str.upper().str.split(".").str[0]
    single = names[~folded.duplicated(keep=False)]
    write_reference(pathlib.Path(sys.argv[2]), frame, list(single[::max(1, len(single) // 200)]))


if __name__ == "__main__":
    main()
