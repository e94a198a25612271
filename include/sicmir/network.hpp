#pragma once
/// The network: a stack of layers as trained, and the same folded for prediction.

#include <memory>
#include <variant>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir {

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

using Layer = std::variant<Linear, BatchNorm, Relu, Dropout>;

/// One step of the folded network: y = W x + b, then ReLU if set.
struct Dense {
  Matrix weight;         ///< outputs x inputs
  Eigen::VectorXf bias;  ///< outputs
  bool relu = false;
};

/// Folds batch norms into their neighbouring linear layers, exactly, in double: before a ReLU into
/// the layer above it, after a ReLU into the layer below. Throws Error(bad_model) where the widths
/// do not fit or a batch norm has no linear layer to fold into.
[[nodiscard]] std::vector<Dense> fold(const std::vector<Layer>& layers);

/// Inference. Immutable: threads share one network and bring a Workspace each.
class Network {
 public:
  /// Every product is computed on tiles of this many cells, the last one padded with zeros, so that
  /// the bytes of a cell's result depend on that cell alone.
  static constexpr Index tile_cells = 256;

  class Workspace {  ///< activations of one tile
   private:
    friend class Network;
    std::vector<Matrix> activations_;
  };

  explicit Network(const std::vector<Layer>& layers);

  [[nodiscard]] Index n_inputs() const noexcept { return dense_.front().weight.cols(); }
  [[nodiscard]] Index n_outputs() const noexcept { return dense_.back().weight.rows(); }
  /// x: inputs x cells; y: outputs x cells, overwritten.
  void predict(const Eigen::Ref<const Matrix>& x, Eigen::Ref<Matrix> y, Workspace& work) const;
  [[nodiscard]] const std::vector<Dense>& dense() const noexcept { return dense_; }

 private:
  std::vector<Dense> dense_;
};

}  // namespace sicmir
