// SPDX-License-Identifier: BSD-3-Clause
#include "base/log.hpp"

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <utility>

#include "base/json.hpp"
#include "base/log_lines.hpp"
#include "base/printable.hpp"
#include "base/run_journal.hpp"

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

std::string_view word_of(spdlog::level::level_enum level) noexcept {
  if (level >= spdlog::level::err) return "error";
  if (level == spdlog::level::warn) return "warning";
  return level == spdlog::level::info ? "info" : "debug";
}

/// "2026-11-28T00:52:48.123Z"
std::string utc(spdlog::log_clock::time_point time) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     milliseconds % 1000);
}

class Lines final : public spdlog::formatter {
 public:
  Lines(LogFormat format, std::string subject) : format_(format), subject_(std::move(subject)) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
    const std::string_view payload(message.payload.data(), message.payload.size());
    const std::string words = format_ == LogFormat::json ? as_json(message, payload)
                                                         : before(message) + printable(payload);
    line.append(words.data(), words.data() + words.size());
    line.push_back('\n');
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<Lines>(format_, subject_);
  }

 private:
  /// Bare lines: news is plain text; what needs attention says so.
  [[nodiscard]] std::string before(const spdlog::details::log_msg& message) const {
    if (format_ == LogFormat::plain) {
      return fmt::format("{} {}: {}", utc(message.time), word_of(message.level),
                         subject_.empty() ? "" : "[" + printable(subject_) + "] ");
    }
    return message.level >= spdlog::level::warn ? fmt::format("{}: ", word_of(message.level)) : "";
  }
  [[nodiscard]] std::string as_json(const spdlog::details::log_msg& message,
                                    std::string_view payload) const {
    Json json;
    json["time"] = utc(message.time);
    json["level"] = word_of(message.level);
    if (!subject_.empty()) json["subject"] = subject_;
    json["message"] = payload;
    return json_text(json);
  }

  LogFormat format_;
  std::string subject_;
};

}  // namespace

void set_up_log(LogLevel least) {
  set_up_log(least, LogFormat::bare);
}

void set_up_log(LogLevel least, LogFormat format, const std::string& subject) {
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("sicmir", std::move(sink));
  logger->set_formatter(std::make_unique<Lines>(format, subject));
  logger->set_level(level_of(least));
  spdlog::set_default_logger(std::move(logger));
}

bool is_logged(LogLevel level) noexcept {
  return spdlog::should_log(level_of(level));
}

void write_log(LogLevel level, std::string_view message) {
  note_message(level, message);
  spdlog::default_logger_raw()->log(level_of(level),
                                    spdlog::string_view_t(message.data(), message.size()));
}

void format_log(LogLevel level, fmt::string_view format, fmt::format_args values) {
  // The journal of a run has the warnings of a quiet one, too.
  if (is_logged(level) || level >= LogLevel::warning) {
    write_log(level, fmt::vformat(format, values));
  }
}

}  // namespace sicmir
