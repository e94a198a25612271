// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Threads that stay alive between many short parallel loops, as training needs.

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir {

/// Runs numbered tasks on a fixed set of threads, the caller being one of them. Which thread takes
/// which task is left to chance: tasks must write to places of their own, and sums over tasks must
/// be taken afterwards in the order of their numbers.
class ThreadPool {
 public:
  /// `threads` at least 1; 1 starts no thread at all.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ThreadPool(ThreadPool&&) = delete;
  ThreadPool& operator=(ThreadPool&&) = delete;

  [[nodiscard]] int size() const noexcept { return static_cast<int>(threads_.size()) + 1; }

  /// Calls task(number, worker) for every number 0 .. n_tasks - 1 and returns when all are done;
  /// worker: 0 .. size() - 1, never two tasks at once under the same one. Rethrows the first
  /// exception of a task. Called from one thread at a time, and not from within a task.
  template <class Task>
  void run(Index n_tasks, Task&& task) {
    using Type = std::remove_reference_t<Task>;
    run_erased(
        n_tasks,
        [](const void* self, Index number, int worker) {
          (*static_cast<Type*>(const_cast<void*>(self)))(number, worker);
        },
        &task);
  }

 private:
  using Call = void (*)(const void*, Index, int);

  void stop();
  void run_erased(Index n_tasks, Call call, const void* task);
  void work(int worker);
  void take_tasks(int worker);

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::atomic<std::uint64_t> round_ = 0;  // number of the loop being run
  std::atomic<int> busy_ = 0;             // threads that have not finished this round
  std::atomic<Index> next_ = 0;
  std::atomic<bool> stop_ = false;
  Index n_tasks_ = 0;
  Call call_ = nullptr;
  const void* task_ = nullptr;
  std::exception_ptr failure_;  // guarded by mutex_
};

}  // namespace sicmir
