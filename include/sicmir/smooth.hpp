// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Smoothing: to each cell's counts those of its neighbours are added. The sums are a CellSource
/// again, and predict() takes them for cells.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sicmir/cell_source.hpp"
#include "sicmir/model.hpp"
#include "sicmir/reading.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

struct SmoothReport {
  std::string graph;           ///< name of the matrix in obsp
  Index n_cells = 0;           ///< read
  double mean_neighbours = 0;  ///< entries of the graph per cell
  double seconds = 0;          ///< until the sums can be served
};

struct Smoothed {
  std::unique_ptr<CellSource> source;  ///< has been told what to select
  SmoothReport report;
  /// What determines the sums, but for the cells; as OutputHeader::facts.
  std::vector<std::pair<std::string, std::string>> facts;
};

/// Reads all of `cells` and adds up, for each cell, its counts and those of its neighbours in the
/// graph `graph` of the input's obsp, each counted once whatever its weight: the sums are counts,
/// over the panel's genes. Empty cells stay empty. The cells are kept in options.spool_memory bytes
/// and beyond that in a temporary file, besides 8 bytes a cell; the graph is read line by line.
/// Throws Error(usage) for options that do not fit (a shard, moments, Scale::reference), for values
/// that are not counts, and if there is no such graph; Error(bad_input) if the graph is damaged.
[[nodiscard]] Smoothed smooth_for_prediction(std::unique_ptr<CellSource> cells, const Model& model,
                                             const GeneIndex& index, const ReadingOptions& options,
                                             const std::string& graph);

/// Changes `options` to what predict() needs for these sums: counts, standardised among themselves.
void adapt_options(const Smoothed& smoothed, ReadingOptions& options);

}  // namespace sicmir
