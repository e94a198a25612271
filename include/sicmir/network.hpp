// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The network: a stack of layers as trained, and the same folded for prediction.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir {

namespace kernels {
struct DenseKernels;
}

struct Linear {
  Matrix weight;         ///< outputs x inputs
  Eigen::VectorXf bias;  ///< outputs, or empty: none
};

/// As PyTorch's BatchNorm1d in evaluation: gamma * (x - mean) / sqrt(variance + eps) + beta.
struct BatchNorm {
  Eigen::VectorXf gamma, beta;     ///< width each
  Eigen::VectorXf mean, variance;  ///< running estimates; the variance is the unbiased one
  double eps = 1e-5;
};

struct Relu {};

/// Active in training only (inverted dropout).
struct Dropout {
  double rate = 0.0;  ///< 0 .. 1, exclusive
};

/// x^2 / 2 up to |x| = limit, limit (|x| - limit / 2) beyond (the loss of Huber 1964): the hidden
/// layer of a quadratic kernel regression that continues as a straight line outside the range of
/// its training data.
struct Huber {
  double limit = 1.0;  ///< above 0
};

/// exp(x_i) / sum_j exp(x_j) over a cell's features: shares that sum to 1.
struct Softmax {};

/// What a new type needs besides: model/layers.hpp.
using Layer = std::variant<Linear, BatchNorm, Relu, Dropout, Huber, Softmax>;

/// Batch norm and ReLU after each hidden linear layer; dropout always comes last.
enum class LayerOrder : std::uint8_t {
  bn_relu,    ///< batch norm first, everywhere
  relu_bn,    ///< ReLU first, everywhere
  published,  ///< as the released scripts: batch norm first in the first layer, ReLU first after it
  relu,       ///< no batch norm
};

/// One network of an ensemble, as trained. Any stack that fold() takes, also a single linear layer.
struct Member {
  double weight = 1.0;  ///< above 0; the weights of a model's members sum to 1
  std::vector<Layer> layers;
};

/// A layer that follows a linear one and changes each cell's features on their own; monostate:
/// none.
using Activation = std::variant<std::monostate, Relu, Huber, Softmax>;

/// One step of the folded network: y = activation(W x + b).
struct Dense {
  Matrix weight;         ///< outputs x inputs
  Eigen::VectorXf bias;  ///< outputs
  Activation activation;

  [[nodiscard]] bool has_relu() const noexcept { return std::holds_alternative<Relu>(activation); }
};

/// What the kernels leave of a layer's activation: all but the ReLU. values: outputs x cells.
void activate(const Dense& layer, Eigen::Ref<Matrix> values);

/// Folds batch norms into their neighbouring linear layers, exactly, in double: before a ReLU into
/// the layer above it, after a ReLU into the layer below. Two linear layers in a row become one
/// where that is no more work. Throws Error(bad_model) where the widths do not fit or a batch norm
/// has no linear layer to fold into.
[[nodiscard]] std::vector<Dense> fold(std::vector<Layer> layers);

/// Memory for numbers that vector instructions read: begins at a multiple of 64 bytes.
class AlignedFloats {
 public:
  AlignedFloats() = default;
  explicit AlignedFloats(Index size);
  [[nodiscard]] float* data() noexcept { return floats_.data() + offset_; }
  [[nodiscard]] const float* data() const noexcept { return floats_.data() + offset_; }
  [[nodiscard]] Index size() const noexcept { return size_; }

 private:
  std::vector<float> floats_;  // moving a vector leaves its numbers where they are
  Index offset_ = 0;
  Index size_ = 0;
};

/// Inference. Immutable: threads share one network and bring a Workspace each. The prediction is
/// the mean of the members, weighted, summed in their order.
class Network {
 public:
  /// Cells that go through the layers together. A cell's result does not depend on the others.
  static constexpr Index tile_cells = 256;

  class Workspace {  ///< activations of one tile
   private:
    friend class Network;
    std::vector<Matrix> activations_;
    std::vector<Matrix> outputs_;  // per member
    AlignedFloats scratch_;
  };

  /// Fills `activations`, outputs of a member's first layer x cells, with what this layer gives
  /// (its ReLU included) for the cells first .. first + activations.cols() - 1.
  using FirstLayer =
      std::function<void(Index member, Index first, Eigen::Ref<Matrix>& activations)>;

  /// Throws Error(usage) if this processor does not have the precision.
  explicit Network(std::vector<Layer> layers, Precision precision = Precision::float32);
  /// At least one member, all with the same inputs and outputs; Error(bad_model) otherwise. Weights
  /// are divided by their sum.
  explicit Network(std::vector<Member> members, Precision precision = Precision::float32);

  [[nodiscard]] Index n_inputs() const noexcept {
    return stacks_.front().dense.front().weight.cols();
  }
  [[nodiscard]] Index n_outputs() const noexcept {
    return stacks_.front().dense.back().weight.rows();
  }
  [[nodiscard]] Index n_members() const noexcept { return static_cast<Index>(stacks_.size()); }
  /// x: inputs x cells; y: outputs x cells, overwritten.
  void predict(const Eigen::Ref<const Matrix>& x, Eigen::Ref<Matrix> y, Workspace& work) const;
  /// Also `spread`: outputs x cells, the weighted standard deviation of the members around their
  /// mean (0 for a single member).
  void predict(const Eigen::Ref<const Matrix>& x, Eigen::Ref<Matrix> y, Eigen::Ref<Matrix> spread,
               Workspace& work) const;
  /// A member's first layer: x: inputs x at most tile_cells cells.
  void apply_first(Index member, const Eigen::Ref<const Matrix>& x, Eigen::Ref<Matrix>& activations,
                   Workspace& work) const {
    apply(stacks_[static_cast<std::size_t>(member)], 0, x, activations, work);
  }
  /// From the second layer on. Cell i of those that `first_layer` serves becomes column columns[i]
  /// of `y`, and of `spread` unless it is null.
  void predict_from(const FirstLayer& first_layer, std::span<const Index> columns,
                    Eigen::Ref<Matrix> y, Eigen::Ref<Matrix>* spread, Workspace& work) const;
  /// Of a member, folded.
  [[nodiscard]] const std::vector<Dense>& dense(Index member = 0) const {
    return stacks_.at(static_cast<std::size_t>(member)).dense;
  }
  /// Numbers of all members, folded.
  [[nodiscard]] Index n_parameters() const noexcept;
  /// Floats of the activations of one tile.
  [[nodiscard]] Index tile_floats() const noexcept;

 private:
  struct Stack {
    float weight = 1;
    std::vector<Dense> dense;
    std::vector<AlignedFloats> packed;  // the layers' weights as the kernels want them
  };
  [[nodiscard]] Stack make_stack(float weight, std::vector<Dense> dense) const;
  void apply(const Stack& stack, std::size_t layer, const Eigen::Ref<const Matrix>& x,
             Eigen::Ref<Matrix> y, Workspace& work) const;
  void predict(const Eigen::Ref<const Matrix>& x, Eigen::Ref<Matrix> y, Eigen::Ref<Matrix>* spread,
               Workspace& work) const;

  const kernels::DenseKernels* kernels_;
  std::vector<Stack> stacks_;
};

}  // namespace sicmir
