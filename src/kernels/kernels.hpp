// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The wall between sicmir and the instruction set: everything behind it is compiled once for
/// x86-64-v2 and once for x86-64-v3 (AVX2, FMA) from the same sources, *.inc.cpp, and chosen at run
/// time. Dense layers in bf16 have a source of their own, dense_bf16.cpp. Only plain pointers cross
/// it: inline templates compiled with different flags must never meet in one link under the same
/// names.

#include <cstdint>
#include <string>
#include <string_view>

namespace sicmir {
enum class Precision : std::uint8_t;  // sicmir/network.hpp
}

namespace sicmir::kernels {

struct TrainKernels;  // train_kernels.hpp
struct InferKernels;  // infer_kernels.hpp
struct DenseKernels;  // infer_kernels.hpp

struct Kernels {
  const char* name;           ///< "v2" or "v3"
  const TrainKernels* train;  ///< what only training needs
  const InferKernels* infer;  ///< what only prediction needs
};

/// The kernels in use: the best that the processor runs, unless SICMIR_KERNEL names another. Throws
/// Error(usage) if it names one that does not exist or that this processor cannot run.
[[nodiscard]] const Kernels& active();

/// Dense layers in this precision. Throws Error(usage) if this program on this processor has none.
[[nodiscard]] const DenseKernels& dense_kernels(Precision precision);

/// What outputs and reports record: "v3", or "v3+bf16".
[[nodiscard]] std::string kernel_name(Precision precision);

/// What keeps dense layers from being computed in bf16; empty: nothing. `kernel`: the name of those
/// in use; `processor_can`: it has AVX512-BF16 and the instructions that come with it.
[[nodiscard]] std::string obstacle_to_bf16(std::string_view kernel, bool processor_can);

}  // namespace sicmir::kernels
