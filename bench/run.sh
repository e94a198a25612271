#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds the program, generates inputs and times sicmir side by side with the steps of the published
# method in Python (bench/published_steps.py), then the kernels and the text parsers on their own.
#   bench/run.sh [FOLDER [CELLS...]]     default: /tmp/sicmir-bench 30000 100000
# FOLDER keeps the inputs for the next run: 16 MB per 1,000 cells. Above 100,000 cells, the Python
# steps are skipped, because they need 146 kB per cell. SICMIR_BENCH_ALONE=1 always skips them.
# Needs python3-anndata, python3-torch, libopenblas0-pthread, libbenchmark-dev and time.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:-/tmp/sicmir-bench}
shift || true
cd "$project"
cmake --preset release -DSICMIR_BENCH=ON >/dev/null
cmake --build --preset release >/dev/null
mkdir -p "$folder"
[ -f "$folder/model.h5" ] ||
  build/release/tests/make_test_model data "$folder/model.h5" 1298 1024
# Without OpenBLAS, Debian's PyTorch falls back to the reference BLAS and is ten times slower.
blas=/usr/lib/$(uname -m)-linux-gnu/openblas-pthread
LD_LIBRARY_PATH=$blas:${LD_LIBRARY_PATH:-} \
  /usr/bin/python3 bench/measure.py "$folder" build/release/src/sicmir "${@:-30000 100000}"
for bench in build/release/bench/*_bench; do
  if [ -x "$bench" ]; then "$bench" --benchmark_min_time=0.5 2>/dev/null; fi
done
