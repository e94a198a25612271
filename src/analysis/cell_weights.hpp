// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// How much profiles of few cells count: n / (n + k) for n cells.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/profiles.hpp"
#include "analysis/sample_layout.hpp"
#include "statistics/linear_model.hpp"

namespace sicmir {

/// k where nothing is known.
inline constexpr double default_weight_cells = 50;

enum class WeightsFrom : std::uint8_t {
  stated,
  halves,     ///< of the cells of each profile
  no_halves,  ///< the default: the profiles hold none, as those of earlier versions
  too_few,    ///< the default: no profile more than the design has coefficients
};

struct CellWeights {
  double k = default_weight_cells;
  WeightsFrom from = WeightsFrom::no_halves;
};

/// "split halves of the cells" and the like, for outputs.
[[nodiscard]] std::string_view to_string(WeightsFrom from);

/// Observations that a design explains; their residuals are what varies between samples.
struct WeighedFit {
  Eigen::MatrixXd y;  ///< miRNAs x observations
  Eigen::MatrixXd design;
  std::vector<double> n_cells;  ///< per observation
};

/// A profile of n cells is mu + e: mu varies between samples with the variance b of a miRNA, e with
/// c / n, since other n cells of the same sample would have been added up differently. Its variance
/// is b (1 + k / n) with k = c / b, its weight n / (n + k).
///
/// c is known from halves (ProfileMirna::cell_variance). The residuals r of a fit without weights,
/// whose hat matrix is H, have E[sum r_i^2] = sum (1 - h_ii) (b + c / n_i), from which b follows:
///   b = (sum r_i^2 - c sum (1 - h_ii) / n_i) / (n - rank).
/// Sums are over all miRNAs and fits; k is the ratio of the sums of c and b, at most
/// most_weight_cells (where cells explain all that varies, weights go by n).
///
/// `stated`: k, or NaN if it is to be estimated.
[[nodiscard]] CellWeights weigh(double stated, const Profiles& profiles,
                                std::span<const WeighedFit> fits);

/// The same for y ~ sample + group of the profiles of `layout`.
[[nodiscard]] CellWeights weigh(double stated, const Profiles& profiles,
                                const SampleLayout& layout);

inline constexpr double most_weight_cells = 1e6;

}  // namespace sicmir
