#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Checks that the portable file gives the bytes of the ordinary program, as fast, where there is nothing
# but itself: in an empty chroot, on an older Debian, without /proc, without a place for temporary files,
# on kernels back to 3.10.
#   check_portable.sh PORTABLE BUILD_FOLDER CACHE_FOLDER
# BUILD_FOLDER is a finished build; CACHE_FOLDER caches what debootstrap downloads.
# Needs root, strace, debootstrap, python3-anndata, python3-zarr and an apt mirror; neither R nor node.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
portable=$(realpath "$1")
build=$(realpath "$2")
mkdir -p "$3"
cache=$(realpath "$3")
ordinary=$build/src/sicmir
if [ "$(id -u)" -ne 0 ]; then
  echo "portable: skipped (needs root)"
  exit 0
fi
begin=$SECONDS
work=$(mktemp -d)
tidy_up() {
  local folder
  for folder in "$work/closed" "$work/root/proc"; do
    if mountpoint -q "$folder"; then umount "$folder"; fi
  done
  rm -rf --one-file-system "$work"
}
trap tidy_up EXIT
fail() {
  echo "portable: $*" >&2
  exit 1
}
same() {
  cmp "$1" "$2" || fail "$3: other bytes than those of the ordinary program"
  echo "the same bytes: $3"
}

# --- The file.
echo "size: $(stat -c %s "$portable") bytes"
ldd "$portable" 2>&1 | grep -qE "not a dynamic executable|statically linked" || fail "it is dynamic"
if readelf -lW "$portable" | grep -q INTERP; then fail "it asks for an interpreter"; fi
# Nothing that calls others over a network is in it.
if grep -E '/lib(curl|ssl|crypto|gnutls|nghttp2|ldap|gssapi_krb5)[^/]*\.a\(' "$build/src/sicmir_portable.map" |
  grep -qv '^LOAD'; then
  fail "a library for networks is part of it"
fi

# --- The inputs: 50,000 cells with annotations, more than is kept in memory between two passes.
cells=$work/cells.h5ad
/usr/bin/python3 - "$project/data/landmarks.tsv" "$cells" <<'PYTHON'
import sys

import anndata
import numpy as np
import pandas as pd
import scipy.sparse

genes = pd.read_csv(sys.argv[1], sep="\t", dtype=str)["symbol"]
random = np.random.default_rng(1)
n = 50_000
mean = random.gamma(0.7, 4.0, size=len(genes)) + 0.2
blocks = [scipy.sparse.csr_matrix(random.poisson(mean * random.uniform(0.5, 2, size=(1000, 1))),
                                  dtype=np.float32) for _ in range(n // 1000)]
obs = pd.DataFrame({"cell_type": pd.Categorical(random.choice(["T", "B", "NK"], n)),
                    "donor": random.choice(["d1", "d2"], n), "score": random.normal(size=n)},
                   index=[f"cell_{i}" for i in range(n)])
cells = anndata.AnnData(scipy.sparse.vstack(blocks).tocsr(), obs, pd.DataFrame(index=list(genes)),
                        dtype=np.float32)
cells.obsm["X_umap"] = random.normal(size=(n, 2)).astype(np.float32)
cells.uns["note"] = "carried"
cells.write_h5ad(sys.argv[2])
PYTHON
# 60 cells in each of the formats that other libraries read; R and zarrita wrote the last two. 99 bulk
# samples with 20,000 genes.
(cd "$work" && PYTHONDONTWRITEBYTECODE=1 SICMIR="$ordinary" /usr/bin/python3 -W ignore - "$project/tests/cli" <<'PYTHON'
import pathlib
import sys

import numpy as np
import pandas as pd

sys.path.insert(0, sys.argv[1])
import rds_writer as r
from program import SYMBOLS
from same_cells import CELLS, COUNTS, GENES, LOGGED, PCA, SCORES, TABLE, TYPES, as_anndata

as_anndata().write_h5ad("small.h5ad")
as_anndata().write_zarr("small.zarr")
TABLE.to_csv("small.csv.xz")
assay = r.assay(r.dgc(COUNTS.T, GENES, CELLS), r.dgc(LOGGED.T, GENES, CELLS))
seurat = r.seurat({"RNA": assay}, CELLS, {"type": r.factor(TYPES), "score": list(SCORES)}, "RNA",
                  {"pca": r.dim_reduc(PCA, CELLS)})
r.save(pathlib.Path("small.rds"), seurat, 3, "gzip")
random = np.random.default_rng(5)
genes = SYMBOLS + [f"OTHER{i}" for i in range(20_000 - len(SYMBOLS))]
values = random.lognormal(random.normal(1, 2, (len(genes), 1)), 0.5, (len(genes), 99))
pd.DataFrame(values / values.sum(axis=0) * 1e6, genes, [f"sample_{i}" for i in range(99)]).round(4).to_csv("bulk.csv")
PYTHON
)
small=(small.zarr small.csv.xz small.rds small.h5ad seurat.rds cells_zarr3)
cp "$project/tests/data/rds/seurat.rds" "$work"
cp -r "$project/tests/data/cells_zarr3" "$work"
cp -r "$project/data/example" "$work/example"
# Names in UTF-8 within an archive are converted, where there is a converter.
mkdir "$work/zellen_ä"
cp "$work"/example/*.gz "$work/zellen_ä"
tar -C "$work" --format=pax -czf "$work/zellen.tar.gz" zellen_ä

run=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin)
predict=(predict cells.h5ad --scale dataset -o out.h5ad --report report.json)
(cd "$work" && "${run[@]}" "$ordinary" "${predict[@]}" 2>"$work/ordinary.txt")
mv "$work/out.h5ad" "$work/ordinary.h5ad"
(cd "$work" && "${run[@]}" "$ordinary" "${predict[@]:0:4}" -o out.tsv -q --digits 4)
mv "$work/out.tsv" "$work/ordinary.tsv"

# --- A chroot with nothing but the file and its input, as nobody: no /proc, /dev, /tmp, shell.
empty=$work/empty
mkdir "$empty"
cp "$portable" "$empty/sicmir"
cp "$cells" "$empty"
chmod 777 "$empty"
"${run[@]}" chroot --userspec=65534:65534 "$empty" /sicmir "${predict[@]}" 2>"$work/empty.txt" ||
  { cat "$work/empty.txt"; fail "the empty chroot"; }
same "$empty/out.h5ad" "$work/ordinary.h5ad" "an empty chroot, 50,000 cells with obs, --scale dataset"
/usr/bin/python3 - "$empty/report.json" "$work/report.json" <<'PYTHON' || fail "its report"
import json
import sys

mine, other = (json.load(open(path)) for path in sys.argv[1:])
assert mine["peak_memory_bytes"] > 50e6, mine["peak_memory_bytes"]
for report in (mine, other):
    for changing in ("seconds", "peak_memory_bytes", "started_unix_time", "finished_unix_time", "host"):
        report.pop(changing)
assert mine == other, [key for key in other if mine.get(key) != other[key]]
PYTHON
rm "$empty/out.h5ad" "$empty/report.json"
[ "$(ls "$empty")" = "$(printf 'cells.h5ad\nsicmir')" ] || fail "it left $(ls "$empty")"

# all_formats PROGRAM...: what the program makes of the small inputs, and an atlas of the large one, in the
# current folder; what it answers on standard output.
all_formats() {
  local input
  for input in small.*; do "$@" predict "$input" -o "out.$input.h5ad" -q || return 1; done
  "$@" predict small.rds --pool sum --group-by type --scale none --digits 4 -q || return 1
  for input in seurat.rds cells_zarr3; do "$@" predict "$input" --min-panel 0.05 --digits 4 -q || return 1; done
  "$@" atlas add ATLAS cells.h5ad --id one --group-by cell_type --sample donor -q || return 1
  "$@" atlas index ATLAS -q || return 1
  "$@" atlas query ATLAS --markers NK --top 20 || return 1
  "$@" atlas query ATLAS --mirna hsa-miR-21-5p || return 1
  "$@" atlas info ATLAS && "$@" atlas check ATLAS
}
mkdir "$work/there"
(cd "$work" && cp -r "${small[@]}" "$empty" && cp -r "${small[@]}" cells.h5ad there)
(cd "$work/there" && all_formats "${run[@]}" "$ordinary") >"$work/ordinary.out" 2>"$work/words" ||
  { cat "$work/words"; fail "the ordinary program"; }
(cd "$empty" && all_formats "${run[@]}" chroot --userspec=65534:65534 "$empty" /sicmir) >"$work/empty.out" \
  2>"$work/words" || { cat "$work/words"; fail "formats and an atlas in the empty chroot"; }
cmp "$work/ordinary.out" "$work/empty.out" || fail "formats and an atlas in the empty chroot: other answers"
compare_folders() {
  diff -r --exclude=sicmir "$1" "$2" || fail "$3: other bytes than those of the ordinary program"
  echo "the same bytes: $3"
}
compare_folders "$work/there" "$empty" \
  "an empty chroot, .rds, .zarr, .csv.xz, .h5ad, and an atlas (add, index, query, info, check)"
(cd "$empty" && rm -rf ATLAS out.* "${small[@]}")

# --- Read-only, and TMPDIR names a directory that is not there: all that is left is memory.
mkdir "$work/closed"
mount --bind "$empty" "$work/closed"
mount -o remount,bind,ro "$work/closed"
"${run[@]}" TMPDIR=/missing chroot --userspec=65534:65534 "$work/closed" /sicmir "${predict[@]:0:4}" \
  --digits 4 >"$work/closed.tsv" 2>"$work/closed.txt" || { cat "$work/closed.txt"; fail "read-only"; }
same "$work/closed.tsv" "$work/ordinary.tsv" "a read-only chroot, TMPDIR missing, to standard output"
grep -q "kept in memory" "$work/closed.txt" || fail "it does not say where the temporary files are"

# --- Kernels back to 3.10: which newer system calls it makes, and that it does without each of them and
# without all. On x86-64 those are numbered from 314 on (Linux: arch/x86/entry/syscalls/syscall_64.tbl; 3.10
# ends with 313). docs/packaging/README.md lists them.
if [ "$(uname -m)" = x86_64 ]; then
  newer=$(awk '$2 ~ /^__NR_/ && $3 > 313 { sub("__NR_", "?", $2); print $2 }' \
    /usr/include/x86_64-linux-gnu/asm/unistd_64.h | paste -sd,)
  # traced OPTION...: a prediction of the 50,000 cells, in the folder `there`, and with `everything` all_formats.
  traced() {
    rm -rf "$work"/there/{ATLAS,out.*,report.json} "$work/calls"
    trace=("${run[@]}" strace -f --seccomp-bpf -qq -A -o "$work/calls" "$@" "$portable")
    (cd "$work/there" && "${trace[@]}" "${predict[@]}") 2>"$work/strace.txt" ||
      { tail -n 5 "$work/strace.txt"; return 1; }
    cmp "$work/there/out.h5ad" "$work/ordinary.h5ad" || return 1
    [ -n "$everything" ] || return 0
    (cd "$work/there" && all_formats "${trace[@]}") >"$work/traced.out" 2>"$work/strace.txt" ||
      { tail -n 5 "$work/strace.txt"; return 1; }
    cmp "$work/traced.out" "$work/ordinary.out"
  }
  everything=1
  traced -e trace="$newer" || fail "under strace"
  used() { sed -E 's/^[0-9]+ +//; s/\(.*//' "$work/calls" | grep -E '^[a-z_0-9]+$' | sort | uniq -c; }
  echo "system calls newer than Linux 3.10: $(used | awk '{ printf "%s%s (%s)", n++ ? ", " : "", $2, $1 }')"
  mapfile -t calls < <({ used | awk '{ print $2 }'; echo memfd_create; } | sort -u)
  for call in "${calls[@]}"; do
    grep -qF "\`$call\`" "$project/docs/packaging/README.md" || fail "docs/packaging/README.md does not list $call"
  done
  for call in "$newer" "${calls[@]}"; do
    traced -e trace="$call" -e inject="$call":error=ENOSYS || fail "without ${call:0:30}"
    if grep -E '^[0-9]+ +[a-z_0-9]+\(.*= ' "$work/calls" | grep -qv INJECTED; then fail "not all were refused"; fi
    everything=
  done
  echo "the same bytes: without each of these, and without all that are newer than Linux 3.10 (ENOSYS)"
  # Where no folder takes temporary files, memfd_create holds them; without it, it says so.
  status=0
  "${run[@]}" TMPDIR=/missing strace -f --seccomp-bpf -qq -o "$work/calls" -e trace=memfd_create \
    -e inject=memfd_create:error=ENOSYS chroot "$work/closed" /sicmir "${predict[@]:0:4}" \
    >"$work/none.tsv" 2>"$work/strace.txt" || status=$?
  if [ "$status" -ne 5 ] || ! grep -q "no directory takes temporary files" "$work/strace.txt"; then
    cat "$work/strace.txt"
    fail "without memfd_create: exit code $status"
  fi
  echo "exit code 5 and words: without memfd_create where no folder takes temporary files"
fi

# --- All commands give what the ordinary program gives.
compare() {
  local name=$1
  shift
  for which in ordinary portable; do
    rm -rf "$work/here"
    mkdir "$work/here"
    (cd "$work" && "${run[@]}" "${!which}" "$@") >"$work/$which.out" 2>"$work/$which.err" ||
      { cat "$work/$which.err"; fail "$name ($which)"; }
    (cd "$work/here" && find . -type f -exec sha256sum {} + | sort) >>"$work/$which.out"
  done
  sed -i -E 's/[0-9.]+ (s|ms|minutes)\b/T/g; s/[0-9.]+ [kMG]B/M/g; /cells\/s|per second/d' "$work"/{ordinary,portable}.err
  cmp -s "$work/ordinary.out" "$work/portable.out" || fail "$name: other bytes than the ordinary program's"
  diff "$work/ordinary.err" "$work/portable.err" || fail "$name: other words than the ordinary program's"
  names+=("$name")
}
names=()
compare "help" help predict
compare "inspect" inspect example --json
compare "a tar archive with UTF-8 names" predict zellen.tar.gz -o here/out.csv.gz
compare "h5ad from 10x" predict example -o here/out.h5ad
compare "bf16" predict example --precision bf16 -o here/out.h5ad
compare "transposed" predict cells.h5ad --transpose --mirnas hsa-miR-21-5p -o here/out.tsv
compare "stats" stats example -o here/moments.h5
compare "pool" pool example --groups example/cell_types.tsv -o here/pools.csv
compare "profile" profile example --groups example/cell_types.tsv -o here/profiles.h5mu
model=$project/models/sicmir-tcga.h5
compare "export" export "$model" -o here/model.npz
compare "export to ONNX" export "$model" -o here/model.onnx
echo "the same bytes and words: $(printf '%s; ' "${names[@]}")"
"${run[@]}" "$portable" export :bundled:/sicmir-tcga.h5 -o "$work/bundled.npz" -q
"${run[@]}" "$ordinary" export "$model" -o "$work/model.npz" -q
same "$work/bundled.npz" "$work/model.npz" "the bundled model, exported"

# --- Speed: medians of CPU time, the programs by turns.
measure() {
  local which
  for ((i = 0; i < $1; ++i)); do
    for which in ordinary portable; do
      (cd "$work" && TIMEFORMAT='%U %S' && time "${run[@]}" "${!which}" "${@:2}" >/dev/null 2>&1) \
        2>&1 | awk '{ print $1 + $2 }' >>"$work/$which.times"
    done
  done
  local ours theirs
  ours=$(sort -n "$work/portable.times" | sed -n "$((($1 + 1) / 2))p")
  theirs=$(sort -n "$work/ordinary.times" | sed -n "$((($1 + 1) / 2))p")
  rm "$work"/{ordinary,portable}.times
  echo "CPU time, median of $1: $ours s, ordinary program $theirs s (${*:2:2})"
  awk -v a="$ours" -v b="$theirs" 'BEGIN { exit !(a <= 1.2 * b + 0.05) }' || fail "it is slower"
}
measure 5 "${predict[@]}"
measure 9 predict example -o out.csv

# --- Debian 11, whose C library is older than the one it was linked with.
mirror=$(apt-get indextargets --format '$(REPO_URI)' \
  'Created-By: Packages' 'Origin: Debian' "Codename: $(. /etc/os-release && echo "$VERSION_CODENAME")" |
  head -n 1)
if [ -n "$mirror" ] && debootstrap --variant=minbase --cache-dir="$cache" bullseye "$work/root" "$mirror" \
  >"$work/debootstrap.log" 2>&1; then
  cp "$portable" "$work/root/usr/bin/sicmir"
  cp -r "$cells" "$work/zellen.tar.gz" "$work/root/srv"
  chmod 777 "$work/root/srv"
  mount -t proc proc "$work/root/proc"
  "${run[@]}" chroot --userspec=65534:65534 "$work/root" /bin/sh -c \
    'cd /srv && sicmir "$@"' - "${predict[@]}" 2>"$work/bullseye.txt" ||
    { cat "$work/bullseye.txt"; fail "Debian 11"; }
  same "$work/root/srv/out.h5ad" "$work/ordinary.h5ad" "Debian $(cat "$work/root/etc/debian_version")"
  "${run[@]}" chroot --userspec=65534:65534 "$work/root" /bin/sh -c \
    'cd /srv && sicmir predict zellen.tar.gz -o out.csv -q'
  "${run[@]}" "$ordinary" predict "$work/zellen.tar.gz" -o "$work/out.csv" -q
  same "$work/root/srv/out.csv" "$work/out.csv" "Debian 11, a tar archive with UTF-8 names"
else
  tail -n 3 "$work/debootstrap.log" || true
  echo "Debian 11: skipped, debootstrap cannot make it here"
fi

# --- The clock: one file on a cluster, to the first predictions.
mkdir "$work/cluster"
cp "$work/bulk.csv" "$cells" "$work/cluster"
clock() {
  local start end
  start=$(date +%s.%N)
  (cd "$work/cluster" && "${@:2}") || fail "the clock: $1"
  end=$(date +%s.%N)
  awk -v what="$1" -v a="$start" -v b="$end" 'BEGIN { printf "clock: %s: %.1f s\n", what, b - a; exit b - a > 60 }' ||
    fail "over a minute"
}
first=("${run[@]}" setpriv --reuid 65534 --clear-groups ./sicmir predict)
chmod 777 "$work" "$work/cluster"
clock "the file is copied and made executable" sh -c "cp '$portable' sicmir && chmod 755 sicmir"
clock "99 bulk samples with 20,000 genes, .csv" "${first[@]}" bulk.csv -o bulk_mirnas.csv -q
clock "50,000 cells, .h5ad" "${first[@]}" cells.h5ad -o cell_mirnas.h5ad -q
lines=$(wc -l <"$work/cluster/bulk_mirnas.csv")
[ "$lines" -eq 100 ] || fail "expected 100 lines, found $lines"
echo "portable: passed in $((SECONDS - begin)) s"
