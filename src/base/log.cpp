// SPDX-License-Identifier: BSD-3-Clause
#include "base/log.hpp"

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>
#include <utility>

#include "base/printable.hpp"

namespace sicmir {
namespace {

spdlog::level::level_enum level_of(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

/// News is plain text; what needs attention says so at the start of its line.
class Prefix final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
    std::string_view prefix;
    if (message.level == spdlog::level::warn) prefix = "warning: ";
    if (message.level >= spdlog::level::err) prefix = "error: ";
    line.append(prefix.data(), prefix.data() + prefix.size());
    const std::string words =
        printable(std::string_view(message.payload.data(), message.payload.size()));
    line.append(words.data(), words.data() + words.size());
    line.push_back('\n');
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<Prefix>();
  }
};

}  // namespace

void set_up_log(LogLevel least) {
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("sicmir", std::move(sink));
  logger->set_formatter(std::make_unique<Prefix>());
  logger->set_level(level_of(least));
  spdlog::set_default_logger(std::move(logger));
}

bool is_logged(LogLevel level) noexcept {
  return spdlog::should_log(level_of(level));
}

void write_log(LogLevel level, std::string_view message) {
  spdlog::default_logger_raw()->log(level_of(level),
                                    spdlog::string_view_t(message.data(), message.size()));
}

void format_log(LogLevel level, fmt::string_view format, fmt::format_args values) {
  if (is_logged(level)) write_log(level, fmt::vformat(format, values));
}

}  // namespace sicmir
