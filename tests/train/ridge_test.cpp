// SPDX-License-Identifier: BSD-3-Clause
#include "train/ridge.hpp"

#include <gmock/gmock.h>

#include <Eigen/QR>
#include <cmath>
#include <limits>
#include <random>

namespace sicmir::training {
namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();

Matrix random_matrix(Index lines, Index columns, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  Matrix values(lines, columns);
  for (Index i = 0; i < values.size(); ++i) values.data()[i] = normal(generator);
  return values;
}

/// Another way to the same numbers: least squares by QR with a line sqrt(penalty) per gene added to
/// the samples and none for the intercept. For one target; genes, then the intercept.
Eigen::VectorXd by_augmented_least_squares(const Matrix& x, const Eigen::VectorXf& y,
                                           double penalty, const std::vector<double>& weights) {
  const Index genes = x.rows();
  Eigen::MatrixXd a = Eigen::MatrixXd::Zero(x.cols() + genes, genes + 1);
  Eigen::VectorXd b = Eigen::VectorXd::Zero(x.cols() + genes);
  for (Index sample = 0; sample < x.cols(); ++sample) {
    if (std::isnan(y[sample])) continue;
    const double root = std::sqrt(weights[static_cast<std::size_t>(sample)]);
    a.row(sample).head(genes) = root * x.col(sample).cast<double>().transpose();
    a(sample, genes) = root;
    b[sample] = root * static_cast<double>(y[sample]);
  }
  a.bottomLeftCorner(genes, genes).diagonal().setConstant(std::sqrt(penalty));
  return a.colPivHouseholderQr().solve(b);
}

class Ridge : public ::testing::TestWithParam<Index> {};

TEST_P(Ridge, EqualsAugmentedLeastSquaresWithWeightsAndMissingTargets) {
  const Index samples = GetParam();  // fewer and more than the 9 genes: dual and primal form
  const Matrix x = random_matrix(9, samples, 1);
  Matrix y = random_matrix(4, samples, 2);
  y(1, 0) = y(1, 3) = missing;
  y(3, 2) = missing;
  std::vector<double> weights;
  for (Index i = 0; i < samples; ++i) weights.push_back(i == 4 ? 0.0 : 0.5 + double(i % 3));
  const Linear found = fit_ridge(x, y, 1.7, weights);
  for (Index target = 0; target < 4; ++target) {
    const Eigen::VectorXd expected =
        by_augmented_least_squares(x, y.row(target).transpose(), 1.7, weights);
    EXPECT_LT((found.weight.row(target).transpose().cast<double>() - expected.head(9))
                  .cwiseAbs()
                  .maxCoeff(),
              1e-6);
    EXPECT_NEAR(static_cast<double>(found.bias[target]), expected[9], 1e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(DualAndPrimal, Ridge, ::testing::Values(6, 30));

TEST(RidgePenalty, IsTheOneWithTheSmallestHeldOutError) {
  const Matrix x = random_matrix(20, 60, 3);
  const Matrix truth = random_matrix(5, 20, 4);
  const Matrix y = truth * x + 6.0F * random_matrix(5, 60, 5);
  std::vector<Index> folds;
  for (Index i = 0; i < 60; ++i) folds.push_back(i % 4);
  const std::vector<double> candidates = {0.1, 1, 10, 100, 1000};
  double best = 0;
  double best_error = std::numeric_limits<double>::infinity();
  for (const double penalty : candidates) {  // the long way
    double error = 0;
    for (Index fold = 0; fold < 4; ++fold) {
      std::vector<Index> train;
      std::vector<Index> test;
      for (Index i = 0; i < 60; ++i) (i % 4 == fold ? test : train).push_back(i);
      const Linear linear =
          fit_ridge(Matrix(x(Eigen::all, train)), Matrix(y(Eigen::all, train)), penalty);
      error += static_cast<double>(
          (apply_linear(linear, Matrix(x(Eigen::all, test))) - y(Eigen::all, test)).squaredNorm());
    }
    if (error < best_error) {
      best_error = error;
      best = penalty;
    }
  }
  EXPECT_GT(best, 0.1);
  EXPECT_LT(best, 1000.0);
  EXPECT_EQ(choose_penalty(x, y, folds, candidates), best);
}

TEST(RidgePenalty, WorksWithFewerSamplesThanGenes) {
  const Matrix x = random_matrix(50, 24, 6);
  const Matrix y = x.topRows(3) + 0.1F * random_matrix(3, 24, 7);
  std::vector<Index> folds;
  for (Index i = 0; i < 24; ++i) folds.push_back(i % 3);
  const std::vector<double> candidates = {1.0, 1e9};
  EXPECT_EQ(choose_penalty(x, y, folds, candidates), 1.0);
}

TEST(RidgeRegression, ATargetWithoutSamplesGetsZeros) {
  const Matrix x = random_matrix(3, 5, 8);
  Matrix y = random_matrix(2, 5, 9);
  y.row(1).setConstant(missing);
  const Linear linear = fit_ridge(x, y, 1.0);
  EXPECT_EQ(linear.weight.row(1).norm(), 0.0F);
  EXPECT_EQ(linear.bias[1], 0.0F);
  EXPECT_NE(linear.weight.row(0).norm(), 0.0F);
}

}  // namespace
}  // namespace sicmir::training
