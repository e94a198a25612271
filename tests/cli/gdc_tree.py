# SPDX-License-Identifier: BSD-3-Clause
"""A download from the Genomic Data Commons, in small: files as gdc-client leaves them and the sample
sheet of the cart. Formats: the GDC's documentation of its mRNA and miRNA pipelines."""
import gzip
import hashlib
import pathlib
import uuid

import numpy as np
import pandas as pd

from program import LANDMARKS, PROJECT

MIRNAS = pd.read_csv(PROJECT / "data" / "mirnas.tsv", sep="\t", dtype=str).fillna("")
OLD_SHEET = ["File ID", "File Name", "Data Category", "Data Type", "Project ID", "Case ID",
             "Sample ID", "Sample Type"]
NEW_SHEET = [*OLD_SHEET[:-1], "Tissue Type", "Tumor Descriptor", "Specimen Type",
             "Preservation Method"]
STAR = ["gene_id", "gene_name", "gene_type", "unstranded", "stranded_first", "stranded_second",
        "tpm_unstranded", "fpkm_unstranded", "fpkm_uq_unstranded"]
OTHERS = [f"ENSG{99000000000 + i:011d}.1" for i in range(300)]
GENES = [f"{g}.{i % 20 + 1}" for i, g in enumerate(LANDMARKS["ensembl_id"])] + OTHERS
PAR_Y = GENES[0] + "_PAR_Y"


def file_id(*words):
    return str(uuid.UUID(hashlib.md5("/".join(words).encode()).hexdigest()))


class Tree:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lines = []

    def put(self, name, text, barcode, project="TCGA-BRCA", ffpe=False, number=""):
        """Writes a file into a folder of its own; the sheet gets a line. Returns the path."""
        identity = file_id(name, barcode, number)
        path = self.folder / identity / name
        path.parent.mkdir(exist_ok=True)
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(text.encode(), mtime=0))
        else:
            path.write_text(text)
        (path.parent / "logs").mkdir()  # gdc-client does so
        (path.parent / "logs" / f"{name}.parcel").write_text("")
        self.lines.append({
            "File ID": identity, "File Name": name, "Data Category": "Transcriptome Profiling",
            "Data Type": "-", "Project ID": project, "Case ID": barcode[:12],
            "Sample ID": barcode[:16], "Aliquot Submitter ID": barcode,
            "Sample Type": "Solid Tissue Normal" if barcode[13] == "1" else "Primary Tumor",
            "Tissue Type": "Normal" if barcode[13] == "1" else "Tumor",
            "Tumor Descriptor": "Primary", "Specimen Type": "Solid Tissue",
            "Preservation Method": "FFPE" if ffpe else "OCT"})
        return path

    def sheet(self, name="gdc_sample_sheet.2026-01-01.tsv", columns=NEW_SHEET):
        path = self.folder.parent / name
        pd.DataFrame(self.lines)[list(columns)].to_csv(path, sep="\t", index=False)
        return path

    def star(self, barcode, values, **options):
        """values: TPM per gene of GENES."""
        name = file_id("star", barcode)
        return self.put(f"{name}.rna_seq.augmented_star_gene_counts.tsv", star_text(values),
                        barcode, **options)

    def isoforms(self, barcode, rpm, **options):
        """rpm: by MIMAT accession."""
        name = file_id("mirna", barcode)
        return self.put(f"{name}.mirbase21.isoforms.quantification.txt", isoform_text(rpm), barcode,
                        **options)


def star_text(values):
    lines = ["# gene-model: GENCODE v36", "\t".join(STAR)]
    for name in ("N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous"):
        lines.append(f"{name}\t\t\t1580210\t1580210\t1580210\t\t\t")
    for gene, value in zip(GENES, values):
        lines.append(f"{gene}\tNAME\tprotein_coding\t{int(value * 10)}\t{int(value * 5)}\t"
                     f"{int(value * 5)}\t{value:.4f}\t{value / 2:.4f}\t{value / 3:.4f}")
    lines.append(f"{PAR_Y}\tNAME\tprotein_coding\t999\t999\t999\t99999.0\t9.0\t9.0")
    return "\n".join(lines) + "\n"


def isoform_text(rpm):
    """Each mature miRNA in two isoforms, its precursor and other regions beside it."""
    lines = ["miRNA_ID\tisoform_coords\tread_count\treads_per_million_miRNA_mapped\tcross-mapped\t"
             "miRNA_region"]
    coords = "hg38:chr1:1000-1021:+"
    for accession, value in rpm.items():
        for part in (0.25, 0.75):
            lines.append(f"hsa-mir-1\t{coords}\t5\t{value * part:.6f}\tN\tmature,{accession}")
    rest = max(0.0, 1e6 - sum(rpm.values()))
    lines.append(f"hsa-mir-1\t{coords}\t5\t{rest * 0.5:.6f}\tN\tprecursor")
    lines.append(f"hsa-mir-1\t{coords}\t5\t{rest * 0.25:.6f}\tN\tunannotated")
    lines.append(f"hsa-mir-1\t{coords}\t5\t{rest * 0.25:.6f}\tY\tstemloop")
    return "\n".join(lines) + "\n"


def stemloop_text(rpm):
    lines = ["miRNA_ID\tread_count\treads_per_million_miRNA_mapped\tcross-mapped"]
    lines += [f"{name}\t{int(value)}\t{value:.6f}\tN" for name, value in rpm.items()]
    return "\n".join(lines) + "\n"


def cohort_tree(folder, n_patients=36, seed=4):
    """Patients of two cohorts; miRNAs follow genes. Returns the tree, TPM and RPM by sample."""
    random = np.random.default_rng(seed)
    tree = Tree(folder)
    base = random.gamma(1.0, 30.0, len(GENES))
    tpm, rpm = {}, {}
    accessions = list(MIRNAS["accession"][:40])
    for patient in range(n_patients):
        project = "TCGA-BRCA" if patient % 2 else "TCGA-LUAD"
        for kind in ("01A", "11A") if patient % 6 == 0 else ("01A",):
            barcode = f"TCGA-A{patient % 2}-{1000 + patient}-{kind}-11R-A123-07"
            level = random.normal(size=5) + (patient % 2)
            values = base * np.exp2(level[np.arange(len(GENES)) % 5]
                                    + 0.3 * random.normal(size=len(GENES)))
            mirna = 50 * np.exp2(level[np.arange(40) % 5] + 0.3 * random.normal(size=40))
            sample = barcode[:15]
            tpm[sample] = np.round(values / values.sum() * 1e6, 4)
            rpm[sample] = dict(zip(accessions, np.round(mirna, 4)))
            tree.star(barcode, tpm[sample], project=project)
            tree.isoforms(barcode, rpm[sample], project=project)
    return tree, tpm, rpm
