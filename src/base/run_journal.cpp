// SPDX-License-Identifier: BSD-3-Clause
#include "base/run_journal.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>

namespace sicmir {
namespace {

constexpr std::size_t room = std::size_t{1} << 20;
constexpr std::size_t longest_message = std::size_t{1} << 14;

/// At the start of the shared memory. The rooms behind it are touched only as they fill.
struct Header {
  std::atomic<std::size_t> message_bytes = 0;
  std::atomic<std::uint32_t> latest = 0;  // which of the two texts of facts is whole
  std::array<std::atomic<std::size_t>, 2> fact_bytes = {0, 0};
};
static_assert(std::atomic<std::size_t>::is_always_lock_free);

constexpr std::size_t header_bytes = 4096;
static_assert(sizeof(Header) <= header_bytes);

// Null until the journal is shared. Lives as long as the process.
Header* journal = nullptr;
std::mutex in_this_process;

std::span<char> message_room() {
  return {reinterpret_cast<char*>(journal) + header_bytes, room};
}

std::span<char> fact_room(std::uint32_t which) {
  return {reinterpret_cast<char*>(journal) + header_bytes + room * (which + 1), room};
}

}  // namespace

void share_run_journal() {
  if (journal != nullptr) return;
  void* memory = mmap(nullptr, header_bytes + 3 * room, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory != MAP_FAILED) journal = std::construct_at(static_cast<Header*>(memory));
}

void clear_run_journal() {
  if (journal == nullptr) return;
  journal->message_bytes = 0;
  journal->fact_bytes[0] = 0;
  journal->fact_bytes[1] = 0;
}

void note_message(LogLevel level, std::string_view text) noexcept {
  if (journal == nullptr || level < LogLevel::warning) return;
  const std::lock_guard lock(in_this_process);
  text = text.substr(0, longest_message);
  const auto length = static_cast<std::uint32_t>(text.size());
  const std::size_t start = journal->message_bytes;
  const std::size_t bytes = 1 + sizeof length + text.size();
  if (start + bytes > room) return;
  const std::span<char> place = message_room().subspan(start);
  place[0] = static_cast<char>(level);
  std::memcpy(place.data() + 1, &length, sizeof length);
  std::memcpy(place.data() + 1 + sizeof length, text.data(), text.size());
  journal->message_bytes = start + bytes;
}

std::vector<JournalMessage> noted_messages() {
  std::vector<JournalMessage> messages;
  if (journal == nullptr) return messages;
  const std::span<const char> kept =
      message_room().first(std::min<std::size_t>(journal->message_bytes, room));
  std::uint32_t length = 0;
  for (std::size_t at = 0; at + 1 + sizeof length <= kept.size();
       at += 1 + sizeof length + length) {
    std::memcpy(&length, kept.data() + at + 1, sizeof length);
    if (length > kept.size() - at - 1 - sizeof length) break;
    messages.push_back({static_cast<LogLevel>(kept[at]),
                        std::string(kept.data() + at + 1 + sizeof length, length)});
  }
  return messages;
}

void note_facts(std::string_view text) noexcept {
  if (journal == nullptr || text.size() > room) return;
  const std::lock_guard lock(in_this_process);
  const std::uint32_t other = 1 - journal->latest.load();
  std::memcpy(fact_room(other).data(), text.data(), text.size());
  journal->fact_bytes[other] = text.size();
  journal->latest = other;
}

std::string noted_facts() {
  if (journal == nullptr) return {};
  const std::uint32_t which = journal->latest.load() & 1U;
  return {fact_room(which).data(), std::min<std::size_t>(journal->fact_bytes[which], room)};
}

}  // namespace sicmir
