#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What takes hours and shows that nothing is lost; docs/reliability.md explains.
#   torture.sh [BUILD_FOLDER [PART...]]
# BUILD_FOLDER is a build with tests (default: build/release). Parts, by default all but mutation:
#   faults       every call of the system that concerns an output fails, one after the other, in every command
#   memory       predict under every limit of memory, in steps of 1 MB
#   determinism  the same bytes whatever threads, blocks, shards, locale, environment and memory are
#   builds       two builds of one commit in two folders
#   large        more than 2^31 values
#   mutation     400 changes of the sources, each of which a test must notice (changes the tree while it runs)
# What follows `--` goes to tests/faults/try_all.py: torture.sh build/release faults -- --scene merge
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$(realpath "${1:-build/release}")
shift || true
parts=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  parts+=("$1")
  shift
done
[ $# -eq 0 ] || shift
[ ${#parts[@]} -gt 0 ] || parts=(faults memory determinism builds large)
export SICMIR=$build/src/sicmir SICMIR_BUILD=$build SICMIR_MAKE_MODEL=$build/tests/make_test_model
export PYTHONDONTWRITEBYTECODE=1
if [ ! -e "$build/tests/faults/fault_shim.so" ]; then
  echo "torture.sh: $build has no tests; run scripts/test.sh first" >&2
  exit 2
fi
failed=()
for part in "${parts[@]}"; do
  echo "=== $part"
  start=$SECONDS
  case $part in
    faults) /usr/bin/python3 tests/faults/try_all.py --memory 500 --stacks "$@" ;;
    memory) /usr/bin/python3 scripts/check_memory.py ;;
    determinism) /usr/bin/python3 scripts/check_determinism.py ;;
    builds) scripts/check_reproducible.sh ;;
    large) SICMIR_LARGE=1 /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/cli/test_limits.py ;;
    mutation) /usr/bin/python3 scripts/mutate.py --build "$build" --n 400 --results "$build/mutants.tsv" ;;
    *) echo "torture.sh: there is no part '$part'" >&2; exit 2 ;;
  esac || failed+=("$part")
  echo "=== $part: $(((SECONDS - start) / 60)) minutes"
done
[ ${#failed[@]} -eq 0 ] || { echo "torture.sh: failed: ${failed[*]}"; exit 1; }
