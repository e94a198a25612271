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
  constexpr std::uintptr_t huge_page = 2 * megabyte;
  constexpr std::uintptr_t heap_bytes = 64 * megabyte;  // addresses, not memory
  // What is given back stays here to be used again. The first is glibc's upper bound.
  mallopt(M_MMAP_THRESHOLD, 32 * megabyte);
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(2 * heap_bytes));
  mallopt(M_TOP_PAD, static_cast<int>(heap_bytes));
  const auto begin = reinterpret_cast<std::uintptr_t>(sbrk(0));
  ::operator delete(::operator new(megabyte));  // makes the heap grow
  const auto end = reinterpret_cast<std::uintptr_t>(sbrk(0));
  mallopt(M_TOP_PAD, megabyte);
  const std::uintptr_t first = (begin + huge_page - 1) / huge_page * huge_page;
  // A wish; where it is not granted, pages are small.
  if (first < end) (void)madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
#endif
}

}  // namespace sicmir::cli
