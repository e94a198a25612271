// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>

#include "cli/report_sections.hpp"

namespace sicmir::cli::page {
namespace {

constexpr std::size_t most_volcano_groups = 40;

}  // namespace

Json volcano_json(const MarkerSet& markers, const Profiles& profiles, const MarkerOptions& options,
                  const std::vector<Group>& groups) {
  const bool is_tested = markers.n_tests > 0;
  const bool has_expression = profiles.has_log2rpm();
  const std::vector<Index> mirnas = differences::chosen(options.mirnas, profiles);
  const double steps = is_tested ? 100 : 1000;
  Json json = {{"tested", is_tested},
               {"steps", steps},
               {"edge", options.min_difference},
               {"mirnas", mirnas},
               {"groups", Json::array()}};
  json["kind"] = has_expression ? "expression" : "agreement";
  json["y_words"] = is_tested        ? "−log10 p"
                    : has_expression ? "expression in the group, log2(RPM + 1)"
                                     : "share of samples that agree";
  // Groups with the most cells, drawn in the order of their names.
  std::vector<std::size_t> chosen(markers.groups.size());
  for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = i;
  std::stable_sort(chosen.begin(), chosen.end(), [&](std::size_t a, std::size_t b) {
    return markers.groups[a].n_cells > markers.groups[b].n_cells;
  });
  chosen.resize(std::min(chosen.size(), most_volcano_groups));
  std::sort(chosen.begin(), chosen.end());
  for (const std::size_t g : chosen) {
    const MarkerGroup& group = markers.groups[g];
    std::map<Index, const Marker*> by_mirna;
    for (const Marker& one : group.markers) by_mirna.emplace(one.mirna, &one);
    std::vector<std::uint16_t> difference;
    std::vector<std::uint16_t> y;
    for (const Index mirna : mirnas) {
      const Marker& one = *by_mirna.at(mirna);
      constexpr std::int16_t missing = std::numeric_limits<std::int16_t>::min();
      const auto step =
          std::isnan(one.z)
              ? missing
              : static_cast<std::int16_t>(std::lround(std::clamp(one.z, -32.0, 32.0) * 1000));
      difference.push_back(static_cast<std::uint16_t>(step));
      constexpr double smallest_p = 1e-300;
      const double height = is_tested        ? -std::log10(std::max(one.p, smallest_p))
                            : has_expression ? one.expression
                                             : one.agreement;
      y.push_back(std::isnan(height) ? std::uint16_t{65535}
                                     : static_cast<std::uint16_t>(
                                           std::lround(std::clamp(height, 0.0, 650.0) * steps)));
    }
    json["groups"].push_back({{"group", place_of(groups, group.name)},
                              {"difference", base64_of(difference)},
                              {"y", base64_of(y)}});
  }
  std::string about =
      is_tested
          ? fmt::format(
                "All miRNAs of one group. The dashed lines are at ±{:g} z, the "
                "difference that is tested for.",
                options.min_difference)
          : std::string(
                "There are no p-values to draw (see above), so that the difference is "
                "drawn against ") +
                (has_expression ? "the expression in the group." : "the agreement of samples.");
  if (markers.groups.size() > chosen.size()) {
    about += fmt::format(" The {} groups with the most cells of {}.", chosen.size(),
                         markers.groups.size());
  }
  json["about"] = std::move(about);
  return json;
}

}  // namespace sicmir::cli::page
