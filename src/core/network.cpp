#include "sicmir/network.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
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

Network::Network(const std::vector<Layer>& layers) {
  stacks_.push_back({1.0F, fold(layers)});
}

Network::Network(const std::vector<Member>& members) {
  if (members.empty()) throw Error(ExitCode::bad_model, "the model has no member.");
  double sum = 0.0;
  for (const Member& member : members) {
    if (!(member.weight > 0.0 && std::isfinite(member.weight))) {
      throw Error(
          ExitCode::bad_model,
          fmt::format("a member has the weight {}; a number above 0 was expected.", member.weight));
    }
    sum += member.weight;
  }
  for (const Member& member : members) {
    stacks_.push_back({static_cast<float>(member.weight / sum), fold(member.layers)});
    const std::vector<Dense>& dense = stacks_.back().dense;
    if (dense.front().weight.cols() != n_inputs() || dense.back().weight.rows() != n_outputs()) {
      throw Error(ExitCode::bad_model,
                  fmt::format("member {} has {} inputs and {} outputs, the first one {} and {}.",
                              stacks_.size() - 1, dense.front().weight.cols(),
                              dense.back().weight.rows(), n_inputs(), n_outputs()));
    }
  }
}

Index Network::n_parameters() const noexcept {
  Index numbers = 0;
  for (const Stack& stack : stacks_) {
    for (const Dense& dense : stack.dense) numbers += dense.weight.size() + dense.bias.size();
  }
  return numbers;
}

Index Network::tile_floats() const noexcept {
  Index hidden = 0;  // the widest member's: they take turns
  for (const Stack& stack : stacks_) {
    Index widths = 0;
    for (const Dense& dense : stack.dense) widths += dense.weight.rows();
    hidden = std::max(hidden, widths);
  }
  return tile_cells * (n_inputs() + hidden + n_members() * n_outputs());
}

/// From tiles[0], padded, through the hidden layers to `output`.
void Network::run(const Stack& stack, std::vector<Matrix>& tiles, Matrix& output) const {
  const kernels::Kernels& kernels = kernels::active();
  const std::size_t depth = stack.dense.size();
  tiles.resize(std::max(tiles.size(), depth));
  for (std::size_t i = 0; i < depth; ++i) {
    const Dense& dense = stack.dense[i];
    const Index n_out = dense.weight.rows();
    const Index n_in = dense.weight.cols();
    Matrix& to = i + 1 < depth ? tiles[i + 1] : output;
    to.resize(n_out, tile_cells);  // resizing to the same size costs nothing
    kernels.multiply(kernels::Transpose::no, kernels::Transpose::no, n_out, tile_cells, n_in,
                     dense.weight.data(), n_out, tiles[i].data(), n_in, false, to.data(), n_out);
    kernels.add_bias(n_out, tile_cells, dense.bias.data(), dense.relu, to.data(), n_out);
  }
}

void Network::predict(const Eigen::Ref<const Matrix>& x, Eigen::Ref<Matrix> y,
                      Workspace& work) const {
  predict(x, y, nullptr, work);
}

void Network::predict(const Eigen::Ref<const Matrix>& x, Eigen::Ref<Matrix> y,
                      Eigen::Ref<Matrix> spread, Workspace& work) const {
  predict(x, y, &spread, work);
}

void Network::predict(const Eigen::Ref<const Matrix>& x, Eigen::Ref<Matrix> y,
                      Eigen::Ref<Matrix>* spread, Workspace& work) const {
  std::vector<Matrix>& tiles = work.activations_;
  std::vector<Matrix>& outputs = work.outputs_;
  tiles.resize(std::max<std::size_t>(tiles.size(), 1));
  tiles.front().resize(n_inputs(), tile_cells);
  outputs.resize(stacks_.size());
  for (Index first = 0; first < x.cols(); first += tile_cells) {
    const Index count = std::min(tile_cells, x.cols() - first);
    tiles.front().leftCols(count) = x.middleCols(first, count);
    tiles.front().rightCols(tile_cells - count).setZero();
    for (std::size_t m = 0; m < stacks_.size(); ++m) run(stacks_[m], tiles, outputs[m]);
    auto mean = y.middleCols(first, count);
    if (stacks_.size() == 1) {
      mean = outputs.front().leftCols(count);
    } else {
      mean = stacks_.front().weight * outputs.front().leftCols(count);
      for (std::size_t m = 1; m < stacks_.size(); ++m) {
        mean += stacks_[m].weight * outputs[m].leftCols(count);
      }
    }
    if (spread == nullptr) continue;
    auto around = spread->middleCols(first, count);
    around.setZero();
    if (stacks_.size() == 1) continue;
    for (std::size_t m = 0; m < stacks_.size(); ++m) {
      around += stacks_[m].weight * (outputs[m].leftCols(count) - mean).cwiseAbs2();
    }
    around = around.cwiseSqrt().eval();
  }
}

}  // namespace sicmir
