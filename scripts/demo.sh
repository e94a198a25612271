#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# From a clone to the first prediction: installs missing packages, builds sicmir, predicts the bundled
# example with the bundled model and shows the first lines. Running it again is quick.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

folder=$(realpath -m "${BUILD_DIR:-$project/build/release}")
need_packages "${build_packages[@]}"
[ -f "$folder/build.ninja" ] || [ -f "$folder/Makefile" ] || configure "$folder" -DSICMIR_TESTS=OFF
[ -x "$folder/src/sicmir" ] || echo "Building with $cores cores; this takes a few minutes the first time"
BUILD_QUIETLY=1 build "$folder" sicmir

cd "$project"
example=data/example
predictions=$(realpath --relative-to=. "$folder")/example.tsv
program=$(realpath --relative-to=. "$folder")/src/sicmir
echo
echo "$program predict $example -o $predictions"
"$program" predict "$example" -o "$predictions"

# The program does not know the cell types; they are used only to arrange its output.
awk -F '\t' '
  FNR == NR { type[$1] = $2; next }
  FNR == 1 {
    n = split("hsa-miR-150-5p hsa-miR-223-3p hsa-miR-142-3p hsa-miR-200c-3p hsa-miR-143-3p", name, " ")
    for (i = 2; i <= NF; i++) column[$i] = i
    for (i = 1; i <= n; i++) if (name[i] in column) head = head sprintf("%17s", name[i])
    print "\nThe first cells and a few miRNAs (z-scores: 0 is average, 1 is one standard deviation above)\n"
    printf "%-20s%-16s%s\n", "cell", "", head
    next
  }
  {
    cells[type[$1]]++
    line = ""
    for (i = 1; i <= n; i++) if (name[i] in column) {
      sum[type[$1], i] += $column[name[i]]
      line = line sprintf("%17.2f", $column[name[i]])
    }
    if (FNR <= 7) printf "%-20s%-16s%s\n", $1, type[$1], line
  }
  END {
    print "\nMeans per cell type\n"
    for (t in cells) {
      line = ""
      for (i = 1; i <= n; i++) if (name[i] in column) {
        line = line sprintf("%17.2f", sum[t, i] / cells[t])
      }
      printf "%-20s%-16s%s\n", t, cells[t] " cells", line | "sort"
    }
  }' "$example/cell_types.tsv" "$predictions"
echo
echo "All predictions are in $predictions. Next, see README.md or run $program predict --help"
