// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/memory_limit.hpp"

#include <malloc.h>

namespace sicmir::h5 {
namespace {

std::uint64_t data_now() {
  if (const std::uint64_t bytes = data_bytes(); bytes > 0) return bytes;
  // Without /proc, what the allocator knows of, and ample room for the stacks of threads.
  constexpr std::uint64_t room = std::uint64_t{1} << 30;
  const struct mallinfo2 heap = mallinfo2();
  return heap.arena + heap.hblkhd + room;
}

}  // namespace

MemoryLimit::MemoryLimit(std::uint64_t more) {
  if (getrlimit(RLIMIT_DATA, &before_) != 0) return;
  rlimit limit = before_;
  limit.rlim_cur = data_now() + more;
  if (limit.rlim_cur >= before_.rlim_cur) return;
  bound_.emplace(limit.rlim_cur);
  set_ = setrlimit(RLIMIT_DATA, &limit) == 0;
  if (!set_) bound_.reset();
}

MemoryLimit::~MemoryLimit() {
  if (set_) setrlimit(RLIMIT_DATA, &before_);
}

}  // namespace sicmir::h5
