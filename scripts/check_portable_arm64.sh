#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Checks the portable file for arm64, under qemu-user, against the ordinary program of this machine.
#   check_portable_arm64.sh PORTABLE BUILD_FOLDER
# BUILD_FOLDER is a finished build. Needs qemu-user-static, python3-anndata and python3-zarr.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
portable=$(realpath "$1")
ordinary=$(realpath "$2")/src/sicmir
begin=$SECONDS
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "portable, arm64: $*" >&2
  exit 1
}
emulated=(qemu-aarch64-static "$portable")

file -b "$portable" | grep -q 'ARM aarch64.*statically linked\|ARM aarch64.*static-pie linked' ||
  fail "$(file -b "$portable")"
[ "$("${emulated[@]}" --version)" = "$("$ordinary" --version)" ] || fail "--version"
for words in --help "help predict" "help atlas-add" "help train --man"; do
  # shellcheck disable=SC2086  # several words
  diff <("$ordinary" $words) <("${emulated[@]}" $words) >"$work/diff" ||
    { head -n 5 "$work/diff"; fail "$words: other words"; }
done
echo "the same words: --version, --help, three pages of help"

cd "$work"
cp -r "$project/data/example" .
PYTHONDONTWRITEBYTECODE=1 SICMIR="$ordinary" /usr/bin/python3 -W ignore - "$project/tests/cli" <<'PYTHON'
import pathlib
import sys

import numpy as np

sys.path.insert(0, sys.argv[1])
import rds_writer as r
from program import SYMBOLS, counts
from same_cells import CELLS, COUNTS, GENES, LOGGED, TABLE, TYPES, as_anndata

as_anndata().write_h5ad("small.h5ad")
as_anndata().write_zarr("small.zarr")
TABLE.to_csv("small.csv.xz")
assay = r.assay(r.dgc(COUNTS.T, GENES, CELLS), r.dgc(LOGGED.T, GENES, CELLS))
r.save(pathlib.Path("small.rds"), r.seurat({"RNA": assay}, CELLS, {"type": r.factor(TYPES)}), 3, "gzip")
random = np.random.default_rng(7)
mrna = counts(40, seed=8)
mrna.to_csv("mrna.csv")
mirnas = [f"hsa-miR-{number}-5p" for number in ("21", "155", "9", "150", "223")]
type(mrna)(random.gamma(2.0, 50.0, (5, 40)), mirnas, mrna.columns).to_csv("mirna.csv")
PYTHON
# both OUTPUT ARGUMENT...: the command with both programs; their outputs in a/ and b/.
mkdir a b
both() {
  local output=$1
  shift
  "$ordinary" "$@" -o "a/$output" 2>a/words || { cat a/words; fail "the ordinary program: $*"; }
  "${emulated[@]}" "$@" -o "b/$output" 2>b/words || { cat b/words; fail "$*"; }
  sed -i -E 's/ in [0-9.]+ (s|ms|minutes)$//; s#[ab]/##g; /per second/d' a/words b/words
  diff a/words b/words || fail "$*: other words"
}
both example.csv predict example
both example.h5ad predict example
both small.h5ad predict small.h5ad
for input in small.rds small.zarr small.csv.xz; do both "$input.csv" predict "$input"; done
both pools.csv predict small.h5ad --pool sum --group-by type --scale none
both reference.csv predict mrna.csv --scale reference --values linear --force-scale
both profiles.h5mu profile example --groups example/cell_types.tsv
both moments.h5 stats small.h5ad
(SICMIR_KERNEL=v2; export SICMIR_KERNEL; "$ordinary" predict example -o a/v2.csv -q)
cp b/example.csv b/v2.csv
for threads in 1 3; do
  "${emulated[@]}" predict example --threads "$threads" -o "b/$threads.csv" -q
  cmp "b/$threads.csv" b/example.csv || fail "--threads $threads: other bytes"
done
echo "the same bytes, under emulation: --threads 1 and 3"
/usr/bin/python3 -W ignore - <<'PYTHON'
import pathlib
import sys

import h5py
import numpy as np
import pandas as pd

def numbers(path):
    if path.suffix in (".csv", ".tsv"):
        table = pd.read_csv(path, sep="\t" if path.suffix == ".tsv" else ",", index_col=0)
        return {"": (list(table.index), list(table.columns)), "values": table.to_numpy(float)}
    found = {}
    def take(name, node):
        if isinstance(node, h5py.Dataset):
            found[name] = node[()] if node.dtype.kind in "fiub" else str(node[()])
    with h5py.File(path) as file:
        file.visititems(take)
    return found

worst = 0
for path in sorted(pathlib.Path("a").glob("*.*")):
    other = pathlib.Path("b", path.name)
    same = "the same bytes" if path.read_bytes() == other.read_bytes() else "other bytes"
    mine, theirs = numbers(path), numbers(other)
    assert mine.keys() == theirs.keys(), path
    most = 0.0
    for name in mine:
        if isinstance(mine[name], np.ndarray) and mine[name].dtype.kind == "f":
            np.testing.assert_array_equal(np.isnan(mine[name]), np.isnan(theirs[name]))
            if mine[name].size:
                most = max(most, float(np.nanmax(np.abs(mine[name] - theirs[name]) / np.maximum(1, np.abs(mine[name])))))
        elif "uns/" in name:
            continue  # the kernel, of this kind of processor
        else:
            is_same = np.array_equal(mine[name], theirs[name]) if hasattr(mine[name], "dtype") else mine[name] == theirs[name]
            assert is_same, (path, name)
    print(f"{path.name}: {same}, largest difference {most:.1e} (relative above 1)")
    assert most <= 1e-5, path
PYTHON
status=0
"${emulated[@]}" predict missing.csv 2>words || status=$?
if [ "$status" -ne 3 ] || ! grep -q 'missing.csv' words; then fail "a missing file: exit code $status"; fi
# What arm64 trains, x86-64 reads, and the other way round.
train=(train --mrna mrna.csv --mirna mirna.csv --epochs 2 --seed 1 -q)
if "$ordinary" "${train[@]}" -o a/own.h5 2>words; then
  "${emulated[@]}" "${train[@]}" -o b/own.h5
  "$ordinary" predict mrna.csv -m b/own.h5 -o a/own.csv -q
  "${emulated[@]}" predict mrna.csv -m b/own.h5 -o b/own.csv -q
  "${emulated[@]}" inspect a/own.h5 >/dev/null
  echo "a model trained under emulation is read by the ordinary program"
else
  cat words; fail "train"
fi
echo "portable, arm64: passed in $((SECONDS - begin)) s"
