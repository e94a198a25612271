#pragma once
/// The wall between sicmir and the instruction set: everything behind it is compiled once for
/// x86-64-v2 and once for x86-64-v3 (AVX2, FMA) from the same source, kernels.inc.cpp, and chosen
/// at run time. Only plain pointers cross it: inline templates compiled with different flags must
/// never meet in one link under the same names.

#include <cstdint>
#include <string>

namespace sicmir::kernels {

using Size = std::int64_t;

struct TrainKernels;  // train_kernels.hpp
struct InferKernels;  // infer_kernels.hpp

enum class Transpose : bool { no, yes };

struct Kernels {
  const char* name;  ///< "v2" or "v3"

  /// c = op(a) * op(b), or c += with `accumulate`. Column-major; op(a): m x k, op(b): k x n, c: m x
  /// n; lda, ldb, ldc: distances between columns. No thread is started. For equal sizes and flags,
  /// a column of c depends on nothing but the same column of op(b) and on op(a), provided n is a
  /// multiple of 8.
  void (*multiply)(Transpose a_op, Transpose b_op, Size m, Size n, Size k, const float* a, Size lda,
                   const float* b, Size ldb, bool accumulate, float* c, Size ldc);

  /// x[:, j] += bias for each of n columns of length m, then max(x, 0) if relu.
  void (*add_bias)(Size m, Size n, const float* bias, bool relu, float* x, Size ldx);

  const TrainKernels* train;  ///< what only training needs
  const InferKernels* infer;  ///< what only prediction needs
};

/// The kernels in use: the best that the processor runs, unless SICMIR_KERNEL names another. Throws
/// Error(usage) if it names one that does not exist or that this processor cannot run.
[[nodiscard]] const Kernels& active();

}  // namespace sicmir::kernels
