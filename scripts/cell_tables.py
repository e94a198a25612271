#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the tables of human cell types and lines that the bundled model is trained on, and what
`sicmir train` must know of them.

  scripts/cell_tables.py CELLS_FOLDER OUTPUT_FOLDER

CELLS_FOLDER holds mrna/SOURCE.tsv.gz, mirna/SOURCE.tsv.gz and pairs.tsv, which joins them by cell type
or line (one `group` each). OUTPUT_FOLDER gets

  cells/SOURCE.FORM.WEIGHT.tsv.gz   the panel's genes x profiles, in the model's unit
  cells/mirna.tsv.gz         log2(RPM + 1), miRNAs x profiles
  cells/profiles.tsv.gz      miRNA profiles of all types and lines, for the prior
  cells/manifest.tsv         lines for --pairs
  cells/samples.tsv          lines for --samples: the patient of a profile is its group, so that no group
                             is ever on both sides of a split

FORM is how a user's file arrives at the model: `reference` (log2(1 + 1000 x / upper quartile), standardised
by data/training_scale.tsv), `ranks` (the same, for
the program to bring to ranks: platform `ranks`) and
`dataset` (z-scores over all profiles of the source; the target, too, is centred over the source's).

Targets are measured by other laboratories. miROme's medians are taken as they are; FANTOM5 is shifted to
them miRNA by miRNA over the types that both have; lines that only CCLE's NanoString panel has, and
tissues that only Landgraf 2007 has, are brought to the means and (shrunk) standard deviations of miROme,
miRNAs that they lack are predicted from those that they have, and they count less. ENCODE by way of RCAv2 is
for evaluation only and takes no part. Needs python3-pandas.
"""
import pathlib
import re
import sys

import numpy as np
import pandas as pd

PROJECT = pathlib.Path(__file__).resolve().parent.parent
# mRNA source and whether its values are logarithms.
SOURCES = {
    "hpa_blood_nx": False, "hpa_celllines_tissues_nx": False, "lcl_geuvadis6_tpm": False,
    "nci60_u133a_gcrma_log2": True, "novershtern_hema_array_log2": True,
    "pancreas_indrop14_avg": False, "pson9_tpm": False, "roadmap57_rpkm": False,
    "sc_mixology_celseq2_pseudobulk_counts": False, "ccle31_deepdds_tpm": False,
    "crcl18_mrna_log2": True,
}
FORMS = ("reference", "ranks", "dataset")
LEAST_FOR_DATASET = 10  # profiles of a source, to standardise over them
WEIGHT = 1.0  # of a group, over its forms
# Of these forms, held-out profiles show what differences are worth.
DIFFERENCES = {"reference": "reference", "dataset": "dataset"}
LEVEL_VARIANCE = 1.0  # of z-scores: miRNAs and mRNA were measured in different laboratories
CCLE_WEIGHT, LANDGRAF_WEIGHT = 0.4, 0.3
MOST = np.log2(1e6 + 1)  # all reads; laboratories brought to others' moments may be beyond
SHRINK = 0.6  # of standard deviations of laboratories that agree little with miROme


def tsv(path):
    lines = [line for line in open(path) if not line.startswith("#")]
    names = lines[0].rstrip("\n").split("\t")
    return pd.DataFrame([line.rstrip("\n").split("\t") for line in lines[1:]], columns=names)


def gene_places(landmarks):
    places = {}
    for columns in (("ensembl_id",), ("current_symbol", "symbol"),
                    ("aliases", "older_ensembl_ids")):
        for place, gene in landmarks.iterrows():
            for column in columns:
                for name in gene.get(column, "").split("|"):
                    if name:
                        places.setdefault(name, place)
    return places


def panel_of(file, is_log, places, n_genes):
    """log2(1 + 1000 x / upper quartile) of the panel's genes, profiles x genes, and their names."""
    table = pd.read_csv(file, sep="\t", index_col=0).apply(pd.to_numeric, errors="coerce")
    values = table.to_numpy(float)
    values = np.nan_to_num(np.maximum(2.0**values - 1 if is_log else values, 0))
    for column in values.T:
        expressed = np.sort(column[column > 0])
        column *= 1000 / expressed[int(np.ceil(0.75 * len(expressed))) - 1]
    result = np.full((table.shape[1], n_genes), np.nan)
    for gene, line in zip(table.index, np.log2(values + 1)):
        place = places.get(str(gene), places.get(str(gene).split(".")[0]))
        if place is not None and np.isnan(result[0, place]):
            result[:, place] = line
    return result, list(table.columns)


def over_profiles(values):
    """z-scores of each gene over the profiles, as predict --scale dataset makes them."""
    sd = values.std(0)
    z = (values - values.mean(0)) / np.where(sd > 1e-6, sd, 1.0)
    return np.where(sd > 1e-6, z, np.where(np.isfinite(sd), 0.0, np.nan))


def to_mirome(table, mirome, penalty):
    """Another laboratory's values by miROme's moments; miRNAs that it lacks from those that it has."""
    mean, sd = mirome.mean(1), mirome.std(axis=1)
    present = (table.std(axis=1) > 0.3) & mean.notna()
    own = table[present]
    z = own.sub(own.mean(1), axis=0).div(own.std(axis=1), axis=0).mul(SHRINK * sd[present], axis=0)
    absent = mean.notna() & ~present
    known = mirome[present].sub(mean[present], axis=0).to_numpy().T
    wanted = mirome[absent].sub(mean[absent], axis=0).to_numpy().T
    weight = np.linalg.solve(known.T @ known + penalty * np.eye(known.shape[1]), known.T @ wanted)
    result = table * np.nan
    result[present] = z.add(mean[present], axis=0)
    result[absent] = (z.to_numpy().T @ weight).T + mean[absent].to_numpy()[:, None]
    return result


def mirna_tables(folder, pairs, names):
    def read(name):
        return pd.read_csv(folder / f"mirna/{name}.tsv.gz", sep="\t", index_col=0).reindex(names)

    primary = np.log2(read("mirome_primary_median_rpm") + 1)
    lines = np.log2(read("mirome_cancer_median_rpm") + 1)
    known = ~primary.isna().all(axis=1)
    fantom = np.log2(read("fantom5_type_mean_cpm").fillna(0.0) + 1)

    def by_group(table, file):
        chosen = pairs[pairs["mirna_file"].str.startswith(file)].drop_duplicates(["group", "mirna_column"])
        return {group: table[list(own["mirna_column"])].mean(1) for group, own in chosen.groupby("group")}

    types, other = by_group(primary, "mirome_primary"), by_group(fantom, "fantom5")
    shared = sorted(set(types) & set(other))
    differences = pd.concat([types[group] - other[group] for group in shared], axis=1)
    shift = differences.sum(axis=1) / (differences.notna().sum(axis=1) + 3)
    fantom = fantom.add(shift, axis=0).clip(lower=0)
    fantom[~known] = np.nan
    ccle = np.log2(read("ccle470_nanostring_normcounts").clip(lower=20))
    landgraf = np.log2(read("landgraf2007_clone_fraction") * 1e6 + 300)
    return {"mirome_primary": (primary, 1.0), "mirome_cancer": (lines, 1.0), "fantom5": (fantom, 1.0),
            "ccle470": (to_mirome(ccle, lines, 300.0), CCLE_WEIGHT),
            "landgraf2007": (to_mirome(landgraf, pd.concat([primary, lines], axis=1), 500.0),
                             LANDGRAF_WEIGHT)}


def target_of(lines, tables):
    """Mean over the laboratories that count most, and their weight; None without any."""
    found = {}
    for _, line in lines.iterrows():
        name = next((n for n in tables if line["mirna_file"].startswith(n)), None)
        if name is not None:
            found.setdefault(name, []).append(tables[name][0][line["mirna_column"]])
    if not found:
        return None, 0.0
    weight = max(tables[name][1] for name in found)
    best = [sum(values) / len(values) for name, values in found.items() if tables[name][1] == weight]
    return sum(best) / len(best), weight


def write(table, path):
    table.to_csv(path, sep="\t", float_format="%.4f", index_label="id")


def main():
    folder, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve() / "cells"
    output.mkdir(parents=True, exist_ok=True)
    landmarks = tsv(PROJECT / "data/landmarks.tsv")
    places = gene_places(landmarks)
    scale = tsv(PROJECT / "data/training_scale.tsv").set_index("gene").loc[landmarks["symbol"]]
    mean, sd = scale["mean"].astype(float).to_numpy(), scale["sd"].astype(float).to_numpy()
    names = tsv(PROJECT / "data/mirnas.tsv")["name"]
    pairs = pd.read_csv(folder / "pairs.tsv", sep="\t", keep_default_na=False)
    tables = mirna_tables(folder, pairs, names)

    targets, samples = {}, []
    manifest = []
    for source, is_log in SOURCES.items():
        values, profiles = panel_of(folder / f"mrna/{source}.tsv.gz", is_log, places, len(landmarks))
        own = pairs[pairs["mrna_file"] == f"{source}.tsv.gz"]
        found = {}
        for name, lines in own.groupby("mrna_column"):
            target, weight = target_of(lines, tables)
            if target is not None:
                found[name] = (target, weight, lines["group"].iloc[0])
        centre = pd.concat([target for target, _, _ in found.values()], axis=1).mean(axis=1)
        general = tables["mirome_primary"][0].mean(axis=1)
        forms = [f for f in FORMS if f != "dataset" or len(profiles) >= LEAST_FOR_DATASET]
        for form in forms:
            # In the model's unit; of a data set's z-scores what the reference's scale makes the same.
            z = mean + sd * over_profiles(values) if form == "dataset" else values
            keys = [f"cells:{source}:{form}:{profile}" for profile in profiles]
            z = pd.DataFrame(z.T, index=landmarks["symbol"], columns=keys).dropna(how="all")
            for weight in sorted({w for _, w, _ in found.values()}):
                chosen = [k for k, p in zip(keys, profiles) if p in found and found[p][1] == weight]
                if not chosen:
                    continue
                path = output / f"{source}.{form}.{weight:g}.tsv.gz"
                write(z[chosen], path)
                platform = "ranks" if form == "ranks" else "cells"
                share = f"{WEIGHT * weight / len(forms):.4g}"
                manifest.append((path, platform, share, f"cells-{source}-{form}"))
            for key, profile in zip(keys, profiles):
                if profile not in found:
                    continue
                target, _, group = found[profile]
                targets[key] = target - centre + general if form == "dataset" else target
                samples.append((key, f"cells-{source}-{form}", f"cells:{group}"))
    write(pd.DataFrame(targets).dropna(how="all").clip(0, MOST), output / "mirna.tsv.gz")

    group_of = {line["mirna_column"]: line["group"] for _, line in pairs.iterrows()}
    all_profiles = {}
    for name in ("mirome_primary", "mirome_cancer", "fantom5"):
        for column in tables[name][0]:
            key = f"cells:{name}:{column}"
            all_profiles[key] = tables[name][0][column]
            group = f"cells:{group_of[column]}" if column in group_of else key
            samples.append((key, f"cells-{name}", group))
    write(pd.DataFrame(all_profiles).dropna(how="all").clip(0, MOST), output / "profiles.tsv.gz")

    with open(output / "samples.tsv", "w") as file:
        print("sample", "cohort", "patient", sep="\t", file=file)
        for line in samples:
            print(*line, sep="\t", file=file)
    with open(output / "manifest.tsv", "w") as file:
        print("mrna", "mrna_values", "platform", "mirna", "mirna_values", "estimated", "cohort",
              "harmonise", "weight", "level_variance", "differences", sep="\t", file=file)
        for path, platform, weight, cohort in manifest:
            harmonise = "ranks" if platform == "ranks" else ""
            print(path, "ratio", platform, "", "", "", cohort, harmonise, weight, LEVEL_VARIANCE,
                  DIFFERENCES.get(cohort.rsplit("-", 1)[1], ""), sep="\t", file=file)
        for name in ("mirna", "profiles"):
            print("", "", "", output / f"{name}.tsv.gz", "log2rpm", "", "cells", "", "", "", "",
                  sep="\t", file=file)
    print(f"{len(targets)} profiles of cells, {len({s[2] for s in samples if s[0] in targets})} groups",
          file=sys.stderr)


main()
