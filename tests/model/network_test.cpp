// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/network.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <random>

namespace sicmir {
namespace {

Matrix random_matrix(Index outputs, Index inputs, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0.0f, 0.5f);
  Matrix values(outputs, inputs);
  for (Index j = 0; j < inputs; ++j) {
    for (Index i = 0; i < outputs; ++i) values(i, j) = normal(generator);
  }
  return values;
}

BatchNorm random_norm(Index width, unsigned seed) {
  const Matrix numbers = random_matrix(width, 4, seed);
  return {numbers.col(0), numbers.col(1), numbers.col(2), numbers.col(3).cwiseAbs().array() + 0.1f,
          1e-5};
}

std::vector<Layer> stack(bool norm_first) {
  std::vector<Layer> layers;
  const std::vector<Index> widths = {13, 17, 11};
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const auto seed = static_cast<unsigned>(10 * i);
    layers.emplace_back(Linear{random_matrix(widths[i + 1], widths[i], seed),
                               random_matrix(widths[i + 1], 1, seed + 1)});
    if (norm_first) layers.emplace_back(random_norm(widths[i + 1], seed + 2));
    layers.emplace_back(Relu{});
    if (!norm_first) layers.emplace_back(random_norm(widths[i + 1], seed + 2));
    layers.emplace_back(Dropout{0.3});
  }
  layers.emplace_back(Linear{random_matrix(5, 11, 77), random_matrix(5, 1, 78)});
  return layers;
}

/// The layers one after another, as they are written down, in double.
Eigen::MatrixXd layer_by_layer(const std::vector<Layer>& layers, const Matrix& x) {
  Eigen::MatrixXd values = x.cast<double>();
  for (const Layer& layer : layers) {
    if (const auto* linear = std::get_if<Linear>(&layer)) {
      values = (linear->weight.cast<double>() * values).eval();
      values.colwise() += linear->bias.cast<double>();
    } else if (const auto* norm = std::get_if<BatchNorm>(&layer)) {
      for (Index i = 0; i < values.rows(); ++i) {
        const double sd = std::sqrt(static_cast<double>(norm->variance[i]) + norm->eps);
        values.row(i) = (values.row(i).array() - static_cast<double>(norm->mean[i])) / sd *
                            static_cast<double>(norm->gamma[i]) +
                        static_cast<double>(norm->beta[i]);
      }
    } else if (std::holds_alternative<Relu>(layer)) {
      values = values.cwiseMax(0.0);
    } else if (const auto* huber = std::get_if<Huber>(&layer)) {
      values =
          values
              .unaryExpr([limit = huber->limit](double v) {
                return std::fabs(v) <= limit ? v * v / 2.0 : limit * (std::fabs(v) - limit / 2.0);
              })
              .eval();
    } else if (std::holds_alternative<Softmax>(layer)) {
      values = values.array().exp().matrix().eval();
      for (Index cell = 0; cell < values.cols(); ++cell) values.col(cell) /= values.col(cell).sum();
    }
  }
  return values;
}

TEST(Network, FoldedLayersEqualTheLayersOneByOne) {
  for (const bool norm_first : {true, false}) {
    const std::vector<Layer> layers = stack(norm_first);
    const Network network(layers);
    const Matrix x = random_matrix(13, 300, 5);
    Matrix y(5, 300);
    Network::Workspace work;
    network.predict(x, y, work);
    const Eigen::MatrixXd expected = layer_by_layer(layers, x);
    EXPECT_LT((y.cast<double>() - expected).cwiseAbs().maxCoeff(), 1e-5) << norm_first;
    EXPECT_EQ(network.dense().size(), 3u);
  }
}

Linear linear(Index outputs, Index inputs, unsigned seed) {
  return {random_matrix(outputs, inputs, seed), random_matrix(outputs, 1, seed + 1)};
}

TEST(Network, HuberAndSoftmaxLayersAndLinearLayersThatAreBetterApart) {
  // 13 x 3 and 3 x 40 are less work than 13 x 40; so are 40 x 4 and 4 x 5 than 40 x 5.
  const std::vector<Layer> attention = {linear(3, 13, 60), linear(40, 3, 62), Softmax{},
                                        linear(4, 40, 64), linear(5, 4, 66)};
  const std::vector<Layer> kernel = {linear(30, 13, 70), Huber{1.5}, linear(5, 30, 72)};
  const Matrix x = random_matrix(13, 300, 5);
  for (const auto& [layers, depth] : {std::pair{attention, 4U}, std::pair{kernel, 2U}}) {
    const Network network(layers);
    EXPECT_EQ(network.dense().size(), depth);
    Matrix y(5, 300);
    Network::Workspace work;
    network.predict(x, y, work);
    const Eigen::MatrixXd expected = layer_by_layer(layers, x);
    const double largest = expected.cwiseAbs().maxCoeff();
    EXPECT_LT((y.cast<double>() - expected).cwiseAbs().maxCoeff(), 2e-6 * std::max(5.0, largest));
  }
  EXPECT_THROW((void)fold({Softmax{}, linear(3, 13, 60)}), Error);
  EXPECT_THROW((void)fold({linear(3, 13, 60), Softmax{}, Huber{1.0}}), Error);
}

TEST(Network, AnEnsembleIsTheWeightedMeanOfItsMembersAndKnowsTheirSpread) {
  const std::vector<Member> members = {
      {1.0, stack(true)},
      {2.0, stack(false)},
      {1.0, {Linear{random_matrix(5, 13, 91), random_matrix(5, 1, 92)}}}};
  const Network network(members);
  const Matrix x = random_matrix(13, 300, 5);
  Matrix y(5, 300);
  Matrix spread(5, 300);
  Matrix alone(5, 300);
  Network::Workspace work;
  network.predict(x, y, spread, work);
  network.predict(x, alone, work);
  EXPECT_EQ(y, alone);
  const std::vector<Eigen::MatrixXd> each = {layer_by_layer(members[0].layers, x),
                                             layer_by_layer(members[1].layers, x),
                                             layer_by_layer(members[2].layers, x)};
  const Eigen::MatrixXd mean = 0.25 * each[0] + 0.5 * each[1] + 0.25 * each[2];
  const Eigen::MatrixXd variance = 0.25 * (each[0] - mean).cwiseAbs2() +
                                   0.5 * (each[1] - mean).cwiseAbs2() +
                                   0.25 * (each[2] - mean).cwiseAbs2();
  EXPECT_LT((y.cast<double>() - mean).cwiseAbs().maxCoeff(), 1e-5);
  EXPECT_LT((spread.cast<double>() - variance.cwiseSqrt()).cwiseAbs().maxCoeff(), 1e-5);
  EXPECT_GT(spread.minCoeff(), 0.0F);
}

TEST(Network, RefusesMembersThatDoNotFitEachOther) {
  EXPECT_THROW((Network(std::vector<Member>{})), Error);
  EXPECT_THROW((Network(std::vector<Member>{{0.0, stack(true)}})), Error);
  EXPECT_THROW(
      (Network(std::vector<Member>{
          {1.0, stack(true)}, {1.0, {Linear{random_matrix(4, 13, 91), random_matrix(4, 1, 92)}}}})),
      Error);
}

TEST(Network, AByteOfACellsResultDependsOnThatCellAlone) {
  const Network network(stack(true));
  const Index n = 700;
  const Matrix x = random_matrix(13, n, 6);
  Matrix whole(5, n);
  Network::Workspace work;
  network.predict(x, whole, work);
  for (const Index block : {Index{1}, Index{2}, Index{7}, Index{255}, Index{256}, Index{257}}) {
    Matrix parts(5, n);
    for (Index first = 0; first < n; first += block) {
      const Index count = std::min(block, n - first);
      network.predict(x.middleCols(first, count), parts.middleCols(first, count), work);
    }
    EXPECT_EQ(std::memcmp(whole.data(), parts.data(), sizeof(float) * 5 * n), 0) << block;
  }
}

TEST(Network, OneWorkspaceServesNetworksOfDifferentSizes) {
  const Network small(std::vector<Layer>{Linear{random_matrix(2, 3, 1), Eigen::VectorXf()}});
  const Network large(stack(true));
  Network::Workspace work;
  Matrix y(5, 2);
  large.predict(random_matrix(13, 2, 1), y, work);
  const Matrix x = random_matrix(3, 2, 2);
  Matrix z(2, 2);
  small.predict(x, z, work);
  EXPECT_LT((z - random_matrix(2, 3, 1) * x).cwiseAbs().maxCoeff(), 1e-5f);
}

TEST(Fold, RefusesWhatDoesNotFit) {
  const auto message = [](const std::vector<Layer>& layers) -> std::string {
    try {
      (void)fold(layers);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_model);
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message({}), "the network has no linear layer.");
  EXPECT_EQ(message({Linear{Matrix(4, 3), {}}, Linear{Matrix(2, 5), {}}}),
            "layer 1: linear layer takes 5 inputs but gets 4.");
  EXPECT_EQ(message({Linear{Matrix(4, 3), Eigen::VectorXf(3)}}),
            "layer 0: linear layer has 4 outputs but 3 biases.");
  EXPECT_EQ(message({Linear{Matrix(4, 3), {}}, random_norm(5, 1)}),
            "layer 1: batch norm over 5 features gets 4.");
  EXPECT_EQ(message({Linear{Matrix::Ones(4, 3), {}}, Relu{}, random_norm(4, 1)}),
            "the network ends with a batch norm after a ReLU; a linear layer must follow.");
  EXPECT_EQ(
      message({Relu{}}),
      "layer 0: a ReLU layer must follow a linear layer, with at most batch norms between them.");
}

}  // namespace
}  // namespace sicmir
