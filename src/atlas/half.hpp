// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// IEEE 754 binary16 in memory: 1 bit of sign, 5 of exponent, 10 of mantissa.

#include <bit>
#include <cstdint>

namespace sicmir::atlas {

/// To nearest, ties to even; beyond 65504 infinite; every NaN is 0x7e00.
[[nodiscard]] inline std::uint16_t half_of(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000U);
  const std::uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) return 0x7e00U;
  if (magnitude >= 0x477ff000U) return static_cast<std::uint16_t>(sign | 0x7c00U);
  if (magnitude < 0x38800000U) {
    // Below the smallest normal number: adding 0.5 lets the processor round to steps of 2^-24.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3f000000U));
  }
  const std::uint32_t odd = (magnitude >> 13) & 1U;
  return static_cast<std::uint16_t>(sign | ((magnitude - 0x38000000U + 0xfffU + odd) >> 13));
}

/// Without branches, so that loops over many are vectorised.
[[nodiscard]] inline float float_of(std::uint16_t half) noexcept {
  const std::uint32_t sign = (half & 0x8000U) << 16;
  const std::uint32_t moved = (half & 0x7fffU) << 13;
  // The exponents of float32 begin 112 earlier; this holds for numbers below the normal ones, too.
  const auto scaled = std::bit_cast<std::uint32_t>(std::bit_cast<float>(moved) * 0x1p112F);
  const std::uint32_t special = moved >= 0x0f800000U ? 0x7f800000U : 0U;  // infinite, NaN
  return std::bit_cast<float>(sign | scaled | special);
}

}  // namespace sicmir::atlas
