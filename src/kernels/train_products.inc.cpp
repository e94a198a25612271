// Compiled once per instruction set, like kernels.inc.cpp; the same rules hold. The products of the
// backward pass. Both work on micro-tiles of 16 x 6 numbers, which stay in registers while the sum
// runs: one side is read as vectors from a packed panel, the other one number at a time.

#include <Eigen/Core>
#include <cstring>

#include "kernels/kernel_set.inc.hpp"
#include "kernels/train_kernels.hpp"
#include "kernels/vectors.inc.hpp"

namespace sicmir::kernels {
namespace {

constexpr int parts = panel / lanes;  // vectors that make up a panel
constexpr int most_columns = 6;
constexpr Size ahead = 2;  // panels that are fetched before they are needed

/// The same numbers at any address.
using Loose = float __attribute__((vector_size(lanes * sizeof(float)), aligned(4), may_alias));

/// out[column][i] = sum over k of a[k][i] * b[column * column_step + k * step]. The loops over
/// columns and parts are written to be unrolled, so that the sums stay in registers.
template <int columns>
void micro_tile(Size k, const float* a, const float* b, Size column_step, Size step, float* out) {
  Lanes sum[columns][parts] = {};
  for (Size i = 0; i < k; ++i) {
    const float* left = a + i * panel;
    const float* right = b + i * step;
#pragma GCC unroll 6
    for (int column = 0; column < columns; ++column) {
      const float factor = right[column * column_step];
#pragma GCC unroll 4
      for (int part = 0; part < parts; ++part) {
        sum[column][part] += *reinterpret_cast<const Loose*>(left + part * lanes) * factor;
      }
    }
  }
#pragma GCC unroll 6
  for (int column = 0; column < columns; ++column) {
#pragma GCC unroll 4
    for (int part = 0; part < parts; ++part) {
      *reinterpret_cast<Loose*>(out + column * panel + part * lanes) = sum[column][part];
    }
  }
}

using MicroTile = void (*)(Size, const float*, const float*, Size, Size, float*);

MicroTile micro_tile_for(Size columns) {
  constexpr MicroTile tiles[] = {nullptr,       micro_tile<1>, micro_tile<2>, micro_tile<3>,
                                 micro_tile<4>, micro_tile<5>, micro_tile<6>};
  return tiles[columns];
}

/// Adam on the numbers of one panel and one column.
inline void adam(const UpdateRule& rule, const float* gradient, float* weight, float* first,
                 float* second) {
  using Numbers = Eigen::Array<float, panel, 1>;
  const Eigen::Map<const Numbers, Eigen::Aligned64> g(gradient);
  Eigen::Map<Numbers> w(weight);
  Eigen::Map<Numbers> m(first);
  Eigen::Map<Numbers> v(second);
  m = rule.beta1 * m + (1.0F - rule.beta1) * g;
  v = rule.beta2 * v + (1.0F - rule.beta2) * g.square();
  w = w * rule.shrink - rule.rate * (m / (v.sqrt() * rule.correction2 + rule.eps));
}

void pack_outputs(Size features, Size samples, Size stride, const float* from, float* to) {
  for (Size first = 0; first < features; first += panel) {
    const Size n = least(panel, features - first);
    float* at = to + first * samples;
    for (Size sample = 0; sample < samples; ++sample, at += panel) {
      const float* source = from + first + sample * stride;
      if (n == panel) {
        std::memcpy(at, source, panel * sizeof(float));
      } else {
        std::memset(at, 0, panel * sizeof(float));
        std::memcpy(at, source, static_cast<std::size_t>(n) * sizeof(float));
      }
    }
  }
}

void pack_samples(Size first_feature, Size features, Size all_features, Size samples, Size stride,
                  const float* from, float* to) {
  for (Size first = 0; first < samples; first += panel) {
    const Size n = least(panel, samples - first);
    float* block = to + first * all_features + first_feature * panel;
    for (Size feature = 0; feature < features; ++feature) {
      for (Size i = 0; i < panel; ++i) {
        block[feature * panel + i] = i < n ? from[feature + (first + i) * stride] : 0.0F;
      }
    }
  }
}

void input_gradient(const InputGradient& t) {
  float sums[most_columns * panel];
  for (Size column = 0; column < t.inputs; column += most_columns) {
    const Size columns = least(most_columns, t.inputs - column);
    const MicroTile tile = micro_tile_for(columns);
    for (Size first = 0; first < t.samples; first += panel) {
      tile(t.outputs, t.gradient + first * t.outputs, t.weight + column * t.outputs, t.outputs, 1,
           sums);
      const Size n = least(panel, t.samples - first);
      for (Size i = 0; i < n; ++i) {
        float* to = t.result + column + (first + i) * t.stride;
        for (Size c = 0; c < columns; ++c) to[c] = sums[c * panel + i];
      }
    }
  }
}

void update_weights(const WeightTile& t) {
  // Inputs of the tile side by side, so that the micro-tiles read them one after another.
  for (Size column = 0; column < t.inputs; column += most_columns) {
    const Size columns = least(most_columns, t.inputs - column);
    float* to = t.scratch + column * t.samples;
    for (Size sample = 0; sample < t.samples; ++sample) {
      const float* from = t.input + column + sample * t.input_stride;
      for (Size c = 0; c < columns; ++c) *to++ = from[c];
    }
  }
  alignas(64) float sums[most_columns * panel];
  // Down the columns, so that the weights and their moments stream through: they are more than fits
  // into any cache, while the packed gradient does.
  for (Size column = 0; column < t.inputs; column += most_columns) {
    const Size columns = least(most_columns, t.inputs - column);
    for (Size output = 0; output < t.outputs; output += panel) {
      const Size n = least(panel, t.outputs - output);
      const float* gradient = t.gradient + output * t.samples;
      if (t.rule.kind == UpdateKind::adam) {  // the next panel's numbers, while this one computes
        for (Size c = 0; c < columns; ++c) {
          const Size next = output + ahead * panel + (column + c) * t.outputs;
          __builtin_prefetch(t.weight + next, 1);
          __builtin_prefetch(t.first + next, 1);
          __builtin_prefetch(t.second + next, 1);
        }
      }
      micro_tile_for(columns)(t.samples, gradient, t.scratch + column * t.samples, 1, columns,
                              sums);
      for (Size c = 0; c < columns; ++c) {
        const Size at = output + (column + c) * t.outputs;
        const float* sum = sums + c * panel;
        if (t.rule.kind == UpdateKind::adam && n == panel) {
          adam(t.rule, sum, t.weight + at, t.first + at, t.second + at);
        } else {
          t.update(t.rule, n, sum, t.weight + at, t.first + at, t.second + at);
        }
      }
    }
  }
}

}  // namespace

extern const TrainProducts SICMIR_JOIN(product_kernels_, SICMIR_KERNEL_SET);
const TrainProducts SICMIR_JOIN(product_kernels_, SICMIR_KERNEL_SET) = {
    .pack_outputs = pack_outputs,
    .pack_samples = pack_samples,
    .input_gradient = input_gradient,
    .update_weights = update_weights};

}  // namespace sicmir::kernels
