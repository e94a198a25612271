// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Ranks of a sample's genes, and what a reference has in their places.

#include <cstdint>
#include <span>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir {

/// 1 .. n, in the order of `values`; equal values share the mean of their ranks, as in
/// scipy.stats.rankdata(method="average"). No NaN.
[[nodiscard]] std::vector<double> average_ranks(std::span<const double> values);

/// Sorted values at `n` even steps: entry k, 0 .. n - 1, is read at (k + 1/2) / n of their number,
/// by linear interpolation between order statistics. `sorted`: at least one, ascending; n above 0.
[[nodiscard]] std::vector<double> quantiles_of(std::span<const double> sorted, Index n);

/// Quantile normalisation to a reference (Bolstad et al. 2003,
/// doi:10.1093/bioinformatics/19.2.185): of a sample only the order of its genes counts.
struct RankProfile {
  std::vector<std::uint8_t> genes;  ///< n_genes: 1 for those that sample and reference both have
  /// Ascending, in the unit of the reference: the mean over its samples of their smallest value
  /// among these genes, of their second smallest, and so on.
  std::vector<double> quantiles;

  /// What an average rank (1 .. n) among n genes stands for: the quantiles at (rank - 1/2) / n of
  /// their number, by linear interpolation; the first and the last beyond their ends.
  [[nodiscard]] double at(double rank, Index n) const;
  /// Replaces the values of these genes (n_genes entries) by what their ranks stand for; NaN is
  /// missing and stays, and other genes become NaN.
  void apply(Eigen::Ref<Eigen::VectorXf> values) const;
};

}  // namespace sicmir
