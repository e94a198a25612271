// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Matrices of expression values in HDF5 files, served cell by cell: compressed sparse by cell or
/// by gene, and dense.

#include <memory>
#include <string>

#include "hdf5/h5.hpp"
#include "hdf5/h5_window.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/gene_map.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

class H5Matrix {
 public:
  /// What a fixed sample of the stored values looks like.
  struct Sample {
    Index n = 0;
    bool integers = true;    ///< none has a fraction
    bool negatives = false;  ///< at least one is below 0
  };

  virtual ~H5Matrix() = default;
  H5Matrix() = default;
  H5Matrix(const H5Matrix&) = delete;
  H5Matrix& operator=(const H5Matrix&) = delete;

  /// For people: "CSR float32, int32 indices, gzip".
  [[nodiscard]] virtual std::string storage() const = 0;
  /// Genes after genes: the panel's values are gathered before the first cell.
  [[nodiscard]] virtual bool gene_major() const { return false; }
  /// Looks at values evenly spaced over what is stored.
  [[nodiscard]] virtual Sample sample() = 0;
  /// Once, before the first fetch().
  virtual void select(const GeneSelection& genes, bool upper_quartile) = 0;
  /// As CellSource::fetch() and decode(), for the cells from `first` on, at most `count` of them,
  /// which sets `first` and `n_cells` of `raw`.
  virtual void fetch(std::unique_ptr<RawCells>& raw, Index first, Index count,
                     h5::TextReader& names) = 0;
  virtual void decode(RawCells& raw, CellBlock& block) const = 0;
  [[nodiscard]] virtual std::size_t memory_bytes() const = 0;
  /// Chunks inflated so far by ChunkCodec; 0 where there is none to inflate, or HDF5 does it.
  [[nodiscard]] virtual std::uint64_t n_inflated() const = 0;
};

enum class SparseMajor : std::uint8_t { cells, genes };

/// `group`: path of the group that holds `data`, `indices` and `indptr`. `file` outlives the
/// matrix. Throws Error(bad_input) unless they fit each other and the numbers of cells and genes;
/// each pointer and index is checked again when it is read.
[[nodiscard]] std::unique_ptr<H5Matrix> open_sparse_matrix(const h5::File& file,
                                                           const std::string& group,
                                                           SparseMajor major, Index n_cells,
                                                           Index n_genes);

/// `dataset`: path of a data set of cells x genes.
[[nodiscard]] std::unique_ptr<H5Matrix> open_dense_matrix(const h5::File& file,
                                                          const std::string& dataset, Index n_cells,
                                                          Index n_genes);

/// `dataset`: path of a data set of genes x cells.
[[nodiscard]] std::unique_ptr<H5Matrix> open_turned_matrix(const h5::File& file,
                                                           const std::string& dataset,
                                                           Index n_cells, Index n_genes);

/// In which type stored values are held: integers of 32 bits or less exactly, floating-point values
/// of 32 bits or less as float, everything else as double.
enum class HeldAs : std::uint8_t { int32, float32, float64 };
/// Throws naming the data set if it does not hold numbers.
[[nodiscard]] HeldAs held_as(const h5::File& file, hid_t dataset);

/// Adds values to what is known of a sample.
template <class T>
void look_at(std::span<const T> values, H5Matrix::Sample& sample);

}  // namespace sicmir
