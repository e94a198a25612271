// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The public half of an atlas: static files that any web host can serve and any browser show
/// (docs/atlas-site.md).

#include <cstdint>
#include <filesystem>
#include <vector>

#include "atlas/atlas_folder.hpp"
#include "atlas/catalogue.hpp"
#include "sicmir/types.hpp"

namespace sicmir::atlas {

/// In AtlasFolder::data(). What the owner says of the atlas on its pages, if there; and what was
/// written of the cells of each set, so that `index` need not read them again.
inline constexpr const char* site_words_file = "site.json";
inline constexpr const char* site_cells_folder = "site-cells";

/// What a smaller site shows of an atlas.
struct SiteExcerpt {
  Index max_cells = 0;        ///< of each data set, drawn by drawn_cells(); 0: all
  std::vector<Index> mirnas;  ///< positions in Catalogue::mirnas(), rising; empty: all
  std::uint64_t seed = 1;     ///< of the draw
};

/// Writes `folder.site()` from the catalogue and the cells of the data sets that are public; a
/// SiteWriter. Sets that are not public leave no trace, nor do the terms that only they have.
/// Blocks of cells of a set whose seal is that of the last time are kept as they are. Equal
/// catalogues and cells make equal bytes, whatever `threads`. Throws Error(bad_input): a set that
/// cannot be read, or a data/site.json that is wrong; Error(not_written).
void write_site(const AtlasFolder& folder, const Catalogue& catalogue, int threads);

struct SiteReport {
  Index n_files = 0, n_sets = 0, n_mirnas = 0;
  Index n_cells = 0;  ///< that can be seen one by one
  std::uint64_t bytes = 0;
};

/// Writes a site of `excerpt` into the folder `site`, which exists; nothing else of the atlas is
/// touched. Of all cells and miRNAs it has the bytes of `folder.site()`.
SiteReport write_excerpt(const AtlasFolder& folder, const Catalogue& catalogue,
                         const SiteExcerpt& excerpt, const std::filesystem::path& site,
                         int threads);

}  // namespace sicmir::atlas
