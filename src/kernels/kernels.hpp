#pragma once
/// The wall between sicmir and the instruction set: everything behind it is compiled once for
/// x86-64-v2 and once for x86-64-v3 (AVX2, FMA) from the same sources, *.inc.cpp, and chosen at run
/// time. Only plain pointers cross it: inline templates compiled with different flags must
/// never meet in one link under the same names.

namespace sicmir::kernels {

struct TrainKernels;  // train_kernels.hpp
struct InferKernels;  // infer_kernels.hpp

struct Kernels {
  const char* name;           ///< "v2" or "v3"
  const TrainKernels* train;  ///< what only training needs
  const InferKernels* infer;  ///< what only prediction needs
};

/// The kernels in use: the best that the processor runs, unless SICMIR_KERNEL names another. Throws
/// Error(usage) if it names one that does not exist or that this processor cannot run.
[[nodiscard]] const Kernels& active();

}  // namespace sicmir::kernels
