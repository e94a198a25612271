// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A bound on what a library call may allocate.

#include <sys/resource.h>

#include <cstdint>
#include <optional>

#include "base/memory_demand.hpp"

namespace sicmir::h5 {

/// While it lives, the process gets at most `more` bytes of memory beyond what it has; allocations
/// beyond that fail. For calls whose allocations cannot be bounded otherwise. It holds for all
/// threads: leave them room. Without /proc, the bound is about 1 GiB higher.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::uint64_t more);
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;
  ~MemoryLimit();
  [[nodiscard]] bool is_set() const noexcept { return set_; }

 private:
  rlimit before_{};
  bool set_ = false;
  std::optional<BoundedMemory> bound_;  // while set_
};

}  // namespace sicmir::h5
