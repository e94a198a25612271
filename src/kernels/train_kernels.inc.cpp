// SPDX-License-Identifier: BSD-3-Clause
// Compiled once per instruction set, like kernels.inc.cpp; the same rules hold.

#include "kernels/train_kernels.hpp"

#include <Eigen/Core>
#include <cmath>

#include "kernels/kernel_set.inc.hpp"

namespace sicmir::kernels {

extern const TrainProducts SICMIR_JOIN(product_kernels_, SICMIR_KERNEL_SET);

namespace {

constexpr int strip = panel;

template <int lanes>
using Lanes = Eigen::Array<float, lanes, 1>;
template <int lanes>
using In = Eigen::Map<const Lanes<lanes>>;
template <int lanes>
using Out = Eigen::Map<Lanes<lanes>>;

// Calls work.run<lanes>(first feature) for panels, whose sums then stay in registers, then for the
// rest one by one.
template <class Work>
void for_strips(Size features, const Work& work) {
  Size feature = 0;
  for (; feature + strip <= features; feature += strip) work.template run<strip>(feature);
  for (; feature < features; ++feature) work.template run<1>(feature);
}

// An integer hash with full avalanche on 32 bits (the finaliser of MurmurHash3), twice, with a key
// half each time: as good as needed for masks, and four to eight at a time in vector registers.
inline std::uint32_t hash(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x85EBCA6Bu;
  x ^= x >> 13;
  x *= 0xC2B2AE35u;
  x ^= x >> 16;
  return x;
}

void dropout(std::uint64_t key, double rate, Size first_feature, Size width, Size samples,
             float* keep) {
  const auto low = static_cast<std::uint32_t>(key);
  const auto high = static_cast<std::uint32_t>(key >> 32);
  const auto threshold = static_cast<std::uint32_t>(rate * 4294967296.0);
  const auto factor = static_cast<float>(1.0 / (1.0 - rate));
  for (Size sample = 0; sample < samples; ++sample) {
    const auto start = static_cast<std::uint32_t>(first_feature + sample * width);
    float* column = keep + sample * panel;
    for (Size i = 0; i < panel; ++i) {
      const std::uint32_t h = hash(hash((start + static_cast<std::uint32_t>(i)) ^ low) + high);
      column[i] = h < threshold ? 0.0f : factor;
    }
  }
}

using Panel = Lanes<static_cast<int>(panel)>;
using PanelIn = In<static_cast<int>(panel)>;
using PanelOut = Out<static_cast<int>(panel)>;

void relu_forward(const HiddenTile& t) {
  const Panel bias = PanelIn(t.bias);
  for (Size s = 0; s < t.samples; ++s) {
    const Size at = s * panel;
    PanelOut z(t.z + at);
    z += bias;
    Panel u = z.max(0.0f);
    if (t.keep != nullptr) u *= PanelIn(t.keep + at);
    PanelOut(t.activation + at) = u;
  }
}

void relu_backward(const HiddenTile& t) {
  const Panel zero = Panel::Zero();
  Panel sum = zero;
  for (Size s = 0; s < t.samples; ++s) {
    const Size at = s * panel;
    PanelOut g(t.gradient + at);
    if (t.keep != nullptr) g *= PanelIn(t.keep + at);
    const Panel through = (PanelIn(t.z + at) > 0.0f).select(g, zero);
    g = through;
    sum += through;
  }
  PanelOut(t.gradient_bias) = sum;
}

void hidden_forward(const HiddenTile& t) {
  if (!t.norm) return relu_forward(t);
  const auto n = static_cast<float>(t.samples);
  Panel sum = Panel::Zero();
  const bool change = t.bias != nullptr || !t.norm_first;
  const Panel bias = t.bias != nullptr ? Panel(PanelIn(t.bias)) : Panel(Panel::Zero());
  for (Size s = 0; s < t.samples; ++s) {
    PanelOut z(t.z + s * panel);
    if (change) {
      z += bias;
      if (!t.norm_first) z = z.max(0.0f);
    }
    sum += z;
  }
  const Panel mean = sum / n;
  Panel squares = Panel::Zero();
  for (Size s = 0; s < t.samples; ++s) squares += (PanelIn(t.z + s * panel) - mean).square();
  const Panel inverse_sd = (squares / n + t.eps).sqrt().inverse();
  PanelOut(t.mean) = mean;
  PanelOut(t.inverse_sd) = inverse_sd;
  PanelOut running_mean(t.running_mean);
  PanelOut running_variance(t.running_variance);
  running_mean += t.momentum * (mean - running_mean);
  running_variance += t.momentum * (squares / (n - 1.0f) - running_variance);

  const Panel gamma = PanelIn(t.gamma);
  const Panel beta = PanelIn(t.beta);
  for (Size s = 0; s < t.samples; ++s) {
    const Size at = s * panel;
    Panel u = (PanelIn(t.z + at) - mean) * inverse_sd * gamma + beta;
    if (t.norm_first) u = u.max(0.0f);
    if (t.keep != nullptr) u *= PanelIn(t.keep + at);
    PanelOut(t.activation + at) = u;
  }
}

void hidden_backward(const HiddenTile& t) {
  if (!t.norm) return relu_backward(t);
  const auto n = static_cast<float>(t.samples);
  const Panel mean = PanelIn(t.mean);
  const Panel inverse_sd = PanelIn(t.inverse_sd);
  const Panel zero = Panel::Zero();
  Panel sum = zero;
  Panel dot = zero;
  for (Size s = 0; s < t.samples; ++s) {
    const Size at = s * panel;
    Panel g = PanelOut(t.gradient + at);
    if (t.keep != nullptr) g *= PanelIn(t.keep + at);
    // Where dropout is zero so is g, so that the activation's sign is that of the ReLU's input.
    if (t.norm_first) g = (PanelIn(t.activation + at) > 0.0f).select(g, zero);
    PanelOut(t.gradient + at) = g;
    sum += g;
    dot += g * ((PanelIn(t.z + at) - mean) * inverse_sd);
  }
  PanelOut(t.gradient_gamma) = dot;
  PanelOut(t.gradient_beta) = sum;

  const Panel factor = PanelIn(t.gamma) * inverse_sd;
  const Panel mean_gradient = sum / n;
  const Panel mean_dot = dot / n;
  Panel bias_sum = zero;
  for (Size s = 0; s < t.samples; ++s) {
    const Size at = s * panel;
    const Panel z = PanelIn(t.z + at);
    PanelOut g(t.gradient + at);
    Panel dz = factor * (g - mean_gradient - (z - mean) * inverse_sd * mean_dot);
    if (!t.norm_first) dz = (z > 0.0f).select(dz, zero);
    bias_sum += dz;
    g = dz;
  }
  if (t.bias != nullptr) PanelOut(t.gradient_bias) = bias_sum;
}

struct Output {
  const OutputTile& t;
  double& loss;

  template <int lanes>
  void run(Size f) const {
    const Lanes<lanes> bias = In<lanes>(t.bias + f);
    const Lanes<lanes> zero = Lanes<lanes>::Zero();
    Lanes<lanes> gradient_bias = zero;
    Lanes<lanes> squares = zero;
    for (Size s = 0; s < t.samples; ++s) {
      const Size at = f + s * t.target_stride;
      const In<lanes> target(t.target + at);
      Out<lanes> y(t.y + f + s * panel);
      const Lanes<lanes> difference = (target == target).select(y + bias - target, zero);
      if (t.weight != nullptr) {
        const Lanes<lanes> weighted = difference * In<lanes>(t.weight + at);
        squares += weighted * difference;
        y = t.scale * weighted;
      } else {
        squares += difference.square();
        y = t.scale * difference;
      }
      gradient_bias += y;
    }
    loss += squares.template cast<double>().sum();
    Out<lanes>(t.gradient_bias + f) = gradient_bias;
  }
};

double output(const OutputTile& tile) {
  double loss = 0;
  for_strips(tile.features, Output{tile, loss});
  return loss;
}

struct Adam {
  const UpdateRule& rule;
  const float* gradient;
  float* weight;
  float* first;
  float* second;

  template <int lanes>
  void run(Size i) const {
    const In<lanes> g(gradient + i);
    Out<lanes> w(weight + i);
    Out<lanes> m(first + i);
    Out<lanes> v(second + i);
    m = rule.beta1 * m + (1.0f - rule.beta1) * g;
    v = rule.beta2 * v + (1.0f - rule.beta2) * g.square();
    w = w * rule.shrink - rule.rate * (m / (v.sqrt() * rule.correction2 + rule.eps));
  }
};

void update(const UpdateRule& rule, Size n, const float* gradient, float* weight, float* first,
            float* second) {
  using Vector = Eigen::Map<Eigen::ArrayXf>;
  const Eigen::Map<const Eigen::ArrayXf> g(gradient, n);
  switch (rule.kind) {
    case UpdateKind::adam:
      for_strips(n, Adam{rule, gradient, weight, first, second});
      return;
    case UpdateKind::sgd:
      Vector(weight, n) -= rule.rate * g;
      return;
    case UpdateKind::record:
      Vector(first, n) = g;
      return;
  }
}

}  // namespace

extern const TrainKernels SICMIR_JOIN(train_kernels_, SICMIR_KERNEL_SET);
const TrainKernels SICMIR_JOIN(train_kernels_, SICMIR_KERNEL_SET) = {
    .dropout = dropout,
    .hidden_forward = hidden_forward,
    .hidden_backward = hidden_backward,
    .output = output,
    .update = update,
    .products = &SICMIR_JOIN(product_kernels_, SICMIR_KERNEL_SET)};

}  // namespace sicmir::kernels
