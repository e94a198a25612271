// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "hdf5/h5_storage.hpp"
#include "hdf5/h5_stretch.hpp"
#include "input/gene_major_store.hpp"
#include "input/h5_matrix.hpp"
#include "input/panel_collector.hpp"

namespace sicmir {
namespace {

using h5::Handle;

// Two windows of this many values and indices stay in the second-level cache of the processor.
constexpr hsize_t values_per_window = hsize_t{1} << 16;
constexpr hsize_t pointers_per_window = hsize_t{1} << 14;

/// What the two orders have in common: `data`, `indices` and `indptr`, along lines (cells or genes)
/// whose positions the indices do not hold.
template <class Value, class Position>
class SparseMatrix : public H5Matrix {
 public:
  SparseMatrix(const h5::File& file, const std::string& group, SparseMajor major, Index n_cells,
               Index n_genes)
      : file_(file),
        group_(group),
        major_(major),
        n_cells_(n_cells),
        n_genes_(n_genes),
        values_(file, h5::open_dataset(file, file.id(), group + "/data"), values_per_window),
        positions_(file, h5::open_dataset(file, file.id(), group + "/indices"), values_per_window,
                   major == SparseMajor::cells ? n_genes : n_cells,
                   major == SparseMajor::cells ? "genes" : "cells"),
        pointers_(file, h5::open_dataset(file, file.id(), group + "/indptr"), pointers_per_window,
                  static_cast<std::int64_t>(values_.length()) + 1, "stored values (and an end)") {
    check_lengths();
  }

  [[nodiscard]] std::string storage() const override {
    const h5::Lock lock;
    const Handle values = h5::open_dataset(file_, file_.id(), group_ + "/data");
    const Handle positions = h5::open_dataset(file_, file_.id(), group_ + "/indices");
    std::string text =
        fmt::format("{} {}, {} indices", major_ == SparseMajor::cells ? "CSR" : "CSC",
                    h5::type_name(values.get()), h5::type_name(positions.get()));
    const std::string compression = h5::compression_name(values.get());
    if (!compression.empty()) text += ", " + compression;
    return text;
  }

  [[nodiscard]] std::uint64_t n_inflated() const override {
    return values_.n_inflated() + positions_.n_inflated() + pointers_.n_inflated();
  }

  [[nodiscard]] Sample sample() override {
    constexpr hsize_t n_places = 16;
    constexpr hsize_t per_place = 1024;
    Sample sample;
    const hsize_t length = values_.length();
    hsize_t next = 0;
    for (hsize_t place = 0; place < n_places && next < length; ++place) {
      const hsize_t first = std::max(next, length / n_places * place);
      if (first >= length) break;
      const std::span<const Value> window = values_.from(first);
      const auto count = std::min<hsize_t>(per_place, window.size());
      look_at(window.first(count), sample);
      next = first + count;
    }
    return sample;
  }

 protected:
  [[nodiscard]] Index n_lines() const noexcept {
    return major_ == SparseMajor::cells ? n_cells_ : n_genes_;
  }

  /// Where line `line` ends, given where it begins.
  [[nodiscard]] hsize_t end_of(Index line, hsize_t begin) {
    const auto end = static_cast<hsize_t>(pointers_.from(static_cast<hsize_t>(line) + 1).front());
    if (end < begin) {
      file_.fail(pointers_.path(), fmt::format("falls from {} to {} at element {}; the file is "
                                               "damaged.",
                                               begin, end, line + 1));
    }
    return end;
  }
  [[nodiscard]] hsize_t begin_of(Index line) {
    return static_cast<hsize_t>(pointers_.from(static_cast<hsize_t>(line)).front());
  }

  /// Calls `use(positions, values)` for the pieces of begin .. end - 1.
  template <class Use>
  void visit(hsize_t begin, hsize_t end, Use use) {
    while (begin < end) {
      std::span<const Value> values = values_.from(begin);
      std::span<const Position> positions = positions_.from(begin);
      const auto count =
          std::min({values.size(), positions.size(), static_cast<std::size_t>(end - begin)});
      use(positions.first(count), values.first(count));
      begin += count;
    }
  }

  [[nodiscard]] std::size_t window_bytes() const noexcept {
    return values_.memory_bytes() + positions_.memory_bytes() + pointers_.memory_bytes();
  }

  const h5::File& file_;
  std::string group_;
  SparseMajor major_;
  Index n_cells_;
  Index n_genes_;
  h5::StretchReader<Value> values_;
  h5::StretchReader<Position> positions_;
  h5::NumberReader<std::int64_t> pointers_;

 private:
  void check_lengths() {
    if (values_.length() != positions_.length()) {
      file_.fail(group_, fmt::format("has {} values but {} indices; the file is damaged.",
                                     values_.length(), positions_.length()));
    }
    if (pointers_.length() != static_cast<hsize_t>(n_lines()) + 1) {
      file_.fail(pointers_.path(),
                 fmt::format("has {} elements; with {} {} it must have {}. The file is damaged.",
                             pointers_.length(), n_lines(),
                             major_ == SparseMajor::cells ? "cells" : "genes", n_lines() + 1));
    }
    const std::int64_t first = pointers_.from(0).front();
    const std::int64_t last = pointers_.from(pointers_.length() - 1).front();
    if (first != 0 || static_cast<hsize_t>(last) != values_.length()) {
      file_.fail(pointers_.path(),
                 fmt::format("runs from {} to {}; it must run from 0 to {}, the number of stored "
                             "values. The file is damaged.",
                             first, last, values_.length()));
    }
  }
};

// Bytes of values and positions that travel together: enough to be worth the way, few enough that
// the blocks under way are small beside the rest.
constexpr hsize_t bytes_per_fetch = hsize_t{4} << 20;

template <class Value, class Position>
struct RawSparseCells final : RawCells {
  std::vector<std::string> names;
  std::vector<hsize_t> ends = {0};  // of the cells; in front, where the first one begins
  h5::Stretch<Value> values;
  h5::Stretch<Position> positions;
  std::unique_ptr<PanelCollector> collector;
};

/// CSR, and 10x's CSC of genes x cells: cell after cell, streamed.
template <class Value, class Position>
class CellMajor final : public SparseMatrix<Value, Position> {
 public:
  using SparseMatrix<Value, Position>::SparseMatrix;

  void select(const GeneSelection& genes, bool upper_quartile) override {
    genes_ = genes;
    upper_quartile_ = upper_quartile;
  }

  /// Until the cells hold more than is worth fetching at once; at least one cell.
  void fetch(std::unique_ptr<RawCells>& cells, Index first, Index count,
             h5::TextReader& names) override {
    constexpr hsize_t most = bytes_per_fetch / (sizeof(Value) + sizeof(Position));
    if (!cells) {
      auto made = std::make_unique<Raw>();
      made->collector = std::make_unique<PanelCollector>(*genes_, upper_quartile_);
      cells = std::move(made);
    }
    auto& raw = static_cast<Raw&>(*cells);
    raw.first = first;
    raw.names.clear();
    const hsize_t begin = this->begin_of(first);
    raw.ends.assign(1, begin);
    for (Index cell = first; cell < first + count; ++cell) {
      const hsize_t end = this->end_of(cell, raw.ends.back());
      if (cell > first && end - begin > most) break;
      raw.names.push_back(names.at(static_cast<hsize_t>(cell)));
      raw.ends.push_back(end);
    }
    this->values_.fetch(begin, raw.ends.back(), raw.values);
    this->positions_.fetch(begin, raw.ends.back(), raw.positions);
    raw.n_cells = static_cast<Index>(raw.names.size());
  }

  void decode(RawCells& cells, CellBlock& block) const override {
    auto& raw = static_cast<Raw&>(cells);
    PanelCollector& collector = *raw.collector;
    collector.begin_block(block, raw.first);
    for (std::size_t cell = 0; cell < raw.names.size(); ++cell) {
      for (hsize_t begin = raw.ends[cell]; begin < raw.ends[cell + 1];) {
        const hsize_t end = raw.ends[cell + 1];
        const auto values = this->values_.piece_from(raw.values, begin, end);
        const auto positions = this->positions_.piece_from(raw.positions, begin, end);
        const std::size_t count = std::min(values.size(), positions.size());
        collector.add(positions.first(count), values.first(count));
        begin += count;
      }
      collector.end_cell(std::move(raw.names[cell]));
    }
    // What is inflated goes as soon as nobody needs it.
    raw.values.chunks.clear();
    raw.positions.chunks.clear();
  }

  [[nodiscard]] std::size_t memory_bytes() const override { return this->window_bytes(); }

 private:
  using Raw = RawSparseCells<Value, Position>;

  std::optional<GeneSelection> genes_;
  bool upper_quartile_ = false;
};

/// CSC of cells x genes: the panel's genes are gathered in one pass, then cells are served.
template <class Value, class Position>
class GeneMajor final : public SparseMatrix<Value, Position> {
 public:
  using SparseMatrix<Value, Position>::SparseMatrix;

  [[nodiscard]] bool gene_major() const override { return true; }

  void select(const GeneSelection& genes, bool upper_quartile) override {
    genes_ = genes;
    keep_all_ = upper_quartile;
    hsize_t n_kept = 0;
    ends_.clear();
    ends_.reserve(static_cast<std::size_t>(this->n_genes_));
    hsize_t begin = 0;
    for (Index gene = 0; gene < this->n_genes_; ++gene) {
      const hsize_t end = this->end_of(gene, begin);
      if (keep(gene)) n_kept += end - begin;
      ends_.push_back(end);
      begin = end;
    }
    n_kept_ = static_cast<std::size_t>(n_kept);
  }

  void fetch(std::unique_ptr<RawCells>& raw, Index first, Index count,
             h5::TextReader& names) override {
    if (failure_) std::rethrow_exception(failure_);
    if (!store_) {
      try {
        GeneMajorStore store = gather();
        names_ = names.all();
        store_.emplace(std::move(store));
      } catch (...) {
        failure_ = std::current_exception();  // it may have taken minutes to find
        throw;
      }
    }
    if (!raw) raw = std::make_unique<StoredCells>(*genes_, keep_all_);
    raw->first = first;
    raw->n_cells = count;
  }

  void decode(RawCells& raw, CellBlock& block) const override {
    auto& stored = static_cast<StoredCells&>(raw);
    store_->fill(block, raw.first, raw.n_cells, names_, stored.collector, stored.reader);
  }

  [[nodiscard]] std::size_t memory_bytes() const override {
    constexpr std::size_t bytes_per_value = 8;
    constexpr std::size_t bytes_per_cell = sizeof(double) + sizeof(std::string) + 64;
    return this->window_bytes() + ends_.size() * sizeof(hsize_t) + n_kept_ * bytes_per_value +
           static_cast<std::size_t>(this->n_cells_) * bytes_per_cell;
  }

 private:
  [[nodiscard]] bool keep(Index gene) const {
    const PanelPosition position = genes_->positions()[static_cast<std::size_t>(gene)];
    return position >= 0 || (keep_all_ && position != GeneMap::ignored);
  }

  GeneMajorStore gather() {
    GeneMajorStore store(this->n_cells_, this->file_.path());
    store.reserve(n_kept_);
    hsize_t begin = 0;
    for (Index gene = 0; gene < this->n_genes_; ++gene) {
      const hsize_t end = ends_[static_cast<std::size_t>(gene)];
      const bool counted = genes_->positions()[static_cast<std::size_t>(gene)] != GeneMap::ignored;
      if (counted) {
        store.begin_feature(gene, keep(gene), counted);
        this->visit(begin, end,
                    [&](std::span<const Position> cells, std::span<const Value> values) {
                      for (std::size_t i = 0; i < values.size(); ++i) {
                        store.add(static_cast<Index>(cells[i]), static_cast<double>(values[i]));
                      }
                    });
        store.end_feature();
      }
      begin = end;
    }
    return store;
  }

  std::optional<GeneSelection> genes_;
  bool keep_all_ = false;
  std::size_t n_kept_ = 0;
  std::vector<hsize_t> ends_;  // of the genes
  std::optional<GeneMajorStore> store_;
  std::exception_ptr failure_;
  std::vector<std::string> names_;
};

template <class Value, class Position>
std::unique_ptr<H5Matrix> make(const h5::File& file, const std::string& group, SparseMajor major,
                               Index n_cells, Index n_genes) {
  if (major == SparseMajor::cells) {
    return std::make_unique<CellMajor<Value, Position>>(file, group, major, n_cells, n_genes);
  }
  return std::make_unique<GeneMajor<Value, Position>>(file, group, major, n_cells, n_genes);
}

template <class Value>
std::unique_ptr<H5Matrix> make(const h5::File& file, const std::string& group, SparseMajor major,
                               Index n_cells, Index n_genes, bool short_positions) {
  return short_positions ? make<Value, std::int32_t>(file, group, major, n_cells, n_genes)
                         : make<Value, std::int64_t>(file, group, major, n_cells, n_genes);
}

}  // namespace

HeldAs held_as(const h5::File& file, hid_t dataset) {
  const h5::Lock lock;
  const Handle type(H5Dget_type(dataset));
  const std::size_t bytes = H5Tget_size(type.get());
  switch (h5::type_class(dataset)) {
    case h5::TypeClass::boolean:
      return HeldAs::int32;
    case h5::TypeClass::integer:
      return bytes < 4 || (bytes == 4 && H5Tget_sign(type.get()) != H5T_SGN_NONE) ? HeldAs::int32
                                                                                  : HeldAs::float64;
    case h5::TypeClass::real:
      return bytes <= 4 ? HeldAs::float32 : HeldAs::float64;
    default:
      file.fail(h5::path_of(dataset),
                fmt::format("holds {} values; numbers were expected.", h5::type_name(dataset)));
  }
}

template <class T>
void look_at(std::span<const T> values, H5Matrix::Sample& sample) {
  sample.n += static_cast<Index>(values.size());
  for (const T value : values) {
    if (value < T{0}) sample.negatives = true;
    if constexpr (std::is_floating_point_v<T>) {
      if (!(value == std::floor(value)) || std::isinf(value)) sample.integers = false;
    }
  }
}
template void look_at(std::span<const float>, H5Matrix::Sample&);
template void look_at(std::span<const double>, H5Matrix::Sample&);
template void look_at(std::span<const std::int32_t>, H5Matrix::Sample&);

std::unique_ptr<H5Matrix> open_sparse_matrix(const h5::File& file, const std::string& group,
                                             SparseMajor major, Index n_cells, Index n_genes) {
  const h5::Lock lock;
  HeldAs held = HeldAs::float64;
  bool short_positions = false;
  {
    const Handle values = h5::open_dataset(file, file.id(), group + "/data");
    held = held_as(file, values.get());
    const Handle positions = h5::open_dataset(file, file.id(), group + "/indices");
    short_positions = h5::type_class(positions.get()) == h5::TypeClass::integer &&
                      held_as(file, positions.get()) == HeldAs::int32;
  }
  switch (held) {
    case HeldAs::int32:
      return make<std::int32_t>(file, group, major, n_cells, n_genes, short_positions);
    case HeldAs::float32:
      return make<float>(file, group, major, n_cells, n_genes, short_positions);
    default:
      return make<double>(file, group, major, n_cells, n_genes, short_positions);
  }
}

}  // namespace sicmir
