#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes every call of the system that concerns an output fail, one after the other, in every command
# that writes; docs/reliability.md explains.
#   torture.sh [BUILD_FOLDER [OPTION...]]     default: build/release; options: those of tests/faults/try_all.py
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$(realpath "${1:-build/release}")
shift || true
export SICMIR=$build/src/sicmir SICMIR_BUILD=$build SICMIR_MAKE_MODEL=$build/tests/make_test_model
export PYTHONDONTWRITEBYTECODE=1
if [ ! -e "$build/tests/faults/fault_shim.so" ]; then
  echo "torture.sh: $build has no tests; run scripts/test.sh first" >&2
  exit 2
fi
exec /usr/bin/python3 tests/faults/try_all.py --memory 500 --stacks "$@"
