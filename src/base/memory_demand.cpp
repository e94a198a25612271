// SPDX-License-Identifier: BSD-3-Clause
#include "base/memory_demand.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>

namespace sicmir {
namespace {

std::atomic<std::uint64_t> bound_now = 0;  // 0: none

}  // namespace

std::uint64_t data_bytes() noexcept {
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  std::array<char, 200> text{};
  const ssize_t length = ::read(file, text.data(), text.size());
  ::close(file);
  // proc(5): size, resident, shared, text, lib, data + stack; in pages.
  constexpr int data_field = 6;
  int field = 1;
  std::uint64_t pages = 0;
  for (ssize_t i = 0; i < length; ++i) {
    const char c = text[static_cast<std::size_t>(i)];
    if (c == ' ') {
      ++field;
    } else if (field == data_field && c >= '0' && c <= '9') {
      pages = pages * 10 + static_cast<std::uint64_t>(c - '0');
    }
  }
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

BoundedMemory::BoundedMemory(std::uint64_t bound) noexcept {
  bound_now.store(bound);
}

BoundedMemory::~BoundedMemory() {
  bound_now.store(0);
}

bool BoundedMemory::explains(std::size_t size) noexcept {
  const std::uint64_t bound = bound_now.load();
  if (bound == 0) return false;
  // The allocator asks the system for more than it was asked for.
  constexpr std::uint64_t at_once = std::uint64_t{1} << 20;
  const std::uint64_t used = data_bytes();
  return used == 0 || used + size + at_once > bound;
}

}  // namespace sicmir
