#!/usr/bin/env bash
# Runs every test: installs what is missing, builds, then ctest. Arguments go to ctest:
#   scripts/test.sh -R text_sink
# BUILD_DIR=FOLDER builds elsewhere than in build/release; CMAKE_OPTIONS goes to cmake.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

folder=$(realpath -m "${BUILD_DIR:-$project/build/release}")
need_packages "${build_packages[@]}" "${test_packages[@]}"
# shellcheck disable=SC2086  # several options in one variable
configure "$folder" -DSICMIR_TESTS=ON ${CMAKE_OPTIONS:-}
echo "Building in $folder with $cores cores"
build "$folder" all
exec ctest --test-dir "$folder" --output-on-failure --parallel "$cores" "$@"
