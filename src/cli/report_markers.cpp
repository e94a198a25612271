// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "analysis/mirna_kin.hpp"
#include "base/joined.hpp"
#include "cli/report_sections.hpp"

namespace sicmir::cli::page {

Json markers_json(const MarkerSet& markers, const Profiles& profiles, const MarkerOptions& options,
                  const std::vector<Group>& groups) {
  const MirnaKin kin;
  Json lines = Json::array();
  const std::size_t n_groups = std::max<std::size_t>(1, markers.groups.size());
  const std::size_t per_group = std::max<std::size_t>(1, most_lines / n_groups);
  bool has_auc = false;
  for (const MarkerGroup& group : markers.groups) {
    for (std::size_t i = 0; i < std::min(per_group, group.markers.size()); ++i) {
      if (lines.size() == most_lines) break;
      const Marker& one = group.markers[i];
      const ProfileMirna& mirna = profiles.mirnas[static_cast<std::size_t>(one.mirna)];
      const double probability = probability_of(one, profiles);
      has_auc = has_auc || !std::isnan(one.auc);
      lines.push_back(
          {{"group", words(group.name)},
           {"mirna", words(mirna.name)},
           {"z", number(one.z)},
           {"log2rpm", number(one.log2rpm)},
           {"rival_z", number(one.rival_z)},
           {"rival",
            one.rival < 0 ? "" : words(markers.groups[static_cast<std::size_t>(one.rival)].name)},
           {"confidence", to_string(confidence_of(probability))},
           {"probability", number(probability)},
           {"p", number(one.p)},
           {"fdr", number(one.fdr)},
           {"agreement", number(one.agreement)},
           {"expression", number(one.expression)},
           {"auc", number(one.auc)},
           {"auc_error", number(one.auc_error)},
           {"accuracy", number(mirna.accuracy.within_cohort)},
           {"tau", number(one.tau)},
           {"stem_loops", words(joined(kin.stem_loops(mirna), ", "))},
           {"seed", kin.seed(mirna)}});
    }
  }
  std::set<std::string> why;
  for (const MarkerGroup& group : markers.groups) {
    if (!group.why_no_p.empty()) why.insert(group.why_no_p);
  }
  std::string testing;
  if (markers.n_tests > 0) {
    testing = fmt::format(
        "p is of a difference larger than {:g} z (moderated t, treat); FDR over {} tests, all "
        "miRNAs and groups. d0 = {:.4g}, s0 = {:.4g}.",
        options.min_difference, grouped(static_cast<double>(markers.n_tests)), markers.prior.d0,
        markers.prior.s0);
  }
  if (!why.empty()) {
    const std::vector<std::string> reasons(why.begin(), why.end());
    testing +=
        fmt::format("{}{}: {}.", testing.empty() ? "" : " ",
                    markers.n_tests > 0 ? "Some groups have no p-values" : "There are no p-values",
                    joined(reasons, "; "));
  }
  std::string note =
      "Confidence is the probability that the truth differs in this direction by 1 log2 or more: "
      "strong from 0.75, likely from 0.5. The rival is the group that is hardest to tell from this "
      "one. miRNAs with one seed family or one stem-loop are one piece of evidence.";
  if (has_auc) {
    note +=
        " The AUC is the chance that a cell of the group has a higher prediction than a cell of "
        "the others; it describes the cells and tests nothing.";
  }
  std::string left_out;
  std::set<std::string> compared;
  for (const MarkerGroup& group : markers.groups) {
    if (!group.comparators.empty()) compared.insert(group.name);
  }
  std::vector<std::string> alone;
  for (const Group& group : groups) {
    if (!compared.contains(group.name)) alone.push_back(group.name);
  }
  if (!alone.empty()) {
    left_out = fmt::format(
        " Not compared, because no profile is above the floor or no sample has it beside another "
        "group: {}.",
        words(joined(alone, ", "), 600));
  }
  return {{"about",
           fmt::format("Each group against the equal mean of the other groups of the same samples: "
                       "{} groups, {} samples, {} profiles. Samples are the replicates; cells are "
                       "not.{}",
                       markers.groups.size(), markers.n_samples, markers.n_profiles, left_out)},
          {"testing", std::move(testing)},
          {"caption", fmt::format("Markers: the first {} of each group", per_group)},
          {"has_auc", has_auc},
          {"lines", std::move(lines)},
          {"note", std::move(note)}};
}

}  // namespace sicmir::cli::page
