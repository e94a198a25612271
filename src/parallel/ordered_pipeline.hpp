// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Read, work, write at the same time; results come out in the order in which items were read.

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace sicmir {

/// `read(in)` fills one item and returns false when nothing is left (one thread of its own);
/// `work(in, out)` runs in `n_workers` threads; `write(out)` runs in the calling thread, in reading
/// order. At most `n_workers + 2` items exist; their storage is reused. The first error in reading
/// order is rethrown, after everything before it has been written.
template <class In, class Out, class Read, class Work, class Write>
void ordered_pipeline(int n_workers, Read read, Work work, Write write) {
  enum class State : std::uint8_t { free, filled, working, done };
  struct Slot {
    In in{};
    Out out{};
    State state = State::free;
    std::exception_ptr error;
  };
  const auto workers_wanted = static_cast<std::size_t>(n_workers < 1 ? 1 : n_workers);
  std::vector<Slot> slots(workers_wanted + 2);
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t n_read = 0;   // items read so far
  std::uint64_t n_taken = 0;  // items taken by workers
  bool read_all = false;      // n_read is final
  bool stop = false;          // an error: everybody goes home
  const auto slot_of = [&](std::uint64_t item) -> Slot& { return slots[item % slots.size()]; };

  const auto reader = [&] {
    for (;;) {
      std::unique_lock lock(mutex);
      Slot& slot = slot_of(n_read);
      changed.wait(lock, [&] { return stop || slot.state == State::free; });
      if (stop) return;
      lock.unlock();
      bool got = false;
      std::exception_ptr error;
      try {
        got = read(slot.in);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      if (error || got) {  // an error takes its place in the order, after what was read before it
        slot.error = error;
        slot.state = State::filled;
        ++n_read;
      }
      if (error || !got) read_all = true;
      changed.notify_all();
      if (read_all) return;
    }
  };
  const auto worker = [&] {
    for (;;) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] {
        return stop || (n_taken < n_read && slot_of(n_taken).state == State::filled) ||
               (read_all && n_taken >= n_read);
      });
      if (stop || n_taken >= n_read) return;
      Slot& slot = slot_of(n_taken++);
      slot.state = State::working;
      lock.unlock();
      if (!slot.error) {
        try {
          work(slot.in, slot.out);
        } catch (...) {
          slot.error = std::current_exception();
        }
      }
      lock.lock();
      slot.state = State::done;
      changed.notify_all();
    }
  };

  std::vector<std::jthread> threads;
  const auto shut_down = [&] {
    {
      const std::scoped_lock lock(mutex);
      stop = true;
    }
    changed.notify_all();
    threads.clear();
  };
  try {
    threads.emplace_back(reader);
    for (std::size_t i = 0; i < workers_wanted; ++i) threads.emplace_back(worker);
    for (std::uint64_t item = 0;; ++item) {
      std::unique_lock lock(mutex);
      Slot& slot = slot_of(item);
      changed.wait(lock, [&] {
        return (item < n_read && slot.state == State::done) || (read_all && item >= n_read);
      });
      if (item >= n_read) break;
      lock.unlock();
      if (slot.error) std::rethrow_exception(slot.error);
      write(slot.out);
      lock.lock();
      slot.state = State::free;
      changed.notify_all();
    }
  } catch (...) {
    shut_down();
    throw;
  }
  shut_down();
}

}  // namespace sicmir
