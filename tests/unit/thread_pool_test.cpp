#include "parallel/thread_pool.hpp"

#include <gtest/gtest.h>

#include <numeric>

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

TEST(ThreadPool, RunsNoTaskAtAll) {
  ThreadPool pool(2);
  pool.run(0, [](Index, int) { FAIL(); });
}

}  // namespace
}  // namespace sicmir
