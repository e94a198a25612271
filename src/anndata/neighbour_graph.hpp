// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The graph of neighbouring cells that an AnnData object keeps in obsp.

#include <optional>
#include <string>
#include <vector>

#include "hdf5/h5.hpp"
#include "hdf5/h5_window.hpp"
#include "sicmir/annotation_place.hpp"
#include "sicmir/types.hpp"

namespace sicmir::h5ad {

/// The neighbours of consecutive cells.
struct Neighbours {
  Index first = 0;             ///< position of the first of these cells
  std::vector<Index> offsets;  ///< cells + 1 entries: where in `cells` each one's begin
  std::vector<Index> cells;    ///< positions, ascending for each cell, itself left out

  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(offsets.size()) - 1; }
};

/// A compressed sparse matrix of cells x cells, stored by line (`csr_matrix` of AnnData's "On-disk
/// format"; files before 0.7 keep it in uns/neighbors, with the attributes h5sparse_format and
/// h5sparse_shape). A cell's neighbours are the columns in which its line is above 0. Read line by
/// line, in bounded memory.
class NeighbourGraph {
 public:
  /// Throws Error(usage) if there is no matrix `name`, naming those that there are;
  /// Error(bad_input) if it is none of `n_cells` x `n_cells` or its parts do not fit each other.
  NeighbourGraph(const AnnotationPlace& place, const std::string& name, Index n_cells);
  NeighbourGraph(const NeighbourGraph&) = delete;
  NeighbourGraph& operator=(const NeighbourGraph&) = delete;
  ~NeighbourGraph() = default;

  /// Entries of the matrix per cell.
  [[nodiscard]] double mean_neighbours() const noexcept;
  /// The neighbours of the cells from `first` on: of 1 .. most_cells of them, fewer where they have
  /// very many. Throws Error(bad_input) naming the line. From one thread at a time.
  void read(Index first, Index most_cells, Neighbours& neighbours);
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  [[nodiscard]] std::int64_t pointer(Index line);
  void append_line(Index line, std::int64_t begin, std::int64_t end, std::vector<Index>& cells);

  h5::File file_;
  std::string path_;
  Index n_cells_;
  std::optional<h5::NumberReader<std::int64_t>> pointers_;
  std::optional<h5::NumberReader<std::int64_t>> columns_;
  std::optional<h5::NumberReader<float>> weights_;
};

}  // namespace sicmir::h5ad
