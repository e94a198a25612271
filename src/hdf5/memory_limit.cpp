// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/memory_limit.hpp"

#include <unistd.h>

#include <fstream>

namespace sicmir::h5 {

MemoryLimit::MemoryLimit(std::uint64_t more) {
  // proc(5): size, resident, shared, text, lib, data + stack; in pages.
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  for (int field = 0; field < 6; ++field) statm >> pages;
  if (!statm || getrlimit(RLIMIT_DATA, &before_) != 0) return;
  rlimit limit = before_;
  limit.rlim_cur = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) + more;
  if (limit.rlim_cur >= before_.rlim_cur) return;
  set_ = setrlimit(RLIMIT_DATA, &limit) == 0;
}

MemoryLimit::~MemoryLimit() {
  if (set_) setrlimit(RLIMIT_DATA, &before_);
}

}  // namespace sicmir::h5
