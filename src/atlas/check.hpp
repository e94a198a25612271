// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Finds damage in an atlas, and what interrupted commands have left.

#include <string>
#include <vector>

#include "atlas/atlas_folder.hpp"
#include "sicmir/types.hpp"

namespace sicmir::atlas {

struct Finding {
  std::string where;  ///< a path
  std::string what;   ///< a sentence: what was found, what was expected, what to do
};

struct CheckReport {
  std::vector<Finding> damages;  ///< sorted by place
  std::vector<Finding> notes;    ///< nothing wrong: what is being made at this moment
  Index n_sets = 0;
  Index n_files = 0;  ///< whose checksums were computed
};

/// Reads every byte of the data sets and the catalogue. Throws Error(bad_input) if the folder is no
/// atlas.
[[nodiscard]] CheckReport check_atlas(const AtlasFolder& folder);

/// Marks a data set, for the next index to leave out. Throws Error(usage) if there is none of this
/// id, Error(not_written).
void mark_removed(const AtlasFolder& folder, const std::string& id);

}  // namespace sicmir::atlas
