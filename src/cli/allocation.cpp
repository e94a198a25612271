// SPDX-License-Identifier: BSD-3-Clause
// The allocator of the C library under a guard. HDF5 1.10, to which a failed allocation may happen
// anywhere, then loses what it was reading without a word, says that the file is damaged, or uses
// what it has freed. So does Eigen, which frees before it allocates. Nothing of that can be mended
// by the caller, so a small allocation that fails ends the process: with words, and nothing left.
// What C++ allocates still throws, and unwinds.
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "base/memory_demand.hpp"
#include "cli/heap.hpp"
#include "cli/supervisor.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SICMIR_OTHER_ALLOCATOR
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define SICMIR_OTHER_ALLOCATOR
#endif

namespace sicmir::cli {
namespace {

std::atomic<bool> is_guarded = false;

}  // namespace

void end_when_memory_is_short() noexcept {
  is_guarded.store(true);
}

}  // namespace sicmir::cli

#ifndef SICMIR_OTHER_ALLOCATOR

extern "C" {
// As glibc names its own (GLIBC_2.2.5).
void* __libc_malloc(std::size_t size) noexcept;                           // NOLINT
void* __libc_calloc(std::size_t count, std::size_t size) noexcept;        // NOLINT
void* __libc_realloc(void* memory, std::size_t size) noexcept;            // NOLINT
void* __libc_memalign(std::size_t alignment, std::size_t size) noexcept;  // NOLINT
}

namespace {

// More than this at once is more likely what a damaged file claims: its reader answers.
constexpr std::size_t small = std::size_t{1} << 30;

// This thread is about to throw std::bad_alloc; the runtime has room of its own for the exception.
thread_local bool is_throwing = false;

void* guarded(void* memory, std::size_t size) noexcept {
  if (memory == nullptr && size < small && !is_throwing && sicmir::cli::is_guarded.load() &&
      !sicmir::BoundedMemory::explains(size)) {
    sicmir::cli::end_for_lack_of_memory();
  }
  if (memory == nullptr) errno = ENOMEM;
  return memory;
}

/// As operator new is to be: asks the handler, throws.
template <typename Allocate>
void* allocated(Allocate allocate) {
  for (;;) {
    if (void* memory = allocate()) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) {
      is_throwing = true;
      try {
        throw std::bad_alloc();
      } catch (...) {
        is_throwing = false;
        throw;
      }
    }
    handler();
  }
}

void* new_memory(std::size_t size) {
  return allocated([&] { return __libc_malloc(size == 0 ? 1 : size); });
}

void* new_memory(std::size_t size, std::align_val_t alignment) {
  return allocated(
      [&] { return __libc_memalign(static_cast<std::size_t>(alignment), size == 0 ? 1 : size); });
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) noexcept {
  return guarded(__libc_malloc(size), size);
}

void* calloc(std::size_t nmemb, std::size_t size) noexcept {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(nmemb, size, &bytes)) bytes = small;
  return guarded(__libc_calloc(nmemb, size), bytes);
}

void* realloc(void* ptr, std::size_t size) noexcept {
  void* const moved = __libc_realloc(ptr, size);
  return size == 0 ? moved : guarded(moved, size);
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
  return guarded(__libc_memalign(alignment, size), size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return guarded(__libc_memalign(alignment, size), size);
}

int posix_memalign(void** memptr, std::size_t alignment, std::size_t size) noexcept {
  if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) {
    return EINVAL;
  }
  void* const found = guarded(__libc_memalign(alignment, size), size);
  if (found == nullptr) return ENOMEM;
  *memptr = found;
  return 0;
}

}  // extern "C"

// The forms for arrays and without exceptions call these two. What they give is freed by free().
void* operator new(std::size_t size) {
  return new_memory(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return new_memory(size, alignment);
}
void operator delete(void* memory) noexcept {
  std::free(memory);  // NOLINT
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);  // NOLINT
}
void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept {
  std::free(memory);  // NOLINT
}
void operator delete(void* memory, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
  std::free(memory);  // NOLINT
}

#endif
