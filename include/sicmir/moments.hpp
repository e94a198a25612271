// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Moments of the panel's genes over the cells of an input, and the files that keep them.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sicmir/normalize.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// Sums over cells of each panel gene's normalised value. Kept per fixed block of `block_cells`
/// cells in absolute position and added in order, in double, so that threads, reading blocks and
/// shards cannot change a bit.
class GeneMoments {
 public:
  static constexpr Index block_cells = 1024;

  explicit GeneMoments(Index n_genes = 0, bool keeps_blocks = false);

  /// Adds normalised cells; call in input order, without gaps, from the edge of a block on. With
  /// `without_empty`, cells whose total is 0 (they have no values) do not count; they keep their
  /// places in the blocks.
  void add(const CellBlock& block, bool without_empty = false);
  /// Closes the last, partly filled block. Call once, after the last add().
  void finish();

  /// What parts of one input keep to be added up to the bits of the whole: per block of cells, the
  /// sums of all genes, then the next block's; empty unless `keeps_blocks`.
  [[nodiscard]] const std::vector<double>& block_sums() const noexcept { return block_sums_; }
  [[nodiscard]] const std::vector<double>& block_sums_of_squares() const noexcept {
    return block_sums_of_squares_;
  }

  [[nodiscard]] Index n_cells() const noexcept { return n_cells_; }
  [[nodiscard]] Index n_genes() const noexcept { return static_cast<Index>(sum_.size()); }
  /// Per gene, over all cells added.
  [[nodiscard]] Eigen::VectorXd mean() const;
  /// Population standard deviation (divides by n); exactly 0 where minimum equals maximum.
  [[nodiscard]] Eigen::VectorXd sd() const;
  [[nodiscard]] const Eigen::VectorXd& sum() const noexcept { return sum_; }
  [[nodiscard]] const Eigen::VectorXd& sum_of_squares() const noexcept { return sum_squares_; }
  [[nodiscard]] const Eigen::VectorXd& minimum() const noexcept { return minimum_; }
  [[nodiscard]] const Eigen::VectorXd& maximum() const noexcept { return maximum_; }

  /// From stored sums (see docs/model-format.md, moments files).
  GeneMoments(Index n_cells, Eigen::VectorXd sum, Eigen::VectorXd sum_of_squares,
              Eigen::VectorXd minimum, Eigen::VectorXd maximum);

 private:
  void close_block();

  Index n_cells_ = 0;
  Index in_block_ = 0;
  Eigen::VectorXd sum_, sum_squares_, minimum_, maximum_;
  Eigen::VectorXd block_sum_, block_squares_;
  bool keeps_blocks_ = false;
  std::vector<double> block_sums_, block_sums_of_squares_;
  std::vector<Index>
      non_zero_;  // per gene, over all cells: fewer than n_cells_ means a zero exists
};

/// Which cells of an input moments were measured on.
struct MeasuredPart {
  CellRange cells;
  Index n_input_cells = 0;
};

/// A moments file: the sums, the panel they belong to and the kind of values they were taken from.
struct MomentsFile {
  GeneMoments moments;
  std::vector<std::string> genes;  ///< model symbols, panel order
  Values values = Values::counts;
  std::vector<std::uint8_t> present;  ///< per panel gene: 1 if the input had it
  std::optional<MeasuredPart> part;   ///< of a shard: also its block sums are in the file
};
void write_moments(const MomentsFile& moments, const std::string& path);
/// Throws Error(bad_input) unless the file is complete and consistent.
[[nodiscard]] MomentsFile read_moments(const std::string& path);
/// Adds the parts of one input up to what one run would have measured, to the bit. Throws
/// Error(bad_input) if a file is no part, they belong to different inputs or panels, overlap, or do
/// not cover all cells.
[[nodiscard]] MomentsFile merge_moments(std::span<const std::string> paths);

}  // namespace sicmir
