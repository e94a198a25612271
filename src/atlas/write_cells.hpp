// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Writes cells.h5.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "output/cell_spool.hpp"
#include "sicmir/types.hpp"

namespace sicmir::atlas {

/// What is known of each cell besides its miRNAs.
struct CellTable {
  std::vector<std::string> names;
  std::vector<std::int32_t> types;  ///< as CellValues::types(); likewise
  std::vector<std::int32_t> samples;
  std::string map_name;    ///< empty: there is no map
  std::vector<float> map;  ///< x, y of each cell
};

/// `mirnas`: z-scores of the same cells; NaN: none. Equal values make equal bytes, whatever
/// `threads`. Throws Error(not_written).
void write_cells(const CellTable& cells, CellSpool& mirnas, Index n_mirnas,
                 const std::filesystem::path& folder, int threads);

}  // namespace sicmir::atlas
