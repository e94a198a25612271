// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What code that must fail says.

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "sicmir/error.hpp"

namespace sicmir::test {

/// The message of the Error that `work` throws, whose code is expected to be `code`; empty: it
/// throws none.
inline std::string message_of(const std::function<void()>& work,
                              ExitCode code = ExitCode::bad_input) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "";
}

}  // namespace sicmir::test
