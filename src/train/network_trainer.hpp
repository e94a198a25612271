// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The network while it is being fitted: parameters, one step forward and back, their update.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/train_kernels.hpp"
#include "parallel/thread_pool.hpp"
#include "sicmir/network.hpp"
#include "sicmir/train.hpp"
#include "sicmir/types.hpp"
#include "train/panels.hpp"

namespace sicmir::training {

/// A tensor with what the optimiser keeps beside it.
struct Parameter {
  Panels value;   ///< weights: outputs x inputs; vectors: width x 1
  Panels first;   ///< Adam's mean of gradients; with UpdateKind::record the gradient itself
  Panels second;  ///< Adam's mean of squared gradients

  void resize_weights(Index outputs, Index inputs);
  void resize(Index width);
};

/// Linear, then batch norm and ReLU in either order or ReLU alone, then dropout.
struct HiddenLayer {
  bool norm = true;
  bool norm_first = true;
  Parameter weight;
  Parameter bias;         ///< empty where batch norm follows at once and would cancel it
  Parameter gamma, beta;  ///< unused without batch norm
  Panels running_mean, running_variance;
  // Of the current batch: width x samples.
  Panels z, activation, keep, gradient;
  // Of the current batch: width.
  Panels mean, inverse_sd, gradient_gamma, gradient_beta, gradient_bias;
};

struct OutputLayer {
  Parameter weight, bias;
  Panels gradient;  ///< n_outputs x samples
  Panels gradient_bias;
};

/// What a network looks like.
struct NetworkShape {
  Index n_inputs = 0;
  std::vector<Index> hidden;  ///< at least one width
  Index n_outputs = 0;
  LayerOrder order = LayerOrder::bn_relu;
  double dropout = 0.3;  ///< 0 .. 1, exclusive
};

/// Steps are the same to the bit for any number of threads: work is cut into tiles of fixed size,
/// no sum crosses tiles, and random numbers depend on their position only.
class NetworkTrainer {
 public:
  /// Draws initial weights as PyTorch's Linear does: uniform within 1 / sqrt(inputs).
  /// `max_batch`: the largest number of samples that step() will see, at least 2. The pool outlives
  /// the trainer.
  NetworkTrainer(const NetworkShape& shape, Index max_batch, std::uint64_t seed, ThreadPool& pool);

  /// Replaces every parameter and running estimate; the layers must have this network's shape.
  /// The optimiser starts anew.
  void set_layers(std::span<const Layer> layers);
  [[nodiscard]] std::vector<Layer> layers() const;

  /// One step on a batch. x: n_inputs x samples, y: n_outputs x samples, NaN where a target is
  /// missing; 2 .. max_batch samples. `rule` updates weights; its weight decay spares biases and
  /// batch norms. `dropout_key`: the same key gives the same mask. Returns the loss before the
  /// update: the mean squared error over the targets present (0 if there is none). `weights`: what
  /// each target counts in that mean, shaped like y and 0 or more; null: all count the same.
  double step(const Eigen::Ref<const Matrix>& x, const Eigen::Ref<const Matrix>& y,
              const kernels::UpdateRule& rule, std::uint64_t dropout_key,
              const float* weights = nullptr);

  /// Everything that a step changes, in a fixed order: what a checkpoint saves and restores.
  [[nodiscard]] std::vector<std::span<float>> state();

  [[nodiscard]] std::span<const HiddenLayer> hidden() const noexcept { return hidden_; }
  [[nodiscard]] const OutputLayer& output() const noexcept { return output_; }

  /// Seconds spent in each phase since construction.
  struct Phases {
    double forward = 0, output = 0, backward = 0;
  };
  [[nodiscard]] const Phases& phases() const noexcept { return phases_; }

 private:
  void arrange_inputs(const Eigen::Ref<const Matrix>& x);
  void forward_hidden(std::size_t number, Index samples, std::uint64_t dropout_key);
  double forward_output(const Eigen::Ref<const Matrix>& y, const float* weights,
                        const kernels::UpdateRule& rule);
  /// Gradients of the inputs of a linear layer (unless `below` is null), passed through the hidden
  /// layer below, then the update of the linear layer's weights. `gradient`: of the layer's
  /// outputs, also as by_sample_[from]; those of the layer below go to the other.
  void backward(Parameter& weight, const Panels& gradient, std::size_t from, const Panels& input,
                Index samples, HiddenLayer* below, const kernels::UpdateRule& rule);
  [[nodiscard]] kernels::HiddenTile hidden_tile(HiddenLayer& layer, Index panel,
                                                Index samples) const;

  NetworkShape shape_;
  Index max_batch_;
  ThreadPool& pool_;
  std::vector<HiddenLayer> hidden_;
  OutputLayer output_;
  Panels input_;  ///< n_inputs x samples
  // The batch as it enters each linear layer, in groups of samples; they are needed forward only.
  std::vector<AlignedFloats> by_group_;
  // Gradients of one layer and of the one below it, in panels of samples.
  std::array<AlignedFloats, 2> by_sample_;
  std::vector<double> tile_loss_;  // per panel of outputs
  Phases phases_;
};

/// AdamW at step t = 1, 2, ... with the usual bias corrections.
[[nodiscard]] kernels::UpdateRule adam_rule(double learning_rate, double weight_decay, Index t,
                                            double beta1 = 0.9, double beta2 = 0.999,
                                            double eps = 1e-8);

}  // namespace sicmir::training
