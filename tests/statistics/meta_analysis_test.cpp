// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/meta_analysis.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace sicmir::statistics {
namespace {

/// Vaccinated with tuberculosis and without, not vaccinated with and without: the 13 trials of
/// Colditz et al. 1994, doi:10.1001/jama.1994.03510330076038.
constexpr std::array<std::array<double, 4>, 13> bcg = {{{4, 119, 11, 128},
                                                        {6, 300, 29, 274},
                                                        {3, 228, 11, 209},
                                                        {62, 13536, 248, 12619},
                                                        {33, 5036, 47, 5761},
                                                        {180, 1361, 372, 1079},
                                                        {8, 2537, 10, 619},
                                                        {505, 87886, 499, 87892},
                                                        {29, 7470, 45, 7232},
                                                        {17, 1699, 65, 1600},
                                                        {186, 50448, 141, 27197},
                                                        {5, 2493, 3, 2338},
                                                        {27, 16886, 29, 17825}}};

/// Logarithms of relative risks, and their variances.
void log_risks(std::vector<double>& effects, std::vector<double>& variances) {
  for (const auto& [a, b, c, d] : bcg) {
    effects.push_back(std::log(a / (a + b)) - std::log(c / (c + d)));
    variances.push_back(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d));
  }
}

TEST(RandomEffects, GivesThePublishedFiguresOfTheTrialsOfBcg) {
  std::vector<double> effects;
  std::vector<double> variances;
  log_risks(effects, variances);
  const MetaAnalysis found = random_effects(effects, variances);
  EXPECT_EQ(found.n_studies, 13);
  // metafor's own tests, against Stata's metan: Q and the estimate of DerSimonian and Laird.
  EXPECT_NEAR(found.q, 152.2330, 5e-5);
  EXPECT_NEAR(found.effect_dl, -0.7141, 5e-5);
  // Viechtbauer 2010, doi:10.18637/jss.v036.i03: tau2 0.3088 (DL), I2 92.12 %.
  EXPECT_NEAR(found.tau2_dl, 0.3088, 5e-5);
  EXPECT_NEAR(found.i2, 0.9212, 5e-5);
  // tau2 of Paule and Mandel by its definition: q is n - 1 with its weights.
  EXPECT_NEAR(found.tau2, 0.3180684522, 1e-9);
}

TEST(RandomEffects, HasTheIntervalsOfTheirFormulas) {
  std::vector<double> effects;
  std::vector<double> variances;
  log_risks(effects, variances);
  const MetaAnalysis found = random_effects(effects, variances);
  // numpy and scipy (t.ppf), from the formulas.
  EXPECT_NEAR(found.effect, -0.7149681535, 1e-9);
  EXPECT_NEAR(found.error, 0.1808921915, 1e-9);
  EXPECT_NEAR(found.low, -1.1090983812, 1e-9);
  EXPECT_NEAR(found.high, -0.3208379258, 1e-9);
  EXPECT_NEAR(found.p, 0.0019192718, 1e-9);
  EXPECT_NEAR(found.predicted_low, -2.0185580542, 1e-8);
  EXPECT_NEAR(found.predicted_high, 0.5886217471, 1e-8);
}

TEST(RandomEffects, NeverHasAShorterIntervalThanAFixedEffect) {
  // Studies that agree better than chance lets them: q* would be 0.378.
  const std::array effects = {0.1, 0.3, 0.35, 0.2};
  const std::array variances = {0.04, 0.09, 0.02, 0.05};
  const MetaAnalysis found = random_effects(effects, variances);
  EXPECT_EQ(found.tau2, 0);
  EXPECT_EQ(found.tau2_dl, 0);
  EXPECT_NEAR(found.effect, 0.2575916230, 1e-9);
  EXPECT_NEAR(found.error, 0.0970777203, 1e-9);  // 1 / sqrt(sum of 1 / v)
  EXPECT_NEAR(found.low, -0.0513530091, 1e-9);
  EXPECT_NEAR(found.p, 0.0767665130, 1e-9);
  EXPECT_TRUE(std::isnan(found.predicted_low)) << "four studies predict no fifth";
}

TEST(RandomEffects, OfOneStudyIsItsEffect) {
  const std::array effect = {0.4};
  const std::array variance = {0.1};
  const MetaAnalysis found = random_effects(effect, variance);
  EXPECT_EQ(found.effect, 0.4);
  EXPECT_TRUE(std::isnan(found.p));
  EXPECT_EQ(random_effects({}, {}).n_studies, 0);
}

}  // namespace
}  // namespace sicmir::statistics
