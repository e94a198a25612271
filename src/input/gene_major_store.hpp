// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Holds what is needed of a gene-major input (genes as lines, CSC) until its last gene has been
/// read, then serves cells.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "input/panel_collector.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

class GeneMajorStore {
 public:
  /// At most 2^32 - 1 cells; Error(bad_input) naming `file` beyond.
  GeneMajorStore(Index n_cells, const std::string& file);

  /// Makes room for `values` kept values, where their number is known, so that memory does not
  /// grow by doubling.
  void reserve(std::size_t values) { entries_.reserve(values); }
  /// Starts a feature; one that comes in several parts may be started again. `keep`: its values are
  /// stored (possible panel genes; all features if upper quartiles are wanted). `counted`: its
  /// values enter the cells' totals.
  void begin_feature(Index feature, bool keep, bool counted);
  /// A value of the feature begun last; cells in any order; repeated cells add up.
  void add(Index cell, double value) {
    if (counted_) totals_[static_cast<std::size_t>(cell)] += value;
    if (keep_ && value != 0.0) {
      entries_.push_back({static_cast<std::uint32_t>(cell), static_cast<float>(value)});
    }
  }
  void end_feature();
  /// A whole feature: the value of every cell, zeros among them; otherwise as above.
  void add_feature(Index feature, bool keep, bool counted, std::span<const double> values);
  /// A value of a feature that is not kept, outside begin_feature() and end_feature().
  void add_to_total(Index cell, double value) { totals_[static_cast<std::size_t>(cell)] += value; }

  /// Per cell, of what was counted.
  [[nodiscard]] std::span<const double> totals() const noexcept { return totals_; }
  [[nodiscard]] Index n_cells() const noexcept { return static_cast<Index>(totals_.size()); }
  /// Where a thread that serves cells stands.
  class Reader {
   public:
    [[nodiscard]] std::size_t bytes() const noexcept;

   private:
    friend class GeneMajorStore;
    Index next_cell_ = -1;
    std::vector<std::size_t> cursors_;  // per kept feature: first entry of the next cell
    std::vector<std::vector<std::pair<Index, float>>> by_cell_;
  };
  /// Fills `block` with cells first .. first + count - 1, named by `names[first ..]`. After the
  /// last feature, at once in any number of threads, each with a reader and a collector of its own.
  void fill(CellBlock& block, Index first, Index count, std::span<const std::string> names,
            PanelCollector& collector, Reader& reader) const;
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  struct Entry {
    std::uint32_t cell;
    float value;
  };
  struct Feature {
    Index feature;
    std::size_t begin, end;  // in entries_, sorted by cell
  };
  std::vector<double> totals_;
  std::vector<Entry> entries_;
  std::vector<Feature> features_;
  bool keep_ = false;
  bool counted_ = false;
};

/// Cells of a store, between fetch() and decode(): a range, and what a thread needs to serve it.
class StoredCells final : public RawCells {
 public:
  StoredCells(const GeneSelection& genes, bool upper_quartile) : collector(genes, upper_quartile) {}
  PanelCollector collector;
  GeneMajorStore::Reader reader;
};

}  // namespace sicmir
