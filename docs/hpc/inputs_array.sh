#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#SBATCH --job-name=sicmir-inputs
#SBATCH --signal=B:TERM@60
# One task of a job array: its part of a list of inputs.
#   sbatch --array=1-8 inputs_array.sh LIST OUTPUT_DIR 8 [OPTION]...
# Run again, it goes on where it stopped. When all tasks have ended: sicmir merge-summaries OUTPUT_DIR
set -eu
list=$1
folder=$2
parts=$3
shift 3
exec sicmir predict --inputs "$list" --output-dir "$folder" --shard "slurm/$parts" --resume --log-format plain "$@"
