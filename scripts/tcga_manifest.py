#!/usr/bin/env python3
"""Writes the manifest of the pairs that the bundled model is trained on, for `sicmir train --pairs`.

  scripts/tcga_manifest.py TCGA_FOLDER >pairs.tsv

TCGA_FOLDER holds mrna/SOURCE__COHORT.tsv.gz, mirna_mature_est/COHORT.tsv.gz and
mirna_mature/COHORT.tsv.gz. Of a sample that stands in several mRNA files the first one counts, so the
sources come in order of preference. A platform is what differs from RSEM by an offset per gene, or goes
by the ranks of its genes: three of the 13 samples of iobr_counts have small counts where others have
none, hence an upper quartile that says nothing about their depth.
"""
import pathlib
import sys

# source, what its values are, platform
SOURCES = [
    ("rtcga_rsem", "normalised", ""),
    ("cats_hiseqv2", "log-normalised", ""),
    ("tcgabiolinks", "counts", ""),
    ("nased_rsem", "linear", ""),
    ("cmscaller_counts", "counts", ""),
    ("mnmo_counts", "counts", "htseq"),
    ("pathanalyser_counts", "counts", "htseq"),
    ("brcamale_htseq", "counts", "htseq-all-genes"),
    ("iobr_counts", "counts", "htseq-ranks"),
    ("moonlight", "linear", "edaseq"),
    ("metagsca_partial", "log-normalised", ""),
    ("tdm_rsem", "normalised", ""),
    ("hipathia_tmmlog", "ratio", "tmm"),
    ("simpati_rnaseqgene", "linear", "rnaseq-v1"),
    ("linnorm", "linear", "rpkm"),
    ("agilent", "ratio", "agilent"),
]

BY_RANKS = {"htseq-ranks"}

folder = pathlib.Path(sys.argv[1]).resolve()
columns = ("mrna", "mrna_values", "platform", "mirna", "mirna_values", "estimated", "cohort",
           "harmonise")
print(*columns, sep="\t")
for source, values, platform in SOURCES:
    files = sorted((folder / "mrna").glob(f"{source}__*.tsv.gz"))
    if not files:
        sys.exit(f"{folder}/mrna: holds no file {source}__COHORT.tsv.gz")
    for file in files:
        cohort = file.name.removesuffix(".tsv.gz").split("__")[1]
        harmonise = "ranks" if platform in BY_RANKS else ""
        print(file, values, platform, "", "", "", cohort, harmonise, sep="\t")
for kind, values, estimated in (("mirna_mature_est", "log2rpm", "yes"), ("mirna_mature", "rpm", "")):
    for file in sorted((folder / kind).glob("*.tsv.gz")):
        cohort = file.name.removesuffix(".tsv.gz")
        print("", "", "", file, values, estimated, cohort, "", sep="\t")
