// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Numbers, words and groups as the page of `sicmir report` holds them.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/profiles.hpp"
#include "base/json.hpp"

namespace sicmir::cli::page {

inline constexpr std::size_t most_lines = 200;  ///< of each table
inline constexpr std::size_t most_dot_groups = 60;

/// Six digits are more than is known of any number here. Null: not finite.
[[nodiscard]] Json number(double value);

/// Words of a file, cut after `most` bytes: nothing is drawn of more than the eye can take in.
[[nodiscard]] std::string words(std::string text, std::size_t most = 200);

/// The first 200 of `texts`, each cut after 1,500 bytes.
[[nodiscard]] Json list_of_words(const std::vector<std::string>& texts);

/// Little-endian, two bytes each.
[[nodiscard]] std::string base64_of(const std::vector<std::uint16_t>& values);

/// 12345 as 12,345.
[[nodiscard]] std::string grouped(double value);

/// Groups of the profiles, in the order of their names' bytes.
struct Group {
  std::string name;
  std::set<std::string> samples;
  Index n_profiles = 0, n_below = 0, n_cells = 0;
  double n_counts = 0;
};

[[nodiscard]] std::vector<Group> groups_of(const Profiles& profiles);
/// Position of the group of this name.
[[nodiscard]] Index place_of(const std::vector<Group>& groups, const std::string& name);
[[nodiscard]] Index n_cells_of(const std::vector<Group>& groups);

/// What the profiles' facts say under this name; empty: nothing.
[[nodiscard]] const std::string& fact(const Profiles& profiles, std::string_view name);

}  // namespace sicmir::cli::page
