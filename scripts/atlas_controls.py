#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Positive controls through an atlas: miRNAs that are known to mark cell types, asked of real cells whose types others
have labelled.

  scripts/atlas_controls.py PROGRAM LABELLED_FOLDER ATLAS

Adds the five labelled sets of LABELLED_FOLDER (pbmc_facs_zheng, darmanis_brain, ipsc_cardiomyocytes, baron_pancreas,
zilionis_nsclc; none of them is part of the project) to ATLAS, which must be new, and asks `sicmir atlas query --mirna
NAME --set SET` for each control: which types are highest? A control holds if the highest type of the set is one that
should be. Prints a table in Markdown. The types that should be high were written down before the first run: of the positive
controls of docs/cells.md, the nearest types that a set has beside others.
"""
import csv
import io
import pathlib
import subprocess
import sys

SETS = {
    "zheng": ("pbmc_facs_zheng", ["--tissue", "blood", "--min-cells", "20"]),
    "darmanis": ("darmanis_brain/GSE67835_darmanis_counts.csv.gz", ["--tissue", "cortex", "--min-cells", "10"]),
    "ipsc": ("ipsc_cardiomyocytes/iPSC_CM_counts.tsv.gz", ["--tissue", "iPSC culture", "--min-cells", "10"]),
    "baron": ("baron_pancreas/baron_human_umi.csv.gz", ["--tissue", "pancreas", "--min-cells", "10"]),
    "zilionis": ("zilionis_nsclc/zilionis_X_lognorm_layer_counts.h5ad",
                 ["--tissue", "lung tumour", "--layer", "counts", "--min-cells", "5", "--min-counts", "5000"]),
}
T_CELLS = ["CD8+ Cytotoxic T", "CD4+ T Helper2", "CD4+/CD45RO+ Memory", "CD8+/CD45RA+ Naive Cytotoxic", "CD4+/CD25 T Reg",
           "CD4+/CD45RA+/CD25- Naive T"]
LYMPHOCYTES = [*T_CELLS, "CD19+ B", "CD56+ NK"]
TUMOUR_LYMPHOCYTES = ["tT cells", "bT cells", "tB cells", "bB cells", "tNK cells", "bNK cells"]
MYELOID = ["bNeutrophils", "tNeutrophils", "bMonocytes", "tMoMacDC"]
LEUKOCYTES = [*TUMOUR_LYMPHOCYTES, *MYELOID, "tPlasma cells", "tMast cells", "tpDC", "bBasophils"]
TUMOUR = [f"Patient{i}-specific" for i in range(1, 8)]
ISLET = ["alpha", "beta", "delta"]
CONTROLS = [
    ("hsa-miR-150-5p", "zheng", LYMPHOCYTES), ("hsa-miR-150-5p", "zilionis", TUMOUR_LYMPHOCYTES),
    ("hsa-miR-142-3p", "baron", ["macrophage"]), ("hsa-miR-142-3p", "darmanis", ["microglia"]),
    ("hsa-miR-142-3p", "zilionis", LEUKOCYTES),
    ("hsa-miR-223-3p", "zheng", ["CD14+ Monocyte"]), ("hsa-miR-223-3p", "baron", ["macrophage"]),
    ("hsa-miR-223-3p", "zilionis", MYELOID), ("hsa-miR-223-3p", "darmanis", ["microglia"]),
    ("hsa-miR-126-3p", "darmanis", ["endo"]), ("hsa-miR-126-3p", "zilionis", ["Endothelial cells"]),
    ("hsa-miR-200c-3p", "zilionis", TUMOUR), ("hsa-miR-200c-3p", "baron", ISLET),
    ("hsa-miR-375-3p", "baron", ISLET), ("hsa-miR-7-5p", "baron", ISLET),
    ("hsa-miR-9-5p", "darmanis", ["neuro", "astro"]), ("hsa-miR-124-3p", "darmanis", ["neuro"]),
    ("hsa-miR-1-3p", "ipsc", ["D30", "D60"]), ("hsa-miR-133a-3p", "ipsc", ["D30", "D60"]),
    ("hsa-miR-143-3p", "baron", ["activated_stellate"]), ("hsa-miR-145-5p", "baron", ["activated_stellate"]),
    ("hsa-miR-143-3p", "zilionis", ["Fibroblasts", "Smooth muscle cells"]),
    ("hsa-miR-145-5p", "zilionis", ["Fibroblasts", "Smooth muscle cells"]),
    ("hsa-miR-21-5p", "baron", ["activated_stellate", "macrophage"]),
    ("hsa-miR-155-5p", "zilionis", ["tB cells", "bB cells", *MYELOID, "tT cells", "bT cells"]),
    ("hsa-miR-302a-3p", "ipsc", ["D0"]),
    ("hsa-miR-219a-5p", "darmanis", ["oligo"]), ("hsa-miR-338-3p", "darmanis", ["oligo"]),
    ("hsa-miR-146a-5p", "darmanis", ["microglia"]),
]


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True).stdout


def add(program, folder, atlas):
    for name, (path, options) in SETS.items():
        source = folder / path
        labels = (source if source.is_dir() else source.parent) / "labels.tsv"
        run(program, "atlas", "add", atlas, source, "--id", name, "--groups", labels, "--group-by", "cell_type",
            "--scale", "dataset", "--labels-from", "annotation", *options)
    run(program, "atlas", "index", atlas)


def main():
    program, folder, atlas = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    add(program, folder, atlas)
    print("| miRNA | data set | should be high in | highest | rank of the best that should be | holds |")
    print("|---|---|---|---|---|---|")
    held = tested = chance = 0
    for mirna, name, expected in CONTROLS:
        lines = list(csv.DictReader(io.StringIO(run(program, "atlas", "query", atlas, "--mirna", mirna, "--set", name, "-q")),
                                    delimiter="\t"))
        types = [line["type"] for line in lines]
        there = [t for t in expected if t in types]
        words = ", ".join(there[:3]) + (f" and {len(there) - 3} more" if len(there) > 3 else "")
        if not there or len(there) == len(types):
            print(f"| {mirna} | {name} | {', '.join(expected[:3])} | not to be tested: no such type, or no other | | |")
            continue
        rank = min(types.index(t) for t in there) + 1
        tested += 1
        chance += len(there) / len(types)
        held += rank == 1
        print(f"| {mirna} | {name} | {words} | {types[0]} ({float(lines[0]['mean_z']):+.2f}) | {rank} of {len(types)} | "
              f"{'yes' if rank == 1 else 'no'} |")
    print(f"\n{held} of {tested} hold; types drawn at random would give {chance:.1f}.")


main()
