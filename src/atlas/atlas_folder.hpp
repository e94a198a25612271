// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What stands where in an atlas, a folder of many data sets (docs/atlas-format.md). `data/` is
/// private; `site/` is what everyone may see.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sicmir::atlas {

/// Of the folder, its files and the catalogue; others are refused.
inline constexpr int format_version = 1;

/// Paths alone; nothing is created or looked at.
class AtlasFolder {
 public:
  explicit AtlasFolder(std::filesystem::path root) : root_(std::move(root)) {}

  [[nodiscard]] const std::filesystem::path& root() const noexcept { return root_; }
  [[nodiscard]] std::filesystem::path data() const { return root_ / "data"; }
  /// Folders of finished data sets; each is complete, for it came here by renaming.
  [[nodiscard]] std::filesystem::path sets() const { return data() / "sets"; }
  [[nodiscard]] std::filesystem::path set(const std::string& id) const { return sets() / id; }
  /// One folder per data set that is being made; see claim.hpp.
  [[nodiscard]] std::filesystem::path claims() const { return data() / "claims"; }
  [[nodiscard]] std::filesystem::path catalogue() const { return data() / "catalogue.sqlite"; }
  /// Bytes and checksum of the catalogue, for `check`.
  [[nodiscard]] std::filesystem::path catalogue_seal() const { return data() / "catalogue.json"; }
  [[nodiscard]] std::filesystem::path site() const { return root_ / "site"; }

 private:
  std::filesystem::path root_;
};

/// Files in the folder of a data set.
namespace set_files {
inline constexpr const char* description = "set.json";      ///< data_set.hpp
inline constexpr const char* summary = "summary.h5";        ///< summary.hpp
inline constexpr const char* cells = "cells.h5";            ///< cell_values.hpp
inline constexpr const char* profiles = "profiles.h5mu";    ///< analysis/profiles.hpp
inline constexpr const char* checksums = "checksums.json";  ///< of the four above
inline constexpr const char* removed = "removed";           ///< there: index leaves the set out
}  // namespace set_files

/// Whether `id` can name a data set: [a-z0-9][a-z0-9._-]{0,63}.
[[nodiscard]] bool is_set_id(std::string_view id);

/// Ids of finished data sets that are not marked as removed, sorted by their bytes. Throws
/// Error(bad_input) if the folder is no atlas or cannot be read.
[[nodiscard]] std::vector<std::string> finished_sets(const AtlasFolder& folder);

/// Likewise of those that are marked.
[[nodiscard]] std::vector<std::string> removed_sets(const AtlasFolder& folder);

}  // namespace sicmir::atlas
