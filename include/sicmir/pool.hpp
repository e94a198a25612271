// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Pooling: the cells of a group become one profile, or several that are drawn from the group.
/// Pools are a CellSource again, and predict() takes them for cells.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sicmir/cell_source.hpp"
#include "sicmir/grouping.hpp"
#include "sicmir/matrix_sink.hpp"
#include "sicmir/model.hpp"
#include "sicmir/reading.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

enum class PoolMethod : std::uint8_t {
  none,
  sum,        ///< raw counts are added, then normalised as those of one cell
  mean,       ///< of normalised cells
  bootstrap,  ///< means of random draws of normalised cells
};

[[nodiscard]] std::string_view to_string(PoolMethod method) noexcept;

struct PoolOptions : GroupingOptions {
  PoolMethod method = PoolMethod::none;
  std::uint64_t seed = 1;
  Index max_draws = 100;   ///< per group; the published method draws ceil(n / 100) times
  bool all_draws = false;  ///< as many as published
  /// Also count, per gene, the cells of each group in which it is detected; not with draws.
  bool count_detected = false;
  /// Ascending positions of genes that are also added up over a half of each group's cells; with
  /// count_detected.
  std::vector<Index> halved;
};

/// What became of the cells.
struct PoolReport {
  Index n_cells = 0;          ///< read
  Index n_pooled = 0;         ///< of these, cells in a group
  Index n_without_group = 0;  ///< left out
  Index n_empty = 0;          ///< left out because they hold no count
  Index n_not_found = 0;      ///< listed in the table of groups, but not in the input
  Index n_groups = 0;         ///< with at least one cell
  Index n_pools = 0;          ///< lines of the output
  double seconds = 0;
  GeneMapReport genes;  ///< of the cells; empty where all genes are pooled
  Decision decision;    ///< what the cells' values are
};

/// Pools, in memory. `source` serves them as cells, by the names GROUP, or GROUP_bootstrap_1 and so
/// on as the published program has it; it has been told what to select.
struct Pools {
  std::unique_ptr<CellSource> source;
  Values values = Values::counts;  ///< of the pools: counts for sums, else log or zscore
  PoolReport report;
  std::vector<CellColumn> columns;  ///< group, the grouping columns if several, n_cells, draw
  /// What determines them, but for the cells; as OutputHeader::facts.
  std::vector<std::pair<std::string, std::string>> facts;
};

/// Reads all of `cells` in one pass and pools them. Sums are held in double and added in the order
/// of the cells: 8 bytes x genes x (groups + draws) of memory. The scale in `options` changes what
/// has to be summed: for Scale::reference, as for pool_genes(), `cells` must have been opened with
/// SourceOptions::all_genes. Throws Error(usage) for options that do not fit together or the values
/// (only counts are summed), Error(bad_input) if no cell has a group.
[[nodiscard]] Pools pool_for_prediction(std::unique_ptr<CellSource> cells, const Model& model,
                                        const GeneIndex& index, const ReadingOptions& options,
                                        const PoolOptions& pool);

/// Changes `options` to what predict() needs for these pools: their values as stated; and where the
/// scale was to be decided, the pools are standardised among themselves, however few.
void adapt_options(const Pools& pools, ReadingOptions& options);

/// Pools of all genes that the input holds, or of the panel's alone, with their names.
struct PooledGenes {
  Pools pools;
  OutputHeader header;
  std::vector<Index> places;  ///< per gene of `pools`: its place in the header; empty: the same
};
[[nodiscard]] PooledGenes pool_genes(std::unique_ptr<CellSource> cells, const Model& model,
                                     const GeneIndex& index, const ReadingOptions& options,
                                     const PoolOptions& pool, bool panel_only);
/// Writes every pool, as it is, to `sink`.
void write_pools(PooledGenes& pooled, MatrixSink& sink);

}  // namespace sicmir
