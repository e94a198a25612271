// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Rebuilds everything in an atlas that follows from its data sets.

#include <filesystem>
#include <functional>

#include "atlas/atlas_folder.hpp"
#include "atlas/catalogue.hpp"
#include "sicmir/types.hpp"

namespace sicmir::atlas {

/// Writes the public half into `folder.site()` from `catalogue` and the cells of the data sets
/// (CellValues). Called by build_index() with the new catalogue in its place. Files are named by
/// their content and never change; what names them is renamed last; files of no version are then
/// removed. Equal catalogues make equal bytes, whatever `threads`.
using SiteWriter =
    std::function<void(const AtlasFolder& folder, const Catalogue& catalogue, int threads)>;

struct IndexOptions {
  bool allow_mixed = false;  ///< sets that cannot be compared are kept apart instead of refused
  bool resume = false;       ///< take over what an index that was stopped has left
  int threads = 1;
  SiteWriter write_site;  ///< empty: no site is written
};

struct IndexReport {
  Index n_sets = 0, n_removed = 0, n_groups = 0, n_types = 0, n_cells = 0;
  Index n_comparable = 0;  ///< kinds of data sets that are kept apart; 1: all can be compared
  std::uint64_t catalogue_bytes = 0;
};

/// Reads the summaries of all finished data sets that are not marked as removed, writes the
/// catalogue under a temporary name and renames it, writes the site, and deletes what is marked.
/// The same data sets give the same bytes with the same SQLite. Throws Error(bad_input): sets of
/// different models, scales, targets or formats (named), or a damaged one; Error(usage): another
/// index is running; Error(not_written).
IndexReport build_index(const AtlasFolder& folder, const IndexOptions& options);

}  // namespace sicmir::atlas
