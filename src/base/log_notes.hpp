// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What the log says, kept for a page that tells it again.

#include <memory>
#include <string>
#include <vector>

namespace sicmir {

/// From its making to its end, keeps the messages of the logger that set_up_log() made, also those
/// that --quiet does not show. Made and destroyed while no other thread logs.
class LogNotes {
 public:
  LogNotes();
  LogNotes(const LogNotes&) = delete;
  LogNotes& operator=(const LogNotes&) = delete;
  ~LogNotes();

  /// So far, in their order, each once.
  [[nodiscard]] std::vector<std::string> warnings() const;
  /// What was said besides: news, no warnings.
  [[nodiscard]] std::vector<std::string> news() const;

 private:
  class Sink;
  std::shared_ptr<Sink> sink_;
  int level_;
};

}  // namespace sicmir
