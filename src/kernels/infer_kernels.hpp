// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The arithmetic of prediction, behind the same wall as the products (kernels.hpp): layers whose
/// weights were arranged once, when the model was read. Everything is column-major, a column being
/// a cell. Each column of a result depends on nothing but its own input and on the weights, and its
/// sums are taken in the same order however many columns stand beside it.

#include <cstdint>

namespace sicmir::kernels {

using Size = std::int64_t;

/// Where weights and inputs are arranged, memory must begin at a multiple of this many bytes.
inline constexpr Size alignment = 64;

/// Dense layers, in one precision. What is arranged is measured in floats, whatever is in them.
struct DenseKernels {
  /// Floats that pack() writes.
  Size (*packed_floats)(Size m, Size k);
  /// Arranges a: m x k, at distance lda between columns, for multiply().
  void (*pack)(Size m, Size k, const float* a, Size lda, float* packed);
  /// Floats of the scratch memory of multiply().
  Size (*scratch_floats)(Size n, Size k);
  /// c = a * b + bias, then max(c, 0) if `relu`; a: m x k, packed; b: k x n; c: m x n.
  void (*multiply)(Size m, Size n, Size k, const float* packed, const float* bias, bool relu,
                   const float* b, Size ldb, float* c, Size ldc, float* scratch);
};

struct InferKernels {
  DenseKernels dense;

  /// The same for sparse inputs.
  Size (*sparse_packed_floats)(Size m, Size k);
  void (*sparse_pack)(Size m, Size k, const float* a, Size lda, float* packed);
  /// Column j of c = bias + the sum of values[i] * a[:, genes[i]] for i in offsets[j] ..
  /// offsets[j + 1] - 1, in this order; then max(c, 0) if `relu`. genes: 0 .. k - 1.
  void (*sparse)(Size m, Size n, Size k, const float* packed, const float* bias, bool relu,
                 const Size* offsets, const std::int32_t* genes, const float* values, float* c,
                 Size ldc);
};

}  // namespace sicmir::kernels
