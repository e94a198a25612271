// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Writes the catalogue of an atlas.

#include <filesystem>
#include <vector>

#include "atlas/all_lists.hpp"
#include "atlas/atlas_folder.hpp"
#include "atlas/index.hpp"

namespace sicmir::atlas {

/// `file`: is made; `sets`: in the order of their ids. The same sets make the same bytes.
[[nodiscard]] IndexReport write_catalogue(const AtlasFolder& folder,
                                          const std::vector<FoundSet>& sets,
                                          const std::filesystem::path& file);

}  // namespace sicmir::atlas
