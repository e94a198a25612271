// SPDX-License-Identifier: BSD-3-Clause
#include "cli/progress.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/log.hpp"

namespace sicmir::cli {

ProgressBar::ProgressBar(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressBar::show(const Progress& progress) {
  if (quiet_) return;
  const auto now = Clock::now();
  const auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::minutes(1);
  if (now - last_ < pause) return;
  last_ = now;
  const std::string words =
      progress.of ? fmt::format("{} {} of {} cells", progress.phase, progress.cells, *progress.of)
                  : fmt::format("{} {} cells", progress.phase, progress.cells);
  if (!terminal_) {
    log_info("{}", words);
    return;
  }
  std::string bar;
  if (progress.of && *progress.of > 0) {
    constexpr Index width = 30;
    const Index filled = std::min(width, width * progress.cells / *progress.of);
    bar = fmt::format("[{:#<{}}{:.<{}}] ", "", filled, "", width - filled);
  }
  fmt::print(stderr, "\r\x1b[K{}{}", bar, words);
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::clear() {
  if (!drawn_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace sicmir::cli
