// SPDX-License-Identifier: BSD-3-Clause
// Against numpy: scripts/make_kernel_golden.py writes tests/data/train/kernel.json.
#include "train/kernel_ridge.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "base/json.hpp"
#include "sicmir/network.hpp"
#include "train/impute.hpp"
#include "train/profile_prior.hpp"

namespace sicmir::training {
namespace {

constexpr Index genes = 20;
constexpr Index samples = 80;
constexpr Index mirnas = 56;
constexpr Index n_profiles = 120;
constexpr double penalty = 1.5;
constexpr float missing = std::numeric_limits<float>::quiet_NaN();

Eigen::MatrixXd pseudo(Index lines, Index columns, double stream) {
  Eigen::MatrixXd values(lines, columns);
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < lines; ++i) {
      const auto a = static_cast<double>(i);
      const auto b = static_cast<double>(j);
      values(i, j) = std::sin(1.7 * a * a + 2.3 * b + 0.37 * a * b + 5.1 * stream);
    }
  }
  return values;
}

struct Kernel : ::testing::Test {
  Matrix x = (1.5 * pseudo(genes, samples, 1)).cast<float>();
  Matrix y = (0.4 * pseudo(mirnas, genes, 2) * (1.5 * pseudo(genes, samples, 1)) +
              0.5 * pseudo(mirnas, samples, 3))
                 .cast<float>();
  Matrix profiles =
      (0.8 * pseudo(mirnas, 7, 4) * pseudo(7, n_profiles, 5) + 0.3 * pseudo(mirnas, n_profiles, 6))
          .cast<float>();
  Matrix fresh = (1.5 * pseudo(genes, 5, 7)).cast<float>();
  std::vector<Index> cohort_of, fold_of;
  std::vector<std::string> kinds;
  std::vector<double> weights;
  Json golden;

  Kernel() {
    fresh.col(4) *= 36.0F;
    for (Index i = 0; i < samples; ++i) {
      cohort_of.push_back(i % 4);
      fold_of.push_back(i % 5);
      weights.push_back(0.5 + static_cast<double>(i % 3));
    }
    for (Index i = 0; i < n_profiles; ++i) {
      kinds.emplace_back(1, static_cast<char>('a' + i % 6));
    }
    std::ifstream file(SICMIR_TEST_DATA "/train/kernel.json");
    golden = read_json(file);
  }

  static Matrix predict(const std::vector<Layer>& layers, const Matrix& x) {
    const Network network(layers);
    Network::Workspace work;
    Matrix y(network.n_outputs(), x.cols());
    network.predict(x, y, work);
    return y;
  }

  [[nodiscard]] Matrix predict_with(const KernelRidge& fitted, const Eigen::MatrixXd& weight,
                                    const Eigen::VectorXd& constant) const {
    std::vector<Layer> squares = fitted.square_layers();
    squares.emplace_back(Linear{weight.cast<float>(), Eigen::VectorXf::Zero(weight.rows())});
    return predict(squares, fresh) + predict({fitted.line(weight, constant)}, fresh);
  }

  void expect_near(const Matrix& found, const std::string& name, double tolerance) const {
    const auto& expected = golden.at(name);
    ASSERT_EQ(found.rows(), static_cast<Index>(expected.size()));
    for (Index i = 0; i < found.rows(); ++i) {
      const auto& line = expected.at(static_cast<std::size_t>(i));
      ASSERT_EQ(found.cols(), static_cast<Index>(line.size()));
      for (Index j = 0; j < found.cols(); ++j) {
        const auto wanted = line.at(static_cast<std::size_t>(j)).get<double>();
        EXPECT_NEAR(static_cast<double>(found(i, j)), wanted,
                    tolerance * std::max(1.0, std::fabs(wanted)))
            << name << " " << i << ", " << j;
      }
    }
  }
};

TEST_F(Kernel, RegressionWithWeightsAndMissingTargetsEqualsNumpy) {
  Matrix targets = y.topRows(3);
  targets(1, 2) = targets(1, 9) = missing;
  const KernelRidge fitted({x, targets, cohort_of, weights}, penalty);
  expect_near(predict_with(fitted, fitted.alpha(), fitted.constant()), "kernel", 2e-5);
}

TEST_F(Kernel, HeldOutRegressionEqualsRefittingWithoutEachGroup) {
  y(0, 3) = missing;
  const KernelRidge fitted({x, y, cohort_of, {}}, penalty);
  const std::vector<Index> targets = {2, 3};
  expect_near(fitted.without_groups(targets, cohort_of).cast<float>(), "without_cohort", 2e-5);
  expect_near(fitted.without_groups(targets, fold_of).cast<float>(), "without_patients", 2e-5);
}

TEST_F(Kernel, GenesCountTheSameWhereNothingVariesWithinCohorts) {
  std::vector<Index> alone;
  for (Index i = 0; i < samples; ++i) alone.push_back(i);
  EXPECT_EQ(gene_weights({x, y, alone, {}}), Eigen::VectorXd::Ones(genes));
  Matrix constant = x;
  constant.row(4).setConstant(1.5F);
  const Eigen::VectorXd found = gene_weights({constant, y, cohort_of, {}});
  EXPECT_EQ(found[4], 0.0);
  EXPECT_TRUE(found.allFinite());
}

// (K + v [same cohort] + penalty) alpha = y - mean: as v grows, the sums of alpha over cohorts go
// to 0.
TEST_F(Kernel, LargeLevelVariancesTakeTheLevelOfCohortsOutOfTheSlopes) {
  const auto largest_sum = [&](std::span<const double> level_variances) {
    const KernelRidge base({x, y, cohort_of, {}, level_variances}, penalty);
    double largest = 0;
    for (Index cohort = 0; cohort <= *std::ranges::max_element(cohort_of); ++cohort) {
      Eigen::VectorXd sum = Eigen::VectorXd::Zero(y.rows());
      for (Index i = 0; i < samples; ++i) {
        if (cohort_of[static_cast<std::size_t>(i)] == cohort) sum += base.alpha().col(i);
      }
      largest = std::max(largest, sum.cwiseAbs().maxCoeff());
    }
    return largest;
  };
  const double usual = largest_sum({});
  const std::vector<double> same(static_cast<std::size_t>(samples), usual_level_variance);
  EXPECT_EQ(largest_sum(same), usual);
  const std::vector<double> large(static_cast<std::size_t>(samples), 1e6);
  EXPECT_GT(usual, 1e-2);
  EXPECT_LT(largest_sum(large), 1e-4);
}

TEST_F(Kernel, PriorEqualsNumpy) {
  y(0, 3) = missing;
  profiles(1, 5) = missing;
  const KernelRidge base({x, y, cohort_of, {}}, penalty);
  const ProfilePrior prior =
      fit_profile_prior(base, {y, cohort_of, fold_of, profiles, kinds}, {.n_components = 6});
  expect_near(predict(prior.attention, fresh) + predict_with(base, prior.weight, prior.constant),
              "prior", 1e-4);
}

TEST_F(Kernel, PriorNeedsEnoughProfiles) {
  const Matrix few = profiles.leftCols(10);
  kinds.resize(10);
  const KernelRidge base({x, y, cohort_of, {}}, penalty);
  EXPECT_THROW((void)fit_profile_prior(base, {y, cohort_of, fold_of, few, kinds}, {}), Error);
}

TEST_F(Kernel, ImputationEqualsNumpyFromFewAndFromManyKnownGenes) {
  Matrix holes = x;
  holes(3, 5) = holes(7, 5) = missing;
  holes.col(6).head(15).setConstant(missing);
  Matrix filled = holes;
  Imputer(holes).fill(filled);
  const auto few = golden.at("filled").at("5").get<std::vector<double>>();
  EXPECT_NEAR(static_cast<double>(filled(3, 5)), few.at(0), 1e-5);
  EXPECT_NEAR(static_cast<double>(filled(7, 5)), few.at(1), 1e-5);
  const auto many = golden.at("filled").at("6").get<std::vector<double>>();
  for (Index gene = 0; gene < 15; ++gene) {
    EXPECT_NEAR(static_cast<double>(filled(gene, 6)), many.at(static_cast<std::size_t>(gene)),
                1e-5);
  }
  filled.col(5) = filled.col(6) = x.col(0);
  holes.col(5) = holes.col(6) = x.col(0);
  EXPECT_EQ(filled, holes);  // what was there stays
}

}  // namespace
}  // namespace sicmir::training
