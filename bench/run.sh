#!/usr/bin/env bash
# Builds the program, generates inputs and times sicmir beside the published method's steps in
# Python (bench/published_steps.py), one after the other.
#   bench/run.sh [FOLDER [CELLS...]]     default: /tmp/sicmir-bench 30000 100000
# FOLDER keeps the inputs for the next run: 16 MB per 1,000 cells. Above 100,000 cells the Python
# steps are left out: they need 146 kB a cell.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:-/tmp/sicmir-bench}
shift || true
cd "$project"
cmake --preset release >/dev/null
cmake --build --preset release --target sicmir make_test_model >/dev/null
mkdir -p "$folder"
[ -f "$folder/model.h5" ] ||
  build/release/tests/make_test_model data "$folder/model.h5" 1298 1024
exec /usr/bin/python3 bench/measure.py "$folder" build/release/src/sicmir "${@:-30000 100000}"
