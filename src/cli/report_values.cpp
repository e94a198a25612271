// SPDX-License-Identifier: BSD-3-Clause
#include "cli/report_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <map>
#include <utility>

#include "base/base64.hpp"

namespace sicmir::cli::page {

Json number(double value) {
  if (!std::isfinite(value)) return nullptr;
  const std::string text = fmt::format("{:.6g}", value);
  double rounded = 0;
  std::from_chars(text.data(), text.data() + text.size(), rounded);
  return rounded;
}

std::string words(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text + "…";
}

Json list_of_words(const std::vector<std::string>& texts) {
  constexpr std::size_t most_texts = 200;
  constexpr std::size_t most_bytes = 1500;
  Json list = Json::array();
  for (std::size_t i = 0; i < std::min(texts.size(), most_texts); ++i) {
    list.push_back(words(texts[i], most_bytes));
  }
  if (texts.size() > most_texts) {
    list.push_back(fmt::format("... and {} more", texts.size() - most_texts));
  }
  return list;
}

std::string base64_of(const std::vector<std::uint16_t>& values) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(2 * values.size());
  for (const std::uint16_t value : values) {
    bytes.push_back(static_cast<std::uint8_t>(value & 255));
    bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  }
  return base64(bytes);
}

std::vector<Group> groups_of(const Profiles& profiles) {
  std::map<std::string, Group> groups;
  for (const Profile& profile : profiles.profiles) {
    Group& group = groups[profile.group];
    group.name = profile.group;
    group.samples.insert(profile.sample);
    ++group.n_profiles;
    if (profile.below_floor) ++group.n_below;
    group.n_cells += profile.n_cells;
    group.n_counts += profile.n_counts;
  }
  std::vector<Group> list;
  list.reserve(groups.size());
  for (auto& [name, group] : groups) list.push_back(std::move(group));
  return list;
}

Index place_of(const std::vector<Group>& groups, const std::string& name) {
  const auto found =
      std::lower_bound(groups.begin(), groups.end(), name,
                       [](const Group& group, const std::string& key) { return group.name < key; });
  return found - groups.begin();
}

Index n_cells_of(const std::vector<Group>& groups) {
  Index n = 0;
  for (const Group& group : groups) n += group.n_cells;
  return n;
}

const std::string& fact(const Profiles& profiles, std::string_view name) {
  static const std::string none;
  const auto found = std::find_if(profiles.facts.begin(), profiles.facts.end(),
                                  [&](const auto& one) { return one.first == name; });
  return found == profiles.facts.end() ? none : found->second;
}

std::string grouped(double value) {
  std::string text = fmt::format("{:.0f}", value);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

}  // namespace sicmir::cli::page
