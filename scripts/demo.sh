#!/usr/bin/env bash
# From a clone to the first prediction: installs what is missing, builds, predicts the bundled
# example with the bundled model and shows the first lines. Quick when run again.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

folder=$(realpath -m "${BUILD_DIR:-$project/build/release}")
need_packages "${build_packages[@]}"
[ -f "$folder/CMakeCache.txt" ] || configure "$folder" -DSICMIR_TESTS=OFF
[ -x "$folder/src/sicmir" ] || echo "Building with $cores cores; this takes a few minutes once"
BUILD_QUIETLY=1 build "$folder" sicmir

example=data/example
predictions=$folder/example-mirnas.tsv
cd "$project"
echo "\$ sicmir predict $example -o $(realpath --relative-to=. "$predictions")"
"$folder/src/sicmir" predict "$example" -o "$predictions"

echo
echo "The first cells and a few of their miRNAs (z-scores; 0 is an average training sample):"
awk -F '\t' -v names="hsa-miR-142-3p hsa-miR-150-5p hsa-miR-223-3p hsa-miR-200c-3p hsa-miR-143-3p" '
  NR == 1 {
    n = split(names, wanted, " ")
    for (i = 1; i <= NF; i++) column[$i] = i
    printf "%-22s", "cell"
    for (i = 1; i <= n; i++) if (wanted[i] in column) printf "%16s", wanted[i]
  }
  NR > 1 {
    printf "%-22s", $1
    for (i = 1; i <= n; i++) if (wanted[i] in column) printf "%16.2f", $column[wanted[i]]
  }
  { printf "\n" }
  NR == 9 { exit }' "$predictions"
echo
echo "All of it: $predictions. Next: $folder/src/sicmir predict --help, and README.md."
