// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/differences.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "base/joined.hpp"
#include "base/nan.hpp"
#include "statistics/multiple_testing.hpp"

namespace sicmir {

std::string_view to_string(Confidence confidence) {
  switch (confidence) {
    case Confidence::not_calibrated:
      return "not calibrated";
    case Confidence::unclear:
      return "unclear";
    case Confidence::likely:
      return "likely";
    case Confidence::strong:
      return "strong";
  }
  return "";
}

double probability_of(const Difference& one, const Profiles& profiles) {
  if (!profiles.differences) return nan;
  const auto mirna = static_cast<std::size_t>(one.mirna);
  return profiles.differences->probability(profiles.mirnas[mirna].accuracy.within_cohort,
                                           one.log2rpm);
}

Confidence confidence_of(double probability) {
  constexpr double likely = 0.5;
  constexpr double strong = 0.75;
  if (std::isnan(probability)) return Confidence::not_calibrated;
  if (probability >= strong) return Confidence::strong;
  return probability >= likely ? Confidence::likely : Confidence::unclear;
}

}  // namespace sicmir

namespace sicmir::differences {

double weight_of(double n_cells, double k) {
  return n_cells / (n_cells + k);
}

std::vector<Index> chosen(const std::vector<Index>& mirnas, const Profiles& profiles) {
  if (!mirnas.empty()) return mirnas;
  std::vector<Index> all(profiles.mirnas.size());
  std::iota(all.begin(), all.end(), Index{0});
  return all;
}

void check_full_rank(const statistics::Design& design, std::span<const double> weights,
                     const std::string& what) {
  const std::vector<std::string> confounded = confounded_coefficients(design, weights);
  if (confounded.empty()) return;
  throw Error(
      ExitCode::bad_input,
      fmt::format("the covariates do not fit this comparison: '{}' cannot be told apart "
                  "from {}. Leave {} out, or add samples in which they differ.",
                  joined(confounded, "', '"), what, confounded.size() == 1 ? "it" : "them"));
}

bool test(const statistics::ContrastFit& fit, const DifferenceOptions& options,
          statistics::ModeratedTests& tests, PriorFigures& prior, std::string& why) {
  prior.residual_df = fit.residual_df.size() > 0 ? fit.residual_df.maxCoeff() : 0;
  if (!(prior.residual_df > 0)) {
    why = "no residual degrees of freedom: too few profiles for so many coefficients";
    return false;
  }
  const statistics::ModeratedVariances variances =
      statistics::moderate(fit.variance, fit.residual_df, options.moderation);
  prior.s0 = std::sqrt(variances.prior_variance);
  prior.d0 = variances.prior_df;
  tests = statistics::test_contrasts(fit, variances, options.min_difference);
  return true;
}

Index adjust(std::span<Difference* const> all) {
  std::vector<double> p;
  p.reserve(all.size());
  for (const Difference* difference : all) p.push_back(difference->p);
  const std::vector<double> fdr = statistics::benjamini_hochberg(p);
  Index n = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->fdr = fdr[i];
    if (!std::isnan(fdr[i])) ++n;
  }
  return n;
}

}  // namespace sicmir::differences
