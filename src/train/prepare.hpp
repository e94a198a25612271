// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// From paired samples to what the optimiser is fed: moments, z-scores, batches, augmentation.

#include <span>
#include <utility>
#include <vector>

#include "sicmir/train.hpp"
#include "sicmir/types.hpp"

namespace sicmir::training {

struct Moments {
  Eigen::VectorXd mean, sd;
};

/// Per line over the given columns, NaN left out; two passes in double, in order. sd: population,
/// exactly 0 for constant lines and for those with fewer than 2 values. `given_mean`, `given_sd`:
/// one number per line, or empty, replace what was measured where both are no NaN.
[[nodiscard]] Moments moments(const Matrix& values, std::span<const Index> columns,
                              const Eigen::VectorXd& given_mean = {},
                              const Eigen::VectorXd& given_sd = {});

/// z-scores of the given columns; what is missing or does not vary becomes `otherwise`.
[[nodiscard]] Matrix standardise(const Matrix& values, std::span<const Index> columns,
                                 const Moments& moments, float otherwise);

/// First and number of samples of each batch; a last batch of one is joined to the one before.
[[nodiscard]] std::vector<std::pair<Index, Index>> batches(Index n, Index batch);

/// Fraction of the full learning rate at step t = 1, 2...: linear warm-up, then half a cosine.
[[nodiscard]] double schedule(const TrainOptions& options, Index t, Index steps_per_epoch);

/// Changes training samples at random to make a network sturdy: TrainOptions::mask_genes and thin.
/// What becomes of a sample depends on the seed, the step and its place in the batch alone.
class Augmenter {
 public:
  /// `mrna`, genes x samples in the model's unit, and `genes` outlive the augmenter.
  Augmenter(const Matrix& mrna, const Moments& genes, const TrainOptions& options,
            std::uint64_t seed);

  /// z: the standardised sample, one number per gene; `sample`: its column of `mrna`.
  void apply(Eigen::Ref<Eigen::VectorXf> z, Index sample, Index step, Index place) const;

 private:
  void thin(Eigen::Ref<Eigen::VectorXf> z, Index sample, std::uint64_t key) const;

  const Matrix& mrna_;
  const Moments& genes_;
  double mask_genes_, thin_, thin_counts_;
  std::uint64_t seed_;
};

}  // namespace sicmir::training
