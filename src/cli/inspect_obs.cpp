// SPDX-License-Identifier: BSD-3-Clause
#include "cli/inspect_obs.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "anndata/h5ad_layout.hpp"
#include "hdf5/h5.hpp"
#include "sicmir/error.hpp"

namespace sicmir::cli {
namespace {

using h5ad::ColumnKind;

std::string_view word_of(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::texts:
      return "text";
    case ColumnKind::categories:
      return "categories";
    case ColumnKind::integers:
      return "whole numbers";
    case ColumnKind::reals:
      return "numbers";
    case ColumnKind::booleans:
      return "yes or no";
    case ColumnKind::unreadable:
      break;
  }
  return "unreadable";
}

/// Values and their numbers of cells; of equal numbers, in the order of the values.
std::vector<std::pair<std::string, Index>> tallied(const std::vector<std::string>& texts) {
  std::unordered_map<std::string_view, Index> numbers;
  for (const std::string& text : texts) ++numbers[text];
  std::vector<std::pair<std::string, Index>> sorted(numbers.begin(), numbers.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  return sorted;
}

Json describe(const h5ad::Table& obs, const h5ad::Column& column) {
  Json json = {{"kind", word_of(column.kind)}};
  const bool has_words = column.kind == ColumnKind::categories || column.kind == ColumnKind::texts;
  if (!has_words) return json;
  constexpr std::size_t most = 1000;
  const auto values = tallied(obs.read(column).as_texts());
  json["distinct"] = values.size();
  json["values"] = Json::array();
  for (std::size_t i = 0; i < std::min(values.size(), most); ++i) {
    json["values"].push_back({{"value", values[i].first}, {"cells", values[i].second}});
  }
  return json;
}

}  // namespace

Json describe_obs(const std::string& path) {
  const h5::File file = h5::File::open_read(path);
  const h5::Lock lock;
  const h5ad::Table obs(file, "obs");
  Json json = Json::object();
  for (const h5ad::Column& column : obs.columns()) {
    try {
      json[column.name] = describe(obs, column);
    } catch (const Error& error) {
      json[column.name] = {{"kind", "unreadable"}, {"why", error.what()}};
    }
  }
  return json;
}

}  // namespace sicmir::cli
