#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Two builds of one commit in two folders must give the same bytes.
#   check_reproducible.sh [N]     N: compare only so many objects, spread over the list, rather than all and the program
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$(mktemp -d)
n=0
trap 'rm -rf "$folder"' EXIT
for place in "$folder/one" "$folder/a/longer/path/to two"; do
  mkdir -p "$place"
  git archive HEAD | tar x -C "$place"
  cmake -S "$place" -B "$place/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSICMIR_TESTS=OFF >"$folder/log" ||
    { cat "$folder/log"; exit 1; }
  targets=(sicmir)
  if [ $# -gt 0 ]; then
    mapfile -t objects < <(cd "$place/build" && ninja -t targets all | sed -n 's/^\(src\/.*\.cpp\.o\): .*/\1/p' | sort)
    targets=()
    for ((i = 0; i < $1; ++i)); do targets+=("${objects[$((i * ${#objects[@]} / $1))]}"); done
  fi
  ninja -C "$place/build" "${targets[@]}" >"$folder/log" || { tail -n 30 "$folder/log"; exit 1; }
  (cd "$place/build" && find src -name '*.cpp.o' -o -path src/sicmir -type f | sort | xargs sha256sum) \
    >"$folder/sums.$((++n))"
done
if ! diff "$folder/sums.1" "$folder/sums.2"; then
  echo "check_reproducible.sh: the files above differ"
  exit 1
fi
echo "check_reproducible.sh: $(wc -l <"$folder/sums.1") files are the same in both folders"
