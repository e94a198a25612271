// SPDX-License-Identifier: BSD-3-Clause
#include "parallel/thread_pool.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <numeric>
#include <system_error>

namespace sicmir {
namespace {

TEST(ThreadPool, RunsEveryTaskOnceInManyShortLoops) {
  for (const int threads : {1, 2, 3, 7}) {
    ThreadPool pool(threads);
    ASSERT_EQ(pool.size(), threads);
    std::vector<int> done(37);
    for (int round = 1; round <= 300; ++round) {
      pool.run(37, [&](Index number, int worker) {
        ASSERT_LT(worker, threads);
        ++done[static_cast<std::size_t>(number)];
      });
      ASSERT_EQ(std::accumulate(done.begin(), done.end(), 0), 37 * round);
    }
    for (const int times : done) EXPECT_EQ(times, 300);
  }
}

TEST(ThreadPool, RethrowsTheExceptionOfATaskAndGoesOn) {
  ThreadPool pool(3);
  EXPECT_THROW(pool.run(20,
                        [](Index number, int) {
                          if (number == 11) throw Error(ExitCode::bad_input, "eleven");
                        }),
               Error);
  std::atomic<int> count = 0;
  pool.run(20, [&](Index, int) { ++count; });
  EXPECT_EQ(count, 20);
}

TEST(ThreadPool, WithoutEnoughThreadsItThrowsAndLeavesNone) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // g++
  GTEST_SKIP() << "sanitizers map memory of their own";
#elif defined(__has_feature)  // clang++
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "sanitizers map memory of their own";
#endif
#endif
  const auto try_many = [] {
    const rlimit little{rlim_t{1} << 30, rlim_t{1} << 30};  // addresses; a stack takes 8 MB of them
    setrlimit(RLIMIT_AS, &little);
    try {
      const ThreadPool pool(5000);
    } catch (const std::system_error&) {
      std::_Exit(0);
    }
    std::_Exit(1);
  };
  EXPECT_EXIT(try_many(), testing::ExitedWithCode(0), "");
}

TEST(ThreadPool, RunsNoTaskAtAll) {
  ThreadPool pool(2);
  pool.run(0, [](Index, int) { FAIL(); });
}

}  // namespace
}  // namespace sicmir
