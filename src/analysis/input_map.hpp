// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Maps of cells, such as UMAPs, that an AnnData file brings.

#include <optional>
#include <string>
#include <vector>

#include "sicmir/annotation_place.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// Two coordinates of every cell. They have no unit.
struct InputMap {
  std::string name;          ///< in obsm: X_umap
  std::vector<double> x, y;  ///< per cell of the input; NaN: none
};

/// Tables of obsm that can be a map, those that are known to be maps first: X_umap, X_tsne,
/// X_draw_graph_fa, X_phate, then whatever else begins so, by name.
[[nodiscard]] std::vector<std::string> maps_in(const AnnotationPlace& place);

/// The first two columns of obsm/`name`: an array of numbers, cells x 2 or more (AnnData, "On-disk
/// format": obsm, dense arrays). Infinite coordinates count as none. Throws Error(bad_input): there
/// is no such array, it is no array of numbers, has another number of lines than there are cells
/// (`n_cells`), or fewer than two columns. Sizes are checked before memory is allocated.
[[nodiscard]] InputMap read_map(const AnnotationPlace& place, const std::string& name,
                                Index n_cells);

}  // namespace sicmir
