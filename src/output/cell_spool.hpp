// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Keeps a whole output until its last cell has come, for tables with features as lines.

#include <cstddef>
#include <span>
#include <vector>

#include "base/output_file.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// Takes values cell by cell and gives them back feature by feature. Up to `memory_bytes` are held
/// in memory, the rest in a temporary file without a name ($TMPDIR, else /tmp), in pieces that are
/// already turned, so that reading back takes one pass over the file.
class CellSpool {
 public:
  explicit CellSpool(Index n_features, std::size_t memory_bytes = std::size_t{1} << 28);

  /// Whole cells, one after the other, all features of each.
  void append(std::span<const float> values);
  [[nodiscard]] Index n_cells() const noexcept { return n_cells_; }
  /// Fills `out` with features first .. first + count - 1, all cells of each. Ends the appending.
  void read(Index first, Index count, std::vector<float>& out);

 private:
  struct Piece {
    Index n_cells = 0;
    std::vector<float> values;  // feature by feature; empty if in the file
    std::size_t offset = 0;     // in the file, in bytes
  };

  void close_piece();
  void write_to_file(std::span<const float> values);

  Index n_features_;
  std::size_t memory_left_;
  Index piece_cells_;  // cells of a full piece
  Index n_cells_ = 0;
  std::vector<float> pending_;  // cell by cell, less than a piece
  std::vector<float> turned_;
  std::vector<Piece> pieces_;
  Descriptor file_;
  std::string folder_;
  std::size_t file_bytes_ = 0;
};

}  // namespace sicmir
