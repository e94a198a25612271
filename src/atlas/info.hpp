// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What an atlas holds.

#include <string>
#include <vector>

#include "atlas/atlas_folder.hpp"
#include "atlas/claim.hpp"
#include "atlas/data_set.hpp"

namespace sicmir::atlas {

/// A data set that is being made, or was left behind.
struct ClaimInfo {
  std::string name;
  ClaimOwner owner;
  bool is_alive_here = false;
};

struct AtlasInfo {
  std::vector<DataSet> sets;         ///< finished and not removed
  std::vector<std::string> removed;  ///< until the next index
  std::vector<ClaimInfo> claims;
  bool has_catalogue = false;
  std::uint64_t catalogue_bytes = 0;
  Index n_site_files = 0;
  std::uint64_t site_bytes = 0;
  /// Sets that the catalogue does not have as they are now, or has though they are gone.
  std::vector<std::string> not_indexed;
  /// Donors whose name stands in several sets, and these.
  std::vector<std::pair<std::string, std::vector<std::string>>> shared_donors;
};

/// Throws Error(bad_input).
[[nodiscard]] AtlasInfo atlas_info(const AtlasFolder& folder);

/// Claims in the order of their names, leftovers of removals and takeovers included.
[[nodiscard]] std::vector<ClaimInfo> claims_in(const AtlasFolder& folder);

[[nodiscard]] std::string info_text(const AtlasInfo& info);
[[nodiscard]] std::string info_json(const AtlasInfo& info);

/// TSV of all terms: kind, name, ontology id (empty: not known), number of data sets.
[[nodiscard]] std::string terms_tsv(const AtlasInfo& info);

}  // namespace sicmir::atlas
