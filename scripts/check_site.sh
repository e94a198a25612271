#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# scripts/check_site.sh [PROGRAM]: the pages of an atlas. Rebuilds src/web/atlas/dist and compares
# it, then looks at every page in Chromium: of a made-up site with hostile names, of one with a
# million cells, and, if PROGRAM is given, of an atlas that it makes of the bundled example.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

web=$project/src/web/atlas
need_browser

cd "$web"
npm ci --no-audit --no-fund --silent
if grep -q '"resolved"' package-lock.json; then
  die "src/web/atlas/package-lock.json names addresses. Remove the lines with \"resolved\"."
fi
npm run --silent check

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
node mock.mjs "$work/mock" 20000
node "$project/scripts/check_site.mjs" "$work/mock"
node mock.mjs "$work/million" 1000000
node "$project/scripts/check_map.mjs" "$work/million" 1500  # 348 ms were measured; CI may be busy
[ $# -gt 0 ] || exit 0

# The real thing, of generated cells.
program=$1
need_packages python3-anndata
/usr/bin/python3 "$project/scripts/make_demo_atlas.py" "$program" "$work/atlas"
cp -r "$work/atlas/site" "$work/once"
rm -r "$work/atlas/data/site-cells" "$work/atlas/site"
"$program" atlas index "$work/atlas" --threads 1
diff -r "$work/once" "$work/atlas/site" || die "another number of threads made another site"
node "$project/scripts/check_site.mjs" "$work/atlas/site" --quick --questions "$project/scripts/atlas_questions.tsv" "$program" "$work/atlas"
