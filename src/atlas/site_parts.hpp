// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The parts of a site, each written by one source; write_site() puts them together.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "atlas/atlas_folder.hpp"
#include "atlas/site.hpp"
#include "atlas/site_files.hpp"
#include "atlas/site_view.hpp"
#include "parallel/thread_pool.hpp"
#include "sicmir/model.hpp"

namespace sicmir::atlas {

/// Values of all public groups: groups x miRNAs, a group's together.
struct SiteValues {
  std::vector<float> mean, sd;
};

/// Edges and triples of public sets, in the site's numbers.
struct SiteEdge : Edge {
  std::int32_t set = 0;
};
struct SiteLinks {
  std::vector<std::vector<SiteEdge>> edges;  ///< per set
  std::vector<std::vector<Triple>> triples;  ///< per set
};

struct SiteInput {
  const AtlasFolder& folder;
  const SiteView& view;
  SiteValues values;
  SiteLinks links;
  std::vector<SiteMarkers> markers;  ///< per set; by type, best first
  SiteExcerpt excerpt;               ///< its miRNAs are those of the view already
};

/// Everything of the catalogue that several parts need.
[[nodiscard]] SiteInput read_site_input(const AtlasFolder& folder, const SiteView& view);

void add_markers(SiteBundle& bundle, const SiteMarkers& markers);
void add_edges(SiteBundle& bundle, const std::vector<SiteEdge>& edges);

/// One file per miRNA, type and data set; their names, in order.
[[nodiscard]] std::vector<std::string> write_mirna_files(const SiteInput& input, SiteFiles& files,
                                                         ThreadPool& pool);
[[nodiscard]] std::vector<std::string> write_type_files(const SiteInput& input, SiteFiles& files,
                                                        ThreadPool& pool);

struct SiteSetFiles {
  std::vector<std::string> names;
  std::vector<bool> has_map;
  Index n_cells = 0;  ///< that can be seen one by one
};
/// With their cells, where these are public.
[[nodiscard]] SiteSetFiles write_set_files(const SiteInput& input, SiteFiles& files,
                                           ThreadPool& pool);

/// What the model of the sets knows of differences on their scale; empty: nothing.
[[nodiscard]] std::optional<DifferenceCalibration> site_calibration(const SiteInput& input);

[[nodiscard]] Json mirna_table(const SiteInput& input,
                               const std::optional<DifferenceCalibration>& calibration,
                               const std::vector<std::string>& names);
[[nodiscard]] Json type_table(const SiteInput& input, const std::vector<std::string>& names);
[[nodiscard]] Json term_table(const SiteInput& input);
[[nodiscard]] Json set_table(const SiteInput& input, const SiteSetFiles& names);
[[nodiscard]] Json group_table(const SiteInput& input);

/// Lists of [first word, name of the shard].
[[nodiscard]] Json write_search(const SiteInput& input, SiteFiles& files);
[[nodiscard]] Json write_genes(const SiteInput& input, SiteFiles& files);

/// The tables that people take home; the manifest's list of them.
[[nodiscard]] Json write_downloads(const SiteInput& input, SiteFiles& files);

}  // namespace sicmir::atlas
