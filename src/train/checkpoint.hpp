// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The state of a fit in a file: a job that was killed goes on where it stood.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sicmir/train.hpp"

namespace sicmir::training {

/// What a fit has reached: finished members, and the one that is being trained.
struct FitProgress {
  std::vector<Member> members;
  std::vector<double> best_epochs;  ///< of the networks among them
  std::vector<EpochReport> history;
  double penalty = 0;
  bool finished = false;
  Index epoch = 0;  ///< of the network in training; 0: none has begun
  Index step = 0;
  double best = 0;  ///< validation loss
  Index best_epoch = 0;
  std::vector<Layer> best_layers;
  std::vector<float> state;  ///< NetworkTrainer::state(), one part after another
};

/// Names of a job (its options) and of one fit of it (its data, too); digests.
struct FitIdentity {
  std::string job, fit;
};

[[nodiscard]] FitIdentity identify(const TrainingPairs& pairs, std::span<const Index> train,
                                   std::span<const Index> validation, const TrainOptions& options);

/// Writes under a temporary name and renames; a finished fit gets a file of its own beside it.
void save_progress(const std::string& checkpoint, const FitIdentity& identity,
                   const FitProgress& progress);

/// What a checkpoint holds of this fit; nothing where there is no file, or it is of another fit of
/// the same job. Throws Error(bad_input) where the file is damaged or no checkpoint, Error(usage)
/// where it is of a job with other options.
[[nodiscard]] std::optional<FitProgress> load_progress(const std::string& checkpoint,
                                                       const FitIdentity& identity);

}  // namespace sicmir::training
