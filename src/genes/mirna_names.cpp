// SPDX-License-Identifier: BSD-3-Clause
#include "genes/mirna_names.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/counted.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

namespace {

bool says_arm(std::string_view name) {
  return name.ends_with("-5p") || name.ends_with("-3p");
}

/// What stands between the name and the arm: nothing, or - and a number.
bool is_copy_number(std::string_view text) {
  return text.empty() || (text.size() > 1 && text.front() == '-' &&
                          text.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

}  // namespace

std::vector<std::string> possible_arms(std::string_view name, std::span<const std::string> known) {
  if (says_arm(name)) return {};
  const std::string_view stem = name.ends_with('*') ? name.substr(0, name.size() - 1) : name;
  if (!stem.starts_with("hsa-")) return {};
  std::vector<std::string> arms;
  for (const std::string& candidate : known) {
    if (!candidate.starts_with(stem) || !says_arm(candidate)) continue;
    const std::string_view rest = std::string_view(candidate).substr(stem.size());
    if (is_copy_number(rest.substr(0, rest.size() - 3))) arms.push_back(candidate);
  }
  return arms;
}

void check_case_of_mirnas(const std::string& file, std::span<const std::string> features) {
  std::size_t n = 0;
  std::string first;
  for (const std::string& feature : features) {
    std::string name = feature;
    std::replace(name.begin(), name.end(), '.', '-');
    if (!name.starts_with("hsa-mir-") || !says_arm(name)) continue;
    if (n++ == 0) first = feature;
  }
  if (n == 0) return;
  throw Error(
      ExitCode::bad_input,
      fmt::format("{}: {} mature miRNAs are named in lower case, e.g. {}. The case matters: "
                  "hsa-miR-21-5p is a mature miRNA, hsa-mir-21 is a stem-loop. Restore the "
                  "names, or use MIMAT accessions.",
                  file, n, first));
}

void log_older_names(const std::string& file, std::span<const std::string> features,
                     const GeneIndex& index) {
  std::vector<std::string> known;
  for (const PanelGene& mirna : index.panel().genes) known.push_back(mirna.symbol);
  std::size_t n_older = 0;
  std::size_t n_unclear = 0;
  std::string older;
  std::string unclear;
  for (const std::string& feature : features) {
    if (const auto match = index.find(feature)) {
      if (match->kind != MatchKind::alias) continue;
      const std::string& now = known[static_cast<std::size_t>(match->gene)];
      if (n_older++ == 0) older = fmt::format("{} is {}", feature, now);
      continue;
    }
    const std::vector<std::string> arms = possible_arms(feature, known);
    if (!arms.empty() && n_unclear++ == 0) {
      unclear = fmt::format("{} could be {}", feature, joined(arms, " or "));
    }
  }
  if (n_older > 0) {
    log_info("{}: {} of miRBase 17 or 21 ({})", file,
             counted(n_older, "name is one", "names are those"), older);
  }
  if (n_unclear > 0) {
    log_warning("{}: {} passed over, for want of an arm ({}); give accessions", file,
                counted(n_unclear, "name is", "names are"), unclear);
  }
}

}  // namespace sicmir
