// SPDX-License-Identifier: BSD-3-Clause
#pragma once
// For the *.inc.cpp files that hold numbers in vector registers themselves. Everything here is
// local to the file that includes it: compiled for another instruction set, it is something else.

#include <cstdint>
#include <cstring>
#ifdef __FMA__
#include <immintrin.h>
#endif

namespace sicmir::kernels {
namespace {

#ifdef __AVX__
constexpr int lanes = 8;
#else
constexpr int lanes = 4;
#endif
using Lanes = float __attribute__((vector_size(4 * lanes)));

inline Lanes load(const float* from) {
  Lanes value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline void store(float* to, Lanes value) {
  std::memcpy(to, &value, sizeof value);
}

inline Lanes all(float value) {
  return value - Lanes{};
}

/// a * b + c; rounded once where the processor can.
inline Lanes multiply_add(Lanes a, Lanes b, Lanes c) {
#ifdef __FMA__
  return _mm256_fmadd_ps(a, b, c);
#else
  return a * b + c;
#endif
}

// Not the standard library's: its templates could be linked in place of another instruction set's.
constexpr std::int64_t least(std::int64_t a, std::int64_t b) {
  return a < b ? a : b;
}

}  // namespace
}  // namespace sicmir::kernels
