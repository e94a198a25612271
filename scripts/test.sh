#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs all tests: installs missing packages, builds, runs ctest. Arguments are passed to ctest:
#   scripts/test.sh -R text_sink
# BUILD_DIR=FOLDER builds in FOLDER instead of build/release; CMAKE_OPTIONS is passed to cmake.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

folder=$(realpath -m "${BUILD_DIR:-$project/build/release}")
need_packages "${build_packages[@]}" "${test_packages[@]}"
# shellcheck disable=SC2086  # several options in one variable
configure "$folder" -DSICMIR_TESTS=ON ${CMAKE_OPTIONS:-}
echo "Building in $folder with $cores cores"
build "$folder" all
exec ctest --test-dir "$folder" --output-on-failure --parallel "$cores" "$@"
