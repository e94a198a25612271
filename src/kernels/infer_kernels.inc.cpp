// SPDX-License-Identifier: BSD-3-Clause
// Compiled once per instruction set, like kernels.inc.cpp; the same rules hold.
//
// multiply() is the usual blocking of a matrix product (Goto and van de Geijn, ACM TOMS 34, 2008)
// with one difference: the weights never change, so they are arranged once, not for each product.

#include "kernels/infer_kernels.hpp"

#include "kernels/kernel_set.inc.hpp"
#include "kernels/vectors.inc.hpp"

namespace sicmir::kernels {
namespace {

// A step of the product keeps this many vectors of features x cells in registers: 12 of the 16.
constexpr int vectors = 3;
constexpr int group_cells = 4;
constexpr Size panel_features = vectors * lanes;
// Inputs summed at a time: a panel of weights (48 KB) then stays near the
// processor for all cells of a tile.
constexpr Size most_inputs = 512;
// Sparse inputs: vectors of features in registers.
constexpr int sparse_vectors = 8;
constexpr Size sparse_features = sparse_vectors * lanes;

inline Lanes at_least_zero(Lanes value) {
  const Lanes zero{};
  return value > zero ? value : zero;
}

/// `count` numbers, then zeros up to `size`.
inline void copy_padded(const float* from, Size count, Size size, float* to) {
  for (Size i = 0; i < count; ++i) to[i] = from[i];
  for (Size i = count; i < size; ++i) to[i] = 0.0F;
}

constexpr Size rounded_up(Size n, Size unit) {
  return (n + unit - 1) / unit * unit;
}

/// The inputs, cut into stretches of nearly equal length.
Size inputs_at_once(Size k) {
  const Size n_stretches = (k + most_inputs - 1) / most_inputs;
  return n_stretches < 2 ? k : (k + n_stretches - 1) / n_stretches;
}

// packed: stretch of inputs after stretch; in it, panel of features after panel; in it, input after
// input the panel's features. Features beyond m are zeros.
Size packed_floats(Size m, Size k) {
  return rounded_up(m, panel_features) * k;
}

void pack(Size m, Size k, const float* a, Size lda, float* packed) {
  const Size stretch = inputs_at_once(k);
  for (Size from = 0; from < k; from += stretch) {
    const Size to = least(from + stretch, k);
    for (Size feature = 0; feature < m; feature += panel_features) {
      const Size count = least(panel_features, m - feature);
      for (Size input = from; input < to; ++input) {
        copy_padded(a + input * lda + feature, count, panel_features, packed);
        packed += panel_features;
      }
    }
  }
}

Size scratch_floats(Size n, Size k) {
  return rounded_up(n, group_cells) * inputs_at_once(k);
}

/// Group of cells after group: input after input the values of its cells; zeros beyond n.
void arrange(Size n, Size count, const float* b, Size ldb, float* arranged) {
  for (Size cell = 0; cell < n; cell += group_cells) {
    const float* from[group_cells];
    for (int j = 0; j < group_cells; ++j) from[j] = b + least(cell + j, n - 1) * ldb;
    for (Size input = 0; input < count; ++input) {
      for (int j = 0; j < group_cells; ++j) arranged[j] = from[j][input];
      arranged += group_cells;
    }
  }
}

/// A tile of features x cells, as it is in c.
using Tile = Lanes[group_cells][vectors];

inline void multiply_tile(Size count, const float* a, const float* b, Tile& sums) {
  Lanes sum[group_cells][vectors];
  for (int j = 0; j < group_cells; ++j) {
    for (int v = 0; v < vectors; ++v) sum[j][v] = sums[j][v];
  }
  for (Size input = 0; input < count; ++input) {
    Lanes weight[vectors];
    for (int v = 0; v < vectors; ++v) weight[v] = load(a + v * lanes);
    for (int j = 0; j < group_cells; ++j) {
      const Lanes value = all(b[j]);
      for (int v = 0; v < vectors; ++v) sum[j][v] = multiply_add(weight[v], value, sum[j][v]);
    }
    a += panel_features;
    b += group_cells;
  }
  for (int j = 0; j < group_cells; ++j) {
    for (int v = 0; v < vectors; ++v) sums[j][v] = sum[j][v];
  }
}

struct Stretch {
  Size count;  // of inputs
  bool first;  // sums begin with the bias
  bool relu;   // sums are complete
};

/// One panel of features for all cells. `rows`: how many of the panel's features there are.
void multiply_panel(const Stretch& stretch, Size rows, Size n, const float* a, const float* b,
                    const float* bias, float* c, Size ldc) {
  float padded[panel_features];
  const bool whole_rows = rows == panel_features;
  for (Size cell = 0; cell < n; cell += group_cells) {
    Tile tile;
    const int n_cells = static_cast<int>(least(group_cells, n - cell));
    for (int j = 0; j < group_cells; ++j) {
      const float* start = stretch.first || j >= n_cells ? bias : c + (cell + j) * ldc;
      if (!whole_rows) {
        copy_padded(start, rows, panel_features, padded);
        start = padded;
      }
      for (int v = 0; v < vectors; ++v) tile[j][v] = load(start + v * lanes);
    }
    // What the next step begins with is on its way from the cache while this one computes.
    if (!stretch.first) {
      for (Size j = cell + group_cells; j < least(n, cell + 2 * group_cells); ++j) {
        __builtin_prefetch(c + j * ldc, 1);
        __builtin_prefetch(c + j * ldc + rows - 1, 1);
      }
    }
    multiply_tile(stretch.count, a, b + cell * stretch.count, tile);
    for (int j = 0; j < n_cells; ++j) {
      float* const end = c + (cell + j) * ldc;
      float* const to = whole_rows ? end : padded;
      for (int v = 0; v < vectors; ++v) {
        store(to + v * lanes, stretch.relu ? at_least_zero(tile[j][v]) : tile[j][v]);
      }
      if (!whole_rows) copy_padded(padded, rows, rows, end);
    }
  }
}

void multiply(Size m, Size n, Size k, const float* packed, const float* bias, bool relu,
              const float* b, Size ldb, float* c, Size ldc, float* scratch) {
  const Size at_once = inputs_at_once(k);
  for (Size from = 0; from < k; from += at_once) {
    const Size count = least(at_once, k - from);
    arrange(n, count, b + from, ldb, scratch);
    const Stretch stretch{count, from == 0, relu && from + count == k};
    for (Size feature = 0; feature < m; feature += panel_features) {
      multiply_panel(stretch, least(panel_features, m - feature), n, packed, scratch,
                     bias + feature, c + feature, ldc);
      packed += panel_features * count;
    }
  }
}

// packed: strip of features after strip; in it, input after input the strip's features.
Size sparse_packed_floats(Size m, Size k) {
  return rounded_up(m, sparse_features) * k;
}

void sparse_pack(Size m, Size k, const float* a, Size lda, float* packed) {
  for (Size feature = 0; feature < m; feature += sparse_features) {
    const Size count = least(sparse_features, m - feature);
    for (Size input = 0; input < k; ++input) {
      copy_padded(a + input * lda + feature, count, sparse_features, packed);
      packed += sparse_features;
    }
  }
}

void sparse(Size m, Size n, Size k, const float* packed, const float* bias, bool relu,
            const Size* offsets, const std::int32_t* genes, const float* values, float* c,
            Size ldc) {
  float padded[sparse_features];
  // A strip of weights (250 KB for 977 genes) stays in the second-level cache for all cells.
  for (Size feature = 0; feature < m; feature += sparse_features, packed += sparse_features * k) {
    const Size rows = least(sparse_features, m - feature);
    const bool whole = rows == sparse_features;
    const float* start = bias + feature;
    float padded_bias[sparse_features];
    if (!whole) {
      copy_padded(start, rows, sparse_features, padded_bias);
      start = padded_bias;
    }
    for (Size cell = 0; cell < n; ++cell) {
      Lanes sum[sparse_vectors];
      for (int v = 0; v < sparse_vectors; ++v) sum[v] = load(start + v * lanes);
      for (Size i = offsets[cell]; i < offsets[cell + 1]; ++i) {
        const float* const weight = packed + static_cast<Size>(genes[i]) * sparse_features;
        const Lanes value = all(values[i]);
        for (int v = 0; v < sparse_vectors; ++v) {
          sum[v] = multiply_add(load(weight + v * lanes), value, sum[v]);
        }
      }
      float* const end = c + cell * ldc + feature;
      float* const to = whole ? end : padded;
      for (int v = 0; v < sparse_vectors; ++v) {
        store(to + v * lanes, relu ? at_least_zero(sum[v]) : sum[v]);
      }
      if (!whole) copy_padded(padded, rows, rows, end);
    }
  }
}

}  // namespace

extern const InferKernels SICMIR_JOIN(infer_kernels_, SICMIR_KERNEL_SET);
const InferKernels SICMIR_JOIN(infer_kernels_, SICMIR_KERNEL_SET) = {
    .dense = {.packed_floats = packed_floats,
              .pack = pack,
              .scratch_floats = scratch_floats,
              .multiply = multiply},
    .sparse_packed_floats = sparse_packed_floats,
    .sparse_pack = sparse_pack,
    .sparse = sparse};

}  // namespace sicmir::kernels
