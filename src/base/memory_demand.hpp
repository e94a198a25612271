// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What an allocation that fails is to mean: that memory is short, or that a file claims too much.

#include <atomic>

namespace sicmir {

/// While one lives, a failed allocation of any thread is an answer that its caller expects: a bound
/// was set to find out whether a file claims more than it can hold.
class BoundedMemory {
 public:
  BoundedMemory() noexcept { n_living.fetch_add(1); }
  ~BoundedMemory() { n_living.fetch_sub(1); }
  BoundedMemory(const BoundedMemory&) = delete;
  BoundedMemory& operator=(const BoundedMemory&) = delete;
  /// True while one lives. Async-signal-safe; allocates nothing.
  [[nodiscard]] static bool is_set() noexcept { return n_living.load() > 0; }

 private:
  static inline std::atomic<int> n_living = 0;
};

}  // namespace sicmir
