// SPDX-License-Identifier: BSD-3-Clause
// Figures worked out by hand; moderated_test.cpp compares whole tables with limma.
#include "statistics/linear_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sicmir::statistics {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Eigen::MatrixXd table(const std::vector<std::vector<double>>& rows) {
  Eigen::MatrixXd result(static_cast<Index>(rows.size()), static_cast<Index>(rows[0].size()));
  for (Index i = 0; i < result.rows(); ++i) {
    for (Index j = 0; j < result.cols(); ++j) {
      result(i, j) = rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
    }
  }
  return result;
}

const Eigen::MatrixXd two_groups = table({{1, 0}, {1, 0}, {1, 1}, {1, 1}});

TEST(FitContrasts, GivesTheDifferenceOfTwoMeans) {
  const ContrastFit fit = fit_contrasts(table({{1, 3, 5, 9}}), two_groups, {}, table({{0}, {1}}));
  EXPECT_NEAR(fit.estimate(0, 0), 5, 1e-14);
  EXPECT_NEAR(fit.unscaled_error(0, 0), 1, 1e-14);  // sqrt(1/2 + 1/2)
  EXPECT_NEAR(fit.variance[0], 5, 1e-14);           // (1 + 1 + 4 + 4) / 2
  EXPECT_EQ(fit.residual_df[0], 2);
}

// Means 1/4 + 3 * 3/4 = 2.5 and 7; weighted squares 1 * 1.5^2 + 3 * 0.5^2 + 4 + 4 = 11.
TEST(FitContrasts, WeighsObservations) {
  const ContrastFit fit = fit_contrasts(table({{1, 3, 5, 9}}), two_groups,
                                        std::vector<double>{1, 3, 1, 1}, table({{0}, {1}}));
  EXPECT_NEAR(fit.estimate(0, 0), 4.5, 1e-14);
  EXPECT_NEAR(fit.unscaled_error(0, 0), std::sqrt(0.25 + 0.5), 1e-14);
  EXPECT_NEAR(fit.variance[0], 5.5, 1e-14);
}

TEST(FitContrasts, LeavesOutWhatIsMissingOrWeighsNothing) {
  const ContrastFit fit = fit_contrasts(table({{1, 3, nan, 9}, {1, 3, 5, 9}}), two_groups,
                                        std::vector<double>{1, 1, 1, 0}, table({{0}, {1}}));
  EXPECT_TRUE(std::isnan(fit.estimate(0, 0)));  // nothing of the second group is left
  EXPECT_EQ(fit.residual_df[0], 1);
  EXPECT_NEAR(fit.variance[0], 2, 1e-14);
  EXPECT_NEAR(fit.estimate(1, 0), 3, 1e-14);
}

// Groups that never stand in one sample: their difference cannot be told from that of the samples.
TEST(FitContrasts, KnowsWhichContrastsAreEstimable) {
  const Eigen::MatrixXd design =  // sample 1: groups a, b; sample 2: c, d
      table({{1, 0, 0, 0, 0}, {1, 0, 1, 0, 0}, {1, 1, 0, 1, 0}, {1, 1, 0, 0, 1}});
  const Eigen::MatrixXd contrasts = table({{0, 0}, {0, 0}, {0, 1}, {-1, -1}, {1, 0}});
  const ContrastFit fit = fit_contrasts(table({{1, 2, 4, 8}}), design, {}, contrasts);
  EXPECT_NEAR(fit.estimate(0, 0), 4, 1e-14);    // d - c
  EXPECT_TRUE(std::isnan(fit.estimate(0, 1)));  // b - c
  EXPECT_EQ(fit.residual_df[0], 0);
  EXPECT_TRUE(std::isnan(fit.variance[0]));
}

TEST(FitContrasts, TakesWhatRoundingLeavesForNothing) {
  const ContrastFit fit =
      fit_contrasts(table({{0.1, 0.1, 0.7, 0.7}}), two_groups, {}, table({{0}, {1}}));
  EXPECT_EQ(fit.variance[0], 0);
}

TEST(ConfoundedCoefficients, AreThoseThatFollowFromEarlierOnes) {
  const Design design{table({{1, 0, 0, 5}, {1, 0, 0, 5}, {1, 1, 2, 7}, {1, 1, 2, 7}}),
                      {"intercept", "condition tumour", "batch 2", "age"}};
  EXPECT_THAT(confounded_coefficients(design, {}), testing::ElementsAre("batch 2", "age"));
}

TEST(ConfoundedCoefficients, AreNoneOfAFullDesign) {
  const Design design{two_groups, {"intercept", "group"}};
  EXPECT_THAT(confounded_coefficients(design, {}), testing::IsEmpty());
  EXPECT_THAT(confounded_coefficients(design, std::vector<double>{1, 1, 0, 0}),
              testing::ElementsAre("group"));
}

}  // namespace
}  // namespace sicmir::statistics
