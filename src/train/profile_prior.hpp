// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What a prediction gains from knowing which miRNA profiles there are.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sicmir/network.hpp"
#include "sicmir/types.hpp"
#include "train/kernel_ridge.hpp"

namespace sicmir::training {

/// All as z-scores.
struct PriorData {
  const Matrix& y;                             ///< miRNAs x paired samples, NaN where missing
  std::span<const Index> cohort_of;            ///< of the paired samples, 0, 1...
  std::span<const Index> fold_of;              ///< of the paired samples: folds by patient, 0, 1...
  const Matrix& profiles;                      ///< miRNAs x samples with miRNAs, NaN where missing
  std::span<const std::string> profile_kinds;  ///< per profile: cohort and type of tissue
};

struct PriorOptions {
  Index n_profiles = 10000;  ///< at most; drawn at random
  /// Principal components of the profiles, at most; also at most one for ten paired samples.
  Index n_components = 60;
  std::uint64_t seed = 1;
};

/// Predictions are what `attention` makes of z-scores, plus weight k + constant (see KernelRidge).
struct ProfilePrior {
  std::vector<Layer> attention;  ///< Linear, Huber, Linear, Linear, Softmax, Linear, Linear
  Eigen::MatrixXd weight;        ///< miRNAs x paired samples
  Eigen::VectorXd constant;      ///< miRNAs
};

/// The kernel regression, its predictions drawn towards profiles that occur. Its held-out errors
/// tell how a true profile t looks when predicted: p = B t + b + error with covariance R, in the
/// leading principal components. A sample's prediction p then weighs the known profiles t_j by
/// exp(-0.1 |p - b - B t_j|^2), the norm being that of errors and of what differs within a kind of
/// tissue (h = 0.2 of its covariance), and the mean of the profiles is shifted by what the rest of
/// p says: an empirical Bayes estimate with the profiles as prior. What lies outside of the
/// components counts half.
///
/// miRNAs that any sample or profile lacks are those of the kernel regression, which was fitted to
/// the same samples. Throws Error(bad_input) where there are fewer than 50 profiles or complete
/// miRNAs.
[[nodiscard]] ProfilePrior fit_profile_prior(const KernelRidge& base, const PriorData& data,
                                             const PriorOptions& options);

}  // namespace sicmir::training
