// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "base/base64.hpp"
#include "cli/report_sections.hpp"

namespace sicmir::cli::page {
namespace {

struct Range {
  double low = 0, high = 0;
};

Range range_of(const auto& values) {
  Range range{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const auto raw : values) {
    const auto value = static_cast<double>(raw);
    if (!std::isfinite(value)) continue;
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  }
  return range.low <= range.high ? range : Range{};
}

/// 0 .. 254 from the smallest value to the largest; 255: none.
Json byte_column(const std::string& name, const std::vector<float>& values) {
  constexpr double steps = 254;
  constexpr std::uint8_t missing = 255;
  const Range range = range_of(values);
  const double width = range.high - range.low;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(values.size());
  for (const float value : values) {
    if (!std::isfinite(value)) {
      bytes.push_back(missing);
    } else {
      bytes.push_back(static_cast<std::uint8_t>(
          width > 0 ? std::lround((static_cast<double>(value) - range.low) / width * steps) : 0));
    }
  }
  return {{"name", words(name)},
          {"low", number(range.low)},
          {"high", number(range.high)},
          {"values", base64(bytes)}};
}

/// Which of the drawn cells have a place, one in `step` of them.
std::vector<Index> placed_cells(const PageMap& map, Index step) {
  std::vector<Index> cells;
  const auto n = static_cast<Index>(map.view.cells.size());
  for (Index i = 0; i < n; i += step) {
    const auto at = static_cast<std::size_t>(i);
    const bool has_place = map.coordinates.name.empty() || (std::isfinite(map.coordinates.x[at]) &&
                                                            std::isfinite(map.coordinates.y[at]));
    if (has_place) cells.push_back(i);
  }
  return cells;
}

}  // namespace

Json map_json(const PageContent& content, const Profiles& profiles, Index step) {
  if (!content.map) return {{"cells", false}, {"why", content.why_no_map}};
  const PageMap& map = *content.map;
  const CellView& view = map.view;
  const bool is_input = !map.coordinates.name.empty();
  const std::vector<Index> cells = placed_cells(map, step);
  std::array<std::vector<double>, 2> places;
  for (const Index i : cells) {
    const auto at = static_cast<std::size_t>(i);
    places[0].push_back(is_input ? map.coordinates.x[at]
                                 : static_cast<double>(view.components(0, i)));
    places[1].push_back(is_input ? map.coordinates.y[at]
                                 : static_cast<double>(view.components(1, i)));
  }
  const std::array ranges = {range_of(places[0]), range_of(places[1])};
  const double widest =
      std::max({ranges[0].high - ranges[0].low, ranges[1].high - ranges[1].low, 1e-300});
  Json json = {{"cells", true}, {"n", cells.size()}};
  constexpr double steps = 65535;
  constexpr std::array names = {"x", "y"};
  json["low"] = json["high"] = json["span"] = Json::array();
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const double width = ranges[axis].high - ranges[axis].low;
    std::vector<std::uint16_t> values;
    for (const double place : places[axis]) {
      values.push_back(static_cast<std::uint16_t>(
          width > 0 ? std::lround((place - ranges[axis].low) / width * steps) : 0));
    }
    json[names[axis]] = base64_of(values);
    json["low"].push_back(ranges[axis].low);
    json["high"].push_back(ranges[axis].high);
    json["span"].push_back(number(std::max(width / widest, 1e-6)));
  }
  const bool is_wide = groups_of(profiles).size() > 256;
  std::vector<std::uint8_t> narrow;
  std::vector<std::uint16_t> wide;
  for (const Index i : cells) {
    const Index group = view.groups[static_cast<std::size_t>(i)];
    narrow.push_back(static_cast<std::uint8_t>(group & 255));
    wide.push_back(static_cast<std::uint16_t>(group));
  }
  json["wide"] = is_wide;
  json["group"] = is_wide ? base64_of(wide) : base64(narrow);
  const auto column = [&](const Matrix& values, Index line) {
    std::vector<float> picked;
    picked.reserve(cells.size());
    for (const Index i : cells) picked.push_back(values(line, i));
    return picked;
  };
  json["mirnas"] = Json::array();
  for (std::size_t i = 0; i < content.mirnas.size(); ++i) {
    const std::string& name = profiles.mirnas[static_cast<std::size_t>(content.mirnas[i])].name;
    json["mirnas"].push_back(byte_column(name, column(view.mirnas, static_cast<Index>(i))));
  }
  json["genes"] = Json::array();
  for (std::size_t i = 0; i < map.genes.genes.size(); ++i) {
    Json one = byte_column(map.genes.genes[i], column(map.genes.values, static_cast<Index>(i)));
    one["note"] = i < map.gene_notes.size() ? words(map.gene_notes[i]) : "";
    json["genes"].push_back(std::move(one));
  }
  if (is_input) {
    json["name"] = words(map.coordinates.name);
    json["axes"] = Json::array({words(map.coordinates.name, 60) + " 1 (no unit)",
                                words(map.coordinates.name, 60) + " 2 (no unit)"});
    json["about"] = fmt::format(
        "The coordinates are those of the input, obsm/{}. They were made from the mRNA, not from "
        "the predictions.",
        words(map.coordinates.name));
  } else {
    json["name"] = "PCA of the predictions";
    json["axes"] = Json::array();
    for (std::size_t k = 0; k < 2; ++k) {
      json["axes"].push_back(fmt::format("PC {} of the predictions (no unit)", k + 1));
    }
    json["about"] = fmt::format(
        "Drawn are the two first principal components of the predicted miRNAs ({:.0f} % and "
        "{:.0f} % of their variance), computed of {} cells, because the input has no map or it was "
        "not wanted. Depth of sequencing may be one of them.",
        100 * view.explained[0], 100 * view.explained[1],
        grouped(static_cast<double>(view.n_component_cells)));
  }
  const auto n_drawn = static_cast<double>(cells.size());
  json["words"] =
      static_cast<Index>(cells.size()) == view.n_grouped
          ? fmt::format("All {} cells that have a group.", grouped(n_drawn))
          : fmt::format("{} of {} cells that have a group, chosen by group with seed {}.",
                        grouped(n_drawn), grouped(static_cast<double>(view.n_grouped)),
                        content.seed);
  json["seed"] = content.seed;
  json["n_grouped"] = view.n_grouped;
  return json;
}

}  // namespace sicmir::cli::page
