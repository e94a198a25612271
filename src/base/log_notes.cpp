// SPDX-License-Identifier: BSD-3-Clause
#include "base/log_notes.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>

namespace sicmir {

class LogNotes::Sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  [[nodiscard]] std::vector<std::string> of(bool is_warning) {
    const std::lock_guard lock(mutex_);
    return is_warning ? warnings_ : news_;
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (message.level < spdlog::level::info || message.level > spdlog::level::warn) return;
    std::string text(message.payload.data(), message.payload.size());
    std::vector<std::string>& list = message.level == spdlog::level::warn ? warnings_ : news_;
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
  }
  void flush_() override {}

 private:
  std::vector<std::string> warnings_, news_;
};

LogNotes::LogNotes() : sink_(std::make_shared<Sink>()) {
  spdlog::logger& logger = *spdlog::default_logger_raw();
  level_ = static_cast<int>(logger.level());
  // What others are shown stays as it was; this one hears more.
  for (const spdlog::sink_ptr& sink : logger.sinks()) sink->set_level(logger.level());
  logger.sinks().push_back(sink_);
  logger.set_level(std::min(logger.level(), spdlog::level::info));
}

LogNotes::~LogNotes() {
  spdlog::logger& logger = *spdlog::default_logger_raw();
  std::vector<spdlog::sink_ptr>& sinks = logger.sinks();
  sinks.erase(std::remove(sinks.begin(), sinks.end(), sink_), sinks.end());
  logger.set_level(static_cast<spdlog::level::level_enum>(level_));
  for (const spdlog::sink_ptr& sink : sinks) sink->set_level(spdlog::level::trace);
}

std::vector<std::string> LogNotes::warnings() const {
  return sink_->of(true);
}

std::vector<std::string> LogNotes::news() const {
  return sink_->of(false);
}

}  // namespace sicmir
