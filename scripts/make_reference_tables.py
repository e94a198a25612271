#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes data/landmarks.tsv, data/mirnas.tsv and data/gene_moments.tsv from the raw reference tables.

usage: make_reference_tables.py REFERENCE_FOLDER [OUTPUT_FOLDER]

REFERENCE_FOLDER holds landmarks.tsv (HGNC, NCBI Gene and Ensembl ids of the 977 genes), mirnas.tsv
(miRBase v22 and v21), mirnas_414.txt and tcga_gene_moments.tsv. The program and its tests need only the
output of this script; data/README.md describes the columns. Run it again only to update IDs.
"""

import csv
import re
import sys
from pathlib import Path


def read_table(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [{key: value.strip() for key, value in row.items()} for row in rows]


def split(text):
    return [part.strip() for part in text.split("|") if part.strip()]


def require(condition, message):
    if not condition:
        sys.exit(f"make_reference_tables.py: {message}")


def landmark_rows(reference):
    rows = read_table(reference / "landmarks.tsv")
    require(len(rows) == 977, f"expected 977 landmarks, found {len(rows)}")
    names = {row[key] for row in rows for key in ("symbol_sicmir", "hgnc_current_symbol")}
    banned = {alias for row in rows for alias in split(row["ambiguous_aliases"])}
    claims = {}
    for row in rows:
        # The published script's own alias is treated like the others: used only if it is unambiguous.
        for alias in {*split(row["safe_aliases"]), row["alias_sicmir"]}:
            claims.setdefault(alias, set()).add(row["entrez_id"])
    for row in rows:
        symbol, current = row["symbol_sicmir"], row["hgnc_current_symbol"]
        require(re.fullmatch(r"ENSG\d{11}", row["ensembl_gene_id"]), f"{symbol}: Ensembl id")
        require(row["entrez_id"].isdigit(), f"{symbol}: Entrez id")
        older = split(row["other_ensembl_gene_ids"])
        require(all(re.fullmatch(r"ENSG\d{11}", i) for i in older), f"{symbol}: older ids")
        safe = [
            alias
            for alias in sorted({*split(row["safe_aliases"]), row["alias_sicmir"]})
            if alias not in names and alias not in banned and len(claims[alias]) == 1
            # One or two letters can mean too many other things, including sample names.
            and len(alias) > 2
        ]
        yield [symbol, current, row["entrez_id"], row["ensembl_gene_id"], "|".join(older), "|".join(safe)]


def mirna_rows(reference):
    rows = read_table(reference / "mirnas.tsv")
    require(len(rows) == 1298, f"expected 1298 miRNAs, found {len(rows)}")
    well = {line.strip() for line in open(reference / "mirnas_414.txt", encoding="utf-8-sig")} - {""}
    require(len(well) == 414, f"expected 414 well predicted miRNAs, found {len(well)}")
    require(well <= {row["name"] for row in rows}, "a well predicted miRNA is not in the table")
    for row in rows:
        name, older = row["name"], row["name_in_mirbase_v21"]
        require(re.fullmatch(r"MIMAT\d{7}", row["mimat_accession"]), f"{name}: accession")
        require(re.fullmatch(r"[ACGU]{15,30}", row["sequence"]), f"{name}: sequence")
        yield [name, row["mimat_accession"], "" if older == name else older,
               "|".join(split(row["precursors"])), "1" if name in well else "0", row["sequence"]]


def moment_rows(reference):
    rows = read_table(reference / "tcga_gene_moments.tsv")
    symbols = [row["symbol_sicmir"] for row in read_table(reference / "landmarks.tsv")]
    found = {row["gene"]: row for row in rows}
    require(len(found) == len(rows) and set(found) <= set(symbols), "genes of the moments")
    for symbol in symbols:
        if symbol not in found:
            continue
        mean, sd = found[symbol]["mean_log2_rsem1"], found[symbol]["sd_log2_rsem1"]
        require(float(sd) > 0 and float(mean) == float(mean), f"{symbol}: moments")
        yield [symbol, mean, sd]


def write(path, header, rows):
    with open(path, "w", encoding="ascii", newline="\n") as file:
        for row in [header, *rows]:
            file.write("\t".join(row) + "\n")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    reference = Path(sys.argv[1])
    output = Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).parent.parent / "data"
    write(output / "landmarks.tsv",
          ["symbol", "current_symbol", "entrez_id", "ensembl_id", "older_ensembl_ids", "aliases"],
          landmark_rows(reference))
    write(output / "mirnas.tsv",
          ["name", "accession", "name_in_v21", "precursors", "well_predicted", "sequence"],
          mirna_rows(reference))
    write(output / "gene_moments.tsv", ["symbol", "mean", "sd"], moment_rows(reference))


if __name__ == "__main__":
    main()
