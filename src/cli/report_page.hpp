// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The page of `sicmir report`: one HTML file that opens from disk and asks for nothing else.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/cell_view.hpp"
#include "analysis/markers.hpp"
#include "analysis/profiles.hpp"
#include "cli/report_parts.hpp"

namespace sicmir::cli {

/// The cells that are drawn, and where.
struct PageMap {
  CellView view;
  /// Of the input, in the order of view.cells; no name: principal components of the predictions.
  InputMap coordinates;
  GeneView genes;
  std::vector<std::string> gene_notes;  ///< per gene, what it stands for; may be empty
};

struct PageContent {
  std::string input;  ///< as the user named it
  std::vector<SourceDescription> sources;
  std::string group_by;  ///< what the groups are named by, for the methods
  Index most_cells = 0;
  std::uint64_t seed = 1;
  std::optional<PageMap> map;
  std::string why_no_map;
  std::vector<Index> mirnas;  ///< shown in the map and the dot plot, best first
  std::vector<std::string> warnings, news;
  PagePart reasons, network, crosstalk;
};

/// Largest page, in bytes.
inline constexpr std::size_t most_page_bytes = 5'000'000;

/// Cells that can be drawn with this many colours each, so that the page stays below its limit.
[[nodiscard]] Index most_cells_of_page(std::size_t n_mirnas, std::size_t n_genes);

/// The page. Words that came from files stand in it as data only; long ones are cut.
[[nodiscard]] std::string report_page(const PageContent& content, const Profiles& profiles,
                                      const MarkerSet& markers, const MarkerOptions& options);

/// Up to `most` miRNAs to show: the first marker of each group, then the second of each, and so on;
/// of the arms of one hairpin only the first, for they are one piece of evidence.
[[nodiscard]] std::vector<Index> leading_mirnas(const MarkerSet& markers, const Profiles& profiles,
                                                std::size_t most);

/// How it was all done, to paste into a paper, and what to cite.
struct Methods {
  std::string text;
  std::vector<std::string> references;
};
[[nodiscard]] Methods report_methods(const PageContent& content, const Profiles& profiles,
                                     const MarkerSet& markers, const MarkerOptions& options);

}  // namespace sicmir::cli
