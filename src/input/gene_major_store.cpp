// SPDX-License-Identifier: BSD-3-Clause
#include "input/gene_major_store.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

namespace sicmir {

GeneMajorStore::GeneMajorStore(Index n_cells, const std::string& file) {
  if (n_cells > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: {} cells in a gene-major layout are more than can be held; store "
                            "the matrix cell by cell (CSR).",
                            file, n_cells));
  }
  totals_.assign(static_cast<std::size_t>(n_cells), 0.0);
}

void GeneMajorStore::begin_feature(Index feature, bool keep, bool counted) {
  keep_ = keep;
  counted_ = counted;
  if (keep) features_.push_back({feature, entries_.size(), entries_.size()});
}

void GeneMajorStore::end_feature() {
  if (!keep_) return;
  Feature& feature = features_.back();
  feature.end = entries_.size();
  const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(feature.begin);
  const auto by_cell = [](const Entry& a, const Entry& b) { return a.cell < b.cell; };
  if (!std::is_sorted(begin, entries_.end(), by_cell)) {
    std::stable_sort(begin, entries_.end(), by_cell);
  }
}

void GeneMajorStore::add_feature(Index feature, bool keep, bool counted,
                                 std::span<const double> values) {
  if (counted) {
    double* const totals = totals_.data();
    for (std::size_t cell = 0; cell < values.size(); ++cell) totals[cell] += values[cell];
  }
  if (!keep) return;
  const std::size_t begin = entries_.size();
  for (std::size_t cell = 0; cell < values.size(); ++cell) {
    if (values[cell] == 0.0) continue;
    entries_.push_back({static_cast<std::uint32_t>(cell), static_cast<float>(values[cell])});
  }
  features_.push_back({feature, begin, entries_.size()});
}

void GeneMajorStore::fill(CellBlock& block, Index first, Index count,
                          std::span<const std::string> names, PanelCollector& collector,
                          Reader& reader) const {
  if (first != reader.next_cell_) {
    reader.cursors_.clear();
    for (const Feature& feature : features_) {
      const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(feature.begin);
      const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(feature.end);
      const auto found = std::lower_bound(begin, end, first,
                                          [](const Entry& e, Index cell) { return e.cell < cell; });
      reader.cursors_.push_back(static_cast<std::size_t>(found - entries_.begin()));
    }
  }
  collector.begin_block(block, first);
  collector.make_room(count, entries_.size());
  // A few cells at a time, fewer of many features: all that is written to stays in the cache.
  constexpr Index values_at_once = 1 << 17;
  const Index at_once =
      std::clamp<Index>(values_at_once / std::max<Index>(1, std::ssize(features_)), 4, 64);
  auto& by_cell = reader.by_cell_;
  by_cell.resize(static_cast<std::size_t>(at_once));
  for (Index begin = first; begin < first + count; begin += at_once) {
    const Index end = std::min(begin + at_once, first + count);
    for (auto& cell : by_cell) cell.clear();
    for (std::size_t f = 0; f < features_.size(); ++f) {
      const Feature& feature = features_[f];
      std::size_t& cursor = reader.cursors_[f];
      for (; cursor < feature.end && entries_[cursor].cell < end; ++cursor) {
        const Entry& entry = entries_[cursor];
        by_cell[static_cast<std::size_t>(entry.cell - begin)].emplace_back(feature.feature,
                                                                           entry.value);
      }
    }
    for (Index c = begin; c < end; ++c) {
      for (const auto& [feature, value] : by_cell[static_cast<std::size_t>(c - begin)]) {
        collector.add(feature, static_cast<double>(value));
      }
      const auto cell = static_cast<std::size_t>(c);
      collector.end_cell(names[cell], totals_[cell]);
    }
  }
  reader.next_cell_ = first + count;
}

std::size_t GeneMajorStore::Reader::bytes() const noexcept {
  std::size_t bytes = cursors_.capacity() * sizeof(std::size_t);
  for (const auto& cell : by_cell_) {
    bytes += sizeof(cell) + cell.capacity() * sizeof(cell.front());
  }
  return bytes;
}

std::size_t GeneMajorStore::bytes() const noexcept {
  return totals_.capacity() * sizeof(double) + entries_.capacity() * sizeof(Entry) +
         features_.capacity() * sizeof(Feature);
}

}  // namespace sicmir
