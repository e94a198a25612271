// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What an allocation that fails is to mean: that memory is short, or that a file claims too much.

#include <cstddef>
#include <cstdint>

namespace sicmir {

/// Bytes of this process that count against RLIMIT_DATA; 0: not known (no /proc). Allocates
/// nothing.
[[nodiscard]] std::uint64_t data_bytes() noexcept;

/// While one lives, data_bytes() may not exceed `bound`: it was set to find out whether a file
/// claims more than it can hold. It holds for all threads. One at a time.
class BoundedMemory {
 public:
  explicit BoundedMemory(std::uint64_t bound) noexcept;
  ~BoundedMemory();
  BoundedMemory(const BoundedMemory&) = delete;
  BoundedMemory& operator=(const BoundedMemory&) = delete;
  /// Whether an allocation of `size` bytes that failed did so because of the bound, as its caller
  /// expects; otherwise memory is short. Async-signal-safe; allocates nothing.
  [[nodiscard]] static bool explains(std::size_t size) noexcept;
};

}  // namespace sicmir
