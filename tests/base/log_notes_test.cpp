// SPDX-License-Identifier: BSD-3-Clause
#include "base/log_notes.hpp"

#include <gtest/gtest.h>

#include "base/log.hpp"

namespace sicmir {
namespace {

TEST(LogNotes, KeepWhatQuietDoesNotShow) {
  ::testing::internal::CaptureStderr();
  set_up_log(LogLevel::error);
  {
    const LogNotes notes;
    log_debug("d");
    log_info("i");
    log_warning("w {}", 1);
    log_warning("w {}", 1);
    log_error("e");
    EXPECT_EQ(notes.warnings(), std::vector<std::string>{"w 1"});
    EXPECT_EQ(notes.news(), std::vector<std::string>{"i"});
  }
  log_warning("after");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "error: e\n");
  EXPECT_FALSE(is_logged(LogLevel::warning));
}

TEST(LogNotes, LeaveTheLogAsItWas) {
  ::testing::internal::CaptureStderr();
  set_up_log(LogLevel::info);
  {
    const LogNotes notes;
    log_debug("d");
    log_warning("w");
  }
  log_info("after");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "warning: w\nafter\n");
}

}  // namespace
}  // namespace sicmir
