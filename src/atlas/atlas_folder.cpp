// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/atlas_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "sicmir/error.hpp"

namespace sicmir::atlas {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> sets_of(const AtlasFolder& folder, bool are_removed) {
  std::error_code error;
  const fs::directory_iterator entries(folder.sets(), error);
  if (error) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: is no atlas: its folder data/sets cannot be read ({}). Make one "
                            "with `sicmir atlas add`.",
                            folder.root().string(), error.message()));
  }
  std::vector<std::string> ids;
  for (const fs::directory_entry& entry : entries) {
    std::string id = entry.path().filename().string();
    if (!is_set_id(id) || !entry.is_directory(error)) continue;
    if (fs::exists(entry.path() / set_files::removed, error) == are_removed) {
      ids.push_back(std::move(id));
    }
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace

bool is_set_id(std::string_view id) {
  constexpr std::size_t longest = 64;
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !id.empty() && id.size() <= longest && is_plain(id.front()) &&
         std::all_of(id.begin(), id.end(),
                     [&](char c) { return is_plain(c) || c == '.' || c == '_' || c == '-'; });
}

std::vector<std::string> finished_sets(const AtlasFolder& folder) {
  return sets_of(folder, false);
}

std::vector<std::string> removed_sets(const AtlasFolder& folder) {
  return sets_of(folder, true);
}

}  // namespace sicmir::atlas
