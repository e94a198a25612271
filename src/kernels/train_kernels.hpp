#pragma once
/// The element-wise arithmetic of training, behind the same wall as the products (kernels.hpp).
/// Activations are features x samples, column-major: a tile is some consecutive features of all
/// samples of the batch, so that every sum over the batch stays within one tile.

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

/// One tile of a hidden layer: batch norm, ReLU and dropout after (or around) each other. Every
/// pointer stands at the tile's first feature; matrices have `stride` floats from one sample to the
/// next. Vectors have one entry per feature.
struct HiddenTile {
  Size features = 0;
  Size samples = 0;
  Size stride = 0;
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

/// One tile of the output layer.
struct OutputTile {
  Size features = 0;
  Size samples = 0;
  Size stride = 0;
  const float* bias = nullptr;
  const float* target = nullptr;   ///< NaN: missing, enters neither loss nor gradient
  const float* weight = nullptr;   ///< what each target counts; null: 1
  float* y = nullptr;              ///< in: the products; out: the gradient of the loss
  float* gradient_bias = nullptr;  ///< written
  float scale = 0;                 ///< 2 / what the targets of the batch that are present count
};

/// Matrices are packed into panels of this many lines, the last one filled up with zeros.
inline constexpr Size panel = 16;

/// Gradients of a linear layer's inputs: result = weightT * gradient, for some of the inputs.
struct InputGradient {
  Size outputs = 0;
  Size inputs = 0;  ///< of this tile
  Size samples = 0;
  const float* gradient = nullptr;  ///< of all outputs, packed by pack_samples()
  const float* weight = nullptr;    ///< outputs x inputs, from the tile's first input
  float* result = nullptr;          ///< inputs x samples, from the tile's first input
  Size stride = 0;                  ///< of result: from one sample to the next
};

/// The gradients of some columns of a linear layer's weights, gradient * inputT, each used as soon
/// as it is known: they are never stored.
struct WeightTile {
  Size outputs = 0;
  Size inputs = 0;  ///< of this tile
  Size samples = 0;
  const float* gradient = nullptr;  ///< of all outputs, packed by pack_outputs()
  const float* input = nullptr;     ///< from the tile's first input
  Size input_stride = 0;            ///< from one sample to the next
  float* weight = nullptr;          ///< outputs x inputs, from the tile's first input
  float* first = nullptr;           ///< as weight
  float* second = nullptr;          ///< as weight
  float* scratch = nullptr;         ///< inputs x samples
  UpdateRule rule;
  /// TrainKernels::update, for what does not fill a panel.
  void (*update)(const UpdateRule& rule, Size n, const float* gradient, float* weight, float* first,
                 float* second) = nullptr;
};

struct TrainProducts {
  /// Panels of features: to[panel][sample][feature within the panel]. `features` from a multiple of
  /// `panel` on; `from` and `to` stand at the first of them.
  void (*pack_outputs)(Size features, Size samples, Size stride, const float* from, float* to);
  /// Panels of samples: to[panel][feature][sample within the panel], for some of all features;
  /// `from` stands at the first of them, `to` at the start.
  void (*pack_samples)(Size first_feature, Size features, Size all_features, Size samples,
                       Size stride, const float* from, float* to);
  void (*input_gradient)(const InputGradient& tile);
  void (*update_weights)(const WeightTile& tile);
};

struct TrainKernels {
  /// Fills `keep` (features x samples at `stride`) with 0 at probability `rate`, else with
  /// 1 / (1 - rate). The factor of (feature, sample) depends on the key and on
  /// first_feature + feature + sample * stride alone.
  void (*dropout)(std::uint64_t key, double rate, Size first_feature, Size features, Size samples,
                  Size stride, float* keep);
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
