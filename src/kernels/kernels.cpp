// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/kernels.hpp"

#include <array>
#include <cstdlib>
#include <string>

#include "kernels/infer_kernels.hpp"
#include "sicmir/types.hpp"

namespace sicmir::kernels {

#ifdef SICMIR_HAS_KERNELS_v2
extern const Kernels kernels_v2;
#endif
#ifdef SICMIR_HAS_KERNELS_v3
extern const Kernels kernels_v3;
#endif
#ifdef SICMIR_HAS_KERNELS_generic
extern const Kernels kernels_generic;
#endif
#ifdef SICMIR_HAS_KERNELS_bf16
extern const DenseKernels dense_kernels_bf16;
#endif

namespace {

struct Candidate {
  const Kernels* kernels;
  bool runs_here;
};

const Kernels& choose() {
  const std::array candidates = {
#ifdef SICMIR_HAS_KERNELS_v3
      Candidate{&kernels_v3, __builtin_cpu_supports("avx2") != 0 &&
                                 __builtin_cpu_supports("fma") != 0 &&
                                 __builtin_cpu_supports("bmi2") != 0},
#endif
#ifdef SICMIR_HAS_KERNELS_v2
      Candidate{&kernels_v2, true},
#endif
#ifdef SICMIR_HAS_KERNELS_generic
      Candidate{&kernels_generic, true},
#endif
  };
  const char* variable = std::getenv("SICMIR_KERNEL");
  const std::string wanted = variable == nullptr ? "" : variable;
  std::string names;
  for (const Candidate& candidate : candidates) {
    if (!candidate.runs_here) continue;
    if (wanted.empty() || candidate.kernels->name == wanted) {
      return *candidate.kernels;
    }
    names += (names.empty() ? "" : ", ") + std::string(candidate.kernels->name);
  }
  throw Error(ExitCode::usage, "SICMIR_KERNEL is '" + wanted +
                                   "', but this program on this processor has: " + names +
                                   ". Unset SICMIR_KERNEL or name one of these.");
}

#ifdef SICMIR_HAS_KERNELS_bf16
/// What dense_bf16.cpp is compiled for: x86-64-v4 and AVX512-BF16.
bool processor_can_bf16() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512cd") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512bf16") != 0;
}

const DenseKernels* const compiled_for_bf16 = &dense_kernels_bf16;
#else
bool processor_can_bf16() {
  return false;
}

const DenseKernels* const compiled_for_bf16 = nullptr;
#endif

}  // namespace

const Kernels& active() {
  static const Kernels& chosen = choose();
  return chosen;
}

std::string obstacle_to_bf16(std::string_view kernel, bool processor_can) {
  if (!processor_can) {
    return "this processor has no AVX512-BF16 (`avx512_bf16` among the flags in /proc/cpuinfo)";
  }
  if (kernel != "v3") {
    return "SICMIR_KERNEL is '" + std::string(kernel) +
           "', which keeps newer instructions from being used";
  }
  return "";
}

const DenseKernels& dense_kernels(Precision precision) {
  const Kernels& kernels = active();
  if (precision == Precision::float32) return kernels.infer->dense;
  const std::string obstacle = obstacle_to_bf16(kernels.name, processor_can_bf16());
  if (obstacle.empty()) return *compiled_for_bf16;
  throw Error(ExitCode::usage,
              "bf16: " + obstacle +
                  ". It takes a processor with AVX512-BF16, and SICMIR_KERNEL not set or v3.",
              {Remedy::choose_precision});
}

std::string kernel_name(Precision precision) {
  return std::string(active().name) + (precision == Precision::bf16 ? "+bf16" : "");
}

}  // namespace sicmir::kernels
