#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Pages of `sicmir report` in headless Chromium.
#   scripts/check_report.sh SICMIR MAKE_TEST_MODEL FOLDER
# FOLDER receives the pages and what npm installs (scripts/browser/package.json). Installs Chromium, and node
# where there is none.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
need_browser
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$3
rm -rf "$folder/pages"
mkdir -p "$folder/pages"
cp "$here/browser/package.json" "$here/browser/package-lock.json" "$folder"
(cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts)
/usr/bin/python3 "$here/browser/make_report_pages.py" "$1" "$2" "$folder/pages"
node "$here/browser/check_report.mjs" "$folder" "$folder"/pages/*.html
