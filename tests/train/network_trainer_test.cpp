// SPDX-License-Identifier: BSD-3-Clause
#include "train/network_trainer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <string>

#include "base/json.hpp"
#include "base/random.hpp"
#include "kernels/kernels.hpp"

namespace sicmir::training {
namespace {

using kernels::UpdateKind;
using kernels::UpdateRule;

const Json& golden() {
  static const Json json = [] {
    std::ifstream file(std::string(SICMIR_TEST_DATA) + "/train/pytorch.json");
    return read_json(file);
  }();
  return json;
}

float number(const Json& json) {
  return json.is_null() ? std::numeric_limits<float>::quiet_NaN() : json.get<float>();
}

/// A list of numbers becomes a column, a list of lists a matrix of lines.
Matrix matrix(const Json& json) {
  const auto lines = static_cast<Index>(json.size());
  const bool flat = !json.at(0).is_array();
  Matrix result(lines, flat ? 1 : static_cast<Index>(json.at(0).size()));
  for (Index i = 0; i < lines; ++i) {
    for (Index j = 0; j < result.cols(); ++j) {
      const Json& line = json.at(static_cast<std::size_t>(i));
      result(i, j) = number(flat ? line : line.at(static_cast<std::size_t>(j)));
    }
  }
  return result;
}

/// PyTorch holds samples as lines.
Matrix batch(const Json& json) {
  return matrix(json).transpose();
}

std::vector<Layer> layers(const Json& parameters) {
  std::vector<Layer> result;
  for (const Json& hidden : parameters.at("hidden")) {
    Linear linear{matrix(hidden.at("weight")), {}};
    if (!hidden.at("bias").is_null()) linear.bias = matrix(hidden.at("bias"));
    result.emplace_back(linear);
    const bool norm_first = hidden.at("norm_first").get<bool>();
    if (!norm_first) result.emplace_back(Relu{});
    result.emplace_back(BatchNorm{matrix(hidden.at("gamma")), matrix(hidden.at("beta")),
                                  matrix(hidden.at("running_mean")),
                                  matrix(hidden.at("running_variance")), 1e-5});
    if (norm_first) result.emplace_back(Relu{});
  }
  result.emplace_back(Linear{matrix(parameters.at("weight")), matrix(parameters.at("bias"))});
  return result;
}

LayerOrder order(const std::string& name) {
  if (name == "bn_relu") return LayerOrder::bn_relu;
  return name == "relu_bn" ? LayerOrder::relu_bn : LayerOrder::published;
}

NetworkShape small_shape(LayerOrder layer_order, double dropout = 0.0) {
  return {
      .n_inputs = 7, .hidden = {6, 5}, .n_outputs = 4, .order = layer_order, .dropout = dropout};
}

/// Largest difference relative to the largest entry of `expected`.
double difference(const Matrix& found, const Json& expected) {
  const Matrix wanted = matrix(expected);
  EXPECT_EQ(found.rows(), wanted.rows());
  EXPECT_EQ(found.cols(), wanted.cols());
  if (found.rows() != wanted.rows() || found.cols() != wanted.cols()) return 1e9;
  return static_cast<double>((found - wanted).cwiseAbs().maxCoeff()) /
         static_cast<double>(wanted.cwiseAbs().maxCoeff());
}

class PyTorch : public testing::TestWithParam<std::size_t> {
 protected:
  PyTorch()
      : golden_(golden().at("cases").at(GetParam())),
        trainer_(small_shape(order(golden_.at("order").get<std::string>())), 8, 1, pool_) {
    trainer_.set_layers(layers(golden_.at("initial")));
  }
  double step(Index number, const UpdateRule& rule) {
    const auto at = static_cast<std::size_t>(number % 4);
    return trainer_.step(batch(golden_.at("x").at(at)), batch(golden_.at("y").at(at)), rule, 0);
  }

  const Json& golden_;
  ThreadPool pool_{2};
  NetworkTrainer trainer_;
};

TEST_P(PyTorch, GivesTheSameLossAndGradients) {
  const double loss = step(0, {.kind = UpdateKind::record});
  EXPECT_NEAR(loss, golden_.at("loss").get<double>(), 1e-6);
  const Json& gradients = golden_.at("gradients");
  for (std::size_t l = 0; l < 2; ++l) {
    const HiddenLayer& found = trainer_.hidden()[l];
    const Json& wanted = gradients.at("hidden").at(l);
    EXPECT_LT(difference(found.weight.first.matrix(), wanted.at("weight")), 1e-5);
    EXPECT_LT(difference(found.gamma.first.matrix(), wanted.at("gamma")), 1e-5);
    EXPECT_LT(difference(found.beta.first.matrix(), wanted.at("beta")), 1e-5);
    ASSERT_EQ(wanted.at("bias").is_null(), found.bias.first.empty());
    if (!found.bias.first.empty()) {
      EXPECT_LT(difference(found.bias.first.matrix(), wanted.at("bias")), 1e-5);
    }
  }
  EXPECT_LT(difference(trainer_.output().weight.first.matrix(), gradients.at("weight")), 1e-5);
  EXPECT_LT(difference(trainer_.output().bias.first.matrix(), gradients.at("bias")), 1e-5);
}

TEST_P(PyTorch, GivesTheSameRunningEstimates) {
  step(0, {.kind = UpdateKind::record});
  for (std::size_t l = 0; l < 2; ++l) {
    const Json& wanted = golden_.at("after_forward").at("hidden").at(l);
    EXPECT_LT(difference(trainer_.hidden()[l].running_mean.matrix(), wanted.at("running_mean")),
              1e-6);
    EXPECT_LT(
        difference(trainer_.hidden()[l].running_variance.matrix(), wanted.at("running_variance")),
        1e-6);
  }
}

TEST_P(PyTorch, GivesTheSameLossesOverFiftyStepsOfSgd) {
  const Json& wanted = golden_.at("sgd_losses");
  ASSERT_EQ(wanted.size(), 50U);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double loss = step(static_cast<Index>(i), {.kind = UpdateKind::sgd, .rate = 0.05f});
    EXPECT_NEAR(loss, wanted.at(i).get<double>(), 1e-4 * wanted.at(i).get<double>())
        << "step " << i;
  }
}

TEST_P(PyTorch, GivesTheSameParametersAfterFiveStepsOfAdamW) {
  for (Index t = 1; t <= 5; ++t) step(t - 1, adam_rule(0.01, 0.1, t));
  const Json& wanted = golden_.at("adamw");
  for (std::size_t l = 0; l < 2; ++l) {
    const HiddenLayer& found = trainer_.hidden()[l];
    const Json& hidden = wanted.at("hidden").at(l);
    EXPECT_LT(difference(found.weight.value.matrix(), hidden.at("weight")), 1e-4);
    EXPECT_LT(difference(found.gamma.value.matrix(), hidden.at("gamma")), 1e-4);
    EXPECT_LT(difference(found.beta.value.matrix(), hidden.at("beta")), 1e-4);
  }
  EXPECT_LT(difference(trainer_.output().weight.value.matrix(), wanted.at("weight")), 1e-4);
  EXPECT_LT(difference(trainer_.output().bias.value.matrix(), wanted.at("bias")), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(EveryLayerOrder, PyTorch, testing::Values(0U, 1U, 2U));

TEST(Update, IsAdamAsPyTorchComputesItFromTheSameGradients) {
  const Json& updates = golden().at("updates");
  for (const auto& [name, decay] : {std::pair{"adam", 0.0}, std::pair{"adamw", 0.05}}) {
    Matrix weight = matrix(updates.at("start"));
    Matrix first = Matrix::Zero(weight.size(), 1);
    Matrix second = first;
    for (std::size_t t = 0; t < updates.at("gradients").size(); ++t) {
      const Matrix gradient = matrix(updates.at("gradients").at(t));
      kernels::active().train->update(adam_rule(0.003, decay, static_cast<Index>(t) + 1),
                                      weight.size(), gradient.data(), weight.data(), first.data(),
                                      second.data());
      EXPECT_LT(difference(weight, updates.at(name).at(t)), 1e-6) << name << " step " << t;
    }
  }
}

/// The same network in double, by the definitions; sample by sample, nothing shared with ours.
double loss_in_double(const std::vector<Layer>& stack, const Matrix& x, const Matrix& y,
                      const std::vector<Matrix>& keep) {
  Eigen::MatrixXd a = x.cast<double>();
  std::size_t dropouts = 0;
  for (const Layer& layer : stack) {
    if (const auto* linear = std::get_if<Linear>(&layer)) {
      Eigen::MatrixXd z = linear->weight.cast<double>() * a;
      if (linear->bias.size() > 0) z.colwise() += linear->bias.cast<double>();
      a = z;
    } else if (const auto* norm = std::get_if<BatchNorm>(&layer)) {
      for (Index i = 0; i < a.rows(); ++i) {
        const double mean = a.row(i).mean();
        const double variance = (a.row(i).array() - mean).square().mean();
        a.row(i) = (a.row(i).array() - mean) / std::sqrt(variance + norm->eps) *
                       static_cast<double>(norm->gamma[i]) +
                   static_cast<double>(norm->beta[i]);
      }
    } else if (std::holds_alternative<Relu>(layer)) {
      a = a.cwiseMax(0.0);
    } else {
      a = a.cwiseProduct(keep.at(dropouts++).leftCols(a.cols()).cast<double>());
    }
  }
  double sum = 0;
  Index present = 0;
  for (Index j = 0; j < y.cols(); ++j) {
    for (Index i = 0; i < y.rows(); ++i) {
      if (std::isnan(y(i, j))) continue;
      sum += std::pow(a(i, j) - static_cast<double>(y(i, j)), 2);
      ++present;
    }
  }
  return sum / static_cast<double>(present);
}

Matrix random_matrix(Index rows, Index columns, std::uint64_t seed) {
  Random random(seed);
  Matrix result(rows, columns);
  for (Index i = 0; i < result.size(); ++i) result.data()[i] = 2.0f * random.uniform() - 1.0f;
  return result;
}

// Central differences on float weights, the loss in double. The step is short, so that no ReLU
// switches on the way; what is left is float rounding of the gradient itself, below 1e-5
// of the largest entry.
TEST(Step, GradientsAgreeWithFiniteDifferencesUnderDropout) {
  constexpr float step = 1.0f / 65536.0f;
  for (const LayerOrder layer_order :
       {LayerOrder::bn_relu, LayerOrder::relu_bn, LayerOrder::published, LayerOrder::relu}) {
    ThreadPool pool(1);
    NetworkTrainer trainer(small_shape(layer_order, 0.3), 12, 4, pool);
    const Matrix x = random_matrix(7, 12, 1);
    Matrix y = random_matrix(4, 12, 2);
    y(1, 3) = std::numeric_limits<float>::quiet_NaN();
    const double loss = trainer.step(x, y, {.kind = UpdateKind::record}, 99);
    std::vector<Matrix> keep;
    for (const HiddenLayer& hidden : trainer.hidden()) keep.push_back(hidden.keep.matrix());
    std::vector<Layer> stack = trainer.layers();
    EXPECT_NEAR(loss, loss_in_double(stack, x, y, keep), 1e-6);

    const auto check = [&](auto& values, const Matrix& gradient) {
      ASSERT_EQ(values.size(), gradient.size());
      const float largest = gradient.cwiseAbs().maxCoeff();
      for (Index i = 0; i < values.size(); ++i) {
        float& value = values.data()[i];
        const float before = value;
        value = before + step;
        const double above = static_cast<double>(value);
        const double loss_above = loss_in_double(stack, x, y, keep);
        value = before - step;
        const double below = static_cast<double>(value);
        const double loss_below = loss_in_double(stack, x, y, keep);
        value = before;
        EXPECT_NEAR((loss_above - loss_below) / (above - below),
                    static_cast<double>(gradient.data()[i]), 1e-4 * static_cast<double>(largest));
      }
    };
    std::size_t hidden = 0;
    for (Layer& layer : stack) {
      if (auto* linear = std::get_if<Linear>(&layer)) {
        const bool last = &layer == &stack.back();
        check(linear->weight,
              (last ? trainer.output().weight.first : trainer.hidden()[hidden].weight.first)
                  .matrix());
        if (linear->bias.size() > 0) {
          check(
              linear->bias,
              (last ? trainer.output().bias.first : trainer.hidden()[hidden].bias.first).matrix());
        }
        if (layer_order == LayerOrder::relu) ++hidden;
      } else if (auto* norm = std::get_if<BatchNorm>(&layer)) {
        check(norm->gamma, trainer.hidden()[hidden].gamma.first.matrix());
        check(norm->beta, trainer.hidden()[hidden].beta.first.matrix());
        ++hidden;
      }
    }
  }
}

TEST(Step, AWeightOfTwoCountsLikeTwoTargetsAndZeroLikeNone) {
  // Weighted mean squared error by hand from the errors that unweighted losses reveal.
  ThreadPool pool(1);
  const Matrix x = random_matrix(7, 12, 1);
  const Matrix y = random_matrix(4, 12, 2);
  const auto loss = [&](const Matrix& target, const float* weights, Matrix* gradient) {
    NetworkTrainer trainer(small_shape(LayerOrder::bn_relu, 0.0), 12, 4, pool);
    const double value = trainer.step(x, target, {.kind = UpdateKind::record}, 1, weights);
    if (gradient != nullptr) *gradient = trainer.output().weight.first.matrix();
    return value;
  };
  Matrix only = Matrix::Constant(4, 12, std::numeric_limits<float>::quiet_NaN());
  only.row(2) = y.row(2);
  Matrix rest = y;
  rest.row(2).setConstant(std::numeric_limits<float>::quiet_NaN());
  Matrix gradient_only;
  Matrix gradient_rest;
  Matrix gradient;
  const double of_one = loss(only, nullptr, &gradient_only);   // 12 targets
  const double of_rest = loss(rest, nullptr, &gradient_rest);  // 36 targets
  Matrix weights = Matrix::Ones(4, 12);
  weights.row(2).setConstant(2.0F);
  EXPECT_NEAR(loss(y, weights.data(), &gradient), (2 * 12 * of_one + 36 * of_rest) / 60, 1e-6);
  EXPECT_LT((gradient - (24.0F * gradient_only + 36.0F * gradient_rest) / 60.0F).norm(), 1e-5);
  weights.row(2).setZero();
  EXPECT_NEAR(loss(y, weights.data(), &gradient), of_rest, 1e-6);
  EXPECT_LT((gradient - gradient_rest).norm(), 1e-6);
}

TEST(Step, GivesTheSameBitsForAnyNumberOfThreads) {
  const NetworkShape shape{.n_inputs = 301,
                           .hidden = {290, 150},
                           .n_outputs = 277,
                           .order = LayerOrder::published,
                           .dropout = 0.3};
  std::vector<std::vector<Layer>> results;
  std::vector<double> losses;
  for (const int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    NetworkTrainer trainer(shape, 33, 7, pool);
    double loss = 0;
    for (Index t = 1; t <= 6; ++t) {
      const Index samples = t % 2 == 0 ? 33 : 20;
      loss = trainer.step(random_matrix(301, samples, static_cast<std::uint64_t>(t)),
                          random_matrix(277, samples, static_cast<std::uint64_t>(t) + 100),
                          adam_rule(1e-3, 1e-4, t), static_cast<std::uint64_t>(t));
    }
    losses.push_back(loss);
    results.push_back(trainer.layers());
  }
  for (std::size_t i = 1; i < results.size(); ++i) {
    EXPECT_EQ(losses[i], losses[0]);
    for (std::size_t l = 0; l < results[0].size(); ++l) {
      if (const auto* linear = std::get_if<Linear>(&results[i][l])) {
        EXPECT_TRUE(linear->weight == std::get<Linear>(results[0][l]).weight) << "layer " << l;
      } else if (const auto* norm = std::get_if<BatchNorm>(&results[i][l])) {
        EXPECT_TRUE(norm->gamma == std::get<BatchNorm>(results[0][l]).gamma) << "layer " << l;
        EXPECT_TRUE(norm->mean == std::get<BatchNorm>(results[0][l]).mean) << "layer " << l;
        EXPECT_TRUE(norm->variance == std::get<BatchNorm>(results[0][l]).variance) << "layer " << l;
      }
    }
  }
}

TEST(Step, AMissingTargetHasNoInfluence) {
  ThreadPool pool(1);
  const Matrix x = random_matrix(7, 5, 1);
  Matrix y = random_matrix(4, 5, 2);
  y.row(2).setConstant(std::numeric_limits<float>::quiet_NaN());
  NetworkTrainer trainer(small_shape(LayerOrder::bn_relu), 5, 3, pool);
  trainer.step(x, y, {.kind = UpdateKind::record}, 0);
  const Matrix gradient = trainer.output().weight.first.matrix();
  EXPECT_TRUE((gradient.row(2).array() == 0.0f).all());
  EXPECT_FALSE((gradient.row(1).array() == 0.0f).any());
}

TEST(Dropout, KeepsTheStatedFractionAndTheMean) {
  // 42 panels of 200 samples: a matrix of 24 x 8,400.
  constexpr Index n_panels = 42;
  constexpr Index samples = 200;
  const auto mask = [](std::uint64_t key) {
    Matrix keep(kernels::panel, n_panels * samples);
    for (Index panel = 0; panel < n_panels; ++panel) {
      kernels::active().train->dropout(key, 0.3, panel * kernels::panel, n_panels * kernels::panel,
                                       samples, keep.col(panel * samples).data());
    }
    return keep;
  };
  const Matrix keep = mask(17);
  const auto n = static_cast<double>(keep.size());
  const double dropped = static_cast<double>((keep.array() == 0.0f).count()) / n;
  // Five standard errors of a binomial fraction.
  EXPECT_NEAR(dropped, 0.3, 5 * std::sqrt(0.3 * 0.7 / n));
  EXPECT_FLOAT_EQ(keep.maxCoeff(), 1.0f / 0.7f);
  // Neighbours are independent: the fraction of pairs dropped together is the square.
  const Index pairs = keep.cols() - 1;
  const double both = static_cast<double>(((keep.leftCols(pairs).array() == 0.0f) &&
                                           (keep.rightCols(pairs).array() == 0.0f))
                                              .count()) /
                      (n - static_cast<double>(kernels::panel));
  EXPECT_NEAR(both, 0.09, 5 * std::sqrt(0.09 * 0.91 / n));
  const Matrix other = mask(18);
  const double shared =
      static_cast<double>(((keep.array() == 0.0f) && (other.array() == 0.0f)).count()) / n;
  EXPECT_NEAR(shared, 0.09, 5 * std::sqrt(0.09 * 0.91 / n));
}

}  // namespace
}  // namespace sicmir::training
