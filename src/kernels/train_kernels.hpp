// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The arithmetic of training, behind the same wall as everything else (kernels.hpp).
///
/// Matrices stand in panels: panel after panel of 24 features; in it, sample after sample the
/// panel's features. Weights, outputs x inputs, stand in blocks of 24 x 24: panel of inputs after
/// panel of inputs; in it, panel of outputs after panel of outputs; in it, input after input. So
/// what one panel of inputs updates lies in one piece. The last panels are filled up with zeros,
/// and they stay zeros: nothing has an edge. Every sum over a batch stays within one panel, so that
/// panels are what threads share out.

#include <cstdint>

namespace sicmir::kernels {

using Size = std::int64_t;

/// What becomes of a gradient.
enum class UpdateKind : std::uint8_t {
  adam,    ///< AdamW: decoupled weight decay, bias-corrected, eps outside the root
  sgd,     ///< weight -= rate * gradient
  record,  ///< weights stay; the gradient is written where Adam keeps its first moment
};

struct UpdateRule {
  UpdateKind kind = UpdateKind::adam;
  float rate = 0;         ///< learning rate; for Adam divided by 1 - beta1^t
  float beta1 = 0.9f;     ///< Adam
  float beta2 = 0.999f;   ///< Adam
  float correction2 = 1;  ///< Adam: 1 / sqrt(1 - beta2^t)
  float eps = 1e-8f;      ///< Adam
  float shrink = 1;       ///< Adam: 1 - learning rate * weight decay
};

/// Features of a panel.
inline constexpr Size panel = 24;
/// Samples that forward() takes at a time.
inline constexpr Size group = 4;

constexpr Size whole_panels(Size n) {
  return (n + panel - 1) / panel * panel;
}

/// One panel of a hidden layer: batch norm, ReLU and dropout after (or around) each other.
/// Matrices are panel x samples, vectors have one entry per feature.
struct HiddenTile {
  Size samples = 0;
  bool norm = true;             ///< false: ReLU alone, and nothing below but bias counts
  bool norm_first = true;       ///< batch norm, ReLU; else ReLU, batch norm
  const float* bias = nullptr;  ///< added first; null: none
  float* z = nullptr;           ///< in: the products; after forward: what batch norm was given
  float* activation = nullptr;  ///< after forward: the layer's output, dropout included
  float* keep = nullptr;        ///< dropout's factors, 0 or 1 / (1 - rate); null: no dropout
  float* gradient = nullptr;    ///< backward: in: of the output; out: of the products plus bias
  const float* gamma = nullptr;
  const float* beta = nullptr;
  float* running_mean = nullptr;
  float* running_variance = nullptr;
  float* mean = nullptr;            ///< of this batch, kept for backward
  float* inverse_sd = nullptr;      ///< of this batch, kept for backward
  float* gradient_gamma = nullptr;  ///< written by backward
  float* gradient_beta = nullptr;   ///< written by backward
  float* gradient_bias = nullptr;   ///< written by backward where there is a bias
  float eps = 1e-5f;
  float momentum = 0.1f;
};

/// One panel of the output layer.
struct OutputTile {
  Size features = 0;  ///< of the panel that there are
  Size samples = 0;
  Size target_stride = 0;  ///< from one sample to the next, of target and weight
  const float* bias = nullptr;
  const float* target = nullptr;   ///< NaN: missing, enters neither loss nor gradient
  const float* weight = nullptr;   ///< what each target counts; null: 1
  float* y = nullptr;              ///< panel x samples; in: products; out: gradient of the loss
  float* gradient_bias = nullptr;  ///< written
  float scale = 0;                 ///< 2 / what the targets of the batch that are present count
};

/// One panel of a linear layer's outputs, without bias.
struct ForwardTile {
  Size outputs = 0;  ///< of the layer, whole panels
  Size inputs = 0;   ///< whole panels
  Size samples = 0;
  const float* weight = nullptr;  ///< the first block of the panel
  const float* input = nullptr;   ///< in groups of samples, see group_samples()
  float* z = nullptr;             ///< panel x samples; whole groups are written
};

/// Gradients of one panel of a linear layer's inputs: weightT * gradient.
struct InputGradient {
  Size outputs = 0;  ///< whole panels
  Size samples = 0;
  const float* gradient = nullptr;  ///< of all outputs, see panel_samples()
  const float* weight = nullptr;    ///< the panel's
  float* result = nullptr;          ///< panel x samples
};

/// The gradients of a linear layer's weights for one panel of inputs, gradient * inputT, each used
/// as soon as it is known: they are never stored.
struct WeightTile {
  Size outputs = 0;  ///< whole panels
  Size samples = 0;
  const float* gradient = nullptr;  ///< of all outputs, in panels
  Size gradient_stride = 0;         ///< from one panel of them to the next
  const float* input = nullptr;     ///< panel x samples
  float* weight = nullptr;          ///< the panel's
  float* first = nullptr;           ///< as weight
  float* second = nullptr;          ///< as weight
  UpdateRule rule;
  /// TrainKernels::update, for any other rule than Adam's.
  void (*update)(const UpdateRule& rule, Size n, const float* gradient, float* weight, float* first,
                 float* second) = nullptr;
};

struct TrainProducts {
  /// At most a panel of the features of a batch (column-major, `stride` floats apart) to a panel.
  void (*take_panel)(Size features, Size samples, Size stride, const float* from, float* to);
  /// One panel x samples, whose first feature is `first` of `features`, to groups of samples:
  /// to[group][feature][sample of the group], zeros beyond the last sample.
  void (*group_samples)(Size first, Size features, Size samples, const float* from, float* to);
  /// The same to panels of samples: to[panel of samples][feature][sample of the panel].
  void (*panel_samples)(Size first, Size features, Size samples, const float* from, float* to);
  void (*forward)(const ForwardTile& tile);
  void (*input_gradient)(const InputGradient& tile);
  void (*update_weights)(const WeightTile& tile);
};

struct TrainKernels {
  /// Fills `keep` (panel x samples) with 0 at probability `rate`, else with 1 / (1 - rate). The
  /// factor of (feature, sample) depends on the key and on first_feature + feature + sample * width
  /// alone; width: features of the layer.
  void (*dropout)(std::uint64_t key, double rate, Size first_feature, Size width, Size samples,
                  float* keep);
  /// Training mode, as PyTorch's BatchNorm1d: the biased variance normalises, the unbiased one
  /// enters the running estimate. At least 2 samples.
  void (*hidden_forward)(const HiddenTile& tile);
  void (*hidden_backward)(const HiddenTile& tile);
  /// Returns the sum of squared errors over the targets that are present, weighted.
  double (*output)(const OutputTile& tile);
  /// Applies `rule` to n parameters. `first` and `second` may be null for UpdateKind::sgd.
  void (*update)(const UpdateRule& rule, Size n, const float* gradient, float* weight, float* first,
                 float* second);
  const TrainProducts* products;
};

}  // namespace sicmir::kernels
