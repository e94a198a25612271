// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What a line of the log looks like.

#include <cstdint>
#include <string>

#include "base/log.hpp"

namespace sicmir {

enum class LogFormat : std::uint8_t {
  bare,   ///< the message; warnings and errors say so at its start
  plain,  ///< time, level, subject and message
  json,   ///< an object in each line: time, level, subject, message (JSON Lines)
};

/// As set_up_log(least), with lines of this format. Times are UTC, to the millisecond (RFC 3339).
/// `subject`: what messages are about, such as the id of an input; empty: left out.
void set_up_log(LogLevel least, LogFormat format, const std::string& subject = {});

}  // namespace sicmir
