#pragma once
/// What a prediction gains from knowing which miRNA profiles there are.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sicmir/network.hpp"
#include "sicmir/types.hpp"

namespace sicmir::training {

/// All as z-scores.
struct PriorData {
  const Matrix& x;                             ///< genes x paired samples, no NaN
  const Matrix& y;                             ///< miRNAs x paired samples, NaN where missing
  std::span<const std::string> cohorts;        ///< of the paired samples, groups of cohort_group()
  std::span<const Index> fold_of;              ///< of the paired samples: folds by patient, 0, 1...
  const Matrix& profiles;                      ///< miRNAs x samples with miRNAs, NaN where missing
  std::span<const std::string> profile_kinds;  ///< per profile: cohort and type of tissue
};

struct PriorOptions {
  double penalty = 1.0;     ///< of the ridge regression, in its kernel a . b / genes
  Index n_profiles = 3000;  ///< at most; drawn at random
  /// Principal components of the profiles, at most; also at most one for ten paired samples.
  Index n_components = 60;
  std::uint64_t seed = 1;
};

/// A ridge regression whose predictions are drawn towards profiles that occur. Its held-out errors
/// tell how a true profile t looks when predicted: p = B t + b + error with covariance R, in the
/// leading principal components. A sample's prediction p then weighs the known profiles t_j by
/// exp(-0.1 |p - b - B t_j|^2), the norm being that of errors and of what differs within a kind of
/// tissue (h = 0.2 of its covariance), and the mean of the profiles is shifted by what the rest of
/// p says: an empirical Bayes estimate with the profiles as prior. What lies outside of the
/// components counts half.
///
/// Returned as two parts whose SUM is the prediction: Linear, Linear, Softmax, Linear, Linear; and
/// Linear. miRNAs that any sample or profile lacks are those of the ridge regression.
/// Throws Error(bad_input) where there are fewer than 50 profiles or complete miRNAs.
[[nodiscard]] std::vector<std::vector<Layer>> fit_profile_prior(const PriorData& data,
                                                                const PriorOptions& options);

}  // namespace sicmir::training
