// SPDX-License-Identifier: BSD-3-Clause
#include "train/network_trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <variant>

#include "base/random.hpp"
#include "kernels/kernels.hpp"

namespace sicmir::training {

namespace {

using kernels::UpdateRule;

constexpr float momentum = 0.1f;
constexpr float norm_eps = 1e-5f;

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

Matrix draw_uniform(Index outputs, Index inputs, float bound, Random& random) {
  Matrix values(outputs, inputs);
  for (float& value : values.reshaped()) value = bound * (2.0f * random.uniform() - 1.0f);
  return values;
}

/// Updates one panel of a vector.
void apply(const UpdateRule& rule, const Panels& gradient, Parameter& parameter, Index panel) {
  kernels::active().train->update(rule, kernels::panel, gradient.panel(panel),
                                  parameter.value.panel(panel), parameter.first.panel(panel),
                                  parameter.second.panel(panel));
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

void assign(Panels& panels, const Eigen::Ref<const Matrix>& value) {
  if (value.rows() != panels.features()) wrong_layers();
  panels.assign(value);
}

void assign(Parameter& parameter, const Eigen::Ref<const Matrix>& value, Index inputs) {
  if (value.cols() != inputs) wrong_layers();
  assign(parameter.value, value);
  std::ranges::fill(parameter.first.floats(), 0.0F);
  std::ranges::fill(parameter.second.floats(), 0.0F);
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

/// Of a tensor of one column; empty if that is.
Eigen::VectorXf vector(const Panels& panels) {
  return panels.empty() ? Eigen::VectorXf() : Eigen::VectorXf(panels.matrix());
}

void set_ones(Panels& panels) {
  panels.assign(Matrix::Ones(panels.features(), 1));
}

}  // namespace

void Parameter::resize_weights(Index outputs, Index inputs) {
  for (Panels* panels : {&value, &first, &second}) panels->resize_weights(outputs, inputs);
}

void Parameter::resize(Index width) {
  for (Panels* panels : {&value, &first, &second}) panels->resize(width, 1);
}

NetworkTrainer::NetworkTrainer(const NetworkShape& shape, Index max_batch, std::uint64_t seed,
                               ThreadPool& pool)
    : shape_(shape), max_batch_(max_batch), pool_(pool) {
  if (shape.n_inputs < 1 || shape.n_outputs < 1 || shape.hidden.empty() || max_batch < 2 ||
      shape.dropout < 0 || shape.dropout >= 1) {
    throw Error(ExitCode::internal, "impossible shape of a network in training");
  }
  const Index room = kernels::whole_panels(max_batch);
  Index inputs = shape.n_inputs;
  input_.resize(inputs, max_batch, room);
  by_group_.emplace_back(input_.padded_features() * room);
  std::uint64_t number = 0;
  const auto linear = [&](Parameter& weight, Parameter* bias, Index outputs) {
    Random random(key(seed, Purpose::weights, number++));
    const auto bound = static_cast<float>(1.0 / std::sqrt(static_cast<double>(inputs)));
    weight.resize_weights(outputs, inputs);
    weight.value.assign(draw_uniform(outputs, inputs, bound, random));
    if (bias != nullptr) {
      bias->resize(outputs);
      bias->value.assign(draw_uniform(outputs, 1, bound, random));
    }
    inputs = outputs;
  };
  Index widest = kernels::whole_panels(shape.n_outputs);
  hidden_.resize(shape.hidden.size());
  for (std::size_t l = 0; l < hidden_.size(); ++l) {
    HiddenLayer& layer = hidden_[l];
    const Index width = shape.hidden[l];
    if (width < 1) throw Error(ExitCode::internal, "a hidden layer needs at least one unit");
    layer.norm = shape.order != LayerOrder::relu;
    layer.norm_first =
        shape.order == LayerOrder::bn_relu || (shape.order == LayerOrder::published && l == 0);
    linear(layer.weight, layer.norm_first ? nullptr : &layer.bias, width);
    layer.gamma.resize(width);
    set_ones(layer.gamma.value);
    layer.beta.resize(width);
    for (Panels* panels :
         {&layer.running_mean, &layer.running_variance, &layer.mean, &layer.inverse_sd,
          &layer.gradient_gamma, &layer.gradient_beta, &layer.gradient_bias}) {
      panels->resize(width, 1);
    }
    set_ones(layer.running_variance);
    for (Panels* panels : {&layer.z, &layer.activation, &layer.gradient}) {
      panels->resize(width, max_batch, room);
    }
    if (shape.dropout > 0) layer.keep.resize(width, max_batch, room);
    by_group_.emplace_back(layer.z.padded_features() * room);
    widest = std::max(widest, layer.z.padded_features());
  }
  linear(output_.weight, &output_.bias, shape.n_outputs);
  output_.gradient.resize(shape.n_outputs, max_batch, room);
  output_.gradient_bias.resize(shape.n_outputs, 1);
  for (AlignedFloats& turned : by_sample_) turned = AlignedFloats(widest * room);
  tile_loss_.resize(static_cast<std::size_t>(output_.gradient.n_panels()));
}

void NetworkTrainer::set_layers(std::span<const Layer> layers) {
  std::size_t at = 0;
  Index inputs = shape_.n_inputs;
  const auto linear = [&](Parameter& weight, Parameter& bias) {
    const auto* layer = std::get_if<Linear>(&take(layers, at));
    if (layer == nullptr) wrong_layers();
    assign(weight, layer->weight, inputs);
    inputs = weight.value.features();
    if (bias.value.features() != layer->bias.size()) wrong_layers();
    if (!bias.value.empty()) assign(bias, layer->bias, 1);
  };
  for (HiddenLayer& hidden : hidden_) {
    linear(hidden.weight, hidden.bias);
    const auto relu = [&] {
      if (!std::holds_alternative<Relu>(take(layers, at))) wrong_layers();
    };
    if (!hidden.norm_first) relu();
    if (hidden.norm) {
      const auto* norm = std::get_if<BatchNorm>(&take(layers, at));
      if (norm == nullptr) wrong_layers();
      assign(hidden.gamma, norm->gamma, 1);
      assign(hidden.beta, norm->beta, 1);
      assign(hidden.running_mean, norm->mean);
      assign(hidden.running_variance, norm->variance);
    }
    if (hidden.norm_first) relu();
    if (at < layers.size() && std::holds_alternative<Dropout>(layers[at])) ++at;
  }
  linear(output_.weight, output_.bias);
  if (at != layers.size()) wrong_layers();
}

std::vector<Layer> NetworkTrainer::layers() const {
  std::vector<Layer> result;
  for (const HiddenLayer& hidden : hidden_) {
    result.emplace_back(Linear{hidden.weight.value.matrix(), vector(hidden.bias.value)});
    if (!hidden.norm_first) result.emplace_back(Relu{});
    if (hidden.norm) {
      result.emplace_back(BatchNorm{vector(hidden.gamma.value), vector(hidden.beta.value),
                                    vector(hidden.running_mean), vector(hidden.running_variance),
                                    static_cast<double>(norm_eps)});
    }
    if (hidden.norm_first) result.emplace_back(Relu{});
    if (shape_.dropout > 0) result.emplace_back(Dropout{shape_.dropout});
  }
  result.emplace_back(Linear{output_.weight.value.matrix(), vector(output_.bias.value)});
  return result;
}

std::vector<std::span<float>> NetworkTrainer::state() {
  std::vector<std::span<float>> parts;
  const auto add = [&](Parameter& parameter) {
    for (Panels* panels : {&parameter.value, &parameter.first, &parameter.second}) {
      parts.push_back(panels->floats());
    }
  };
  for (HiddenLayer& layer : hidden_) {
    for (Parameter* parameter : {&layer.weight, &layer.bias, &layer.gamma, &layer.beta}) {
      add(*parameter);
    }
    parts.push_back(layer.running_mean.floats());
    parts.push_back(layer.running_variance.floats());
  }
  add(output_.weight);
  add(output_.bias);
  return parts;
}

kernels::HiddenTile NetworkTrainer::hidden_tile(HiddenLayer& layer, Index panel,
                                                Index samples) const {
  return {.samples = samples,
          .norm = layer.norm,
          .norm_first = layer.norm_first,
          .bias = layer.norm_first ? nullptr : layer.bias.value.panel(panel),
          .z = layer.z.panel(panel),
          .activation = layer.activation.panel(panel),
          .keep = layer.keep.empty() ? nullptr : layer.keep.panel(panel),
          .gradient = layer.gradient.panel(panel),
          .gamma = layer.gamma.value.panel(panel),
          .beta = layer.beta.value.panel(panel),
          .running_mean = layer.running_mean.panel(panel),
          .running_variance = layer.running_variance.panel(panel),
          .mean = layer.mean.panel(panel),
          .inverse_sd = layer.inverse_sd.panel(panel),
          .gradient_gamma = layer.gradient_gamma.panel(panel),
          .gradient_beta = layer.gradient_beta.panel(panel),
          .gradient_bias = layer.gradient_bias.panel(panel),
          .eps = norm_eps,
          .momentum = momentum};
}

void NetworkTrainer::arrange_inputs(const Eigen::Ref<const Matrix>& x) {
  const auto& products = *kernels::active().train->products;
  pool_.run(input_.n_panels(), [&](Index panel, int) {
    const Index first = panel * kernels::panel;
    products.take_panel(std::min(kernels::panel, x.rows() - first), x.cols(), x.outerStride(),
                        x.data() + first, input_.panel(panel));
    products.group_samples(first, input_.padded_features(), x.cols(), input_.panel(panel),
                           by_group_.front().data());
  });
}

void NetworkTrainer::forward_hidden(std::size_t number, Index samples, std::uint64_t dropout_key) {
  HiddenLayer& layer = hidden_[number];
  const auto& kernel = *kernels::active().train;
  const Index inputs = kernels::whole_panels(layer.weight.value.columns());
  const std::uint64_t mask_key = mix(dropout_key ^ number);
  pool_.run(layer.z.n_panels(), [&](Index panel, int) {
    kernel.products->forward({.outputs = layer.z.padded_features(),
                              .inputs = inputs,
                              .samples = samples,
                              .weight = layer.weight.value.panel(panel),
                              .input = by_group_[number].data(),
                              .z = layer.z.panel(panel)});
    const Index first = panel * kernels::panel;
    const kernels::HiddenTile tile = hidden_tile(layer, panel, samples);
    if (tile.keep != nullptr) {
      kernel.dropout(mask_key, shape_.dropout, first, layer.z.features(), samples, tile.keep);
    }
    kernel.hidden_forward(tile);
    kernel.products->group_samples(first, layer.z.padded_features(), samples, tile.activation,
                                   by_group_[number + 1].data());
  });
}

double NetworkTrainer::forward_output(const Eigen::Ref<const Matrix>& y, const float* weights,
                                      const UpdateRule& rule) {
  const auto& kernel = *kernels::active().train;
  const Index samples = y.cols();
  const Index inputs = kernels::whole_panels(output_.weight.value.columns());
  const double present = count_targets(y, weights);
  const auto scale = static_cast<float>(present > 0.0 ? 2.0 / present : 0.0);
  pool_.run(output_.gradient.n_panels(), [&](Index panel, int) {
    const Index first = panel * kernels::panel;
    float* out = output_.gradient.panel(panel);
    kernel.products->forward({.outputs = output_.gradient.padded_features(),
                              .inputs = inputs,
                              .samples = samples,
                              .weight = output_.weight.value.panel(panel),
                              .input = by_group_.back().data(),
                              .z = out});
    tile_loss_[static_cast<std::size_t>(panel)] =
        kernel.output({.features = std::min(kernels::panel, shape_.n_outputs - first),
                       .samples = samples,
                       .target_stride = shape_.n_outputs,
                       .bias = output_.bias.value.panel(panel),
                       .target = y.data() + first,
                       .weight = weights != nullptr ? weights + first : nullptr,
                       .y = out,
                       .gradient_bias = output_.gradient_bias.panel(panel),
                       .scale = scale});
    kernel.products->panel_samples(first, output_.gradient.padded_features(), samples, out,
                                   by_sample_[0].data());
    // Nothing but this panel reads these biases, and the step's predictions are done.
    apply(without_decay(rule), output_.gradient_bias, output_.bias, panel);
  });
  double loss = 0;
  for (const double part : tile_loss_) loss += part;
  return present > 0.0 ? loss / present : 0.0;
}

void NetworkTrainer::backward(Parameter& weight, const Panels& gradient, std::size_t from,
                              const Panels& input, Index samples, HiddenLayer* below,
                              const UpdateRule& rule) {
  const auto& kernel = *kernels::active().train;
  const Index outputs = gradient.padded_features();
  const Index inputs = input.padded_features();
  const UpdateRule plain = without_decay(rule);
  pool_.run(input.n_panels(), [&](Index panel, int) {
    const Index offset = panel * kernels::panel * outputs;
    if (below != nullptr) {
      const kernels::HiddenTile tile = hidden_tile(*below, panel, samples);
      kernel.products->input_gradient({.outputs = outputs,
                                       .samples = samples,
                                       .gradient = by_sample_[from].data(),
                                       .weight = weight.value.panel(0) + offset,
                                       .result = tile.gradient});
      kernel.hidden_backward(tile);
      if (below->norm) {
        apply(plain, below->gradient_gamma, below->gamma, panel);
        apply(plain, below->gradient_beta, below->beta, panel);
      }
      if (!below->norm_first) apply(plain, below->gradient_bias, below->bias, panel);
      kernel.products->panel_samples(panel * kernels::panel, inputs, samples, tile.gradient,
                                     by_sample_[1 - from].data());
    }
    // The weights of these inputs serve this task alone, so they can change at once.
    kernel.products->update_weights({.outputs = outputs,
                                     .samples = samples,
                                     .gradient = gradient.panel(0),
                                     .gradient_stride = gradient.stride(),
                                     .input = input.panel(panel),
                                     .weight = weight.value.panel(0) + offset,
                                     .first = weight.first.panel(0) + offset,
                                     .second = weight.second.panel(0) + offset,
                                     .rule = rule,
                                     .update = kernel.update});
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
    arrange_inputs(x);
    for (std::size_t l = 0; l < hidden_.size(); ++l) forward_hidden(l, samples, dropout_key);
  }
  double loss = 0;
  {
    const Clock clock(phases_.output);
    loss = forward_output(y, weights, rule);
  }
  const Clock clock(phases_.backward);
  Parameter* weight = &output_.weight;
  const Panels* gradient = &output_.gradient;
  std::size_t from = 0;
  for (std::size_t l = hidden_.size(); l > 0; --l) {
    HiddenLayer& below = hidden_[l - 1];
    backward(*weight, *gradient, from, below.activation, samples, &below, rule);
    weight = &below.weight;
    gradient = &below.gradient;
    from = 1 - from;
  }
  backward(*weight, *gradient, from, input_, samples, nullptr, rule);
  return loss;
}

UpdateRule adam_rule(double learning_rate, double weight_decay, Index t, double beta1, double beta2,
                     double eps) {
  const double correction1 = 1.0 - std::pow(beta1, static_cast<double>(t));
  const double correction2 = 1.0 - std::pow(beta2, static_cast<double>(t));
  return {.kind = kernels::UpdateKind::adam,
          .rate = static_cast<float>(learning_rate / correction1),
          .beta1 = static_cast<float>(beta1),
          .beta2 = static_cast<float>(beta2),
          .correction2 = static_cast<float>(1.0 / std::sqrt(correction2)),
          .eps = static_cast<float>(eps),
          .shrink = static_cast<float>(1.0 - learning_rate * weight_decay)};
}

}  // namespace sicmir::training
