// SPDX-License-Identifier: BSD-3-Clause
// Expected values by hand, or by numpy (tests/data/explain/golden.json, written by
// scripts/make_explain_golden.py).
#include "model/path_attribution.hpp"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <random>

#include "base/json.hpp"

namespace sicmir {
namespace {

Eigen::VectorXf floats(const Json& values) {
  Eigen::VectorXf result(static_cast<Index>(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    result[static_cast<Index>(i)] = values[i].get<float>();
  }
  return result;
}

Eigen::VectorXd doubles(const Json& values) {
  Eigen::VectorXd result(static_cast<Index>(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    result[static_cast<Index>(i)] = values[i].get<double>();
  }
  return result;
}

Layer layer_of(const Json& json) {
  const auto type = json["type"].get<std::string>();
  if (type == "linear") {
    Linear linear;
    linear.bias = floats(json["bias"]);
    linear.weight.resize(linear.bias.size(), static_cast<Index>(json["weight"][0].size()));
    for (Index i = 0; i < linear.bias.size(); ++i) {
      linear.weight.row(i) = floats(json["weight"][static_cast<std::size_t>(i)]);
    }
    return linear;
  }
  if (type == "batch_norm") {
    return BatchNorm{floats(json["gamma"]), floats(json["beta"]), floats(json["mean"]),
                     floats(json["variance"]), 1e-5};
  }
  if (type == "huber") return Huber{json["limit"].get<double>()};
  if (type == "softmax") return Softmax{};
  return Relu{};
}

std::vector<double> weights_of(const std::vector<Member>& members) {
  std::vector<double> weights;
  for (const Member& member : members) weights.push_back(member.weight);
  return weights;
}

PathAttributor attributor_of(const std::vector<Member>& members) {
  return {Network(members), weights_of(members)};
}

Linear linear(std::initializer_list<std::initializer_list<float>> weight,
              std::initializer_list<float> bias) {
  Linear layer;
  layer.weight.resize(static_cast<Index>(weight.size()),
                      static_cast<Index>(weight.begin()->size()));
  layer.bias.resize(static_cast<Index>(bias.size()));
  Index i = 0;
  for (const auto& line : weight) {
    Index j = 0;
    for (const float value : line) layer.weight(i, j++) = value;
    ++i;
  }
  i = 0;
  for (const float value : bias) layer.bias[i++] = value;
  return layer;
}

constexpr std::array<Index, 1> first_output = {0};
constexpr std::array<Index, 2> both_outputs = {0, 1};

TEST(PathAttributor, TwoGenesByHand) {
  // 2 relu(a + b - 1) from (0, 0) to (2, 1): on from t = 1/3, where both have the gradient 2, so
  // that a has 2 * 2 * 2/3 and b half of it.
  const std::vector<Member> members = {
      {1.0, {linear({{1, 1}}, {-1}), Relu{}, linear({{2}}, {0.5F})}}};
  const PathAttribution found =
      attributor_of(members).attribute(Eigen::Vector2d(0, 0), Eigen::Vector2d(2, 1), first_output);
  EXPECT_TRUE(found.is_exact && found.is_complete);
  EXPECT_EQ(found.n_pieces, 2);
  EXPECT_NEAR(found.values(0, 0), 8.0 / 3, 1e-12);
  EXPECT_NEAR(found.values(1, 0), 4.0 / 3, 1e-12);
  EXPECT_NEAR(found.at_start[0], 0.5, 1e-12);
  EXPECT_NEAR(found.at_end[0], 4.5, 1e-12);
  EXPECT_NEAR(found.gap[0], 0, 1e-12);
}

TEST(PathAttributor, AUnitThatTurnsOnAndOffAgainCounts) {
  // relu(1 - relu(2a - 1)) from 0 to 2: 1 at the start, 0 at the end. Second unit off from a = 1.
  const std::vector<Member> members = {
      {1.0, {linear({{2}}, {-1}), Relu{}, linear({{-1}}, {1}), Relu{}, linear({{1}}, {0})}}};
  const PathAttribution found = attributor_of(members).attribute(
      Eigen::VectorXd::Zero(1), Eigen::VectorXd::Constant(1, 2.0), first_output);
  EXPECT_NEAR(found.values(0, 0), -1, 1e-12);
  EXPECT_EQ(found.n_pieces, 3);  // cut at a = 1/2 and a = 1
}

TEST(PathAttributor, NothingMovesNothing) {
  const std::vector<Member> members = {{1.0, {linear({{1, 2}}, {0}), Relu{}, linear({{1}}, {0})}}};
  const Eigen::Vector2d here(0.3, -0.4);
  const PathAttribution found = attributor_of(members).attribute(here, here, first_output);
  EXPECT_EQ(found.values.cwiseAbs().maxCoeff(), 0.0);
  EXPECT_TRUE(found.is_complete);
}

TEST(PathAttributor, AgreesWithNumpyForEveryTypeOfLayer) {
  std::ifstream file(SICMIR_TEST_DATA "/explain/golden.json");
  const Json golden = read_json(file);
  ASSERT_EQ(golden.size(), 7U);
  for (const Json& one : golden) {
    SCOPED_TRACE(one["name"].get<std::string>());
    std::vector<Member> members;
    for (const Json& member : one["members"]) {
      Member& made = members.emplace_back();
      made.weight = member["weight"].get<double>();
      for (const Json& layer : member["layers"]) made.layers.push_back(layer_of(layer));
    }
    const PathAttribution found =
        attributor_of(members).attribute(doubles(one["start"]), doubles(one["end"]), both_outputs);
    EXPECT_TRUE(found.is_complete);
    // Halving ends when the sum is right to 1e-3.
    const double error = found.is_exact ? 1e-4 : 3e-3;
    for (Index output = 0; output < 2; ++output) {
      const auto at = static_cast<std::size_t>(output);
      EXPECT_NEAR(found.at_start[output], one["at_start"][at].get<double>(), 1e-5);
      EXPECT_NEAR(found.at_end[output], one["at_end"][at].get<double>(), 1e-5);
      for (Index input = 0; input < 4; ++input) {
        EXPECT_NEAR(found.values(input, output),
                    one["attributions"][static_cast<std::size_t>(input)][at].get<double>(), error)
            << input << ' ' << output;
      }
    }
  }
}

/// Random weights, `widths` from inputs to outputs, ReLU between them.
std::vector<Member> random_network(std::mt19937& generator, const std::vector<Index>& widths) {
  std::vector<Member> members(1);
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    Linear layer;
    layer.weight.resize(widths[i + 1], widths[i]);
    layer.bias.resize(widths[i + 1]);
    const auto number = [&] {
      return static_cast<float>(static_cast<double>(generator()) / 2147483648.0 - 1.0);
    };
    for (float& weight : layer.weight.reshaped()) weight = number();
    for (float& bias : layer.bias) bias = number();
    if (i > 0) members[0].layers.emplace_back(Relu{});
    members[0].layers.emplace_back(std::move(layer));
  }
  return members;
}

TEST(PathAttributor, SumsToTheDifferenceInRandomNetworks) {
  std::mt19937 generator(3);
  for (const std::vector<Index>& widths :
       {std::vector<Index>{7, 30, 20, 2}, {7, 40, 2}, {7, 20, 15, 10, 2}, {7, 400, 300, 2}}) {
    const std::vector<Member> members = random_network(generator, widths);
    const PathAttributor attributor = attributor_of(members);
    for (int repeat = 0; repeat < 5; ++repeat) {
      const auto place = [&] {
        Eigen::VectorXd x(7);
        for (double& value : x) value = static_cast<double>(generator()) / 1073741824.0 - 2.0;
        return x;
      };
      const PathAttribution found = attributor.attribute(place(), place(), both_outputs);
      EXPECT_TRUE(found.is_exact);
      EXPECT_LT(found.gap.maxCoeff(), 1e-9 * (1 + found.values.cwiseAbs().sum()));
    }
  }
}

TEST(PathAttributor, ShapesOfNetworksDoNotMatter) {
  // The published shape has a way of its own; two linear layers in a row at its end have not.
  std::mt19937 generator(9);
  std::vector<Member> members = random_network(generator, {7, 30, 20, 2});
  const Eigen::VectorXd start = Eigen::VectorXd::LinSpaced(7, -2, 1);
  const Eigen::VectorXd end = Eigen::VectorXd::LinSpaced(7, 1.5, -1);
  const PathAttribution found = attributor_of(members).attribute(start, end, both_outputs);
  // A ReLU that is never off: outputs are shifted up, above 0.
  auto& last = std::get<Linear>(members[0].layers.back());
  last.bias.array() += 1000.0F;
  members[0].layers.emplace_back(Relu{});
  const PathAttribution other = attributor_of(members).attribute(start, end, both_outputs);
  EXPECT_LT((found.values - other.values).cwiseAbs().maxCoeff(), 1e-9);
}

}  // namespace
}  // namespace sicmir
