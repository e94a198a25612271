#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Trains models/sicmir-tcga.h5, to the same bytes on every machine of the same instruction set: a kernel
# regression with a prior on tumours and cells, and the network that is distilled from it.
#   scripts/train_bundled_model.sh [DATA_FOLDER [OUTPUT [TRAIN_OPTION...]]]
# DATA_FOLDER (default ../shared/data) holds tcga/ and cells/; what they must hold is in
# scripts/mirna_targets.py, scripts/cell_tables.py and scripts/tcga_manifest.py, which make the tables that
# the program reads (kept in the folder TABLES if that is set). The data are not part of the project.
# SICMIR names the program (default build/release/src/sicmir). What was tried besides: docs/accuracy.md.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
data=${1:-$project/../shared/data}
output=${2:-$project/models/sicmir-tcga.h5}
shift $(($# < 2 ? $# : 2))
program=${SICMIR:-$project/build/release/src/sicmir}
tables=${TABLES:-$(mktemp -d)}
[[ -n ${TABLES:-} ]] || trap 'rm -rf "$tables"' EXIT
mkdir -p "$tables"
"$project/scripts/mirna_targets.py" "$data/tcga" "$tables"
"$project/scripts/cell_tables.py" "$data/cells" "$tables"
"$project/scripts/tcga_manifest.py" "$data/tcga" "$tables" >"$tables/pairs.tsv"
tail -n +2 "$tables/cells/manifest.tsv" >>"$tables/pairs.tsv"
# A patient of cells is their group; TCGA's are read off the sample's name.
awk -F '\t' -v OFS='\t' 'NR == 1 { print "sample", "cohort", "patient"; next } { print $1, $2, "" }' \
  "$data/tcga/samples.tsv" >"$tables/samples.tsv"
tail -n +2 "$tables/cells/samples.tsv" >>"$tables/samples.tsv"

# --min-panel: sources with a part of the genes serve, too; what they lack is imputed. Held-out figures
# are the regressions', but for the first fold, which is distilled as well to see what that costs.
"$program" train --name sicmir-tcga-cells \
  --pairs "$tables/pairs.tsv" --samples "$tables/samples.tsv" --min-panel 0.17 \
  --gene-moments "$project/data/training_scale.tsv" --mirna-moments all \
  --members 0 --kernel 0.7 --prior 0.3 --validation 0 --weights float16 \
  --distil 8000 --distil-folds 1 --hidden 1024,1024 \
  --cross-validate 5 --leave-cohort-out --no-baselines --held-out "$tables/held_out.tsv" \
  --output "$output" "$@"
"$project/scripts/cells_accuracy.py" "$tables/held_out.tsv" "$tables"
