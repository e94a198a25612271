#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Seconds per training epoch of sicmir and of PyTorch (Debian's python3-torch), side by side:
#   bash bench/compare_training.sh [ROUNDS [EPOCHS]]
# The two alternate for ROUNDS rounds, and medians over all rounds are compared. Timings are meaningful
# only on an idle machine; the load is printed. Builds build/release with the benchmarks.
# OPENBLAS is the directory of OpenBLAS, if it differs from Debian's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=${1:-3}
epochs=${2:-5}
# Without OpenBLAS, Debian's PyTorch falls back to the reference BLAS and is ten times slower.
blas=${OPENBLAS:-/usr/lib/$(uname -m)-linux-gnu/openblas-pthread}
if ! /usr/bin/python3 -c 'import torch' 2>/dev/null || ! [ -e "$blas/libblas.so.3" ]; then
  apt-get install -y --no-install-recommends python3-torch libopenblas0-pthread
fi
cmake --preset release -DSICMIR_BENCH=ON >/dev/null
cmake --build build/release --target train_epoch >/dev/null
results=$(mktemp)
trap 'rm -f "$results"' EXIT
echo "load: $(cut -d' ' -f1-3 /proc/loadavg), processors: $(nproc)"
for ((round = 1; round <= rounds; round++)); do
  for batch in 64 256; do
    build/release/bench/train_epoch "$(nproc)" "$batch" "$epochs" | tee -a "$results"
    LD_LIBRARY_PATH=$blas:${LD_LIBRARY_PATH:-} /usr/bin/python3 bench/train_pytorch.py "$batch" "$epochs" | tee -a "$results"
  done
done
echo "load: $(cut -d' ' -f1-3 /proc/loadavg)"
/usr/bin/python3 - "$results" <<'PYTHON'
import re
import statistics
import sys

seconds = {}
for line in open(sys.argv[1]):
    who = "PyTorch" if line.startswith("PyTorch") else "sicmir"
    batch, median = re.search(r"batch (\d+): ([\d.]+) s", line).groups()
    seconds.setdefault((int(batch), who), []).append(float(median))
for batch in (64, 256):
    ours, theirs = (statistics.median(seconds[batch, who]) for who in ("sicmir", "PyTorch"))
    print(f"batch {batch}: sicmir {ours:.2f} s, PyTorch {theirs:.2f} s, "
          f"{theirs / ours:.2f} times as fast")
PYTHON
