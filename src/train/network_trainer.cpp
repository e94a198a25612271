#include "train/network_trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <variant>

#include "kernels/kernels.hpp"
#include "train/random.hpp"

namespace sicmir::training {

namespace {

using kernels::Transpose;
using kernels::UpdateKind;
using kernels::UpdateRule;

// Features of one task. Wide enough that packing the batch for each task costs little, narrow
// enough that two threads finish together. Results depend on these numbers, never on the threads.
constexpr Index forward_tile = 128;
constexpr Index backward_tile = 48;  // a multiple of kernels::panel

constexpr float momentum = 0.1f;
constexpr float norm_eps = 1e-5f;

Index n_tiles(Index features, Index tile) {
  return (features + tile - 1) / tile;
}

class Clock {
 public:
  explicit Clock(double& sum) : sum_(sum), start_(std::chrono::steady_clock::now()) {}
  ~Clock() {
    sum_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;

 private:
  double& sum_;
  std::chrono::steady_clock::time_point start_;
};

void draw_uniform(Matrix& weights, float bound, Random& random) {
  for (Index i = 0; i < weights.size(); ++i) {
    weights.data()[i] = bound * (2.0f * random.uniform() - 1.0f);
  }
}

void apply(const UpdateRule& rule, const float* gradient, Parameter& parameter, Index first,
           Index n) {
  kernels::active().train->update(rule, n, gradient, parameter.value.data() + first,
                                  parameter.first.data() + first, parameter.second.data() + first);
}

/// The same rule without weight decay.
UpdateRule without_decay(UpdateRule rule) {
  rule.shrink = 1;
  return rule;
}

[[noreturn]] void wrong_layers() {
  throw Error(ExitCode::internal, "the layers do not have the shape of the network in training");
}

const Layer& take(std::span<const Layer> layers, std::size_t& at) {
  if (at >= layers.size()) wrong_layers();
  return layers[at++];
}

void assign(Parameter& parameter, const Eigen::Ref<const Matrix>& value) {
  if (value.rows() != parameter.value.rows() || value.cols() != parameter.value.cols()) {
    wrong_layers();
  }
  parameter.value = value;
  parameter.first.setZero();
  parameter.second.setZero();
}

/// What the targets that are present count together.
double count_targets(const Eigen::Ref<const Matrix>& y, const float* weights) {
  if (weights == nullptr) return static_cast<double>((y.array() == y.array()).count());
  double sum = 0;
  for (Index i = 0; i < y.size(); ++i) {
    if (!std::isnan(y.data()[i])) sum += static_cast<double>(weights[i]);
  }
  return sum;
}

/// A tensor of one column; empty if the parameter is.
Eigen::VectorXf vector(const Parameter& parameter) {
  return Eigen::Map<const Eigen::VectorXf>(parameter.value.data(), parameter.value.size());
}

}  // namespace

void Parameter::resize(Index outputs, Index inputs) {
  value.setZero(outputs, inputs);
  first.setZero(outputs, inputs);
  second.setZero(outputs, inputs);
}

NetworkTrainer::NetworkTrainer(const NetworkShape& shape, Index max_batch, std::uint64_t seed,
                               ThreadPool& pool)
    : shape_(shape), max_batch_(max_batch), pool_(pool) {
  if (shape.n_inputs < 1 || shape.n_outputs < 1 || shape.hidden.empty() || max_batch < 2 ||
      shape.dropout < 0 || shape.dropout >= 1) {
    throw Error(ExitCode::internal, "impossible shape of a network in training");
  }
  Index inputs = shape.n_inputs;
  std::uint64_t number = 0;
  const auto linear = [&](Parameter& weight, Parameter* bias, Index outputs) {
    Random random(key(seed, Purpose::weights, number++));
    const auto bound = static_cast<float>(1.0 / std::sqrt(static_cast<double>(inputs)));
    weight.resize(outputs, inputs);
    draw_uniform(weight.value, bound, random);
    if (bias != nullptr) {
      bias->resize(outputs, 1);
      draw_uniform(bias->value, bound, random);
    }
    inputs = outputs;
  };
  Index widest = 0;
  hidden_.resize(shape.hidden.size());
  for (std::size_t l = 0; l < hidden_.size(); ++l) {
    HiddenLayer& layer = hidden_[l];
    const Index width = shape.hidden[l];
    if (width < 1) throw Error(ExitCode::internal, "a hidden layer needs at least one unit");
    layer.norm_first =
        shape.order == LayerOrder::bn_relu || (shape.order == LayerOrder::published && l == 0);
    linear(layer.weight, layer.norm_first ? nullptr : &layer.bias, width);
    layer.gamma.resize(width, 1);
    layer.gamma.value.setOnes();
    layer.beta.resize(width, 1);
    layer.running_mean.setZero(width);
    layer.running_variance.setOnes(width);
    for (Matrix* matrix : {&layer.z, &layer.activation, &layer.gradient}) {
      matrix->setZero(width, max_batch);
    }
    if (shape.dropout > 0) layer.keep.setZero(width, max_batch);
    for (Eigen::VectorXf* vector : {&layer.mean, &layer.inverse_sd, &layer.gradient_gamma,
                                    &layer.gradient_beta, &layer.gradient_bias}) {
      vector->setZero(width);
    }
    widest = std::max(widest, width);
  }
  linear(output_.weight, &output_.bias, shape.n_outputs);
  output_.gradient.setZero(shape.n_outputs, max_batch);
  output_.gradient_bias.setZero(shape.n_outputs);
  widest = std::max(widest, shape.n_outputs);
  scratch_.assign(static_cast<std::size_t>(pool.size()),
                  std::vector<float>(static_cast<std::size_t>(backward_tile * max_batch)));
  const auto whole_panels = [](Index n) { return n_tiles(n, kernels::panel) * kernels::panel; };
  for (std::size_t i = 0; i < 2; ++i) {
    by_output_[i].resize(static_cast<std::size_t>(whole_panels(widest) * max_batch));
    by_sample_[i].resize(static_cast<std::size_t>(widest * whole_panels(max_batch)));
  }
  tile_loss_.resize(static_cast<std::size_t>(n_tiles(shape.n_outputs, forward_tile)));
}

void NetworkTrainer::set_layers(std::span<const Layer> layers) {
  std::size_t at = 0;
  const auto linear = [&](Parameter& weight, Parameter& bias) {
    const auto* layer = std::get_if<Linear>(&take(layers, at));
    if (layer == nullptr) wrong_layers();
    assign(weight, layer->weight);
    if (bias.value.size() != layer->bias.size()) wrong_layers();
    if (bias.value.size() > 0) assign(bias, layer->bias);
  };
  for (HiddenLayer& hidden : hidden_) {
    linear(hidden.weight, hidden.bias);
    const auto relu = [&] {
      if (!std::holds_alternative<Relu>(take(layers, at))) wrong_layers();
    };
    if (!hidden.norm_first) relu();
    const auto* norm = std::get_if<BatchNorm>(&take(layers, at));
    if (norm == nullptr) wrong_layers();
    assign(hidden.gamma, norm->gamma);
    assign(hidden.beta, norm->beta);
    if (norm->mean.size() != hidden.running_mean.size() ||
        norm->variance.size() != hidden.running_variance.size()) {
      wrong_layers();
    }
    hidden.running_mean = norm->mean;
    hidden.running_variance = norm->variance;
    if (hidden.norm_first) relu();
    if (at < layers.size() && std::holds_alternative<Dropout>(layers[at])) ++at;
  }
  linear(output_.weight, output_.bias);
  if (at != layers.size()) wrong_layers();
}

std::vector<Layer> NetworkTrainer::layers() const {
  std::vector<Layer> result;
  for (const HiddenLayer& hidden : hidden_) {
    result.emplace_back(Linear{hidden.weight.value, vector(hidden.bias)});
    if (!hidden.norm_first) result.emplace_back(Relu{});
    result.emplace_back(BatchNorm{vector(hidden.gamma), vector(hidden.beta), hidden.running_mean,
                                  hidden.running_variance, static_cast<double>(norm_eps)});
    if (hidden.norm_first) result.emplace_back(Relu{});
    if (shape_.dropout > 0) result.emplace_back(Dropout{shape_.dropout});
  }
  result.emplace_back(Linear{output_.weight.value, vector(output_.bias)});
  return result;
}

std::vector<std::span<float>> NetworkTrainer::state() {
  std::vector<std::span<float>> parts;
  const auto add = [&](auto& values) {
    parts.emplace_back(values.data(), static_cast<std::size_t>(values.size()));
  };
  const auto add_parameter = [&](Parameter& parameter) {
    add(parameter.value);
    add(parameter.first);
    add(parameter.second);
  };
  for (HiddenLayer& layer : hidden_) {
    for (Parameter* parameter : {&layer.weight, &layer.bias, &layer.gamma, &layer.beta}) {
      add_parameter(*parameter);
    }
    add(layer.running_mean);
    add(layer.running_variance);
  }
  add_parameter(output_.weight);
  add_parameter(output_.bias);
  return parts;
}

kernels::HiddenTile NetworkTrainer::hidden_tile(HiddenLayer& layer, Index first, Index features,
                                                Index samples) const {
  const bool has_bias = !layer.norm_first;
  return {.features = features,
          .samples = samples,
          .stride = layer.z.rows(),
          .norm_first = layer.norm_first,
          .bias = has_bias ? layer.bias.value.data() + first : nullptr,
          .z = layer.z.data() + first,
          .activation = layer.activation.data() + first,
          .keep = layer.keep.size() > 0 ? layer.keep.data() + first : nullptr,
          .gradient = layer.gradient.data() + first,
          .gamma = layer.gamma.value.data() + first,
          .beta = layer.beta.value.data() + first,
          .running_mean = layer.running_mean.data() + first,
          .running_variance = layer.running_variance.data() + first,
          .mean = layer.mean.data() + first,
          .inverse_sd = layer.inverse_sd.data() + first,
          .gradient_gamma = layer.gradient_gamma.data() + first,
          .gradient_beta = layer.gradient_beta.data() + first,
          .gradient_bias = layer.gradient_bias.data() + first,
          .eps = norm_eps,
          .momentum = momentum};
}

void NetworkTrainer::forward_hidden(std::size_t number, const float* input, Index input_stride,
                                    Index samples, std::uint64_t dropout_key) {
  HiddenLayer& layer = hidden_[number];
  const auto& kernel = kernels::active();
  const Index width = layer.z.rows();
  const Index inputs = layer.weight.value.cols();
  const std::uint64_t mask_key = mix(dropout_key ^ number);
  pool_.run(n_tiles(width, forward_tile), [&](Index task, int) {
    const Index first = task * forward_tile;
    const Index features = std::min(forward_tile, width - first);
    kernel.multiply(Transpose::no, Transpose::no, features, samples, inputs,
                    layer.weight.value.data() + first, width, input, input_stride, false,
                    layer.z.data() + first, width);
    const kernels::HiddenTile tile = hidden_tile(layer, first, features, samples);
    if (tile.keep != nullptr) {
      kernel.train->dropout(mask_key, shape_.dropout, first, features, samples, width, tile.keep);
    }
    kernel.train->hidden_forward(tile);
  });
}

double NetworkTrainer::forward_output(const Eigen::Ref<const Matrix>& y, const float* weights,
                                      const UpdateRule& rule) {
  const auto& kernel = kernels::active();
  const HiddenLayer& below = hidden_.back();
  const Index samples = y.cols();
  const double present = count_targets(y, weights);
  const auto scale = static_cast<float>(present > 0.0 ? 2.0 / present : 0.0);
  pool_.run(static_cast<Index>(tile_loss_.size()), [&](Index task, int) {
    const Index first = task * forward_tile;
    const Index features = std::min(forward_tile, shape_.n_outputs - first);
    float* out = output_.gradient.data() + first;
    kernel.multiply(Transpose::no, Transpose::no, features, samples, below.z.rows(),
                    output_.weight.value.data() + first, shape_.n_outputs, below.activation.data(),
                    below.z.rows(), false, out, shape_.n_outputs);
    float* gradient_bias = output_.gradient_bias.data() + first;
    tile_loss_[static_cast<std::size_t>(task)] =
        kernel.train->output({.features = features,
                              .samples = samples,
                              .stride = shape_.n_outputs,
                              .bias = output_.bias.value.data() + first,
                              .target = y.data() + first,
                              .weight = weights != nullptr ? weights + first : nullptr,
                              .y = out,
                              .gradient_bias = gradient_bias,
                              .scale = scale});
    pack(0, output_.gradient, first, features, samples);
    // Nothing but this tile reads these biases, and the step's predictions are done.
    apply(without_decay(rule), gradient_bias, output_.bias, first, features);
  });
  double loss = 0;
  for (const double part : tile_loss_) loss += part;
  return present > 0.0 ? loss / present : 0.0;
}

void NetworkTrainer::pack(std::size_t to, const Matrix& gradient, Index first, Index features,
                          Index samples) {
  const auto& products = *kernels::active().train->products;
  const float* from = gradient.data() + first;
  products.pack_outputs(features, samples, gradient.rows(), from,
                        by_output_[to].data() + first * samples);
  products.pack_samples(first, features, gradient.rows(), samples, gradient.rows(), from,
                        by_sample_[to].data());
}

void NetworkTrainer::backward(Parameter& weight, std::size_t from, const float* input,
                              Index input_stride, Index samples, HiddenLayer* below,
                              const UpdateRule& rule) {
  const auto& kernel = kernels::active();
  const Index outputs = weight.value.rows();
  const Index inputs = weight.value.cols();
  const UpdateRule plain = without_decay(rule);
  pool_.run(n_tiles(inputs, backward_tile), [&](Index task, int worker) {
    const Index first = task * backward_tile;
    const Index features = std::min(backward_tile, inputs - first);
    const Index offset = first * outputs;
    if (below != nullptr) {
      kernel.train->products->input_gradient({.outputs = outputs,
                                              .inputs = features,
                                              .samples = samples,
                                              .gradient = by_sample_[from].data(),
                                              .weight = weight.value.data() + offset,
                                              .result = below->gradient.data() + first,
                                              .stride = inputs});
      kernel.train->hidden_backward(hidden_tile(*below, first, features, samples));
      apply(plain, below->gradient_gamma.data() + first, below->gamma, first, features);
      apply(plain, below->gradient_beta.data() + first, below->beta, first, features);
      if (!below->norm_first) {
        apply(plain, below->gradient_bias.data() + first, below->bias, first, features);
      }
      pack(1 - from, below->gradient, first, features, samples);
    }
    // These columns of the weights serve this task alone, so they can change at once.
    kernel.train->products->update_weights(
        {.outputs = outputs,
         .inputs = features,
         .samples = samples,
         .gradient = by_output_[from].data(),
         .input = input + first,
         .input_stride = input_stride,
         .weight = weight.value.data() + offset,
         .first = weight.first.data() + offset,
         .second = weight.second.data() + offset,
         .scratch = scratch_[static_cast<std::size_t>(worker)].data(),
         .rule = rule,
         .update = kernel.train->update});
  });
}

double NetworkTrainer::step(const Eigen::Ref<const Matrix>& x, const Eigen::Ref<const Matrix>& y,
                            const UpdateRule& rule, std::uint64_t dropout_key,
                            const float* weights) {
  const Index samples = x.cols();
  if (samples < 2 || samples > max_batch_ || y.cols() != samples || x.rows() != shape_.n_inputs ||
      y.rows() != shape_.n_outputs || y.outerStride() != y.rows()) {
    throw Error(ExitCode::internal, "a training batch does not fit the network");
  }
  {
    const Clock clock(phases_.forward);
    const float* input = x.data();
    Index stride = x.outerStride();
    for (std::size_t l = 0; l < hidden_.size(); ++l) {
      forward_hidden(l, input, stride, samples, dropout_key);
      input = hidden_[l].activation.data();
      stride = hidden_[l].z.rows();
    }
  }
  double loss = 0;
  {
    const Clock clock(phases_.output);
    loss = forward_output(y, weights, rule);
  }
  const Clock clock(phases_.backward);
  std::size_t from = 0;
  HiddenLayer* below = &hidden_.back();
  backward(output_.weight, from, below->activation.data(), below->z.rows(), samples, below, rule);
  for (std::size_t l = hidden_.size() - 1; l > 0; --l) {
    from = 1 - from;
    below = &hidden_[l - 1];
    backward(hidden_[l].weight, from, below->activation.data(), below->z.rows(), samples, below,
             rule);
  }
  backward(hidden_[0].weight, 1 - from, x.data(), x.outerStride(), samples, nullptr, rule);
  return loss;
}

UpdateRule adam_rule(double learning_rate, double weight_decay, Index t, double beta1, double beta2,
                     double eps) {
  const double correction1 = 1.0 - std::pow(beta1, static_cast<double>(t));
  const double correction2 = 1.0 - std::pow(beta2, static_cast<double>(t));
  return {.kind = UpdateKind::adam,
          .rate = static_cast<float>(learning_rate / correction1),
          .beta1 = static_cast<float>(beta1),
          .beta2 = static_cast<float>(beta2),
          .correction2 = static_cast<float>(1.0 / std::sqrt(correction2)),
          .eps = static_cast<float>(eps),
          .shrink = static_cast<float>(1.0 - learning_rate * weight_decay)};
}

}  // namespace sicmir::training
