// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/joined.hpp"
#include "hdf5/h5_chunks.hpp"
#include "hdf5/h5_storage.hpp"
#include "input/h5_matrix.hpp"
#include "input/panel_collector.hpp"

namespace sicmir {
namespace {

using h5::Handle;

constexpr Index values_per_tile = Index{1} << 20;
constexpr Index cells_per_band = 256;   // at least, where chunks are lower
constexpr Index cells_per_slab = 2048;  // 8 KB or more of each gene are read at once
constexpr std::size_t max_band_bytes = std::size_t{512} << 20;

template <class T>
hid_t memory_type() {
  if constexpr (std::is_same_v<T, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
  return H5T_NATIVE_INT32;
}

/// Cells x genes, row-major; or, turned, genes x cells. Read by bands of cells as high as the
/// chunks; a band is read by tiles of whole chunks, of which the totals and the panel's genes are
/// kept, so that each chunk is inflated once and a band takes little memory even if the file has
/// many genes.
template <class Value>
class DenseMatrix final : public H5Matrix {
 public:
  DenseMatrix(const h5::File& file, const std::string& path, Index n_cells, Index n_genes,
              bool turned)
      : file_(file), n_cells_(n_cells), n_genes_(n_genes), turned_(turned) {
    dataset_ = h5::open_dataset(file, file.id(), path);
    path_ = h5::path_of(dataset_.get());
    storage_ = fmt::format("dense {}", h5::type_name(dataset_.get()));
    if (turned_) storage_ += ", genes x cells";
    std::vector<hsize_t> chunk = h5::chunk_shape(dataset_.get());
    if (turned_ && chunk.size() == 2) std::swap(chunk[0], chunk[1]);
    if (chunk.size() == 2) {
      storage_ += fmt::format(", chunks of {} cells x {} genes", chunk[0], chunk[1]);
    }
    const std::string compression = h5::compression_name(dataset_.get());
    if (!compression.empty()) storage_ += ", " + compression;
    plan(chunk);
  }

  [[nodiscard]] std::string storage() const override { return storage_; }
  [[nodiscard]] std::uint64_t n_inflated() const override {
    return chunks_ ? chunks_->n_inflated() : 0;
  }

  /// Pieces of 64 x 64 along the diagonal: few chunks, yet all over the matrix.
  [[nodiscard]] Sample sample() override {
    constexpr Index n_places = 16;
    constexpr Index edge = 64;
    Sample sample;
    std::vector<Value> values;
    for (Index place = 0; place < n_places; ++place) {
      const Index cell = n_cells_ / n_places * place;
      const Index gene = n_genes_ / n_places * place;
      const Index cells = std::min(edge, n_cells_ - cell);
      const Index genes = std::min(edge, n_genes_ - gene);
      if (cells <= 0 || genes <= 0) continue;
      read(cell, cells, gene, genes, values);
      look_at(std::span<const Value>(values), sample);
    }
    return sample;
  }

  void select(const GeneSelection& genes, bool upper_quartile) override {
    collector_.emplace(genes, upper_quartile);
    const auto positions = genes.positions();
    counted_.clear();
    kept_.clear();
    for (Index gene = 0; gene < n_genes_; ++gene) {
      const PanelPosition position = positions[static_cast<std::size_t>(gene)];
      if (position == GeneMap::ignored) continue;
      counted_.push_back(gene);
      if (position >= 0 || upper_quartile) kept_.push_back(gene);
    }
    const std::size_t band_bytes =
        static_cast<std::size_t>(band_cells_) * kept_.size() * sizeof(Value);
    tall_ = band_bytes > max_band_bytes;
    totals_.assign(static_cast<std::size_t>(band_cells_), 0.0);
    if (tall_) {
      columns_.resize(kept_.size());
    } else {
      band_.resize(static_cast<std::size_t>(band_cells_) * kept_.size());
    }
  }

  void fetch(std::unique_ptr<RawCells>& raw, Index first, Index count,
             h5::TextReader& names) override {
    ReadyCells& ready = ReadyCells::in(raw);
    ready.first = first;
    ready.n_cells = count;
    collector_->begin_block(ready.block, first);
    for (Index done = 0; done < count;) {
      const Index cell = first + done;
      if (cell < band_first_ || cell >= band_end_) load_band(cell);
      const Index here = std::min(count - done, band_end_ - cell);
      if (tall_) {
        serve_tall(cell, here, names);
      } else {
        serve(cell, here, names);
      }
      done += here;
    }
  }

  void decode(RawCells& raw, CellBlock& block) const override { ReadyCells::hand_over(raw, block); }

  [[nodiscard]] std::size_t memory_bytes() const override {
    std::size_t bytes = static_cast<std::size_t>(tile_cells_ * tile_genes_) * sizeof(Value) *
                            (turned_ && !chunks_ ? 2 : 1) +
                        totals_.size() * sizeof(double) + band_.size() * sizeof(Value) +
                        (counted_.size() + kept_.size()) * sizeof(Index) + hdf5_bytes_;
    // A tall band holds what is not zero: at most all of it, doubled while it grows.
    if (tall_) {
      bytes += 2 * static_cast<std::size_t>(band_cells_) * kept_.size() * sizeof(Stored);
    }
    return bytes;
  }

 private:
  struct Stored {
    std::uint32_t cell;  // within the band
    Value value;
  };
  struct Column {
    std::vector<Stored> stored;  // by cell
    std::size_t cursor = 0;
  };

  void plan(const std::vector<hsize_t>& chunk) {
    if (chunk.size() != 2 && turned_) {  // contiguous: runs of many cells of a gene
      band_cells_ = std::clamp<Index>(n_cells_, 1, cells_per_slab);
      tile_cells_ = band_cells_;
      tile_genes_ =
          std::clamp<Index>(values_per_tile / band_cells_, 1, std::max<Index>(n_genes_, 1));
      return;
    }
    if (chunk.size() != 2) {  // contiguous: slabs of whole cells
      tile_genes_ = std::clamp<Index>(n_genes_, 1, values_per_tile);
      tile_cells_ = std::clamp<Index>(values_per_tile / tile_genes_, 1, cells_per_band);
      band_cells_ = tile_cells_;
      return;
    }
    chunk_cells_ = static_cast<Index>(chunk[0]);
    chunk_genes_ = static_cast<Index>(chunk[1]);
    const std::size_t chunk_bytes = h5::check_chunk_claim(file_, dataset_.get());
    band_cells_ = chunk_cells_ * std::max<Index>(1, cells_per_band / chunk_cells_);
    tile_cells_ = band_cells_;
    tile_genes_ = chunk_genes_ * std::max<Index>(1, values_per_tile / (band_cells_ * chunk_genes_));
    tile_genes_ = std::min(tile_genes_, std::max<Index>(n_genes_, 1));
    std::size_t cache = 0;
    if (tile_cells_ * tile_genes_ > 4 * values_per_tile) {
      // One chunk alone is more than a tile should be: it stays inflated and is cut.
      cache = chunk_bytes;
      tile_cells_ = std::max<Index>(1, values_per_tile / tile_genes_);
    }
    band_cells_ = std::min(band_cells_, std::max<Index>(n_cells_, 1));
    tile_cells_ = std::min(tile_cells_, band_cells_);
    dataset_ = h5::reopen_with_cache(file_, std::move(dataset_), cache);
    hdf5_bytes_ = 2 * chunk_bytes;
    if (h5::compression_name(dataset_.get()).empty()) return;
    if (auto codec = h5::ChunkCodec::of(file_, dataset_.get())) {
      chunks_.emplace(std::move(*codec), dataset_.get(), memory_type<Value>());
      hdf5_bytes_ = chunks_->memory_bytes();
    }
  }

  /// The part of each chunk that lies in the rectangle, copied to its place.
  void read_chunks(Index cell, Index cells, Index gene, Index genes, std::vector<Value>& values) {
    for (Index top = cell - cell % chunk_cells_; top < cell + cells; top += chunk_cells_) {
      for (Index left = gene - gene % chunk_genes_; left < gene + genes; left += chunk_genes_) {
        const std::array<hsize_t, 2> corner = in_file(top, left);
        const auto* chunk = static_cast<const Value*>(chunks_->at(dataset_.get(), corner));
        const Index first_gene = std::max(left, gene);
        const Index n = std::min(left + chunk_genes_, gene + genes) - first_gene;
        const Index last_cell = std::min(top + chunk_cells_, cell + cells);
        for (Index c = std::max(top, cell); c < last_cell; ++c) {
          Value* to = values.data() + (c - cell) * genes + (first_gene - gene);
          if (!turned_) {
            std::copy_n(chunk + (c - top) * chunk_genes_ + (first_gene - left), n, to);
            continue;
          }
          const Value* from = chunk + (first_gene - left) * chunk_cells_ + (c - top);
          for (Index g = 0; g < n; ++g) to[g] = from[g * chunk_cells_];
        }
      }
    }
  }

  /// A pair of cells and genes in the order of the data set's axes.
  [[nodiscard]] std::array<hsize_t, 2> in_file(Index cell, Index gene) const {
    if (turned_) std::swap(cell, gene);
    return {static_cast<hsize_t>(cell), static_cast<hsize_t>(gene)};
  }

  void read(Index cell, Index cells, Index gene, Index genes, std::vector<Value>& values) {
    const h5::Lock lock;
    values.resize(static_cast<std::size_t>(cells * genes));
    if (chunks_) return read_chunks(cell, cells, gene, genes, values);
    const std::array<hsize_t, 2> start = in_file(cell, gene);
    const std::array<hsize_t, 2> extent = in_file(cells, genes);
    std::vector<Value>& read_to = turned_ ? turned_values_ : values;
    read_to.resize(values.size());
    const Handle stored(H5Dget_space(dataset_.get()));
    const Handle memory(H5Screate_simple(2, extent.data(), nullptr));
    if (H5Sselect_hyperslab(stored.get(), H5S_SELECT_SET, start.data(), nullptr, extent.data(),
                            nullptr) < 0 ||
        H5Dread(dataset_.get(), memory_type<Value>(), memory.get(), stored.get(), H5P_DEFAULT,
                read_to.data()) < 0) {
      file_.fail(path_, fmt::format("cells {} to {} cannot be read; the file is damaged or "
                                    "incomplete.",
                                    cell, cell + cells - 1));
    }
    for (Index c = 0; turned_ && c < cells; ++c) {
      for (Index g = 0; g < genes; ++g) {
        values[static_cast<std::size_t>(c * genes + g)] =
            turned_values_[static_cast<std::size_t>(g * cells + c)];
      }
    }
  }

  void load_band(Index cell) {
    const Index first = cell - cell % band_cells_;
    const Index end = std::min(first + band_cells_, n_cells_);
    band_first_ = band_end_ = 0;  // should reading fail, nothing is held
    std::fill(totals_.begin(), totals_.end(), 0.0);
    for (Column& column : columns_) {
      column.stored.clear();
      column.cursor = 0;
    }
    next_tall_ = first;
    std::size_t counted = 0;
    std::size_t kept = 0;
    for (Index gene = 0; gene < n_genes_; gene += tile_genes_) {
      const Index gene_end = std::min(gene + tile_genes_, n_genes_);
      const auto upto = [gene_end](const std::vector<Index>& genes, std::size_t from) {
        while (from < genes.size() && genes[from] < gene_end) ++from;
        return from;
      };
      const std::size_t counted_end = upto(counted_, counted);
      const std::size_t kept_end = upto(kept_, kept);
      for (Index row = first; row < end; row += tile_cells_) {
        const Index rows = std::min(tile_cells_, end - row);
        read(row, rows, gene, gene_end - gene, tile_);
        add_totals(row - first, rows, gene, gene_end - gene, counted, counted_end);
        keep_panel(row - first, rows, gene, gene_end - gene, kept, kept_end);
      }
      counted = counted_end;
      kept = kept_end;
    }
    band_first_ = first;
    band_end_ = end;
  }

  /// Sums gene after gene, as every other reader does; four cells at a time, because one sum alone
  /// would wait for itself.
  void add_totals(Index row, Index rows, Index gene, Index genes, std::size_t counted,
                  std::size_t counted_end) {
    const bool all = counted_end - counted == static_cast<std::size_t>(genes);
    for (Index r = 0; r < rows; r += 4) {
      std::array<const Value*, 4> line{};
      std::array<double, 4> sum{};
      const Index n = std::min<Index>(4, rows - r);
      for (Index k = 0; k < 4; ++k) {
        const Index at = r + std::min(k, n - 1);
        line[static_cast<std::size_t>(k)] = tile_.data() + at * genes;
        sum[static_cast<std::size_t>(k)] = totals_[static_cast<std::size_t>(row + at)];
      }
      const auto add = [&](Index g) {
        for (std::size_t k = 0; k < 4; ++k) sum[k] += static_cast<double>(line[k][g]);
      };
      if (all) {
        for (Index g = 0; g < genes; ++g) add(g);
      } else {
        for (std::size_t i = counted; i < counted_end; ++i) add(counted_[i] - gene);
      }
      for (Index k = 0; k < n; ++k) {
        totals_[static_cast<std::size_t>(row + r + k)] = sum[static_cast<std::size_t>(k)];
      }
    }
  }

  void keep_panel(Index row, Index rows, Index gene, Index genes, std::size_t kept,
                  std::size_t kept_end) {
    for (Index r = 0; r < rows; ++r) {
      const Value* line = tile_.data() + r * genes;
      if (tall_) {
        for (std::size_t k = kept; k < kept_end; ++k) {
          const Value value = line[kept_[k] - gene];
          if (value != Value{0}) {
            columns_[k].stored.push_back({static_cast<std::uint32_t>(row + r), value});
          }
        }
      } else {
        Value* out = band_.data() + static_cast<std::size_t>(row + r) * kept_.size();
        for (std::size_t k = kept; k < kept_end; ++k) out[k] = line[kept_[k] - gene];
      }
    }
  }

  void serve(Index first, Index count, h5::TextReader& names) {
    for (Index cell = first; cell < first + count; ++cell) {
      const auto row = static_cast<std::size_t>(cell - band_first_);
      const Value* values = band_.data() + row * kept_.size();
      for (std::size_t k = 0; k < kept_.size(); ++k) {
        if (values[k] != Value{0}) collector_->add(kept_[k], static_cast<double>(values[k]));
      }
      collector_->end_cell(names.at(static_cast<hsize_t>(cell)), totals_[row]);
    }
  }

  /// From columns of non-zero values; cursors make it cheap as long as cells come in order.
  void serve_tall(Index first, Index count, h5::TextReader& names) {
    const bool in_order = first == next_tall_;
    std::vector<std::vector<std::pair<Index, Value>>> by_cell(static_cast<std::size_t>(count));
    const auto begin = static_cast<std::uint32_t>(first - band_first_);
    const auto end = begin + static_cast<std::uint32_t>(count);
    for (std::size_t k = 0; k < columns_.size(); ++k) {
      Column& column = columns_[k];
      if (!in_order) {
        column.cursor = static_cast<std::size_t>(
            std::lower_bound(column.stored.begin(), column.stored.end(), begin,
                             [](const Stored& s, std::uint32_t cell) { return s.cell < cell; }) -
            column.stored.begin());
      }
      for (; column.cursor < column.stored.size() && column.stored[column.cursor].cell < end;
           ++column.cursor) {
        const Stored& stored = column.stored[column.cursor];
        by_cell[stored.cell - begin].emplace_back(kept_[k], stored.value);
      }
    }
    for (Index c = 0; c < count; ++c) {
      for (const auto& [gene, value] : by_cell[static_cast<std::size_t>(c)]) {
        collector_->add(gene, static_cast<double>(value));
      }
      collector_->end_cell(names.at(static_cast<hsize_t>(first) + static_cast<hsize_t>(c)),
                           totals_[static_cast<std::size_t>(first + c - band_first_)]);
    }
    next_tall_ = first + count;
  }

  const h5::File& file_;
  Index n_cells_;
  Index n_genes_;
  bool turned_;  // the data set is genes x cells
  std::vector<Value> turned_values_;
  Handle dataset_;
  std::string path_;
  std::string storage_;
  std::size_t hdf5_bytes_ = 0;
  Index chunk_cells_ = 1;
  Index chunk_genes_ = 1;
  std::optional<h5::ChunkReader> chunks_;  // of compressed data sets
  Index band_cells_ = 1;
  Index tile_cells_ = 1;
  Index tile_genes_ = 1;
  std::optional<PanelCollector> collector_;
  std::vector<Index> counted_;  // genes that enter the totals
  std::vector<Index> kept_;     // genes that the collector wants
  std::vector<Value> tile_;
  std::vector<double> totals_;  // of the band's cells
  std::vector<Value> band_;     // cell after cell: values of the kept genes
  bool tall_ = false;           // band_ would be too large: columns_ serve instead
  std::vector<Column> columns_;
  Index next_tall_ = 0;
  Index band_first_ = 0;
  Index band_end_ = 0;
};

}  // namespace

namespace {

std::unique_ptr<H5Matrix> open_matrix(const h5::File& file, const std::string& dataset,
                                      Index n_cells, Index n_genes, bool turned) {
  const h5::Lock lock;
  HeldAs held = HeldAs::float64;
  {
    const Handle opened = h5::open_dataset(file, file.id(), dataset);
    const std::string path = h5::path_of(opened.get());
    const std::vector<hsize_t> extent = h5::shape(file, opened.get());
    const Index first = turned ? n_genes : n_cells;
    const Index second = turned ? n_cells : n_genes;
    if (extent.size() != 2 || extent[0] != static_cast<hsize_t>(first) ||
        extent[1] != static_cast<hsize_t>(second)) {
      file.fail(path, fmt::format("has the shape ({}); the names of cells and genes ask for "
                                  "({}, {}). The file is damaged.",
                                  joined(extent, ", "), first, second));
    }
    h5::check_claim(file, opened.get());
    held = held_as(file, opened.get());
  }
  switch (held) {
    case HeldAs::int32:
      return std::make_unique<DenseMatrix<std::int32_t>>(file, dataset, n_cells, n_genes, turned);
    case HeldAs::float32:
      return std::make_unique<DenseMatrix<float>>(file, dataset, n_cells, n_genes, turned);
    default:
      return std::make_unique<DenseMatrix<double>>(file, dataset, n_cells, n_genes, turned);
  }
}

}  // namespace

std::unique_ptr<H5Matrix> open_dense_matrix(const h5::File& file, const std::string& dataset,
                                            Index n_cells, Index n_genes) {
  return open_matrix(file, dataset, n_cells, n_genes, false);
}

std::unique_ptr<H5Matrix> open_turned_matrix(const h5::File& file, const std::string& dataset,
                                             Index n_cells, Index n_genes) {
  return open_matrix(file, dataset, n_cells, n_genes, true);
}

}  // namespace sicmir
