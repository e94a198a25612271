#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#SBATCH --job-name=sicmir-stats
#SBATCH --cpus-per-task=2
#SBATCH --mem=600M
#SBATCH --time=02:00:00
# Measures the moments of one part:  sbatch --array=1-N stats_array.sh INPUT FOLDER N
# The memory is enough for an input of a million cells (docs/performance.md, "Memory").
set -euo pipefail
input=$1 folder=$2 parts=$3
sicmir stats "$input" --shard "slurm/$parts" -o "$folder/stats.$SLURM_ARRAY_TASK_ID.h5"
