// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What comparisons of groups (markers.hpp) and of conditions (compare.hpp) share. Samples are the
/// replicates, cells never are.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/covariates.hpp"
#include "analysis/profiles.hpp"
#include "base/nan.hpp"
#include "statistics/linear_model.hpp"
#include "statistics/moderated.hpp"

namespace sicmir {

struct DifferenceOptions {
  /// Differences in z up to this are not worth calling; p is of |difference| > this (`treat`).
  double min_difference = 1.0;
  /// A profile of n cells has the weight n / (n + weight_cells); 0: all weigh the same. NaN: to be
  /// estimated (cell_weights.hpp).
  double weight_cells = nan;
  statistics::Moderation moderation = statistics::Moderation::robust;
  /// Positions of the miRNAs to be tested and told of; empty: all. Variances are moderated over all
  /// miRNAs in either case.
  std::vector<Index> mirnas;
  Covariates covariates;  ///< of all profiles, in their order
};

/// Fewest samples a side for a p-value.
inline constexpr Index fewest_samples = 3;

/// Of one miRNA. NaN: not to be had.
struct Difference {
  Index mirna = 0;       ///< position in Profiles::mirnas
  double z = nan;        ///< difference in z-scores
  double log2rpm = nan;  ///< the same in log2(RPM + 1)
  double t = nan;        ///< moderated, from min_difference on
  double p = nan;        ///< two-sided
  /// Benjamini and Hochberg, over all p of the run.
  double fdr = nan;
  /// Share of samples (or donors) whose own difference has the sign of `z`.
  double agreement = nan;
};

/// What a difference between groups is worth, by the model's calibration: the share of held-out
/// pairs of types that truly differ in this direction by 1 log2 or more.
enum class Confidence : std::uint8_t {
  not_calibrated,  ///< the model cannot tell
  unclear,
  likely,  ///< from 0.5
  strong,  ///< from 0.75
};
[[nodiscard]] std::string_view to_string(Confidence confidence);

/// The share itself; NaN: not calibrated.
[[nodiscard]] double probability_of(const Difference& one, const Profiles& profiles);
[[nodiscard]] Confidence confidence_of(double probability);

/// How the variances of one fit were moderated; NaN without p-values.
struct PriorFigures {
  double s0 = nan;  ///< standard deviation of weight 1, in z
  double d0 = nan;  ///< degrees of freedom; may be infinite
  double residual_df = 0;
};

namespace differences {

/// n / (n + k).
[[nodiscard]] double weight_of(double n_cells, double k);

/// `mirnas`, or all positions.
[[nodiscard]] std::vector<Index> chosen(const std::vector<Index>& mirnas, const Profiles& profiles);

/// Throws Error(bad_input) that names what cannot be told apart from what stands before it in the
/// design. `what`: what the design compares, for the message.
void check_full_rank(const statistics::Design& design, std::span<const double> weights,
                     const std::string& what);

/// Moderates the variances of a fit and tests its contrasts. False, and the reason in `why`: there
/// is no residual degree of freedom.
bool test(const statistics::ContrastFit& fit, const DifferenceOptions& options,
          statistics::ModeratedTests& tests, PriorFigures& prior, std::string& why);

/// Fills `fdr`, over the p of all that are passed. Returns the number of tests.
Index adjust(std::span<Difference* const> all);

}  // namespace differences
}  // namespace sicmir
