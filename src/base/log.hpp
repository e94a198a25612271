// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Messages of the program. Callers only say which format and values; formatting and the logger are
/// compiled once, in log.cpp.

#include <fmt/core.h>

#include <cstdint>
#include <string_view>

namespace sicmir {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Messages of `least` and above go to standard error from now on, a line each: warnings and errors
/// say so at the start of the line, and what could steer a terminal is written as \xNN. Before the
/// first call, messages go to the default logger of spdlog, as a program that uses the library has
/// set it.
void set_up_log(LogLevel least);

/// Whether a message of this level would be shown; for messages that cost something to make.
[[nodiscard]] bool is_logged(LogLevel level) noexcept;

/// Shows `message` as it is, braces included.
void write_log(LogLevel level, std::string_view message);

/// write_log() of the formatted text; nothing is formatted if the level is not shown.
void format_log(LogLevel level, fmt::string_view format, fmt::format_args values);

template <typename... Values>
void log_debug(fmt::format_string<Values...> format, Values&&... values) {
  format_log(LogLevel::debug, format, fmt::make_format_args(values...));
}

template <typename... Values>
void log_info(fmt::format_string<Values...> format, Values&&... values) {
  format_log(LogLevel::info, format, fmt::make_format_args(values...));
}

template <typename... Values>
void log_warning(fmt::format_string<Values...> format, Values&&... values) {
  format_log(LogLevel::warning, format, fmt::make_format_args(values...));
}

template <typename... Values>
void log_error(fmt::format_string<Values...> format, Values&&... values) {
  format_log(LogLevel::error, format, fmt::make_format_args(values...));
}

}  // namespace sicmir
