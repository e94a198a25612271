// SPDX-License-Identifier: BSD-3-Clause
#include "train/distil.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"

namespace sicmir::training {
namespace {

Matrix normal_samples(Index genes, Index n, std::uint64_t seed) {
  Random random(seed);
  Matrix result(genes, n);
  for (float& value : result.reshaped()) {
    value = 0.0F;
    for (int i = 0; i < 12; ++i) value += random.uniform();  // Irwin and Hall: nearly normal
    value -= 6.0F;
  }
  return result;
}

double root_mean_square(const Matrix& values) {
  return std::sqrt(values.cast<double>().squaredNorm() / static_cast<double>(values.size()));
}

Matrix predictions(const std::vector<Layer>& layers, const Matrix& x) {
  const Network network(layers);
  Network::Workspace work;
  Matrix y(network.n_outputs(), x.cols());
  network.predict(x, y, work);
  return y;
}

TEST(MadeUpInputs, DependOnTheirNumberAlone) {
  const Matrix samples = normal_samples(20, 50, 1);
  const MadeUpInputs inputs(samples, 7);
  Eigen::VectorXf first(20);
  Eigen::VectorXf again(20);
  inputs.make(5, first);
  inputs.make(6, again);
  EXPECT_NE(first, again);
  inputs.make(5, again);
  EXPECT_EQ(first, again);
  MadeUpInputs(samples, 8).make(5, again);
  EXPECT_NE(first, again);
}

// Expected shares: 1/4 unchanged; of the other 3/4, half hide 15 % of the genes on average.
TEST(MadeUpInputs, HaveTheStatedShares) {
  constexpr Index n = 4000;
  constexpr Index genes = 40;
  const Matrix samples = 3.0F * normal_samples(genes, 30, 2);
  const MadeUpInputs inputs(samples, 1);
  Index unchanged = 0;
  Index hidden = 0;
  Eigen::VectorXf z(genes);
  for (Index i = 0; i < n; ++i) {
    inputs.make(i, z);
    bool is_sample = false;
    for (Index j = 0; j < samples.cols() && !is_sample; ++j) is_sample = z == samples.col(j);
    unchanged += is_sample ? 1 : 0;
    hidden += (z.array() == 0.0F).count();
    if (!is_sample) {
      EXPECT_LE(z.cwiseAbs().maxCoeff(), 6.0F);
    }
  }
  // Four standard deviations of a binomial share each.
  EXPECT_NEAR(static_cast<double>(unchanged) / n, 0.25, 0.028);
  EXPECT_NEAR(static_cast<double>(hidden) / (n * genes), 0.75 * 0.5 * 0.15, 0.01);
}

TEST(Distil, ComesCloseToItsTeacherOnSamplesThatItHasNotSeen) {
  constexpr Index genes = 12;
  const Matrix weight = normal_samples(6, genes, 3) / 4.0F;
  const std::vector<Layer> teacher = {Linear{weight, Eigen::VectorXf::Constant(6, 0.5F)},
                                      Huber{2.0},
                                      Linear{normal_samples(5, 6, 4), Eigen::VectorXf::Zero(5)}};
  const Matrix samples = normal_samples(genes, 200, 5);
  const DistilOptions options{.hidden = {48, 48}, .steps = 1200, .seed = 3, .label = "test"};
  ThreadPool two(2);
  const std::vector<Layer> student = distil(Network(teacher), samples, options, two);
  const Matrix fresh = normal_samples(genes, 300, 6);
  const Matrix wanted = predictions(teacher, fresh);
  const Matrix centred = wanted.colwise() - wanted.rowwise().mean();
  EXPECT_LT(root_mean_square(predictions(student, fresh) - wanted),
            0.2 * root_mean_square(centred));

  ThreadPool one(1);
  const std::vector<Layer> again = distil(Network(teacher), samples, options, one);
  EXPECT_EQ(predictions(again, fresh), predictions(student, fresh));
}

TEST(Distil, NeedsStepsAndSamples) {
  const Network teacher(std::vector<Layer>{Linear{Matrix::Ones(2, 3), Eigen::VectorXf::Zero(2)}});
  ThreadPool pool(1);
  const Matrix samples = Matrix::Ones(3, 4);
  EXPECT_THROW((void)distil(teacher, samples, {.hidden = {4}, .steps = 0}, pool), Error);
  EXPECT_THROW((void)distil(teacher, Matrix(3, 0), {.hidden = {4}, .steps = 1}, pool), Error);
  EXPECT_THROW((void)distil(teacher, Matrix::Ones(2, 4), {.hidden = {4}, .steps = 1}, pool), Error);
}

}  // namespace
}  // namespace sicmir::training
