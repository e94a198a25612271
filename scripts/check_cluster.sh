#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs the Slurm array and the Snakemake workflow of docs/hpc and compares their output with that of a
# single run. Starts a one-node Slurm on the loopback interface; needs root, slurm-wlm, munge and snakemake.
#   scripts/check_cluster.sh [PROGRAM]      (default build/release/src/sicmir)
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=$(realpath "${1:-$project/build/release/src/sicmir}")
work=$(mktemp -d)
daemons=()
finish() {
  [ ${#daemons[@]} -eq 0 ] || kill "${daemons[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
mkdir "$work/bin"
ln -s "$program" "$work/bin/sicmir"
export PATH=$work/bin:$PATH
cd "$work"

# The bundled example, repeated to fill several blocks of 1,024 cells.
/usr/bin/python3 - "$project/data/example" cells.h5ad <<'PYTHON'
import sys

import anndata
import numpy
import pandas
import scipy.io
import scipy.sparse

folder, output = sys.argv[1:]
counts = scipy.sparse.csr_matrix(scipy.io.mmread(f"{folder}/matrix.mtx.gz").T, dtype="float32")
genes = pandas.read_csv(f"{folder}/features.tsv.gz", sep="\t", header=None)
cells = anndata.AnnData(scipy.sparse.vstack([counts] * 20, format="csr"),
                        var=pandas.DataFrame({"symbol": list(genes[1])}, index=list(genes[0])))
cells.obs["kind"] = pandas.Categorical(numpy.resize(["a", "b", "c"], cells.n_obs))
cells.write_h5ad(output)
PYTHON
sicmir predict cells.h5ad -o one.h5ad -q
sicmir stats cells.h5ad -o one.moments.h5 -q

same_as_one() {
  cmp one.moments.h5 "$1/moments.h5"
  /usr/bin/python3 - one.h5ad "$1/all.h5ad" <<'PYTHON'
import sys

import anndata

one, merged = (anndata.read_h5ad(path) for path in sys.argv[1:])
assert one.X.tobytes() == merged.X.tobytes(), "X differs"
assert one.obs.equals(merged.obs), "obs differs"
print(f"{sys.argv[2]}: {merged.n_obs} cells x {merged.n_vars} miRNAs, the same bytes of X")
PYTHON
}

node=$(hostname -s)
mkdir state spool
head -c 1024 /dev/urandom >munge.key
chmod 600 munge.key
cat >slurm.conf <<CONF
ClusterName=check
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmctldPort=16817
SlurmdPort=16818
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$(awk '/MemTotal/ { print int($2 / 1100) }' /proc/meminfo) State=UNKNOWN
PartitionName=check Nodes=ALL Default=YES State=UP
CONF
export SLURM_CONF=$work/slurm.conf
munged --foreground --force --key-file="$work/munge.key" --socket="$work/munge.socket" \
  --pid-file="$work/munged.pid" --log-file="$work/munged.log" --seed-file="$work/munge.seed" 2>munged.err &
daemons+=($!)
for _ in $(seq 50); do [ -S munge.socket ] && break; sleep 0.1; done
slurmctld -D 2>slurmctld.err &
daemons+=($!)
slurmd -D -N "$node" 2>slurmd.err &
daemons+=($!)
for _ in $(seq 100); do
  sinfo --noheader --format %t 2>/dev/null | grep -q idle && break
  sleep 0.2
done
sinfo

await() { # JOB...
  for _ in $(seq 600); do
    [ -n "$(squeue --noheader 2>/dev/null)" ] || return 0
    sleep 0.2
  done
  squeue
  tail -n 5 slurm*.log slurm-out/*.log
  echo "the jobs did not finish" >&2
  return 1
}
ls_logs() { tail -n 20 "$1"/*.log slurm*.log >&2; }

# On a real cluster, nodes find the program through a module or a shared PATH; here it is on ours.
"$project/docs/hpc/submit.sh" "$work/cells.h5ad" "$work/slurm-out" 4
await
same_as_one slurm-out || { ls_logs slurm-out; exit 1; }
# One part is lost and resubmitted on its own.
rm slurm-out/part.2.h5ad slurm-out/all.h5ad
sbatch --parsable --output "$work/slurm-out/again.log" --array=2 \
  "$project/docs/hpc/predict_array.sh" "$work/cells.h5ad" "$work/slurm-out" 4
await
sicmir merge slurm-out/part.*.h5ad -o slurm-out/all.h5ad -q
same_as_one slurm-out || { ls_logs slurm-out; exit 1; }

snakemake --snakefile "$project/docs/hpc/Snakefile" --cores 2 --quiet all \
  --config input=cells.h5ad folder=snake-out parts=4
same_as_one snake-out

# An atlas of eight data sets: one by one; by four tasks, of which one is killed and one has a rival with the same
# ids, while `index` runs again and again; and by Snakemake. All catalogues have the same bytes.
{
  printf 'id\tpath\ttitle\n'
  for i in 1 2 3 4 5 6 7 8; do printf 'set-%s\t%s/cells.h5ad\tSet %s\n' "$i" "$work" "$i"; done
} >sets.tsv
columns=(--group-by kind --min-counts 1000)
sicmir atlas add one-atlas --inputs sets.tsv "${columns[@]}" -q
sicmir atlas index one-atlas -q
mkdir -p array-atlas/data/sets
array=$(sbatch --parsable --output "$work/array-%a.log" --array=1-4 \
  "$project/docs/hpc/atlas_array.sh" "$work/array-atlas" "$work/sets.tsv" 4 "${columns[@]}")
sbatch --parsable --output "$work/rival.log" --array=2 \
  "$project/docs/hpc/atlas_array.sh" "$work/array-atlas" "$work/sets.tsv" 4 "${columns[@]}"
n_indexed=0
while [ -n "$(squeue --noheader)" ]; do  # task 3 may have ended before it can be killed
  if [ -d array-atlas/data/claims/set-3 ]; then scancel --signal=KILL --full "${array}_3" 2>/dev/null || true; fi
  if [ -n "$(ls array-atlas/data/sets)" ]; then
    sicmir atlas index array-atlas -q
    n_indexed=$((n_indexed + 1))
  fi
  sleep 0.1
done
for log in array-*.log rival.log; do echo "$log: $(tail -n 1 "$log")"; done
echo "indexed $n_indexed times meanwhile"
sbatch --parsable --output "$work/resumed-%a.log" --array=1-4 \
  "$project/docs/hpc/atlas_array.sh" "$work/array-atlas" "$work/sets.tsv" 4 "${columns[@]}" --resume
await
sicmir atlas index array-atlas -q
sicmir atlas check array-atlas
cmp one-atlas/data/catalogue.sqlite array-atlas/data/catalogue.sqlite
sed '1s/$/\tgroup_by\tmin_counts/;2,$s/$/\tkind\t1000/' sets.tsv >snake-sets.tsv
snakemake --snakefile "$project/docs/hpc/Snakefile.atlas" --cores 2 --quiet all \
  --config list=snake-sets.tsv atlas=snake-atlas
cmp one-atlas/data/catalogue.sqlite snake-atlas/data/catalogue.sqlite
echo "atlas: the same bytes one by one, by an array and by Snakemake"
echo "cluster: passed"
