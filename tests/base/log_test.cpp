// SPDX-License-Identifier: BSD-3-Clause
#include "base/log.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace sicmir {
namespace {

std::string shown(LogLevel least, const std::function<void()>& work) {
  ::testing::internal::CaptureStderr();
  set_up_log(least);
  work();
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, WarningsAndErrorsSaySo) {
  EXPECT_EQ(shown(LogLevel::info,
                  [] {
                    log_info("{} cells of {}", 3, std::string("a.h5ad"));
                    log_warning("{:.2f} of {}", 0.125, "b");
                    log_error("no {}", 'c');
                  }),
            "3 cells of a.h5ad\nwarning: 0.12 of b\nerror: no c\n");
}

TEST(Log, ShowsItsLevelAndAbove) {
  const auto all = [] {
    log_debug("d");
    log_info("i");
    log_warning("w");
    log_error("e");
  };
  EXPECT_EQ(shown(LogLevel::debug, all), "d\ni\nwarning: w\nerror: e\n");
  EXPECT_EQ(shown(LogLevel::info, all), "i\nwarning: w\nerror: e\n");
  EXPECT_EQ(shown(LogLevel::warning, all), "warning: w\nerror: e\n");
  EXPECT_EQ(shown(LogLevel::error, all), "error: e\n");
}

TEST(Log, KnowsWhatItShows) {
  shown(LogLevel::warning, [] {
    EXPECT_FALSE(is_logged(LogLevel::debug));
    EXPECT_FALSE(is_logged(LogLevel::info));
    EXPECT_TRUE(is_logged(LogLevel::warning));
    EXPECT_TRUE(is_logged(LogLevel::error));
  });
}

TEST(Log, TextsOfFilesAreShownAsTheyAreExceptWhatSteersATerminal) {
  EXPECT_EQ(shown(LogLevel::info,
                  [] {
                    write_log(LogLevel::info, "{} {0} \x1b[2J");
                    log_info("{}", "{}");
                  }),
            "{} {0} \\x1b[2J\n{}\n");
}

}  // namespace
}  // namespace sicmir
