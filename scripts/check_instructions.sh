#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Counts the instructions of a small prediction with callgrind and compares them with the committed
# figure: more than 5 % above it is an error; more than 5 % below it, the figure should be updated.
#   scripts/check_instructions.sh SICMIR MAKE_TEST_MODEL [--update]
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
sicmir=$1
make_model=$2
figure=$project/tests/data/instructions.txt
if ! command -v valgrind >/dev/null; then
  echo "check_instructions: skipped (valgrind is not installed)"
  exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$make_model" "$project/data" "$folder/model.h5" 100 128
# One process, one thread, and kernels that do not depend on the processor.
export SICMIR_SUPERVISE=0 SICMIR_KERNEL=v2
valgrind --tool=callgrind --callgrind-out-file="$folder/out" "$sicmir" predict \
  "$project/data/example" -m "$folder/model.h5" --threads 1 --quiet -o "$folder/out.csv" \
  2>"$folder/log" || { cat "$folder/log" >&2; exit 1; }
counted=$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$folder/log")
if [ "${3:-}" = --update ]; then
  echo "$counted" >"$figure"
  echo "check_instructions: $counted written to $figure"
  exit 0
fi
expected=$(cat "$figure")
awk -v counted="$counted" -v expected="$expected" 'BEGIN {
  change = 100 * (counted / expected - 1)
  printf "check_instructions: %d, %+.1f %% against %d\n", counted, change, expected
  if (change > 5) { print "Slower than the committed figure allows (5 %)."; exit 1 }
  if (change < -5) print "Faster: run with --update and commit the figure."
}'
