#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Predicts one input in N parts: moments, predictions, and one merged file:  submit.sh INPUT FOLDER N
# Each step waits for the previous one; the last one writes FOLDER/all.h5ad. Prints the ID of the last job.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
input=$1 folder=$2 parts=$3
mkdir -p "$folder"
numbered() { for i in $(seq "$parts"); do echo "$folder/$1.$i.$2"; done; }

options=(--parsable --output "$folder/%x.%A_%a.log")
stats=$(sbatch "${options[@]}" --array="1-$parts" "$here/stats_array.sh" "$input" "$folder" "$parts")
moments=$(sbatch "${options[@]}" --dependency="afterok:$stats" --job-name=sicmir-merge-stats \
  --wrap "sicmir merge-stats $(numbered stats h5 | xargs) -o $folder/moments.h5")
predict=$(sbatch "${options[@]}" --dependency="afterok:$moments" --array="1-$parts" \
  "$here/predict_array.sh" "$input" "$folder" "$parts")
sbatch "${options[@]}" --dependency="afterok:$predict" --job-name=sicmir-merge \
  --wrap "sicmir merge $(numbered part h5ad | xargs) -o $folder/all.h5ad"
