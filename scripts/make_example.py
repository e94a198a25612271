#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes data/example/: a synthetic single-cell experiment in the layout of Cell Ranger.

usage: make_example.py [OUTPUT_FOLDER]     (default: data/example of this project)

No number in it was measured. 300 cells of five types are drawn from a random model with a fixed seed:

* Every gene has a base level, log-normal; ribosomal, mitochondrial and housekeeping genes are
  raised by fixed factors, as in real libraries.
* Every cell type has a programme: its marker genes (below) are raised, and are nearly silent in the
  other types; a quarter of all genes differ slightly between types.
* The depth of a cell is log-normal around the median of its type, limited to 2,000 to 10,000 molecules.
* Counts are negative binomial: a Poisson draw whose mean varies by a gamma factor (dispersion 0.4).

Random numbers come from numpy's RandomState, whose stream is frozen, so every run writes the same
files. Genes: data/landmarks.tsv, and scripts/example_genes.tsv for the others.
"""

import csv
import gzip
import io
import sys
from pathlib import Path

import numpy as np

SEED = 20240917
DISPERSION = 0.4

# name, cells, median depth, markers; markers that are in data/landmarks.tsv come first
CELL_TYPES = [
    ("T cell", 110, 3000,
     "FYN EVL STK10 PRKCQ PRKCH ITGAE IKZF1 SATB1 GATA3 CXCR4 PTPRC CORO1A STAT5B CD58 ICAM3 "
     "CD3D CD3E CD3G CD2 CD5 CD6 CD7 CD27 CD28 IL7R IL32 LCK ZAP70 LTB CD69 GZMA GZMK CCL5 BCL11B "
     "TCF7 LEF1 CCR7 CD8A CD8B CD4 TRAC ITK LAT SKAP1 CD247 TRAT1 UBASH3A THEMIS"),
    ("B cell", 50, 3200,
     "BTK CD40 HLA-DMA HLA-DRA SYK LYN MEF2C BCL2 RFX5 PTPN6 CORO1A PTPRC IKZF1 POU2AF1 RAC2 "
     "CD19 MS4A1 CD79A CD79B CD22 CD37 CD72 BANK1 BLK FCER2 TCL1A PAX5 BLNK CD74 HLA-DRB1 HLA-DPA1 "
     "HLA-DPB1 HLA-DQA1 HLA-DQB1 IGHM IGKC VPREB3 FCRLA CR2 FCRL1 FCRL2 TNFRSF13C RALGPS2"),
    ("Monocyte", 70, 4500,
     "IL1B TLR4 GRN CTSD CCL2 CXCL2 CEBPD HMOX1 LGMN LYN SYK GNA15 PTPRC PLSCR1 HLA-DMA HLA-DRA "
     "CD14 LYZ S100A8 S100A9 S100A12 FCN1 CST3 CSF1R CD68 VCAN TYROBP FCER1G AIF1 LST1 CTSS CD163 "
     "MS4A6A MS4A7 FCGR3A CD33 ITGAM SERPINA1 CLEC7A CFD SPI1 CSF3R FGL2 LILRB2 PLAUR"),
    ("Epithelial cell", 40, 7000,
     "SPDEF MUC1 ERBB3 ERBB2 CDH3 SFN DSG2 LSR DDR1 KCNK1 PTPRF PRSS23 TPD52L2 GRB7 PRR15L MAP7 FGFR2 "
     "LAMA3 EGFR FAT1 STAP2 EPCAM KRT8 KRT18 KRT19 KRT7 CDH1 CLDN3 CLDN4 CLDN7 ELF3 TACSTD2 ESRP1 CD24 "
     "AGR2 TFF3 KRT15 KRT17 PIGR LCN2 SLPI OCLN TSPAN1 CEACAM6 PERP SPINT1 SPINT2 RAB25 AP1M2 GPRC5A"),
    ("Fibroblast", 30, 6000,
     "COL1A1 COL4A1 MMP2 SERPINE1 IGFBP3 LOXL1 MYL9 TPM1 CALU TIMP2 HTRA1 PDLIM1 MYLK FHL2 RAI14 BAMBI "
     "TGFBR2 TGFB3 CHN1 COL1A2 COL3A1 COL5A1 COL5A2 COL6A1 COL6A2 COL6A3 DCN LUM PDGFRA PDGFRB THY1 "
     "FAP SPARC FBLN1 TAGLN ACTA2 FN1 BGN MGP VIM POSTN FBN1 PCOLCE CTHRC1 SFRP2 TIMP1 TIMP3 IGFBP7"),
]
HOUSEKEEPING = set(
    "ACTB ACTG1 B2M TMSB4X TMSB10 EEF1A1 EEF1B2 EEF2 FTL FTH1 TPT1 UBC UBB UBA52 FAU NACA BTF3 "
    "HNRNPA1 PTMA PFN1 CFL1 ARPC2 MYL6 MYL12A HLA-A HLA-B HLA-C HLA-E OAZ1 SERF2 COX4I1 COX6C GAPDH "
    "NPM1 YBX1 TUBA1B LDHA ENO1 S100A6 S100A11 LGALS1 CD63 H3F3B RPS5 RPS6".split())


def read_genes(root):
    with open(root / "data/landmarks.tsv", newline="") as file:
        genes = [(row["ensembl_id"], row["current_symbol"]) for row in csv.DictReader(file, delimiter="\t")]
    with open(root / "scripts/example_genes.tsv", newline="") as file:
        genes += [(row["ensembl_id"], row["symbol"]) for row in csv.DictReader(file, delimiter="\t")]
    genes.sort()
    return genes


def mean_shares(random, symbols):
    """Cell types x genes: the share of a cell's molecules that a gene is expected to have."""
    level = np.minimum(np.exp(1.4 * random.standard_normal(len(symbols))), 12.0)
    for i, symbol in enumerate(symbols):
        if symbol.startswith("MT-"):
            level[i] = 150 * np.exp(0.4 * np.log(level[i]))
        elif symbol in HOUSEKEEPING or symbol.startswith(("RPL", "RPS")) and symbol[3:4].isdigit():
            level[i] = 40 * np.exp(0.4 * np.log(level[i]))
    position = {symbol: i for i, symbol in enumerate(symbols)}
    marked = {}
    for cell_type, (_, _, _, markers) in enumerate(CELL_TYPES):
        for marker in markers.split():
            if marker in position:
                marked.setdefault(position[marker], []).append(cell_type)
    shares = np.tile(level, (len(CELL_TYPES), 1))
    for cell_type in range(len(CELL_TYPES)):
        differs = random.random_sample(len(symbols)) < 0.25
        shares[cell_type] *= np.exp(np.where(differs, 0.6, 0.0) * random.standard_normal(len(symbols)))
    for gene in sorted(marked):
        high = 12 * np.exp(0.6 * random.standard_normal())
        for cell_type in range(len(CELL_TYPES)):
            shares[cell_type, gene] = high if cell_type in marked[gene] else 0.03 * high
    return shares / shares.sum(axis=1, keepdims=True)


def make_barcodes(random, n):
    barcodes = []
    while len(barcodes) < n:
        barcode = "".join("ACGT"[base] for base in random.randint(0, 4, size=16)) + "-1"
        if barcode not in barcodes:
            barcodes.append(barcode)
    return barcodes


def write_gzip(path, text):
    buffer = io.BytesIO()
    # No name and no time in the header, so that the same content gives the same bytes.
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as file:
        file.write(text.encode("ascii"))
    path.write_bytes(buffer.getvalue())


def main():
    root = Path(__file__).resolve().parent.parent
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else root / "data/example"
    output.mkdir(parents=True, exist_ok=True)
    random = np.random.RandomState(SEED)
    genes = read_genes(root)
    shares = mean_shares(random, [symbol for _, symbol in genes])

    types = np.repeat(np.arange(len(CELL_TYPES)), [n for _, n, _, _ in CELL_TYPES])
    types = types[random.permutation(len(types))]  # cells are in random order, as from a sequencer
    barcodes = make_barcodes(random, len(types))
    entries = []
    for cell, cell_type in enumerate(types):
        median = CELL_TYPES[cell_type][2]
        depth = np.clip(median * np.exp(0.3 * random.standard_normal()), 2300, 9000)
        vary = random.gamma(1 / DISPERSION, DISPERSION, size=len(genes))
        counts = random.poisson(depth * shares[cell_type] * vary)
        entries += [f"{gene + 1} {cell + 1} {counts[gene]}" for gene in np.flatnonzero(counts)]

    write_gzip(output / "matrix.mtx.gz",
               "%%MatrixMarket matrix coordinate integer general\n"
               "%made up by scripts/make_example.py; not measured\n"
               f"{len(genes)} {len(types)} {len(entries)}\n" + "\n".join(entries) + "\n")
    write_gzip(output / "features.tsv.gz",
               "".join(f"{gene}\t{symbol}\tGene Expression\n" for gene, symbol in genes))
    write_gzip(output / "barcodes.tsv.gz", "".join(f"{barcode}\n" for barcode in barcodes))
    with open(output / "cell_types.tsv", "w", newline="\n") as file:
        file.write("barcode\tcell_type\n")
        for barcode, cell_type in zip(barcodes, types):
            file.write(f"{barcode}\t{CELL_TYPES[cell_type][0]}\n")


if __name__ == "__main__":
    main()
