// SPDX-License-Identifier: BSD-3-Clause
#include "parallel/thread_pool.hpp"

namespace sicmir {

namespace {

// A training step has about six loops of a tenth of a millisecond to a few; waking a sleeping
// thread costs as much as the shortest of them, so waiting begins with a short spin.
constexpr int spins = 4000;

inline void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  if (threads < 1) throw Error(ExitCode::internal, "a thread pool needs at least one thread");
  threads_.reserve(static_cast<std::size_t>(threads - 1));
  try {
    for (int worker = 1; worker < threads; ++worker) {
      threads_.emplace_back([this, worker] { work(worker); });
    }
  } catch (...) {  // the system gives no more threads
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  stop();
}

void ThreadPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    ++round_;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::run_erased(Index n_tasks, Call call, const void* task) {
  {
    const std::lock_guard lock(mutex_);
    n_tasks_ = n_tasks;
    call_ = call;
    task_ = task;
    failure_ = nullptr;
    next_ = 0;
    busy_ = static_cast<int>(threads_.size());
    ++round_;
  }
  wake_.notify_all();
  take_tasks(0);
  for (int spin = 0; spin < spins && busy_.load() != 0; ++spin) pause_briefly();
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return busy_.load() == 0; });
  if (failure_) std::rethrow_exception(failure_);
}

void ThreadPool::work(int worker) {
  std::uint64_t seen = 0;
  while (true) {
    for (int spin = 0; spin < spins && round_.load() == seen; ++spin) pause_briefly();
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return round_.load() != seen; });
      seen = round_.load();
    }
    if (stop_.load()) return;
    take_tasks(worker);
    {
      const std::lock_guard lock(mutex_);
      --busy_;
    }
    done_.notify_one();
  }
}

void ThreadPool::take_tasks(int worker) {
  try {
    for (Index number = next_++; number < n_tasks_; number = next_++) {
      call_(task_, number, worker);
    }
  } catch (...) {
    next_ = n_tasks_;
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
  }
}

}  // namespace sicmir
