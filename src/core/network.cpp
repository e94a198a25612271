#include "sicmir/network.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "kernels/kernels.hpp"

namespace sicmir {
namespace {

/// x -> scale * x + shift, per feature.
struct Affine {
  Eigen::VectorXd scale, shift;
};

struct DoubleDense {
  Eigen::MatrixXd weight;
  Eigen::VectorXd bias;
  bool relu = false;
};

Affine as_affine(const BatchNorm& norm) {
  const Eigen::VectorXd scale =
      norm.gamma.cast<double>().array() / (norm.variance.cast<double>().array() + norm.eps).sqrt();
  const Eigen::VectorXd shift =
      norm.beta.cast<double>().array() - norm.mean.cast<double>().array() * scale.array();
  return {scale, shift};
}

[[noreturn]] void fail(std::size_t layer, const std::string& what) {
  throw Error(ExitCode::bad_model, fmt::format("layer {}: {}", layer, what));
}

}  // namespace

std::vector<Dense> fold(const std::vector<Layer>& layers) {
  std::vector<DoubleDense> stack;
  std::optional<Affine> pending;  // of a batch norm after a ReLU (or before any linear layer)
  Index width = -1;               // of the activations; -1: not known yet
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (const auto* linear = std::get_if<Linear>(&layers[i])) {
      if (width >= 0 && linear->weight.cols() != width) {
        fail(i, fmt::format("linear layer takes {} inputs but gets {}.", linear->weight.cols(),
                            width));
      }
      if (linear->bias.size() != 0 && linear->bias.size() != linear->weight.rows()) {
        fail(i, fmt::format("linear layer has {} outputs but {} biases.", linear->weight.rows(),
                            linear->bias.size()));
      }
      DoubleDense dense{linear->weight.cast<double>(), Eigen::VectorXd::Zero(linear->weight.rows()),
                        false};
      if (linear->bias.size() != 0) dense.bias = linear->bias.cast<double>();
      if (pending) {
        dense.bias += dense.weight * pending->shift;
        dense.weight = dense.weight * pending->scale.asDiagonal();
        pending.reset();
      }
      width = dense.weight.rows();
      if (!stack.empty() && !stack.back().relu) {  // two linear layers in a row are one
        DoubleDense& below = stack.back();
        dense.bias += dense.weight * below.bias;
        dense.weight = (dense.weight * below.weight).eval();
        stack.pop_back();
      }
      stack.push_back(std::move(dense));
    } else if (const auto* norm = std::get_if<BatchNorm>(&layers[i])) {
      const Index features = norm->gamma.size();
      if ((width >= 0 && features != width) || norm->beta.size() != features ||
          norm->mean.size() != features || norm->variance.size() != features) {
        fail(i, fmt::format("batch norm over {} features gets {}.", features, width));
      }
      width = features;
      const Affine affine = as_affine(*norm);
      if (!stack.empty() && !stack.back().relu) {
        DoubleDense& below = stack.back();
        below.weight = (affine.scale.asDiagonal() * below.weight).eval();
        below.bias = affine.scale.cwiseProduct(below.bias) + affine.shift;
      } else if (pending) {
        pending->shift = affine.scale.cwiseProduct(pending->shift) + affine.shift;
        pending->scale = affine.scale.cwiseProduct(pending->scale).eval();
      } else {
        pending = affine;
      }
    } else if (std::holds_alternative<Relu>(layers[i])) {
      if (stack.empty() || pending) {
        fail(i, "a ReLU must follow a linear layer, with at most batch norms between them.");
      }
      stack.back().relu = true;
    }
  }
  if (stack.empty()) throw Error(ExitCode::bad_model, "the network has no linear layer.");
  if (pending) {
    throw Error(ExitCode::bad_model,
                "the network ends with a batch norm after a ReLU; a linear layer must follow.");
  }
  std::vector<Dense> folded;
  folded.reserve(stack.size());
  for (const DoubleDense& dense : stack) {
    folded.push_back({dense.weight.cast<float>(), dense.bias.cast<float>(), dense.relu});
  }
  return folded;
}

Network::Network(const std::vector<Layer>& layers) : dense_(fold(layers)) {}

void Network::predict(const Eigen::Ref<const Matrix>& x, Eigen::Ref<Matrix> y,
                      Workspace& work) const {
  const kernels::Kernels& kernels = kernels::active();
  std::vector<Matrix>& tiles = work.activations_;
  tiles.resize(dense_.size() + 1);
  tiles.front().resize(n_inputs(), tile_cells);  // resizing to the same size costs nothing
  for (std::size_t i = 0; i < dense_.size(); ++i) {
    tiles[i + 1].resize(dense_[i].weight.rows(), tile_cells);
  }
  for (Index first = 0; first < x.cols(); first += tile_cells) {
    const Index count = std::min(tile_cells, x.cols() - first);
    tiles.front().leftCols(count) = x.middleCols(first, count);
    tiles.front().rightCols(tile_cells - count).setZero();
    for (std::size_t i = 0; i < dense_.size(); ++i) {
      const Dense& dense = dense_[i];
      const Index n_out = dense.weight.rows();
      const Index n_in = dense.weight.cols();
      kernels.multiply(kernels::Transpose::no, kernels::Transpose::no, n_out, tile_cells, n_in,
                       dense.weight.data(), n_out, tiles[i].data(), n_in, false,
                       tiles[i + 1].data(), n_out);
      kernels.add_bias(n_out, tile_cells, dense.bias.data(), dense.relu, tiles[i + 1].data(),
                       n_out);
    }
    y.middleCols(first, count) = tiles.back().leftCols(count);
  }
}

}  // namespace sicmir
