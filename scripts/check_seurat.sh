#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs the blocks of the section "Seurat" of docs/formats.md, in order, on a Seurat object of the bundled
# example, and compares the result with a prediction of the example itself. Needs r-cran-seurat and
# r-cran-hdf5r.
#   scripts/check_seurat.sh [PROGRAM]      (default build/release/src/sicmir)
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=$(realpath "${1:-$project/build/release/src/sicmir}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$program" "$work/bin/sicmir"
export PATH=$work/bin:$PATH EXAMPLE=$project/data/example
cd "$work"

# What users have: counts by symbol, metadata, a UMAP.
cat >object.R <<'R'
suppressMessages(library(Seurat))
example <- Sys.getenv("EXAMPLE")
object <- CreateSeuratObject(Read10X(example))
object <- AddMetaData(object, read.delim(file.path(example, "cell_types.tsv"), row.names = 1))
object <- FindVariableFeatures(NormalizeData(object, verbose = FALSE), verbose = FALSE)
object <- RunPCA(ScaleData(object, verbose = FALSE), verbose = FALSE)
object <- suppressWarnings(RunUMAP(object, dims = 1:10, verbose = FALSE))
R

cat >compare.R <<'R'
expected <- as.matrix(read.delim("expected.tsv", row.names = 1, check.names = FALSE))
compare <- function(what) {
  found <- t(as.matrix(GetAssayData(object, assay = "miRNA", slot = "data")))
  stopifnot(identical(dimnames(found), dimnames(expected)), sd(found) > 0.1)
  difference <- max(abs(found - expected))
  cat(sprintf("Seurat %s, from %s: %d cells x %d miRNAs, largest difference %.2g\n",
              packageVersion("Seurat"), what, nrow(found), ncol(found), difference))
  stopifnot(difference < 1e-6)
}
R

# Combines the blocks in one script: R unchanged, commands through the shell. Predictions are compared
# each time they have been added to the object.
/usr/bin/python3 - "$project/docs/formats.md" >blocks.R <<'PYTHON'
import json
import re
import sys

section = open(sys.argv[1]).read().split("\n## Seurat\n")[1].split("\n## ")[0]
blocks = re.findall(r"^```(r|sh test)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
assert [kind for kind, _ in blocks] == ["r", "sh test", "r", "r"]
for kind, block in blocks:
    if kind == "r":
        print(block)
        if "CreateAssayObject" in block:
            what = re.search(r"mirnas\.\w+", block)[0]
            print(f'compare({json.dumps(what)}); object[["miRNA"]] <- NULL')
    else:
        print(f"stopifnot(system({json.dumps('set -e; ' + block)}) == 0)")
PYTHON

sicmir predict "$EXAMPLE" -q -o expected.tsv
cat object.R compare.R blocks.R >all.R
Rscript all.R >out.txt 2>err.txt || { cat err.txt; exit 1; }
[ "$(grep -c '^Seurat .* from mirnas' out.txt)" = 2 ] || { cat out.txt err.txt; exit 1; }
[ "$(wc -l <types.csv)" = 6 ] # five cell types and a header
grep '^Seurat' out.txt
echo "seurat: passed"
