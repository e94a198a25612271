#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the manifest of the pairs that the bundled model is trained on, for `sicmir train --pairs`.

  scripts/tcga_manifest.py TCGA_FOLDER >pairs.tsv
  scripts/tcga_manifest.py TCGA_FOLDER TABLES_FOLDER >pairs.tsv

TCGA_FOLDER holds mrna/SOURCE__COHORT.tsv.gz, mirna_mature_est/COHORT.tsv.gz and
mirna_mature/COHORT.tsv.gz. With TABLES_FOLDER, which scripts/mirna_targets.py makes, all sources take part,
with the targets of that folder. Of a sample that stands in several mRNA files the first one counts, so the
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

# Sources that the bundled model was not trained on, each before the source named last: with TABLES_FOLDER.
LATER_SOURCES = [
    ("bs831_rsem", "normalised", "", "nased_rsem"),
    ("ragg3d_htseq", "counts", "htseq", "mnmo_counts"),
    ("narnea_htseq", "counts", "htseq", "mnmo_counts"),
    ("bs831_htseq", "counts", "htseq", "brcamale_htseq"),
    ("immunophenogram", "log", "tpm", "moonlight"),
    ("laml_merged", "log-normalised", "", "metagsca_partial"),
    ("signifinder_norm", "normalised", "edaseq-normalised", "hipathia_tmmlog"),
    ("signifinder2_norm", "normalised", "edaseq-normalised", "hipathia_tmmlog"),
]

BY_RANKS = {"htseq-ranks"}

folder = pathlib.Path(sys.argv[1]).resolve()
tables = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
sources = list(SOURCES)
targets = [(folder / "mirna_mature_est", "log2rpm", "yes"), (folder / "mirna_mature", "rpm", "")]
if tables is not None:
    for *source, before in LATER_SOURCES:
        place = next(i for i, other in enumerate(sources) if other[0] == before)
        sources.insert(place, tuple(source))
    targets = [(tables / "measured", "log2rpm", ""), (tables / "estimated", "log2rpm", "yes")]
columns = ("mrna", "mrna_values", "platform", "mirna", "mirna_values", "estimated", "cohort",
           "harmonise", "weight", "level_variance", "differences")
print(*columns, sep="\t")
for source, values, platform in sources:
    files = sorted((folder / "mrna").glob(f"{source}__*.tsv.gz"))
    if not files:
        sys.exit(f"{folder}/mrna: holds no file {source}__COHORT.tsv.gz")
    for file in files:
        cohort = file.name.removesuffix(".tsv.gz").split("__")[1]
        harmonise = "ranks" if platform in BY_RANKS else ""
        print(file, values, platform, "", "", "", cohort, harmonise, "", "", "", sep="\t")
for of_kind, values, estimated in targets:
    for file in sorted(of_kind.glob("*.tsv.gz")):
        cohort = file.name.removesuffix(".tsv.gz")
        print("", "", "", file, values, estimated, cohort, "", "", "", "", sep="\t")
