// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What each section of the page of `sicmir report` shows, as data for web/report.js.

#include <vector>

#include "cli/report_page.hpp"
#include "cli/report_values.hpp"

namespace sicmir::cli::page {

/// The map, of one in `step` of the cells that are drawn.
[[nodiscard]] Json map_json(const PageContent& content, const Profiles& profiles, Index step);
/// The table of markers.
[[nodiscard]] Json markers_json(const MarkerSet& markers, const Profiles& profiles,
                                const MarkerOptions& options, const std::vector<Group>& groups);
/// The dot plot of markers and groups.
[[nodiscard]] Json dots_json(const PageContent& content, const Profiles& profiles,
                             const MarkerSet& markers, const std::vector<Group>& groups);
[[nodiscard]] Json volcano_json(const MarkerSet& markers, const Profiles& profiles,
                                const MarkerOptions& options, const std::vector<Group>& groups);
/// The network, or the cross-talk.
[[nodiscard]] Json part_json(const PagePart& part);
/// Accuracy of every miRNA.
[[nodiscard]] Json mirnas_json(const Profiles& profiles);
/// What differences are worth.
[[nodiscard]] Json calibration_json(const Profiles& profiles);

}  // namespace sicmir::cli::page
