// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/memory_limit.hpp"

#include <malloc.h>
#include <unistd.h>

#include <fstream>

namespace sicmir::h5 {

namespace {

/// Bytes that count against RLIMIT_DATA.
std::uint64_t data_bytes() {
  // proc(5): size, resident, shared, text, lib, data + stack; in pages.
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  for (int field = 0; field < 6; ++field) statm >> pages;
  if (statm) return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  // Without /proc, what the allocator knows of, and ample room for the stacks of threads.
  constexpr std::uint64_t room = std::uint64_t{1} << 30;
  const struct mallinfo2 heap = mallinfo2();
  return heap.arena + heap.hblkhd + room;
}

}  // namespace

MemoryLimit::MemoryLimit(std::uint64_t more) {
  if (getrlimit(RLIMIT_DATA, &before_) != 0) return;
  rlimit limit = before_;
  limit.rlim_cur = data_bytes() + more;
  if (limit.rlim_cur >= before_.rlim_cur) return;
  bound_.emplace();
  set_ = setrlimit(RLIMIT_DATA, &limit) == 0;
  if (!set_) bound_.reset();
}

MemoryLimit::~MemoryLimit() {
  if (set_) setrlimit(RLIMIT_DATA, &before_);
}

}  // namespace sicmir::h5
