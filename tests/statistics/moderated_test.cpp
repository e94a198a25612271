// SPDX-License-Identifier: BSD-3-Clause
// Tables of limma 3.54.1 (tests/data/limma, written by scripts/make_limma_golden.R). All figures
// agree to 1e-8. limma as shipped seeks the prior df of the robust way only to 1e-8 of
// df / (1 + df): its p then agree to 1e-6.
#include "statistics/moderated.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>

#include "sicmir/error.hpp"

namespace sicmir::statistics {
namespace {

using Columns = std::map<std::string, std::vector<double>>;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Columns by their names, numbers only, and the names in order.
Columns read_columns(const std::string& file, std::vector<std::string>& names) {
  std::ifstream stream(std::string(SICMIR_TEST_DATA) + "/limma/" + file);
  EXPECT_TRUE(stream) << file;
  std::string line;
  std::string field;
  std::getline(stream, line);
  for (std::istringstream fields(line); std::getline(fields, field, '\t');) names.push_back(field);
  names.erase(names.begin());  // the rows' names
  Columns columns;
  while (std::getline(stream, line)) {
    std::istringstream fields(line);
    std::getline(fields, field, '\t');
    for (const std::string& name : names) {
      std::getline(fields, field, '\t');
      columns[name].push_back(field == "NA" ? nan : std::strtod(field.c_str(), nullptr));
    }
  }
  return columns;
}

struct Case {
  Eigen::MatrixXd y, design, contrast;
  std::vector<double> weights;
  Columns expected;
};

Case read_case(const std::string& name) {
  Case result;
  std::vector<std::string> names;
  Columns values = read_columns(name + ".values.tsv", names);
  result.y.resize(static_cast<Index>(values.begin()->second.size()),
                  static_cast<Index>(names.size()));
  for (Index j = 0; j < result.y.cols(); ++j) {
    const std::vector<double>& column = values[names[static_cast<std::size_t>(j)]];
    for (Index i = 0; i < result.y.rows(); ++i)
      result.y(i, j) = column[static_cast<std::size_t>(i)];
  }
  names.clear();
  Columns design = read_columns(name + ".design.tsv", names);
  const Index n = result.y.cols();
  result.weights.assign(design["weight"].begin(), design["weight"].end() - 1);
  result.design.resize(n, static_cast<Index>(names.size()) - 1);
  result.contrast.resize(result.design.cols(), 1);
  for (Index j = 0; j < result.design.cols(); ++j) {
    const std::vector<double>& column = design[names[static_cast<std::size_t>(j) + 1]];
    for (Index i = 0; i < n; ++i) result.design(i, j) = column[static_cast<std::size_t>(i)];
    result.contrast(j, 0) = column.back();
  }
  names.clear();
  result.expected = read_columns(name + ".expected.tsv", names);
  return result;
}

void expect_column(const Eigen::Ref<const Eigen::VectorXd>& found,
                   const std::vector<double>& expected, const std::string& what,
                   double error = 1e-8) {
  ASSERT_EQ(static_cast<std::size_t>(found.size()), expected.size()) << what;
  for (Index i = 0; i < found.size(); ++i) {
    const double wanted = expected[static_cast<std::size_t>(i)];
    if (!std::isfinite(wanted)) {
      EXPECT_EQ(std::isnan(found[i]), std::isnan(wanted)) << what << " of m" << i + 1;
      EXPECT_EQ(std::isinf(found[i]), std::isinf(wanted)) << what << " of m" << i + 1;
    } else {
      // What is 0 may be 1e-15 by rounding, on either side.
      const double smallest = what.ends_with("p") || what.ends_with("variance") ? 1e-20 : 1e-12;
      EXPECT_NEAR(found[i], wanted, error * std::fabs(wanted) + smallest)
          << what << " of m" << i + 1;
    }
  }
}

class Limma : public testing::TestWithParam<const char*> {};

TEST_P(Limma, GivesTheSameFigures) {
  Case golden = read_case(GetParam());
  const ContrastFit fit = fit_contrasts(golden.y, golden.design, golden.weights, golden.contrast);
  const auto all = [](double value, Index n) { return Eigen::VectorXd::Constant(n, value).eval(); };
  Columns& expected = golden.expected;
  expect_column(fit.estimate.col(0), expected["estimate"], "estimate");
  expect_column(fit.unscaled_error.col(0), expected["unscaled_error"], "unscaled error");
  expect_column(fit.variance, expected["variance"], "variance");
  expect_column(fit.residual_df, expected["residual_df"], "residual df");

  const ModeratedVariances plain = moderate(fit.variance, fit.residual_df, Moderation::plain);
  const Index n = fit.variance.size();
  expect_column(all(plain.prior_variance, n), expected["plain_prior_variance"], "s0^2");
  expect_column(all(plain.prior_df, n), expected["plain_prior_df"], "d0");
  expect_column(plain.variance, expected["plain_variance"], "moderated variance");
  expect_column(plain.df, expected["plain_df"], "df");
  const ModeratedTests tests = test_contrasts(fit, plain);
  expect_column(tests.t.col(0), expected["plain_t"], "t");
  expect_column(tests.p.col(0), expected["plain_p"], "p");
  expect_column(test_contrasts(fit, plain, 0.25).p.col(0), expected["treat_p"], "treat p");

  const ModeratedVariances robust = moderate(fit.variance, fit.residual_df, Moderation::robust);
  expect_column(all(robust.prior_variance, n), expected["robust_prior_variance"], "robust s0^2");
  expect_column(robust.prior_df_of, expected["robust_prior_df"], "robust d0");
  expect_column(robust.variance, expected["robust_variance"], "robust variance");
  expect_column(robust.df, expected["robust_df"], "robust df");
  const ModeratedTests robustly = test_contrasts(fit, robust);
  expect_column(robustly.t.col(0), expected["robust_t"], "robust t");
  expect_column(robustly.p.col(0), expected["robust_p"], "robust p");
  expect_column(robustly.p.col(0), expected["robust_p_shipped"], "shipped p", 1e-6);
  const ModeratedTests treat = test_contrasts(fit, robust, 0.25);
  expect_column(treat.t.col(0), expected["robust_treat_t"], "robust treat t");
  expect_column(treat.p.col(0), expected["robust_treat_p"], "robust treat p");
}

INSTANTIATE_TEST_SUITE_P(Cases, Limma,
                         testing::Values("two_groups", "weights", "covariate", "paired", "markers",
                                         "missing", "infinite_prior", "infinite_prior_outliers",
                                         "zero_variance", "few"),
                         [](const auto& test) { return std::string(test.param); });

const Eigen::VectorXd four_df = Eigen::VectorXd::Constant(12, 4);

// With most variances zero limma's plain way takes 1 for their median: none is above 1e-5.
TEST(Moderate, RefusesDataThatDoNotVary) {
  Eigen::VectorXd variance = Eigen::VectorXd::Zero(12);
  variance[3] = 0.5;
  EXPECT_THROW((void)moderate(variance, four_df, Moderation::robust), Error);
  EXPECT_EQ(moderate(variance, four_df, Moderation::plain).n_floored, 11);
}

TEST(Moderate, NeedsResidualDegreesOfFreedom) {
  EXPECT_THROW((void)moderate(Eigen::VectorXd::Constant(12, nan), Eigen::VectorXd::Zero(12),
                              Moderation::plain),
               Error);
}

TEST(Moderate, LearnsNothingFromOneMirna) {
  const ModeratedVariances one = moderate(Eigen::VectorXd::Constant(1, 2.5),
                                          Eigen::VectorXd::Constant(1, 4), Moderation::robust);
  EXPECT_EQ(one.variance[0], 2.5);
  EXPECT_EQ(one.df[0], 4);
}

}  // namespace
}  // namespace sicmir::statistics
