#!/usr/bin/env bash
# Trains models/sicmir-tcga.h5, to the same bytes on every machine of the same instruction set.
#   scripts/train_bundled_model.sh [TCGA_FOLDER [OUTPUT]]
# TCGA_FOLDER (default ../shared/data/tcga) holds mrna/rtcga_rsem__COHORT.tsv.gz (RSEM, linear),
# mirna_mature/CHOL.tsv.gz (measured mature RPM), mirna_mature_est/COHORT.tsv.gz (log2(RPM + 1)
# estimated from stem-loops) and samples.tsv (sample, cohort). They are not part of the project.
# SICMIR names the program (default build/release/src/sicmir).
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
data=${1:-$project/../shared/data/tcga}
output=${2:-$project/models/sicmir-tcga.h5}
program=${SICMIR:-$project/build/release/src/sicmir}
mrna=() estimated=()
for cohort in ACC CHOL DLBC STAD UCS UVM; do
  mrna+=("$data/mrna/rtcga_rsem__$cohort.tsv.gz")
  estimated+=("$data/mirna_mature_est/$cohort.tsv.gz")
done

# --min-targets: 401 more miRNAs were measured in the 45 samples of CHOL alone, and cannot be learnt
# from those (models/README.md).
"$program" train --name sicmir-tcga \
  --mrna "${mrna[@]}" \
  --mrna-values linear \
  --mirna "$data/mirna_mature/CHOL.tsv.gz" \
  --mirna-estimated "${estimated[@]}" \
  --samples "$data/samples.tsv" --min-targets 100 \
  --batch 32 --epochs 40 --weight-decay 1 \
  --cross-validate 5 --leave-cohort-out \
  --output "$output"
