// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// One effect, estimated in several studies that differ: random-effects meta-analysis.

#include <limits>
#include <span>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir::statistics {

/// Fewer studies give no prediction interval.
inline constexpr Index fewest_for_prediction = 5;

/// NaN: not to be had.
struct MetaAnalysis {
  static constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  Index n_studies = 0;
  double effect = nan;  ///< weighted by 1 / (variance + tau2)
  double error = nan;   ///< its standard error, by Hartung and Knapp
  double low = nan;     ///< 95 % interval of `effect`, from t with n - 1 degrees of freedom
  double high = nan;
  double p = nan;              ///< two-sided
  double tau2 = nan;           ///< variance between studies: Paule and Mandel
  double tau2_dl = nan;        ///< the same: DerSimonian and Laird
  double effect_dl = nan;      ///< weighted by 1 / (variance + tau2_dl)
  double q = nan;              ///< Cochran's
  double i2 = nan;             ///< share of the variation that is between studies, 0 to 1
  double predicted_low = nan;  ///< 95 % interval of the effect in a further study
  double predicted_high = nan;
};

/// `effects` and `variances` (above 0): of the studies, all finite. With one study, only its
/// effect.
///
/// tau2 solves sum w (y - mu)^2 = n - 1 with w = 1 / (v + tau2): Paule and Mandel 1982,
/// doi:10.6028/jres.087.022; tau2_dl: DerSimonian and Laird 1986, doi:10.1016/0197-2456(86)90046-2.
/// The variance of the effect is q* / sum w, where q* = sum w (y - mu)^2 / (n - 1): Hartung and
/// Knapp 2001, doi:10.1002/sim.1009; q* is at least 1, so that the interval is never shorter than
/// that of a fixed effect (Jackson et al. 2017, doi:10.1002/sim.7411). The prediction interval is
/// effect +- t(n - 2) sqrt(tau2 + error^2): Higgins et al. 2009,
/// doi:10.1111/j.1467-985X.2008.00552.x.
[[nodiscard]] MetaAnalysis random_effects(std::span<const double> effects,
                                          std::span<const double> variances);

/// The same for many, one after the other: what depends on the number of studies alone is computed
/// once.
class RandomEffects {
 public:
  [[nodiscard]] MetaAnalysis operator()(std::span<const double> effects,
                                        std::span<const double> variances);

 private:
  [[nodiscard]] double student_95(Index df);

  std::vector<double> quantiles_;  // by degrees of freedom; NaN: not yet
  std::vector<double> weights_;
};

}  // namespace sicmir::statistics
