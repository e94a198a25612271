// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Keeps cells so that each can be looked up by its position: in memory up to a bound, beyond it in
/// a temporary file that has no name.

#include <cstddef>
#include <string>
#include <vector>

#include "cells/spool.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

class CellStore {
 public:
  struct Cell {
    std::string name;
    double total = 0;
    std::vector<PanelPosition> genes;
    std::vector<float> values;
    std::string bytes;  // as they are kept
  };

  explicit CellStore(std::size_t memory_bound) : memory_bound_(memory_bound) {}

  /// The next cells, in their order.
  void append(const CellBlock& block);
  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(ends_.size()); }
  /// `position`: 0 .. size() - 1. Replaces `cell`. In any thread, but not during append().
  void read(Index position, Cell& cell) const;
  [[nodiscard]] std::size_t bytes_in_memory() const noexcept {
    return memory_.size() + ends_.capacity() * sizeof(std::size_t);
  }
  [[nodiscard]] std::size_t bytes_on_disk() const noexcept { return file_.size(); }

 private:
  std::size_t memory_bound_;
  std::string memory_;             // the first cells
  TemporaryFile file_;             // those that follow
  std::vector<std::size_t> ends_;  // of each cell's bytes, counted over both
  std::string buffer_;
};

}  // namespace sicmir
