#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#SBATCH --job-name=sicmir-predict
#SBATCH --cpus-per-task=2
#SBATCH --mem=600M
#SBATCH --time=02:00:00
# Predicts one part:  sbatch --array=1-N predict_array.sh INPUT FOLDER N
# The memory is enough for an input of a million cells (docs/performance.md, "Memory").
set -euo pipefail
input=$1 folder=$2 parts=$3
sicmir predict "$input" --shard "slurm/$parts" --moments "$folder/moments.h5" \
  -o "$folder/part.$SLURM_ARRAY_TASK_ID.h5ad"
