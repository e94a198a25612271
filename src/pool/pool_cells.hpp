#pragma once
/// One pass over all cells of a source that adds them up by group.

#include <vector>

#include "cells/groups.hpp"
#include "pool/pool_sums.hpp"
#include "sicmir/gene_map.hpp"
#include "sicmir/pool.hpp"

namespace sicmir {

struct PooledCells {
  PoolSums sums;
  Values values = Values::counts;  ///< of the cells, as they were read
  PoolReport report;
  std::vector<CellGroup> groups;
  std::vector<std::string> columns;  ///< that make the groups
};

/// `cells` has been told to select `map`; `panel`: names of that map's genes, for messages. Throws
/// as pool_for_prediction().
[[nodiscard]] PooledCells pool_cells(CellSource& cells, const GeneMap& map, const GenePanel& panel,
                                     const UnitRecipe& recipe, const ReadingOptions& options,
                                     const PoolOptions& pool);

/// GROUP, or GROUP_bootstrap_1 and so on.
[[nodiscard]] std::vector<std::string> names_of_pools(const PooledCells& pooled);
/// Columns of obs.
[[nodiscard]] std::vector<CellColumn> columns_of_pools(const PooledCells& pooled);

}  // namespace sicmir
