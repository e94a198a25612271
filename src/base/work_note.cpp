// SPDX-License-Identifier: BSD-3-Clause
#include "base/work_note.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <cstring>
#include <memory>

namespace sicmir {
namespace {

struct SharedNote {
  std::atomic<Work> work = Work::other;
  std::array<char, PATH_MAX> path{};
  std::atomic<int> depth = 0;
  std::atomic<std::uint64_t> calls = 0;
};
static_assert(std::atomic<Work>::is_always_lock_free);

// Where the note stands; null until it is shared. Lives as long as the process.
SharedNote* shared_note = nullptr;

}  // namespace

void share_work_notes() {
  if (shared_note != nullptr) return;
  void* memory =
      mmap(nullptr, sizeof(SharedNote), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory != MAP_FAILED) shared_note = std::construct_at(static_cast<SharedNote*>(memory));
}

WorkNote latest_work_note() {
  if (shared_note == nullptr) return {};
  const auto end = std::find(shared_note->path.begin(), shared_note->path.end() - 1, '\0');
  return {shared_note->work, std::string(shared_note->path.begin(), end)};
}

void note_work(Work work, const std::string& path) noexcept {
  if (shared_note == nullptr) return;
  const std::size_t length = std::min(path.size(), shared_note->path.size() - 1);
  shared_note->work = Work::other;  // no path under the wrong heading, should the end come now
  std::memcpy(shared_note->path.data(), path.data(), length);
  shared_note->path[length] = '\0';
  shared_note->work = work;
}

void enter_library() noexcept {
  if (shared_note == nullptr) return;
  shared_note->depth.fetch_add(1);
  shared_note->calls.fetch_add(1);
}

void leave_library() noexcept {
  if (shared_note != nullptr) shared_note->depth.fetch_sub(1);
}

std::uint64_t library_calls() noexcept {
  if (shared_note == nullptr || shared_note->depth.load() == 0) return 0;
  return shared_note->calls.load();
}

}  // namespace sicmir
