#pragma once
// For the *.inc.cpp files that hold numbers in vector registers themselves. Everything here is
// local to the file that includes it: compiled for another instruction set, it is something else.

#include <cstdint>

namespace sicmir::kernels {
namespace {

#ifdef __AVX__
constexpr int lanes = 8;
#else
constexpr int lanes = 4;
#endif
using Lanes = float __attribute__((vector_size(4 * lanes)));

// Not the standard library's: its templates could be linked in place of another instruction set's.
constexpr std::int64_t least(std::int64_t a, std::int64_t b) {
  return a < b ? a : b;
}

}  // namespace
}  // namespace sicmir::kernels
