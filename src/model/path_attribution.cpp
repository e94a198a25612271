// SPDX-License-Identifier: BSD-3-Clause
#include "model/path_attribution.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <type_traits>
#include <variant>

#include "model/layers.hpp"
#include "statistics/linear_algebra.hpp"

namespace sicmir {
namespace {

using Layer = PathAttributor::Layer;
using Stack = PathAttributor::Stack;
using MatrixD = Eigen::MatrixXd;
using VectorD = Eigen::VectorXd;

constexpr double worst_share = 1e-3;  // of the difference, that may be missing
constexpr double negligible = 1e-6;   // z-scores
constexpr std::size_t most_pieces = 16384;
constexpr std::size_t most_cuts = 200'000;
constexpr Index points_at_once = 256;

/// Calls use(layer, its description), unless `activation` is none.
void describe(const Activation& activation, auto use) {
  std::visit(
      [&](const auto& layer) {
        using Type = std::remove_cvref_t<decltype(layer)>;
        if constexpr (!std::is_same_v<Type, std::monostate>) {
          use(layer, layers::Description<Type>());
        }
      },
      activation);
}

/// Replaces pre-activations, units x points, by what the layer gives.
void activate(const Activation& activation, MatrixD& values) {
  describe(activation, [&](const auto& layer, auto type) { type.exact(layer, values); });
}

/// Turns gradients by what a layer gives into gradients by its pre-activations `before`; both units
/// x points.
void pull_back(const Activation& activation, const MatrixD& before, MatrixD& gradient) {
  describe(activation,
           [&](const auto& layer, auto type) { type.pull_back(layer, before, gradient); });
}

/// Pre-activations at which the derivative jumps or bends.
std::vector<double> bends_of(const Activation& activation) {
  std::vector<double> bends;
  describe(activation, [&](const auto& layer, auto type) { bends = type.bends(layer); });
  return bends;
}

bool keeps_lines(const Activation& activation) {
  bool result = true;
  describe(activation, [&](const auto&, auto type) { result = type.keeps_lines; });
  return result;
}

bool is_piecewise_linear(const Stack& stack) {
  return std::all_of(stack.layers.begin(), stack.layers.end(),
                     [](const Layer& layer) { return keeps_lines(layer.activation); });
}

/// Pre-activations of the first layer along the path: at t, start + t * slope.
struct Line {
  VectorD start, slope;
};

Line line_of(const Stack& stack, const Eigen::Ref<const VectorD>& start, const VectorD& direction) {
  const Layer& first = stack.layers.front();
  return {algebra::product(first.weight, start) + first.bias,
          algebra::product(first.weight, direction)};
}

/// Pre-activations, units x points, of the layers 0 .. last at the points `t` of the path.
std::vector<MatrixD> pre_activations(const Stack& stack, const Line& line,
                                     std::span<const double> t, std::size_t last) {
  const Eigen::Map<const Eigen::RowVectorXd> at(t.data(), static_cast<Index>(t.size()));
  std::vector<MatrixD> before = {(line.slope * at).colwise() + line.start};
  for (std::size_t layer = 1; layer <= last; ++layer) {
    MatrixD input = before.back();
    activate(stack.layers[layer - 1].activation, input);
    before.emplace_back(algebra::product(stack.layers[layer].weight, input).colwise() +
                        stack.layers[layer].bias);
  }
  return before;
}

/// Appends to `cuts` where a unit of `layer` passes one of `bends`, between neighbouring points of
/// `grid`, where its pre-activation is a straight line.
void add_crossings(const Stack& stack, const Line& line, std::span<const double> grid,
                   std::size_t layer, const std::vector<double>& bends, std::vector<double>& cuts) {
  const auto step = static_cast<std::size_t>(points_at_once);
  for (std::size_t first = 0; first + 1 < grid.size(); first += step) {
    const auto t = grid.subspan(first, std::min(step + 1, grid.size() - first));
    const MatrixD values = pre_activations(stack, line, t, layer).back();
    for (Index point = 0; point + 1 < values.cols(); ++point) {
      const double from = t[static_cast<std::size_t>(point)];
      const double to = t[static_cast<std::size_t>(point) + 1];
      for (Index unit = 0; unit < values.rows(); ++unit) {
        const double a = values(unit, point);
        const double b = values(unit, point + 1);
        for (const double bend : bends) {
          if ((a - bend) * (b - bend) >= 0.0) continue;
          cuts.push_back(from + (to - from) * ((bend - a) / (b - a)));
        }
      }
    }
  }
}

/// Ends of the pieces, from 0 to 1, as far as straight lines reach into the network.
std::vector<double> cut_path(const Stack& stack, const Line& line) {
  std::vector<double> grid = {0.0, 1.0};
  for (std::size_t layer = 0; layer < stack.layers.size(); ++layer) {
    const Activation& activation = stack.layers[layer].activation;
    const std::vector<double> bends = bends_of(activation);
    if (!bends.empty() && grid.size() < most_cuts) {
      std::vector<double> cuts = grid;
      add_crossings(stack, line, grid, layer, bends, cuts);
      std::sort(cuts.begin(), cuts.end());
      cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
      grid = std::move(cuts);
    }
    if (!keeps_lines(activation)) break;
  }
  return grid;
}

/// Where the gradient is taken, and how much each place counts.
struct Nodes {
  std::vector<double> t, weight;
};

Nodes middles_of(const std::vector<double>& grid) {
  Nodes nodes;
  for (std::size_t i = 0; i + 1 < grid.size(); ++i) {
    nodes.t.push_back(0.5 * (grid[i] + grid[i + 1]));
    nodes.weight.push_back(grid[i + 1] - grid[i]);
  }
  return nodes;
}

Nodes gauss_legendre(const std::vector<double>& grid) {
  constexpr double outer = 0.7745966692414834;  // sqrt(3 / 5)
  constexpr std::array places = {-outer, 0.0, outer};
  constexpr std::array shares = {5.0 / 18, 8.0 / 18, 5.0 / 18};
  Nodes nodes;
  for (std::size_t i = 0; i + 1 < grid.size(); ++i) {
    const double middle = 0.5 * (grid[i] + grid[i + 1]);
    const double width = grid[i + 1] - grid[i];
    for (std::size_t k = 0; k < places.size(); ++k) {
      nodes.t.push_back(middle + 0.5 * width * places[k]);
      nodes.weight.push_back(width * shares[k]);
    }
  }
  return nodes;
}

std::vector<double> halved(const std::vector<double>& grid) {
  std::vector<double> finer;
  for (std::size_t i = 0; i + 1 < grid.size(); ++i) {
    finer.push_back(grid[i]);
    finer.push_back(0.5 * (grid[i] + grid[i + 1]));
  }
  finer.push_back(grid.back());
  return finer;
}

/// Calls `work(t, weight)` for some nodes at a time, in their order.
void for_some_nodes(const Nodes& nodes, auto work) {
  const auto step = static_cast<std::size_t>(points_at_once);
  for (std::size_t first = 0; first < nodes.t.size(); first += step) {
    const std::size_t n = std::min(step, nodes.t.size() - first);
    work(std::span(nodes.t).subspan(first, n),
         Eigen::Map<const VectorD>(nodes.weight.data() + first, static_cast<Index>(n)));
  }
}

MatrixD chosen_lines(const MatrixD& matrix, std::span<const Index> chosen) {
  MatrixD lines(static_cast<Index>(chosen.size()), matrix.cols());
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    lines.row(static_cast<Index>(i)) = matrix.row(chosen[i]);
  }
  return lines;
}

/// Linear - ReLU - linear - ReLU - linear, as the published network.
bool has_published_shape(const Stack& stack) {
  return stack.layers.size() == 3 && std::holds_alternative<Relu>(stack.layers[0].activation) &&
         std::holds_alternative<Relu>(stack.layers[1].activation) &&
         std::holds_alternative<std::monostate>(stack.layers[2].activation);
}

/// First layer's units x outputs: the gradients by its pre-activations, integrated. The weight
/// between a unit of the first and one of the second layer counts for as long as both are on, for
/// all outputs alike.
MatrixD integrate_published(const Stack& stack, const Line& line, const Nodes& nodes,
                            std::span<const Index> outputs) {
  const MatrixD& middle = stack.layers[1].weight;
  MatrixD both_on = MatrixD::Zero(middle.rows(), middle.cols());
  for_some_nodes(nodes, [&](std::span<const double> t, const auto& weight) {
    const std::vector<MatrixD> before = pre_activations(stack, line, t, 1);
    const MatrixD first = (before[0].array() > 0.0).cast<double>();
    const MatrixD second =
        ((before[1].array() > 0.0).cast<double>()).matrix() * weight.asDiagonal();
    algebra::add_product(both_on, second, first.transpose());
  });
  return algebra::product(chosen_lines(stack.layers[2].weight, outputs),
                          middle.cwiseProduct(both_on))
      .transpose();
}

/// The same for any layers, one output after another.
MatrixD integrate_any(const Stack& stack, const Line& line, const Nodes& nodes,
                      std::span<const Index> outputs) {
  const std::size_t last = stack.layers.size() - 1;
  MatrixD sums = MatrixD::Zero(line.start.size(), static_cast<Index>(outputs.size()));
  for_some_nodes(nodes, [&](std::span<const double> t, const auto& weight) {
    const std::vector<MatrixD> before = pre_activations(stack, line, t, last);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      MatrixD gradient = MatrixD::Zero(before[last].rows(), weight.size());
      gradient.row(outputs[i]).setOnes();
      for (std::size_t layer = last;; --layer) {
        pull_back(stack.layers[layer].activation, before[layer], gradient);
        if (layer == 0) break;
        const bool is_plain =
            layer == last && std::holds_alternative<std::monostate>(stack.layers[layer].activation);
        const MatrixD& weights = stack.layers[layer].weight;
        if (is_plain) {
          gradient = weights.row(outputs[i]).transpose().replicate(1, weight.size()).eval();
        } else {
          gradient = algebra::transposed_product(weights, gradient);
        }
      }
      sums.col(static_cast<Index>(i)) += algebra::product(gradient, weight);
    }
  });
  return sums;
}

VectorD output_at(const Stack& stack, const Line& line, double t) {
  MatrixD value = pre_activations(stack, line, std::span(&t, 1), stack.layers.size() - 1).back();
  activate(stack.layers.back().activation, value);
  return value.col(0);
}

VectorD chosen_of(const VectorD& values, std::span<const Index> chosen) {
  VectorD some(static_cast<Index>(chosen.size()));
  for (std::size_t i = 0; i < chosen.size(); ++i) some[static_cast<Index>(i)] = values[chosen[i]];
  return some;
}

/// One member's part, weighted.
struct Part {
  MatrixD values;
  std::size_t n_pieces = 0;
};

Part part_of(const Stack& stack, const Line& line, const VectorD& direction,
             std::span<const Index> outputs, const VectorD& allowed) {
  const bool is_exact = is_piecewise_linear(stack);
  const VectorD difference =
      chosen_of(output_at(stack, line, 1.0) - output_at(stack, line, 0.0), outputs);
  std::vector<double> grid = cut_path(stack, line);
  for (;;) {
    const Nodes nodes = is_exact ? middles_of(grid) : gauss_legendre(grid);
    const MatrixD by_first = has_published_shape(stack)
                                 ? integrate_published(stack, line, nodes, outputs)
                                 : integrate_any(stack, line, nodes, outputs);
    Part part;
    part.values =
        stack.weight * (direction.asDiagonal() *
                        algebra::transposed_product(stack.layers.front().weight, by_first));
    part.n_pieces = grid.size() - 1;
    const VectorD gap =
        (part.values.colwise().sum().transpose() - stack.weight * difference).cwiseAbs();
    const bool is_done = (gap.array() <= allowed.array()).all();
    if (is_exact || is_done || 2 * part.n_pieces > most_pieces) return part;
    grid = halved(grid);
  }
}

}  // namespace

PathAttributor::PathAttributor(const Network& network, std::span<const double> member_weights) {
  const double sum = std::accumulate(member_weights.begin(), member_weights.end(), 0.0);
  for (Index member = 0; member < network.n_members(); ++member) {
    Stack& stack = stacks_.emplace_back();
    stack.weight = member_weights[static_cast<std::size_t>(member)] / sum;
    for (const Dense& dense : network.dense(member)) {
      stack.layers.push_back(
          {dense.weight.cast<double>(), dense.bias.cast<double>(), dense.activation});
    }
  }
}

PathAttribution PathAttributor::attribute(const Eigen::Ref<const Eigen::VectorXd>& start,
                                          const Eigen::Ref<const Eigen::VectorXd>& end,
                                          std::span<const Index> outputs) const {
  const VectorD direction = end - start;
  const auto n_outputs = static_cast<Index>(outputs.size());
  PathAttribution result;
  result.values = MatrixD::Zero(direction.size(), n_outputs);
  result.at_start = VectorD::Zero(n_outputs);
  result.at_end = VectorD::Zero(n_outputs);
  std::vector<Line> lines;
  for (const Stack& stack : stacks_) {
    const Line& line = lines.emplace_back(line_of(stack, start, direction));
    result.at_start += stack.weight * chosen_of(output_at(stack, line, 0.0), outputs);
    result.at_end += stack.weight * chosen_of(output_at(stack, line, 1.0), outputs);
  }
  const VectorD difference = result.at_end - result.at_start;
  const VectorD allowed = (worst_share * difference.array().abs() + negligible).matrix();
  result.is_exact = std::all_of(stacks_.begin(), stacks_.end(), is_piecewise_linear);
  for (std::size_t i = 0; i < stacks_.size(); ++i) {
    const Part part = part_of(stacks_[i], lines[i], direction, outputs,
                              allowed / static_cast<double>(stacks_.size()));
    result.values += part.values;
    result.n_pieces += static_cast<Index>(part.n_pieces);
  }
  result.gap = (result.values.colwise().sum().transpose() - difference).cwiseAbs();
  result.is_complete = (result.gap.array() <= allowed.array()).all();
  return result;
}

}  // namespace sicmir
