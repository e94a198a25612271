// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The full tables behind the page of `sicmir report`, as TSV.

#include <string>
#include <vector>

#include "cli/report_page.hpp"
#include "cli/table_output.hpp"

namespace sicmir::cli {

/// Paths of the tables in `folder`.
[[nodiscard]] std::vector<std::string> table_files(const std::string& folder);

/// Makes the folder unless it is there. Throws Error(not_written).
void make_table_folder(const std::string& folder);

/// markers.tsv as `sicmir markers` writes it, profiles.tsv, cells.tsv (those drawn), accuracy.tsv,
/// and what the analyses that were run bring: hubs.tsv, edges.tsv, crosstalk.tsv,
/// crosstalk_net.tsv. They are added to `files`. Throws Error(not_written).
void write_tables(const std::string& folder, const PageContent& content, const Profiles& profiles,
                  const MarkerSet& markers, TextFiles& files);

}  // namespace sicmir::cli
