// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What `sicmir train` writes about its course.

#include <string>
#include <vector>

#include "base/output_file.hpp"
#include "sicmir/train.hpp"

namespace sicmir::cli {

/// One epoch of one fit.
struct EpochLine {
  std::string fit;  ///< e.g. "fold 1", "final fit"
  EpochReport report;
};

/// Beside the model: its name without .h5, then .metrics.tsv.
[[nodiscard]] std::string metrics_path(const std::string& model);

// Both write all that there is to write; the caller commits, when the model is complete.

/// TSV: fit, network, epoch, losses, accuracies, learning rate, seconds; empty where not measured.
void write_metrics(OutputFile& file, const std::vector<EpochLine>& lines);

/// TSV, one line per sample and model that had not seen it: split (cross-validation or
/// cohorts-left-out), fold (1, 2...), sample, patient, cohort, then one column per miRNA,
/// log2(RPM + 1), empty where none was predicted.
void write_held_out(OutputFile& file, const TrainingPairs& pairs, const TrainReport& report);

}  // namespace sicmir::cli
