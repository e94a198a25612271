#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#SBATCH --job-name=sicmir-atlas
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=04:00:00
# Adds every N-th data set of a list:  sbatch --array=1-N atlas_array.sh ATLAS LIST N [OPTION...]
# With --resume, what is there is passed over, and what a killed task left is taken over: use it when the
# tasks before have ended.
set -euo pipefail
atlas=$1 list=$2 parts=$3
shift 3
sicmir atlas add "$atlas" --inputs "$list" --shard "slurm/$parts" "$@"
