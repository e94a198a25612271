// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Spearman's correlation given covariates.

#include <span>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir::statistics {

/// Ranks less what covariates explain of them, so that the product of two of them is a partial
/// Spearman correlation: that of the residuals of both variables' ranks on a constant and the
/// covariates, which equals the one by inverting the matrix of correlations of the ranks.
class RankResiduals {
 public:
  /// `covariates`: of one value per observation each, ranked where ranks are meant. Those that
  /// follow from others are left out.
  RankResiduals(Index n_observations, std::span<const std::vector<double>> covariates);

  [[nodiscard]] Index n_observations() const noexcept { return n_; }
  /// Observations less the constant and the covariates that count.
  [[nodiscard]] Index residual_df() const noexcept {
    return n_ - static_cast<Index>(basis_.size());
  }

  /// Writes the residuals of the average ranks of `values`, scaled to length 1, to `unit` (both one
  /// per observation). False, and zeros: nothing is left of them.
  bool of(std::span<const double> values, std::span<float> unit) const;

 private:
  /// Takes what the basis explains out of `values`; returns the squared length of what is left.
  double project_out(std::vector<double>& values) const;

  Index n_;
  std::vector<std::vector<double>> basis_;  // orthonormal
};

/// Fisher's z of a correlation, which is held within +-0.9999.
[[nodiscard]] double fisher_z(double correlation);

}  // namespace sicmir::statistics
