// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/network.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <utility>

#include "kernels/infer_kernels.hpp"
#include "kernels/kernels.hpp"
#include "model/layers.hpp"

namespace sicmir {
namespace {

/// x -> scale * x + shift, per feature.
struct Affine {
  Eigen::VectorXd scale, shift;
};

Affine as_affine(const BatchNorm& norm) {
  const Eigen::VectorXd scale =
      norm.gamma.cast<double>().array() / (norm.variance.cast<double>().array() + norm.eps).sqrt();
  const Eigen::VectorXd shift =
      norm.beta.cast<double>().array() - norm.mean.cast<double>().array() * scale.array();
  return {scale, shift};
}

/// weight * x in double, some outputs at a time: there is no room for all weights in double.
Eigen::VectorXd product(const Matrix& weight, const Eigen::VectorXd& x) {
  constexpr Index at_once = 128;
  Eigen::VectorXd y(weight.rows());
  for (Index first = 0; first < weight.rows(); first += at_once) {
    const Index count = std::min(at_once, weight.rows() - first);
    y.segment(first, count).noalias() = weight.middleRows(first, count).cast<double>() * x;
  }
  return y;
}

/// A linear layer and what is folded into it. Weights stay float32 until all factors are known, and
/// are rounded once.
class LayerInHand {
 public:
  LayerInHand(Matrix weight, Eigen::VectorXd bias)
      : weight_(std::move(weight)), bias_(std::move(bias)) {}

  [[nodiscard]] Index n_inputs() const noexcept {
    return joined_.size() != 0 ? joined_.cols() : weight_.cols();
  }
  [[nodiscard]] Index n_outputs() const noexcept { return bias_.size(); }
  [[nodiscard]] bool is_linear() const noexcept {
    return std::holds_alternative<std::monostate>(activation);
  }

  /// Of a layer that has just begun.
  void fold_below(const Affine& affine) {
    bias_ += product(weight_, affine.shift);
    input_scale_ = affine.scale;
  }
  void fold_above(const Affine& affine) {
    bias_ = affine.scale.cwiseProduct(bias_) + affine.shift;
    if (joined_.size() != 0) {
      joined_.array().colwise() *= affine.scale.array();
    } else {
      output_scale_ = output_scale_.size() == 0 ? affine.scale
                                                : affine.scale.cwiseProduct(output_scale_).eval();
    }
  }
  /// Multiplications of one matrix in place of two in a row are no more.
  [[nodiscard]] bool is_worth_joining(const LayerInHand& below) const {
    const Index size = n_outputs() * n_inputs();
    const Index size_below = below.n_outputs() * below.n_inputs();
    return n_outputs() * below.n_inputs() <= size + size_below;
  }
  void join(const LayerInHand& below) {
    bias_ += product(weight_, below.bias_);
    joined_ = in_double() * below.in_double();
  }

  Dense as_float() && {
    if (joined_.size() != 0) {
      weight_ = joined_.cast<float>();
    } else if (input_scale_.size() != 0 || output_scale_.size() != 0) {
      for (Index input = 0; input < weight_.cols(); ++input) {
        weight_.col(input) = in_double(input).cast<float>();
      }
    }
    return {std::move(weight_), bias_.cast<float>(), activation};
  }

  Activation activation;

 private:
  [[nodiscard]] Eigen::VectorXd in_double(Index input) const {
    Eigen::VectorXd weights = weight_.col(input).cast<double>();
    if (input_scale_.size() != 0) weights *= input_scale_[input];
    if (output_scale_.size() != 0) weights.array() *= output_scale_.array();
    return weights;
  }
  [[nodiscard]] Eigen::MatrixXd in_double() const {
    if (joined_.size() != 0) return joined_;
    Eigen::MatrixXd weights(weight_.rows(), weight_.cols());
    for (Index input = 0; input < weight_.cols(); ++input) weights.col(input) = in_double(input);
    return weights;
  }

  Matrix weight_;  // as trained
  Eigen::VectorXd bias_;
  Eigen::VectorXd input_scale_, output_scale_;  // factors; empty: 1
  Eigen::MatrixXd joined_;                      // two layers, in place of all these
};

[[noreturn]] void fail(std::size_t layer, const std::string& what) {
  throw Error(ExitCode::bad_model, fmt::format("layer {}: {}", layer, what));
}

}  // namespace

std::vector<Dense> fold(std::vector<Layer> layers) {
  std::vector<Dense> folded;
  std::optional<LayerInHand> top;  // above those that are folded
  std::optional<Affine> pending;   // of a batch norm after a ReLU (or before any linear layer)
  Index width = -1;                // of the activations; -1: not known yet
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (auto* linear = std::get_if<Linear>(&layers[i])) {
      const Index n_outputs = linear->weight.rows();
      if (width >= 0 && linear->weight.cols() != width) {
        fail(i, fmt::format("linear layer takes {} inputs but gets {}.", linear->weight.cols(),
                            width));
      }
      if (linear->bias.size() != 0 && linear->bias.size() != n_outputs) {
        fail(i, fmt::format("linear layer has {} outputs but {} biases.", n_outputs,
                            linear->bias.size()));
      }
      Eigen::VectorXd bias = Eigen::VectorXd::Zero(n_outputs);
      if (linear->bias.size() != 0) bias = linear->bias.cast<double>();
      LayerInHand next(std::move(linear->weight), std::move(bias));
      if (pending) next.fold_below(*pending);
      pending.reset();
      width = n_outputs;
      if (top && top->is_linear() && next.is_worth_joining(*top)) {
        next.join(*top);
      } else if (top) {  // nothing that follows changes it
        folded.push_back(std::move(*top).as_float());
      }
      top = std::move(next);
    } else if (const auto* norm = std::get_if<BatchNorm>(&layers[i])) {
      const Index features = norm->gamma.size();
      if ((width >= 0 && features != width) || norm->beta.size() != features ||
          norm->mean.size() != features || norm->variance.size() != features) {
        fail(i, fmt::format("batch norm over {} features gets {}.", features, width));
      }
      width = features;
      const Affine affine = as_affine(*norm);
      if (top && top->is_linear()) {
        top->fold_above(affine);
      } else if (pending) {
        pending->shift = affine.scale.cwiseProduct(pending->shift) + affine.shift;
        pending->scale = affine.scale.cwiseProduct(pending->scale).eval();
      } else {
        pending = affine;
      }
    } else if (const auto activation = layers::activation_of(layers[i])) {
      const bool again = top && std::holds_alternative<Relu>(*activation) &&
                         std::holds_alternative<Relu>(top->activation);
      if (!top || pending || !(top->is_linear() || again)) {
        fail(i, fmt::format("a {} layer must follow a linear layer, with at most batch norms "
                            "between them.",
                            layers::title_of(layers[i])));
      }
      top->activation = *activation;
    } else if (!layers::is_training_only(layers[i])) {
      throw Error(ExitCode::internal,
                  fmt::format("fold() lacks {} layers.", layers::title_of(layers[i])));
    }
  }
  if (!top) throw Error(ExitCode::bad_model, "the network has no linear layer.");
  if (pending) {
    throw Error(ExitCode::bad_model,
                "the network ends with a batch norm after a ReLU; a linear layer must follow.");
  }
  folded.push_back(std::move(*top).as_float());
  return folded;
}

AlignedFloats::AlignedFloats(Index size) : size_(size) {
  constexpr auto unit = static_cast<std::uintptr_t>(kernels::alignment);
  floats_.resize(static_cast<std::size_t>(size) + unit / sizeof(float));
  const auto address = reinterpret_cast<std::uintptr_t>(floats_.data());
  offset_ = static_cast<Index>((unit - address % unit) % unit / sizeof(float));
}

Network::Stack Network::make_stack(float weight, std::vector<Dense> dense) const {
  Stack stack{weight, std::move(dense), {}};
  for (const Dense& layer : stack.dense) {
    const Matrix& weights = layer.weight;
    AlignedFloats packed(kernels_->packed_floats(weights.rows(), weights.cols()));
    kernels_->pack(weights.rows(), weights.cols(), weights.data(), weights.rows(), packed.data());
    stack.packed.push_back(std::move(packed));
  }
  return stack;
}

Network::Network(std::vector<Layer> layers, Precision precision)
    : kernels_(&kernels::dense_kernels(precision)) {
  stacks_.push_back(make_stack(1.0F, fold(std::move(layers))));
}

Network::Network(std::vector<Member> members, Precision precision)
    : kernels_(&kernels::dense_kernels(precision)) {
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
  for (Member& member : members) {
    stacks_.push_back(
        make_stack(static_cast<float>(member.weight / sum), fold(std::move(member.layers))));
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

void Network::apply(const Stack& stack, std::size_t layer, const Eigen::Ref<const Matrix>& x,
                    Eigen::Ref<Matrix> y, Workspace& work) const {
  const Dense& dense = stack.dense[layer];
  const Index n_out = dense.weight.rows();
  const Index n_in = dense.weight.cols();
  const Index needed = kernels_->scratch_floats(tile_cells, n_in);
  if (work.scratch_.size() < needed) work.scratch_ = AlignedFloats(needed);
  kernels_->multiply(n_out, x.cols(), n_in, stack.packed[layer].data(), dense.bias.data(),
                     dense.has_relu(), x.data(), x.outerStride(), y.data(), y.outerStride(),
                     work.scratch_.data());
  activate(dense, y);
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
  std::vector<Index> columns(static_cast<std::size_t>(x.cols()));
  std::iota(columns.begin(), columns.end(), Index{0});
  predict_from(
      [&](Index member, Index first, Eigen::Ref<Matrix>& activations) {
        apply_first(member, x.middleCols(first, activations.cols()), activations, work);
      },
      columns, y, spread, work);
}

void Network::predict_from(const FirstLayer& first_layer, std::span<const Index> columns,
                           Eigen::Ref<Matrix> y, Eigen::Ref<Matrix>* spread,
                           Workspace& work) const {
  std::vector<Matrix>& tiles = work.activations_;
  std::vector<Matrix>& outputs = work.outputs_;
  outputs.resize(stacks_.size());
  const auto n_cells = static_cast<Index>(columns.size());
  for (Index first = 0; first < n_cells; first += tile_cells) {
    const Index count = std::min(tile_cells, n_cells - first);
    for (std::size_t m = 0; m < stacks_.size(); ++m) {
      const Stack& stack = stacks_[m];
      const std::size_t depth = stack.dense.size();
      tiles.resize(std::max(tiles.size(), depth));
      for (std::size_t i = 0; i < depth; ++i) {
        Matrix& to = i + 1 < depth ? tiles[i] : outputs[m];
        to.resize(stack.dense[i].weight.rows(), tile_cells);  // the same size again costs nothing
        if (i == 0) {
          Eigen::Ref<Matrix> activations = to.leftCols(count);
          first_layer(static_cast<Index>(m), first, activations);
        } else {
          apply(stack, i, tiles[i - 1].leftCols(count), to.leftCols(count), work);
        }
      }
    }
    for (Index i = 0; i < count; ++i) {
      auto mean = y.col(columns[static_cast<std::size_t>(first + i)]);
      if (stacks_.size() == 1) {
        mean = outputs.front().col(i);
      } else {
        mean = stacks_.front().weight * outputs.front().col(i);
        for (std::size_t m = 1; m < stacks_.size(); ++m) {
          mean += stacks_[m].weight * outputs[m].col(i);
        }
      }
      if (spread == nullptr) continue;
      auto around = spread->col(columns[static_cast<std::size_t>(first + i)]);
      around.setZero();
      if (stacks_.size() == 1) continue;
      for (std::size_t m = 0; m < stacks_.size(); ++m) {
        around += stacks_[m].weight * (outputs[m].col(i) - mean).cwiseAbs2();
      }
      around = around.cwiseSqrt().eval();
    }
  }
}

}  // namespace sicmir
