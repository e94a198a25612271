// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// First of two passes over an input: the panel's moments over all its cells.

#include <memory>
#include <string>
#include <vector>

#include "cells/decide.hpp"
#include "cells/spool.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/moments.hpp"
#include "sicmir/normalize.hpp"

namespace sicmir {

/// The input's cells from first to last, those that were sampled from a pipe included.
class CellStream {
 public:
  /// With `range`, only those cells; the source has been sampled all over.
  CellStream(CellSource& source, Sample&& sample, Index block_cells,
             const std::optional<CellRange>& range = std::nullopt);

  /// False when no cell is left.
  bool next(CellBlock& block);
  /// Cells on their way from the thread that reads to one that works.
  struct Item {
    CellBlock block;
    std::unique_ptr<RawCells> raw;
    bool is_raw = false;
  };
  /// False when no cell is left. From one thread.
  bool fetch(Item& item);
  /// Fills item.block. From any thread.
  void decode(Item& item) const;
  /// Of the range, or of the input; nullopt: not known yet.
  [[nodiscard]] std::optional<Index> n_cells() const {
    return range_ ? range_->size() : source_.n_cells();
  }
  [[nodiscard]] const std::optional<CellRange>& range() const noexcept { return range_; }

 private:
  bool fetch_of_all(Item& item);

  CellSource& source_;
  Sample sample_;
  Index block_cells_;
  std::optional<CellRange> range_;
  std::size_t next_sampled_ = 0;
  Index next_in_block_ = 0;
  Item item_;  // of next()
};

/// Cells without a single count. Tallied while blocks pass; judged at the end of the pass.
struct EmptyTally {
  Index n = 0;
  std::string first_name;

  void add(const CellBlock& block);
  /// Those of later cells.
  void add(const EmptyTally& later);
  /// Throws Error(bad_input) if there were any.
  void judge(const std::string& file, Index n_cells) const;
};

/// The cells that `options.shard` names; nullopt: all. Throws Error(usage) where the number of
/// cells is not known before the input is read.
[[nodiscard]] std::optional<CellRange> range_of(const ReadingOptions& options,
                                                const CellSource& source);

/// Removes the empty cells of a block; `kept` receives the input positions of the others.
void drop_empty(CellBlock& block, std::vector<Index>& kept);

/// What a first pass found out.
struct Measured {
  GeneMoments moments;
  EmptyTally empties;
  Index n_cells = 0;  ///< read
};

/// Moments over all of `cells`; empty ones do not count where `empties_matter`. Normalised cells go
/// to `spool` unless it is null.
[[nodiscard]] Measured measure(CellStream& cells, const Normaliser& normaliser, Index n_genes,
                               const ReadingOptions& options, bool empties_matter, Spool* spool);

}  // namespace sicmir
