// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Every type of layer, described once: its name, its fields, what it does to the cells. Checksums,
/// model files, checkpoints and NumPy exports derive from these descriptions.
///
/// To add a type of layer:
///   1. sicmir/network.hpp: a struct, named in Layer (at the end: checkpoints store its place) and,
///      if it is an activation, in Activation
///   2. here: its Description
///   3. export/onnx.cpp: its operator
/// The compiler rejects a type without one of these. A layer that is neither an activation nor
/// training_only also needs its case in fold() (network.cpp).

#include <fmt/core.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "sicmir/network.hpp"
#include "sicmir/types.hpp"

namespace sicmir::layers {

/// One number (double), from or above `least` to below `limit`.
struct Number {
  std::string_view name;
  std::string_view range;  ///< in words, e.g. "above 0"
  double least = 0.0;
  bool least_is_valid = false;
  double limit = std::numeric_limits<double>::infinity();

  [[nodiscard]] bool holds(double value) const noexcept {  // NaN: false
    return (value > least || (least_is_valid && value == least)) && value < limit;
  }
};

/// A number (float) per output.
struct Numbers {
  std::string_view name;
  bool optional = false;  ///< may be empty; then it is not stored
  bool trained = true;    ///< counts as parameters
  bool negative = true;   ///< may be below 0
};

/// Outputs x inputs. Models with float16 weights store these as float16.
struct Weights {
  std::string_view name;
};

/// Calls an overload of `visit(Number, double)`, `visit(Numbers, VectorXf)` and
/// `visit(Weights, Matrix)` for each field, in the order of files and checksums.
///
///   name           as stored
///   title          for people
///   arguments()    what follows the title in parentheses; none: nothing
///   training_only  without effect on predictions
///   forward()      of an activation: in place, outputs x cells
///
/// Attributions along a path need of an activation, in double precision:
///
///   exact()        forward(), units x points
///   pull_back()    turns gradients by its result into gradients by its input `before`, both units
///   x
///                  points
///   bends()        inputs at which its derivative jumps or bends
///   keeps_lines    what comes in on straight lines goes out on straight lines, with bends
template <class Type>
struct Description;

template <>
struct Description<Linear> {
  static constexpr std::string_view name = "linear";
  static constexpr std::string_view title = "Linear";
  static void fields(auto& layer, auto&& visit) {
    visit(Weights{.name = "weight"}, layer.weight);
    visit(Numbers{.name = "bias", .optional = true}, layer.bias);
  }
  static std::string arguments(const Linear& /*layer*/, Index inputs, Index outputs) {
    return fmt::format("{}, {}", inputs, outputs);
  }
};

template <>
struct Description<BatchNorm> {
  static constexpr std::string_view name = "batch_norm";
  static constexpr std::string_view title = "BatchNorm";
  static void fields(auto& layer, auto&& visit) {
    visit(Numbers{.name = "gamma"}, layer.gamma);
    visit(Numbers{.name = "beta"}, layer.beta);
    visit(Numbers{.name = "mean", .trained = false}, layer.mean);
    visit(Numbers{.name = "variance", .trained = false, .negative = false}, layer.variance);
    visit(Number{.name = "eps", .range = "above 0 and below 1", .limit = 1.0}, layer.eps);
  }
};

template <>
struct Description<Relu> {
  static constexpr std::string_view name = "relu";
  static constexpr std::string_view title = "ReLU";
  static void fields(auto& /*layer*/, auto&& /*visit*/) {}
  // No forward(): the kernels do it along with the product.
  static constexpr bool keeps_lines = true;
  static void exact(const Relu& /*layer*/, auto& values) { values = values.cwiseMax(0.0); }
  static void pull_back(const Relu& /*layer*/, const auto& before, auto& gradient) {
    gradient.array() *= (before.array() > 0.0).template cast<double>();
  }
  static std::vector<double> bends(const Relu& /*layer*/) { return {0.0}; }
};

template <>
struct Description<Dropout> {
  static constexpr std::string_view name = "dropout";
  static constexpr std::string_view title = "Dropout";
  static constexpr bool training_only = true;
  static void fields(auto& layer, auto&& visit) {
    visit(
        Number{.name = "rate", .range = "from 0 to below 1", .least_is_valid = true, .limit = 1.0},
        layer.rate);
  }
  static std::string arguments(const Dropout& layer, Index /*inputs*/, Index /*outputs*/) {
    return fmt::format("{}", layer.rate);
  }
};

template <>
struct Description<Huber> {
  static constexpr std::string_view name = "huber";
  static constexpr std::string_view title = "Huber";
  static void fields(auto& layer, auto&& visit) {
    visit(Number{.name = "limit", .range = "above 0"}, layer.limit);
  }
  static std::string arguments(const Huber& layer, Index /*inputs*/, Index /*outputs*/) {
    return fmt::format("{:.3g}", layer.limit);
  }
  static void forward(const Huber& layer, Eigen::Ref<Matrix> values) {
    const auto limit = static_cast<float>(layer.limit);
    for (Index cell = 0; cell < values.cols(); ++cell) {
      for (float& value : values.col(cell)) {
        const float size = std::fabs(value);
        value = size <= limit ? 0.5F * value * value : limit * (size - 0.5F * limit);
      }
    }
  }
  static constexpr bool keeps_lines = false;
  static void exact(const Huber& layer, auto& values) {
    for (double& value : values.reshaped()) {
      const double size = std::fabs(value);
      value = size <= layer.limit ? 0.5 * value * value : layer.limit * (size - 0.5 * layer.limit);
    }
  }
  static void pull_back(const Huber& layer, const auto& before, auto& gradient) {
    gradient.array() *= before.array().min(layer.limit).max(-layer.limit);
  }
  static std::vector<double> bends(const Huber& layer) { return {-layer.limit, layer.limit}; }
};

template <>
struct Description<Softmax> {
  static constexpr std::string_view name = "softmax";
  static constexpr std::string_view title = "Softmax";
  static void fields(auto& /*layer*/, auto&& /*visit*/) {}
  static void forward(const Softmax& /*layer*/, Eigen::Ref<Matrix> values) {
    for (Index cell = 0; cell < values.cols(); ++cell) {
      auto shares = values.col(cell);
      const float largest = shares.maxCoeff();
      double sum = 0.0;
      // Below 1e-13 of the largest, a share changes no digit of the sum; most soon are.
      constexpr float negligible = -30.0F;
      for (float& share : shares) {
        const float exponent = share - largest;
        share = exponent < negligible ? 0.0F : std::exp(exponent);
        sum += static_cast<double>(share);
      }
      shares *= static_cast<float>(1.0 / sum);
    }
  }
  static constexpr bool keeps_lines = false;
  static void exact(const Softmax& /*layer*/, auto& values) {
    for (Index point = 0; point < values.cols(); ++point) {
      auto shares = values.col(point);
      shares = (shares.array() - shares.maxCoeff()).exp();
      shares /= shares.sum();
    }
  }
  static void pull_back(const Softmax& layer, const auto& before, auto& gradient) {
    auto shares = before.eval();
    exact(layer, shares);
    for (Index point = 0; point < shares.cols(); ++point) {
      const double mean = shares.col(point).dot(gradient.col(point));
      gradient.col(point) =
          shares.col(point).cwiseProduct((gradient.col(point).array() - mean).matrix());
    }
  }
  static std::vector<double> bends(const Softmax& /*layer*/) { return {}; }
};

/// A visitor made of functions, one per kind of field.
template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

/// Visits the fields of a Layer or const Layer.
void visit_fields(auto& layer, auto&& visit) {
  std::visit(
      [&](auto& typed) { Description<std::remove_cvref_t<decltype(typed)>>::fields(typed, visit); },
      layer);
}

/// As stored.
[[nodiscard]] std::string_view name_of(const Layer& layer);
/// For people, e.g. "ReLU".
[[nodiscard]] std::string_view title_of(const Layer& layer);
/// For people, e.g. "Linear(977, 1024)".
[[nodiscard]] std::string words_of(const Layer& layer, Index inputs, Index outputs);
/// True for layers without effect on predictions.
[[nodiscard]] bool is_training_only(const Layer& layer);
/// The layer as the activation of a linear layer; nullopt: it is none.
[[nodiscard]] std::optional<Activation> activation_of(const Layer& layer);

/// A layer with empty fields, by its name or its place in Layer; nullopt: there is none.
[[nodiscard]] std::optional<Layer> blank(std::string_view name);
[[nodiscard]] std::optional<Layer> blank(std::size_t place);

}  // namespace sicmir::layers
