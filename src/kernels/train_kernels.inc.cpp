// Compiled once per instruction set, like kernels.inc.cpp; the same rules hold.

#include "kernels/train_kernels.hpp"

#include <Eigen/Core>
#include <cmath>

#include "kernels/kernel_set.inc.hpp"

namespace sicmir::kernels {

extern const TrainProducts SICMIR_JOIN(product_kernels_, SICMIR_KERNEL_SET);

namespace {

// Tiles are worked on in strips of this many features, whose sums then stay in registers.
constexpr int strip = 16;

template <int lanes>
using Lanes = Eigen::Array<float, lanes, 1>;
template <int lanes>
using In = Eigen::Map<const Lanes<lanes>>;
template <int lanes>
using Out = Eigen::Map<Lanes<lanes>>;

// Calls work.run<lanes>(first feature) for strips of 16 features, then for the rest one by one.
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

void dropout(std::uint64_t key, double rate, Size first_feature, Size features, Size samples,
             Size stride, float* keep) {
  const auto low = static_cast<std::uint32_t>(key);
  const auto high = static_cast<std::uint32_t>(key >> 32);
  const auto threshold = static_cast<std::uint32_t>(rate * 4294967296.0);
  const auto factor = static_cast<float>(1.0 / (1.0 - rate));
  for (Size sample = 0; sample < samples; ++sample) {
    const auto start = static_cast<std::uint32_t>(first_feature + sample * stride);
    float* column = keep + sample * stride;
    for (Size i = 0; i < features; ++i) {
      const std::uint32_t h = hash(hash((start + static_cast<std::uint32_t>(i)) ^ low) + high);
      column[i] = h < threshold ? 0.0f : factor;
    }
  }
}

struct HiddenForward {
  const HiddenTile& t;

  template <int lanes>
  void run(Size f) const {
    const auto n = static_cast<float>(t.samples);
    Lanes<lanes> sum = Lanes<lanes>::Zero();
    const bool change = t.bias != nullptr || !t.norm_first;
    const Lanes<lanes> bias = t.bias != nullptr ? Lanes<lanes>(In<lanes>(t.bias + f))
                                                : Lanes<lanes>(Lanes<lanes>::Zero());
    for (Size s = 0; s < t.samples; ++s) {
      Out<lanes> z(t.z + f + s * t.stride);
      if (change) {
        z += bias;
        if (!t.norm_first) z = z.max(0.0f);
      }
      sum += z;
    }
    const Lanes<lanes> mean = sum / n;
    Lanes<lanes> squares = Lanes<lanes>::Zero();
    for (Size s = 0; s < t.samples; ++s) {
      squares += (In<lanes>(t.z + f + s * t.stride) - mean).square();
    }
    const Lanes<lanes> inverse_sd = (squares / n + t.eps).sqrt().inverse();
    Out<lanes>(t.mean + f) = mean;
    Out<lanes>(t.inverse_sd + f) = inverse_sd;
    Out<lanes> running_mean(t.running_mean + f);
    Out<lanes> running_variance(t.running_variance + f);
    running_mean += t.momentum * (mean - running_mean);
    running_variance += t.momentum * (squares / (n - 1.0f) - running_variance);

    const Lanes<lanes> gamma = In<lanes>(t.gamma + f);
    const Lanes<lanes> beta = In<lanes>(t.beta + f);
    for (Size s = 0; s < t.samples; ++s) {
      const Size at = f + s * t.stride;
      Lanes<lanes> u = (In<lanes>(t.z + at) - mean) * inverse_sd * gamma + beta;
      if (t.norm_first) u = u.max(0.0f);
      if (t.keep != nullptr) u *= In<lanes>(t.keep + at);
      Out<lanes>(t.activation + at) = u;
    }
  }
};

struct HiddenBackward {
  const HiddenTile& t;

  template <int lanes>
  void run(Size f) const {
    const auto n = static_cast<float>(t.samples);
    const Lanes<lanes> mean = In<lanes>(t.mean + f);
    const Lanes<lanes> inverse_sd = In<lanes>(t.inverse_sd + f);
    const Lanes<lanes> zero = Lanes<lanes>::Zero();
    Lanes<lanes> sum = zero;
    Lanes<lanes> dot = zero;
    for (Size s = 0; s < t.samples; ++s) {
      const Size at = f + s * t.stride;
      Lanes<lanes> g = Out<lanes>(t.gradient + at);
      if (t.keep != nullptr) g *= In<lanes>(t.keep + at);
      // Where dropout is zero so is g, so that the activation's sign is that of the ReLU's input.
      if (t.norm_first) g = (In<lanes>(t.activation + at) > 0.0f).select(g, zero);
      Out<lanes>(t.gradient + at) = g;
      sum += g;
      dot += g * ((In<lanes>(t.z + at) - mean) * inverse_sd);
    }
    Out<lanes>(t.gradient_gamma + f) = dot;
    Out<lanes>(t.gradient_beta + f) = sum;

    const Lanes<lanes> factor = In<lanes>(t.gamma + f) * inverse_sd;
    const Lanes<lanes> mean_gradient = sum / n;
    const Lanes<lanes> mean_dot = dot / n;
    Lanes<lanes> bias_sum = zero;
    for (Size s = 0; s < t.samples; ++s) {
      const Size at = f + s * t.stride;
      const Lanes<lanes> z = In<lanes>(t.z + at);
      Out<lanes> g(t.gradient + at);
      Lanes<lanes> dz = factor * (g - mean_gradient - (z - mean) * inverse_sd * mean_dot);
      if (!t.norm_first) dz = (z > 0.0f).select(dz, zero);
      bias_sum += dz;
      g = dz;
    }
    if (t.bias != nullptr) Out<lanes>(t.gradient_bias + f) = bias_sum;
  }
};

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
      const Size at = f + s * t.stride;
      const In<lanes> target(t.target + at);
      Out<lanes> y(t.y + at);
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

void hidden_forward(const HiddenTile& tile) {
  for_strips(tile.features, HiddenForward{tile});
}

void hidden_backward(const HiddenTile& tile) {
  for_strips(tile.features, HiddenBackward{tile});
}

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
