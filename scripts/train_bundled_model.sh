#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Trains models/sicmir-tcga.h5, to the same bytes on every machine of the same instruction set.
#   scripts/train_bundled_model.sh [TCGA_FOLDER [OUTPUT [TRAIN_OPTION...]]]
# TCGA_FOLDER (default ../shared/data/tcga) holds mrna/SOURCE__COHORT.tsv.gz, mirna_mature_est/ and
# mirna_mature/COHORT.tsv.gz and samples.tsv (sample, cohort); scripts/tcga_manifest.py knows what each
# source is. They are not part of the project. SICMIR names the program (default
# build/release/src/sicmir). What was tried besides: docs/accuracy.md.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
data=${1:-$project/../shared/data/tcga}
output=${2:-$project/models/sicmir-tcga.h5}
shift $(($# < 2 ? $# : 2))
program=${SICMIR:-$project/build/release/src/sicmir}
pairs=$(mktemp)
trap 'rm -f "$pairs"' EXIT
"$project/scripts/tcga_manifest.py" "$data" >"$pairs"

# --min-panel: sources with a part of the genes serve, too; what they lack is imputed.
"$program" train --name sicmir-tcga \
  --pairs "$pairs" --samples "$data/samples.tsv" --min-panel 0.2 --estimated-first \
  --gene-moments "$project/data/training_scale.tsv" --mirna-moments all \
  --members 0 --kernel 0.7 --prior 0.3 --validation 0 --weights float16 \
  --cross-validate 5 --leave-cohort-out \
  --output "$output" "$@"
