// SPDX-License-Identifier: BSD-3-Clause
// Compiled once per instruction set, like kernels.inc.cpp; the same rules hold. The products of
// training, on matrices in panels (train_kernels.hpp). Each works on tiles of 24 x 4 numbers (in
// two halves without AVX), which stay in registers while the sum runs: one side is read as vectors,
// the other one number at a time. Weights never change their places: all three products read them,
// and the update writes them, panel by panel.

#include <Eigen/Core>
#include <cstring>

#include "kernels/kernel_set.inc.hpp"
#include "kernels/train_kernels.hpp"
#include "kernels/vectors.inc.hpp"

namespace sicmir::kernels {
namespace {

constexpr int vectors = 3;
constexpr Size unit = vectors * lanes;  // features, or samples, of a tile
constexpr Size units = panel / unit;
static_assert(units * unit == panel);
constexpr Size block = panel * panel;  // weights
// Panels of inputs summed at a time: their weights (60 KB) then stay near the processor for all
// samples.
constexpr Size most_panels = 26;

using Tile = Lanes[group][vectors];

/// sums[j] += sum over i < count of a[i * panel ...] * b[i * b_step + j].
template <Size b_step>
inline void multiply_tile(Size count, const float* a, const float* b, Tile& sums) {
  Lanes sum[group][vectors];
  for (int j = 0; j < group; ++j) {
    for (int v = 0; v < vectors; ++v) sum[j][v] = sums[j][v];
  }
  for (Size i = 0; i < count; ++i) {
    Lanes left[vectors];
    for (int v = 0; v < vectors; ++v) left[v] = load(a + v * lanes);
    for (int j = 0; j < group; ++j) {
      const Lanes right = all(b[j]);
      for (int v = 0; v < vectors; ++v) sum[j][v] = multiply_add(left[v], right, sum[j][v]);
    }
    a += panel;
    b += b_step;
  }
  for (int j = 0; j < group; ++j) {
    for (int v = 0; v < vectors; ++v) sums[j][v] = sum[j][v];
  }
}

inline void load_tile(const float* from, Tile& tile) {
  for (int j = 0; j < group; ++j) {
    for (int v = 0; v < vectors; ++v) tile[j][v] = load(from + j * panel + v * lanes);
  }
}

inline void store_tile(const Tile& tile, float* to) {
  for (int j = 0; j < group; ++j) {
    for (int v = 0; v < vectors; ++v) store(to + j * panel + v * lanes, tile[j][v]);
  }
}

/// Adam on `n` parameters in a row.
template <int n>
inline void adam(const UpdateRule& rule, const float* gradient, float* weight, float* first,
                 float* second) {
  using Numbers = Eigen::Array<float, n, 1>;
  const Eigen::Map<const Numbers, Eigen::Aligned32> g(gradient);
  Eigen::Map<Numbers> w(weight);
  Eigen::Map<Numbers> m(first);
  Eigen::Map<Numbers> v(second);
  m = rule.beta1 * m + (1.0F - rule.beta1) * g;
  v = rule.beta2 * v + (1.0F - rule.beta2) * g.square();
  w = w * rule.shrink - rule.rate * (m / (v.sqrt() * rule.correction2 + rule.eps));
}

void take_panel(Size features, Size samples, Size stride, const float* from, float* to) {
  for (Size sample = 0; sample < samples; ++sample) {
    std::memcpy(to + sample * panel, from + sample * stride,
                static_cast<std::size_t>(features) * sizeof(float));
  }
}

/// to[feature * width + j] = from[j * panel + feature] for j < n, 0 for n <= j < width.
template <Size width>
inline void turn(Size n, const float* from, float* to) {
  if (n >= width) {
    for (Size feature = 0; feature < panel; ++feature) {
      for (Size j = 0; j < width; ++j) to[feature * width + j] = from[j * panel + feature];
    }
    return;
  }
  for (Size feature = 0; feature < panel; ++feature) {
    for (Size j = 0; j < width; ++j) {
      to[feature * width + j] = j < n ? from[j * panel + feature] : 0.0F;
    }
  }
}

template <Size width>
void turn_all(Size first, Size features, Size samples, const float* from, float* to) {
  for (Size sample = 0; sample < samples; sample += width) {
    turn<width>(samples - sample, from + sample * panel, to + sample * features + first * width);
  }
}

/// Panels of inputs, cut into stretches of nearly equal length.
Size panels_at_once(Size n_panels) {
  const Size n_stretches = (n_panels + most_panels - 1) / most_panels;
  return (n_panels + n_stretches - 1) / n_stretches;
}

/// tile += weights * input of `n_panels` blocks that lie `distance` apart. While `fetching`, the
/// weights that come next are on their way from memory.
template <bool fetching>
inline void multiply_blocks(Size n_panels, Size distance, const float* weight, const float* input,
                            Tile& tile) {
  Lanes sum[group][vectors];
  for (int j = 0; j < group; ++j) {
    for (int v = 0; v < vectors; ++v) sum[j][v] = tile[j][v];
  }
  for (Size number = 0; number < n_panels; ++number) {
    for (Size i = 0; i < panel; ++i) {
      if (fetching) {
        __builtin_prefetch(weight + 2 * distance + i * panel);
        __builtin_prefetch(weight + 2 * distance + i * panel + 16);
      }
      Lanes left[vectors];
      for (int v = 0; v < vectors; ++v) left[v] = load(weight + i * panel + v * lanes);
      for (int j = 0; j < group; ++j) {
        const Lanes right = all(input[i * group + j]);
        for (int v = 0; v < vectors; ++v) sum[j][v] = multiply_add(left[v], right, sum[j][v]);
      }
    }
    weight += distance;
    input += panel * group;
  }
  for (int j = 0; j < group; ++j) {
    for (int v = 0; v < vectors; ++v) tile[j][v] = sum[j][v];
  }
}

void forward(const ForwardTile& t) {
  const Size distance = t.outputs * panel;
  const Size n_panels = t.inputs / panel;
  const Size stretch = panels_at_once(n_panels);
  for (Size from = 0; from < n_panels; from += stretch) {
    const Size count = least(stretch, n_panels - from);
    for (Size sample = 0; sample < t.samples; sample += group) {
      const float* input = t.input + sample * t.inputs + from * panel * group;
      for (Size part = 0; part < units; ++part) {
        const float* weight = t.weight + from * distance + part * unit;
        float* z = t.z + sample * panel + part * unit;
        Tile tile = {};
        if (from > 0) load_tile(z, tile);
        if (sample == 0) {
          multiply_blocks<true>(count, distance, weight, input, tile);
        } else {
          multiply_blocks<false>(count, distance, weight, input, tile);
        }
        store_tile(tile, z);
      }
    }
  }
}

/// `group` inputs, n_vectors of samples.
template <int n_vectors>
void gradient_tile(const InputGradient& t, const float* gradient, const float* weight, Size samples,
                   float* result) {
  Lanes sum[group][n_vectors] = {};
  for (Size output = 0; output < t.outputs; output += panel) {
    for (Size i = 0; i < panel; ++i) {
      Lanes left[n_vectors];
      for (int v = 0; v < n_vectors; ++v) left[v] = load(gradient + v * lanes);
      for (int j = 0; j < group; ++j) {
        const Lanes right = all(weight[j * panel + i]);
        for (int v = 0; v < n_vectors; ++v) sum[j][v] = multiply_add(left[v], right, sum[j][v]);
      }
      gradient += panel;
    }
    weight += block;
  }
  float turned[group][n_vectors * lanes];
  for (int j = 0; j < group; ++j) {
    for (int v = 0; v < n_vectors; ++v) store(turned[j] + v * lanes, sum[j][v]);
  }
  for (Size sample = 0; sample < samples; ++sample) {
    for (int j = 0; j < group; ++j) result[sample * panel + j] = turned[j][sample];
  }
}

using GradientTile = void (*)(const InputGradient&, const float*, const float*, Size, float*);

void input_gradient(const InputGradient& t) {
  constexpr GradientTile tiles[] = {gradient_tile<1>, gradient_tile<2>, gradient_tile<3>};
  for (Size sample = 0; sample < t.samples; sample += unit) {
    const Size n = least(unit, t.samples - sample);
    const GradientTile tile = tiles[(n - 1) / lanes];
    const float* gradient = t.gradient + sample / panel * panel * t.outputs + sample % panel;
    for (Size input = 0; input < panel; input += group) {
      tile(t, gradient, t.weight + input * panel, n, t.result + sample * panel + input);
    }
  }
}

void update_weights(const WeightTile& t) {
  alignas(32) float sums[group * panel];
  float* weight = t.weight;
  float* first = t.first;
  float* second = t.second;
  const float* gradient = t.gradient;
  for (Size output = 0; output < t.outputs; output += panel, gradient += t.gradient_stride) {
    for (Size input = 0; input < panel; input += group) {
      // Weights and their moments are more than fits into any cache: the next block's are fetched
      // while this one computes.
      for (Size ahead = block; ahead < block + group * panel; ahead += 16) {
        __builtin_prefetch(weight + ahead, 1);
        __builtin_prefetch(first + ahead, 1);
        __builtin_prefetch(second + ahead, 1);
      }
      for (Size part = 0; part < units; ++part) {
        Tile tile = {};
        multiply_tile<panel>(t.samples, gradient + part * unit, t.input + input, tile);
        store_tile(tile, sums + part * unit);
      }
      if (t.rule.kind == UpdateKind::adam) {
        adam<group * panel>(t.rule, sums, weight, first, second);
      } else {
        t.update(t.rule, group * panel, sums, weight, first, second);
      }
      weight += group * panel;
      first += group * panel;
      second += group * panel;
    }
  }
}

}  // namespace

extern const TrainProducts SICMIR_JOIN(product_kernels_, SICMIR_KERNEL_SET);
const TrainProducts SICMIR_JOIN(product_kernels_, SICMIR_KERNEL_SET) = {
    .take_panel = take_panel,
    .group_samples = turn_all<group>,
    .panel_samples = turn_all<panel>,
    .forward = forward,
    .input_gradient = input_gradient,
    .update_weights = update_weights};

}  // namespace sicmir::kernels
