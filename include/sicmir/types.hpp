// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The words that every part of sicmir shares: sizes, blocks of cells.

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "sicmir/error.hpp"

// Eigen's matrices cross the library's border, and Eigen chooses their allocator by the instruction
// set it is compiled for: memory that one side allocates, the other could not free.
static_assert(EIGEN_DEFAULT_ALIGN_BYTES <= 16,
              "libsicmir is built for the baseline of x86-64. Compile the files that include its "
              "headers without -mavx, -march=native and the like.");

namespace sicmir {

using Index = std::int64_t;

/// Column-major; one column is one cell (or bulk sample), everywhere in sicmir.
using Matrix = Eigen::MatrixXf;

/// Of the weights and inputs that are multiplied. Sums, biases and activations are float32 always.
enum class Precision : std::uint8_t {
  float32,
  bf16,  ///< 8 significant bits, rounded to nearest even; needs a processor with AVX512-BF16
};

/// Positions of cells in an input: first .. last - 1.
struct CellRange {
  Index first = 0;
  Index last = 0;

  [[nodiscard]] Index size() const noexcept { return last - first; }
};

/// Position of a gene among those that were selected, from 0: in the model's panel, in network
/// order; or, where all genes are read, in the input's table of features.
using PanelPosition = std::int32_t;

/// Consecutive cells of an input, reduced to the selected genes (the model's panel, or all). Bulk
/// samples count as cells. A source reuses the storage from one call to the next.
///
/// Values are held cell by cell: those of cell `c` are at `offsets[c] .. offsets[c+1]-1` of `genes`
/// and `values`, sorted by position, each gene at most once, zeros left out. NaN and infinities are
/// passed on as they were read; the normaliser judges them.
struct CellBlock {
  Index first = 0;                   ///< position in the input of the first cell, 0-based
  std::vector<std::string> cells;    ///< names, in input order
  std::vector<Index> offsets = {0};  ///< cells + 1 entries
  std::vector<PanelPosition> genes;  ///< positions of the stored values
  std::vector<float> values;         ///< in the input's own unit until normalised
  std::vector<double> totals;        ///< per cell: sum over all Gene Expression features
  /// Per cell: upper quartile of its non-zero features, the smallest value that is at least as
  /// large as 75 % of them (inverse of the empirical distribution, no interpolation; 0 if all are
  /// zero). Empty unless SourceOptions::upper_quartile_up_to asked for it.
  std::vector<double> upper_quartiles;

  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(offsets.size()) - 1; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  void clear(Index first_cell);
};

}  // namespace sicmir
