#include "sicmir/network.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <utility>

#include "kernels/infer_kernels.hpp"
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
  Activation activation = Activation::none;
  double limit = 0.0;

  [[nodiscard]] bool is_linear() const noexcept { return activation == Activation::none; }
};

Affine as_affine(const BatchNorm& norm) {
  const Eigen::VectorXd scale =
      norm.gamma.cast<double>().array() / (norm.variance.cast<double>().array() + norm.eps).sqrt();
  const Eigen::VectorXd shift =
      norm.beta.cast<double>().array() - norm.mean.cast<double>().array() * scale.array();
  return {scale, shift};
}

Dense as_float(const DoubleDense& dense) {
  return {dense.weight.cast<float>(), dense.bias.cast<float>(), dense.activation,
          static_cast<float>(dense.limit)};
}

/// Multiplications of one matrix in place of two in a row are no more.
bool worth_joining(const DoubleDense& below, const DoubleDense& above) {
  const auto joined = above.weight.rows() * below.weight.cols();
  return joined <= above.weight.size() + below.weight.size();
}

[[noreturn]] void fail(std::size_t layer, const std::string& what) {
  throw Error(ExitCode::bad_model, fmt::format("layer {}: {}", layer, what));
}

}  // namespace

std::vector<Dense> fold(const std::vector<Layer>& layers) {
  std::vector<Dense> folded;
  std::optional<DoubleDense> top;  // the layer in hand: above those that are folded
  std::optional<Affine> pending;   // of a batch norm after a ReLU (or before any linear layer)
  Index width = -1;                // of the activations; -1: not known yet
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
      DoubleDense dense{linear->weight.cast<double>(),
                        Eigen::VectorXd::Zero(linear->weight.rows())};
      if (linear->bias.size() != 0) dense.bias = linear->bias.cast<double>();
      if (pending) {
        dense.bias += dense.weight * pending->shift;
        dense.weight.array().rowwise() *= pending->scale.transpose().array();
        pending.reset();
      }
      width = dense.weight.rows();
      if (top && top->is_linear() && worth_joining(*top, dense)) {
        dense.bias += dense.weight * top->bias;
        dense.weight = (dense.weight * top->weight).eval();
      } else if (top) {  // nothing that follows changes it
        folded.push_back(as_float(*top));
      }
      top = std::move(dense);
    } else if (const auto* norm = std::get_if<BatchNorm>(&layers[i])) {
      const Index features = norm->gamma.size();
      if ((width >= 0 && features != width) || norm->beta.size() != features ||
          norm->mean.size() != features || norm->variance.size() != features) {
        fail(i, fmt::format("batch norm over {} features gets {}.", features, width));
      }
      width = features;
      const Affine affine = as_affine(*norm);
      if (top && top->is_linear()) {
        top->weight.array().colwise() *= affine.scale.array();
        top->bias = affine.scale.cwiseProduct(top->bias) + affine.shift;
      } else if (pending) {
        pending->shift = affine.scale.cwiseProduct(pending->shift) + affine.shift;
        pending->scale = affine.scale.cwiseProduct(pending->scale).eval();
      } else {
        pending = affine;
      }
    } else if (!std::holds_alternative<Dropout>(layers[i])) {
      const bool is_relu = std::holds_alternative<Relu>(layers[i]);
      const bool again = is_relu && top && top->activation == Activation::relu;
      if (!top || pending || !(top->is_linear() || again)) {
        fail(i, fmt::format("a {} must follow a linear layer, with at most batch norms between "
                            "them.",
                            is_relu ? "ReLU" : "Huber or softmax layer"));
      }
      top->activation = is_relu ? Activation::relu : Activation::softmax;
      if (const auto* huber = std::get_if<Huber>(&layers[i])) {
        top->activation = Activation::huber;
        top->limit = huber->limit;
      }
    }
  }
  if (!top) throw Error(ExitCode::bad_model, "the network has no linear layer.");
  if (pending) {
    throw Error(ExitCode::bad_model,
                "the network ends with a batch norm after a ReLU; a linear layer must follow.");
  }
  folded.push_back(as_float(*top));
  return folded;
}

void activate(const Dense& layer, Eigen::Ref<Matrix> values) {
  if (layer.activation == Activation::huber) {
    const float limit = layer.limit;
    for (Index cell = 0; cell < values.cols(); ++cell) {
      for (float& value : values.col(cell)) {
        const float size = std::fabs(value);
        value = size <= limit ? 0.5F * value * value : limit * (size - 0.5F * limit);
      }
    }
  } else if (layer.activation == Activation::softmax) {
    for (Index cell = 0; cell < values.cols(); ++cell) {
      auto shares = values.col(cell);
      const float largest = shares.maxCoeff();
      double sum = 0.0;
      // What is less than 1e-13 of the largest changes no digit of the sum, and is soon most of it.
      constexpr float negligible = -30.0F;
      for (float& share : shares) {
        const float exponent = share - largest;
        share = exponent < negligible ? 0.0F : std::exp(exponent);
        sum += static_cast<double>(share);
      }
      shares *= static_cast<float>(1.0 / sum);
    }
  }
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

Network::Network(const std::vector<Layer>& layers, Precision precision)
    : kernels_(&kernels::dense_kernels(precision)) {
  stacks_.push_back(make_stack(1.0F, fold(layers)));
}

Network::Network(const std::vector<Member>& members, Precision precision)
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
  for (const Member& member : members) {
    stacks_.push_back(make_stack(static_cast<float>(member.weight / sum), fold(member.layers)));
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
                     dense.activation == Activation::relu, x.data(), x.outerStride(), y.data(),
                     y.outerStride(), work.scratch_.data());
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
