#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Run by conda-build, which sets CMAKE_ARGS, PREFIX and CPU_COUNT. Not built yet; see meta.yaml.
set -euo pipefail
# shellcheck disable=SC2086  # several options in one variable
cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DSICMIR_TESTS=OFF \
  -DCMAKE_INSTALL_PREFIX="$PREFIX" ${CMAKE_ARGS:-}
cmake --build build --parallel "${CPU_COUNT:-2}"
cmake --install build
