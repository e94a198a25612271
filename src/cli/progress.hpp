// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>

#include "sicmir/predict.hpp"

namespace sicmir::cli {

/// Shows how far a run has come, on stderr: a bar that redraws itself on a terminal, else a line a
/// minute, so that logs of a cluster stay readable.
class ProgressBar {
 public:
  explicit ProgressBar(bool quiet);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(const Progress& progress);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool quiet_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point last_ = Clock::now();
};

}  // namespace sicmir::cli
