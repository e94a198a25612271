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

/// `weights`: to work in, as many as there are studies.
Weighted weighted(std::span<const double> effects, std::span<const double> variances, double tau2,
                  std::span<double> weights) {
  Weighted result;
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = 1 / (variances[i] + tau2);
  double product = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    result.sum += weights[i];
    product += weights[i] * effects[i];
  }
  result.effect = product / result.sum;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double deviation = effects[i] - result.effect;
    const double square = deviation * deviation * weights[i];
    result.squares += square;
    result.slope += square * weights[i];
  }
  return result;
}

/// Newton's steps, as DerSimonian and Kacker 2007, doi:10.1016/j.cct.2006.04.004. The sum of
/// squares falls with tau2 and is convex, so steps from 0 approach the root from below.
double paule_mandel(std::span<const double> effects, std::span<const double> variances,
                    std::span<double> weights) {
  const auto expected = static_cast<double>(effects.size() - 1);
  constexpr double precision = 4 * std::numeric_limits<double>::epsilon();
  constexpr int most_steps = 1000;  // some 10 are enough
  double tau2 = 0;
  for (int i = 0; i < most_steps; ++i) {
    const Weighted now = weighted(effects, variances, tau2, weights);
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

}  // namespace

/// The t that |T| exceeds with the probability 0.05: T^2 is F with 1 and df degrees of freedom.
double RandomEffects::student_95(Index df) {
  const auto at = static_cast<std::size_t>(df);
  if (at >= quantiles_.size()) {
    quantiles_.resize(at + 1, std::numeric_limits<double>::quiet_NaN());
  }
  double& known = quantiles_[at];
  if (std::isnan(known)) {
    known = std::sqrt(FDistribution{1, static_cast<double>(df)}.at_log_upper_tail(std::log(0.05)));
  }
  return known;
}

MetaAnalysis RandomEffects::operator()(std::span<const double> effects,
                                       std::span<const double> variances) {
  MetaAnalysis result;
  result.n_studies = static_cast<Index>(effects.size());
  if (effects.empty()) return result;
  if (effects.size() == 1) {
    result.effect = effects.front();
    return result;
  }
  weights_.resize(effects.size());
  const auto df = static_cast<double>(effects.size() - 1);
  const Weighted fixed = weighted(effects, variances, 0, weights_);
  result.q = fixed.squares;
  result.i2 = fixed.squares > df ? (fixed.squares - df) / fixed.squares : 0;
  result.tau2_dl = dersimonian_laird(variances, fixed);
  result.effect_dl = weighted(effects, variances, result.tau2_dl, weights_).effect;
  result.tau2 = paule_mandel(effects, variances, weights_);
  const Weighted random = weighted(effects, variances, result.tau2, weights_);
  result.effect = random.effect;
  result.error = std::sqrt(std::max(1.0, random.squares / df) / random.sum);
  const double t = student_95(result.n_studies - 1);
  result.low = result.effect - t * result.error;
  result.high = result.effect + t * result.error;
  result.p = student_two_sided(result.effect / result.error, df);
  if (result.n_studies < fewest_for_prediction) return result;
  const double half =
      student_95(result.n_studies - 2) * std::sqrt(result.tau2 + result.error * result.error);
  result.predicted_low = result.effect - half;
  result.predicted_high = result.effect + half;
  return result;
}

MetaAnalysis random_effects(std::span<const double> effects, std::span<const double> variances) {
  return RandomEffects()(effects, variances);
}

}  // namespace sicmir::statistics
