// SPDX-License-Identifier: BSD-3-Clause
#include "cli/heap.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>

namespace sicmir::cli {

void set_up_heap() {
#ifdef __GLIBC__
  constexpr int megabyte = 1 << 20;
  constexpr std::uintptr_t huge_page = std::uintptr_t{2} * megabyte;
  constexpr std::uintptr_t heap_bytes = std::uintptr_t{64} * megabyte;  // addresses, not memory
  // What is given back stays here to be used again. The first is glibc's upper bound.
  mallopt(M_MMAP_THRESHOLD, 32 * megabyte);
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(2 * heap_bytes));
  mallopt(M_TOP_PAD, static_cast<int>(heap_bytes));
  char* const begin = static_cast<char*>(sbrk(0));
  ::operator delete(::operator new(megabyte, std::nothrow));  // makes the heap grow
  char* const end = static_cast<char*>(sbrk(0));
  mallopt(M_TOP_PAD, megabyte);
  const std::uintptr_t past_page = reinterpret_cast<std::uintptr_t>(begin) % huge_page;
  const auto size = static_cast<std::uintptr_t>(end - begin);
  const std::uintptr_t skipped = past_page == 0 ? 0 : huge_page - past_page;
  // A wish; where it is not granted, pages are small.
  if (skipped < size) (void)madvise(begin + skipped, size - skipped, MADV_HUGEPAGE);
#endif
}

}  // namespace sicmir::cli
