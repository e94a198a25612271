// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// One pass over all cells of a source that adds them up by group.

#include <vector>

#include "cells/groups.hpp"
#include "cells/prepared_input.hpp"
#include "pool/pool_sums.hpp"
#include "sicmir/pool.hpp"

namespace sicmir {

struct PooledCells {
  PoolSums sums;
  Values values = Values::counts;  ///< of the cells, as they were read
  PoolReport report;
  std::vector<CellGroup> groups;
  std::vector<std::string> columns;  ///< that make the groups
};

/// What cannot be pooled whatever the cells are. Throws Error(usage).
void check_pooling(const ReadingOptions& options, const PoolOptions& pool);

/// What the cells' numbers are; a scale follows for their sums.
void log_values_of_cells(const Decision& decision);

/// Cells are not standardised before they are pooled: the scale is one for the pools.
[[nodiscard]] ReadingOptions reading_of_cells(const ReadingOptions& options);

/// `input`: made with reading_of_cells(), not yet decided. Throws as pool_for_prediction().
[[nodiscard]] PooledCells pool_cells(PreparedInput& input, const UnitRecipe& recipe,
                                     const PoolOptions& pool);

/// All features of an input that count, in its order: the first of their names, and the others as
/// annotations.
[[nodiscard]] OutputHeader header_of_all_genes(const FeatureTable& features,
                                               const GeneSelection& genes);

/// GROUP, or GROUP_bootstrap_1 and so on.
[[nodiscard]] std::vector<std::string> names_of_pools(const PooledCells& pooled);
/// Columns of obs.
[[nodiscard]] std::vector<CellColumn> columns_of_pools(const PooledCells& pooled);

/// Pools are not warned of it: cells are not scaled, and pooling is what shallow ones need.
[[nodiscard]] bool concerns_cells_alone(const DecisionWarning& warning);

}  // namespace sicmir
