// SPDX-License-Identifier: BSD-3-Clause
// Dense layers in bf16: inputs and weights are rounded to 8 significant bits, products and sums are
// float32. Compiled once, for x86-64-v4 with AVX512-BF16; the rules of kernels.inc.cpp hold. The
// blocking is that of infer_kernels.inc.cpp, with pairs of inputs in place of inputs.
//
// vdpbf16ps adds two products to each float32 sum, and vcvtne2ps2bf16 rounds to nearest even (Intel
// 64 and IA-32 Architectures Software Developer's Manual, volume 2). Both take denormal numbers for
// 0, whatever the floating point environment says.

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "kernels/infer_kernels.hpp"

// std::array's functions are templates of the standard library, see kernels.inc.cpp.
// NOLINTBEGIN(modernize-avoid-c-arrays)
namespace sicmir::kernels {
namespace {

constexpr Size lanes = 16;
// A step of the product keeps this many vectors of features x cells in registers: 24 of the 32.
constexpr Size most_vectors = 3;
constexpr Size group_cells = 8;
constexpr Size panel_features = most_vectors * lanes;
// Inputs summed at a time: the panel of weights (48 KB) stays near the processor for all cells of a
// tile, and so do the cells' own inputs (256 KB for 256 cells) for all panels.
constexpr Size most_inputs = 512;
constexpr Size inputs_converted_at_once = 2 * lanes;

// Not the standard library's: its templates could be linked in place of another instruction set's.
constexpr Size least(Size a, Size b) {
  return a < b ? a : b;
}

constexpr Size rounded_up(Size n, Size unit) {
  return (n + unit - 1) / unit * unit;
}

constexpr Size pairs_of(Size n_inputs) {
  return (n_inputs + 1) / 2;
}

/// The first `count` lanes; none below 1, all from 16 on.
inline __mmask16 first_lanes(Size count) {
  const unsigned all = 0xFFFFU;
  return static_cast<__mmask16>(count >= lanes ? all : count < 1 ? 0U : (1U << count) - 1U);
}

/// `pair` (two bf16 numbers) in all lanes.
inline __m512bh all(const float* pair) {
  std::int32_t bits = 0;
  std::memcpy(&bits, pair, sizeof bits);
  const __m512i vector = _mm512_set1_epi32(bits);
  __m512bh pairs;
  std::memcpy(&pairs, &vector, sizeof pairs);
  return pairs;
}

inline __m512bh load_pairs(const float* from) {
  __m512bh pairs;
  std::memcpy(&pairs, from, sizeof pairs);
  return pairs;
}

/// Rounded to bf16, in the low halves of 32 bits.
inline __m512i rounded(__m512 values) {
  const __m256bh narrow = _mm512_cvtneps_pbh(values);
  __m256i bits;
  std::memcpy(&bits, &narrow, sizeof bits);
  return _mm512_cvtepu16_epi32(bits);
}

/// The inputs, cut into stretches of nearly equal length, all but the last one of whole pairs.
Size inputs_at_once(Size k) {
  const Size n_stretches = (k + most_inputs - 1) / most_inputs;
  if (n_stretches < 2) return k;
  return rounded_up((k + n_stretches - 1) / n_stretches, inputs_converted_at_once);
}

// packed: stretch of inputs after stretch; in it, panel of features after panel; in it, pair of
// inputs after pair the panel's features, each with both inputs. What is beyond m or k is 0.
Size packed_floats(Size m, Size k) {
  return rounded_up(m, panel_features) * pairs_of(k);
}

void pack(Size m, Size k, const float* a, Size lda, float* packed) {
  const Size stretch = inputs_at_once(k);
  for (Size from = 0; from < k; from += stretch) {
    const Size to = least(from + stretch, k);
    for (Size feature = 0; feature < m; feature += panel_features) {
      for (Size input = from; input < to; input += 2) {
        for (Size vector = 0; vector < panel_features; vector += lanes) {
          const Size left = m - feature - vector;
          const float* const weights = a + input * lda + least(feature + vector, m);
          const __mmask16 second = first_lanes(input + 1 < to ? left : 0);
          const __m512i low = rounded(_mm512_maskz_loadu_ps(first_lanes(left), weights));
          const __m512i high = rounded(_mm512_maskz_loadu_ps(second, weights + lda));
          const __m512i both = _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
          std::memcpy(packed + vector, &both, sizeof both);
        }
        packed += panel_features;
      }
    }
  }
}

Size scratch_floats(Size n, Size k) {
  return rounded_up(n, group_cells) * pairs_of(inputs_at_once(k));
}

/// Group of cells after group: pair of inputs after pair the values of its cells, rounded. The last
/// cell fills the last group up, a 0 the last pair.
void arrange(Size n, Size count, const float* b, Size ldb, float* arranged) {
  for (Size cell = 0; cell < n; cell += group_cells) {
    for (Size input = 0; input < count; input += inputs_converted_at_once) {
      const Size left = least(inputs_converted_at_once, count - input);
      const Size n_pairs = pairs_of(left);
      for (Size j = 0; j < group_cells; ++j) {
        const float* const from = b + least(cell + j, n - 1) * ldb + input;
        const __m512bh pairs =
            _mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(first_lanes(left - lanes), from + lanes),
                                _mm512_maskz_loadu_ps(first_lanes(left), from));
        float words[lanes];
        std::memcpy(words, &pairs, sizeof words);
        for (Size i = 0; i < n_pairs; ++i) {
          std::memcpy(arranged + i * group_cells + j, words + i, sizeof(float));
        }
      }
      arranged += n_pairs * group_cells;
    }
  }
}

struct Stretch {
  Size n_pairs;  // of inputs
  bool first;    // sums begin with the bias
  bool relu;     // sums are complete
};

/// One panel of features for all cells. `rows`: how many of the panel's features there are, in this
/// many vectors.
template <Size vectors>
void multiply_panel(const Stretch& stretch, Size rows, Size n, const float* a, const float* b,
                    const float* bias, float* c, Size ldc) {
  __mmask16 mask[vectors];
  for (Size v = 0; v < vectors; ++v) mask[v] = first_lanes(rows - v * lanes);
  for (Size cell = 0; cell < n; cell += group_cells) {
    const Size n_cells = least(group_cells, n - cell);
    __m512 sum[group_cells][vectors];
#pragma GCC unroll 8
    for (Size j = 0; j < group_cells; ++j) {
      const float* const start = stretch.first || j >= n_cells ? bias : c + (cell + j) * ldc;
#pragma GCC unroll 3
      for (Size v = 0; v < vectors; ++v) {
        sum[j][v] = _mm512_maskz_loadu_ps(mask[v], start + v * lanes);
      }
    }
    const float* weights = a;
    for (Size pair = 0; pair < stretch.n_pairs; ++pair) {
      __m512bh weight[vectors];
#pragma GCC unroll 3
      for (Size v = 0; v < vectors; ++v) weight[v] = load_pairs(weights + v * lanes);
#pragma GCC unroll 8
      for (Size j = 0; j < group_cells; ++j) {
        const __m512bh value = all(b + j);
#pragma GCC unroll 3
        for (Size v = 0; v < vectors; ++v) {
          sum[j][v] = _mm512_dpbf16_ps(sum[j][v], weight[v], value);
        }
      }
      weights += panel_features;
      b += group_cells;
    }
    const __m512 zero = _mm512_setzero_ps();
#pragma GCC unroll 8
    for (Size j = 0; j < group_cells; ++j) {
      if (j >= n_cells) break;
#pragma GCC unroll 3
      for (Size v = 0; v < vectors; ++v) {
        const __m512 value = stretch.relu ? _mm512_max_ps(sum[j][v], zero) : sum[j][v];
        _mm512_mask_storeu_ps(c + (cell + j) * ldc + v * lanes, mask[v], value);
      }
    }
  }
}

void multiply(Size m, Size n, Size k, const float* packed, const float* bias, bool relu,
              const float* b, Size ldb, float* c, Size ldc, float* scratch) {
  const Size at_once = inputs_at_once(k);
  for (Size from = 0; from < k; from += at_once) {
    const Size count = least(at_once, k - from);
    arrange(n, count, b + from, ldb, scratch);
    const Stretch stretch{pairs_of(count), from == 0, relu && from + count == k};
    for (Size feature = 0; feature < m; feature += panel_features) {
      const Size rows = least(panel_features, m - feature);
      const auto panel = rows <= lanes       ? multiply_panel<1>
                         : rows <= 2 * lanes ? multiply_panel<2>
                                             : multiply_panel<most_vectors>;
      panel(stretch, rows, n, packed, scratch, bias + feature, c + feature, ldc);
      packed += panel_features * stretch.n_pairs;
    }
  }
}

}  // namespace

extern const DenseKernels dense_kernels_bf16;
const DenseKernels dense_kernels_bf16 = {.packed_floats = packed_floats,
                                         .pack = pack,
                                         .scratch_floats = scratch_floats,
                                         .multiply = multiply};

}  // namespace sicmir::kernels
// NOLINTEND(modernize-avoid-c-arrays)
