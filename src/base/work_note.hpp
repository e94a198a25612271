// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What this process is at, for a process that watches over it and has to explain its sudden end.

#include <cstdint>
#include <string>
#include <utility>

namespace sicmir {

enum class Work : std::uint8_t {
  other,
  reading_input,  ///< the HDF5 library has, or had, an input open
  reading_model,  ///< the HDF5 library has a model open
  carrying_over,  ///< what an input knows of its cells is being copied
};

struct WorkNote {
  Work work = Work::other;
  std::string path;  ///< of the file
};

/// From here on, notes stand in memory that child processes share. To be called before they start,
/// and while there is one thread; until then note_work() does nothing.
void share_work_notes();

/// The latest note, of whichever process.
[[nodiscard]] WorkNote latest_work_note();

void note_work(Work work, const std::string& path) noexcept;

/// A note for as long as this lives; then Work::other.
class ScopedWork {
 public:
  ScopedWork() = default;
  ScopedWork(Work work, const std::string& path) noexcept : noted_(true) { note_work(work, path); }
  ScopedWork(ScopedWork&& other) noexcept : noted_(std::exchange(other.noted_, false)) {}
  ScopedWork& operator=(ScopedWork&& other) noexcept {
    std::swap(noted_, other.noted_);
    return *this;
  }
  ScopedWork(const ScopedWork&) = delete;
  ScopedWork& operator=(const ScopedWork&) = delete;
  ~ScopedWork() {
    if (noted_) note_work(Work::other, "");
  }

 private:
  bool noted_ = false;
};

/// Around calls of a library that may not come back from a damaged file; may be nested. The thread
/// holds the library's lock.
void enter_library() noexcept;
void leave_library() noexcept;

/// How often enter_library() was called; 0 while no thread is inside.
[[nodiscard]] std::uint64_t library_calls() noexcept;

}  // namespace sicmir
