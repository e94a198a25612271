// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/meta_analysis.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "statistics/distributions.hpp"

namespace sicmir::statistics {
namespace {

struct Weighted {
  double effect = 0;
  double sum = 0;      ///< of weights
  double squares = 0;  ///< sum of w (y - effect)^2
  double slope = 0;    ///< sum of w^2 (y - effect)^2: by which squares fall with tau2
};

Weighted weighted(std::span<const double> effects, std::span<const double> variances, double tau2) {
  Weighted result;
  double product = 0;
  for (std::size_t i = 0; i < effects.size(); ++i) {
    const double weight = 1 / (variances[i] + tau2);
    result.sum += weight;
    product += weight * effects[i];
  }
  result.effect = product / result.sum;
  for (std::size_t i = 0; i < effects.size(); ++i) {
    const double deviation = effects[i] - result.effect;
    const double square = deviation * deviation / (variances[i] + tau2);
    result.squares += square;
    result.slope += square / (variances[i] + tau2);
  }
  return result;
}

/// Newton's steps, as DerSimonian and Kacker 2007, doi:10.1016/j.cct.2006.04.004. The sum of
/// squares falls with tau2 and is convex, so steps from 0 approach the root from below.
double paule_mandel(std::span<const double> effects, std::span<const double> variances) {
  const auto expected = static_cast<double>(effects.size() - 1);
  constexpr double precision = 4 * std::numeric_limits<double>::epsilon();
  constexpr int most_steps = 1000;  // some 10 are enough
  double tau2 = 0;
  for (int i = 0; i < most_steps; ++i) {
    const Weighted now = weighted(effects, variances, tau2);
    const double step = (now.squares - expected) / now.slope;
    if (!(step > precision * tau2)) break;
    tau2 += step;
  }
  return tau2;
}

double dersimonian_laird(std::span<const double> variances, const Weighted& fixed) {
  double squares = 0;
  for (const double variance : variances) squares += 1 / (variance * variance);
  const double scale = fixed.sum - squares / fixed.sum;
  return std::max(0.0, (fixed.squares - static_cast<double>(variances.size() - 1)) / scale);
}

/// The t that |T| exceeds with the probability 0.05: T^2 is F with 1 and df degrees of freedom.
double student_95(double df) {
  return std::sqrt(FDistribution{1, df}.at_log_upper_tail(std::log(0.05)));
}

}  // namespace

MetaAnalysis random_effects(std::span<const double> effects, std::span<const double> variances) {
  MetaAnalysis result;
  result.n_studies = static_cast<Index>(effects.size());
  if (effects.empty()) return result;
  if (effects.size() == 1) {
    result.effect = effects.front();
    return result;
  }
  const auto df = static_cast<double>(effects.size() - 1);
  const Weighted fixed = weighted(effects, variances, 0);
  result.q = fixed.squares;
  result.i2 = fixed.squares > df ? (fixed.squares - df) / fixed.squares : 0;
  result.tau2_dl = dersimonian_laird(variances, fixed);
  result.effect_dl = weighted(effects, variances, result.tau2_dl).effect;
  result.tau2 = paule_mandel(effects, variances);
  const Weighted random = weighted(effects, variances, result.tau2);
  result.effect = random.effect;
  result.error = std::sqrt(std::max(1.0, random.squares / df) / random.sum);
  const double t = student_95(df);
  result.low = result.effect - t * result.error;
  result.high = result.effect + t * result.error;
  result.p = student_two_sided(result.effect / result.error, df);
  if (result.n_studies < fewest_for_prediction) return result;
  const double half = student_95(df - 1) * std::sqrt(result.tau2 + result.error * result.error);
  result.predicted_low = result.effect - half;
  result.predicted_high = result.effect + half;
  return result;
}

}  // namespace sicmir::statistics
