// SPDX-License-Identifier: BSD-3-Clause
#include "genes/feature_kinds.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "base/ascii.hpp"
#include "genes/id_kinds.hpp"

namespace sicmir {
namespace {

using ascii::is_digit;
using ascii::to_lower;

bool same_text(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return to_lower(x) == y; });
}

bool name_starts_with_any(std::string_view name,
                          std::span<const std::string_view> starts) noexcept {
  return std::any_of(starts.begin(), starts.end(),
                     [&](std::string_view start) { return name.starts_with(start); });
}
bool ends_with_any(std::string_view name, std::span<const std::string_view> ends) noexcept {
  return std::any_of(ends.begin(), ends.end(), [&](std::string_view end) {
    return name.size() > end.size() && name.ends_with(end);
  });
}

/// Names of CITE-seq and hashing features where a file has no feature types. ADTRP and ABCA1 are
/// genes: a separator must follow.
bool is_tag(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 17> starts = {
      "AB_",  "AB-",   "ADT_",  "ADT-",    "adt_",    "adt-",  "HTO_",  "HTO-", "hto_",
      "hto-", "CITE_", "CITE-", "Hashtag", "hashtag", "PROT_", "prot_", "CMO3"};
  static constexpr std::array<std::string_view, 8> ends = {"_ADT", "-ADT", "_adt",  "-adt",
                                                           "_HTO", "-HTO", "_PROT", "_prot"};
  return name.find("TotalSeq") != std::string_view::npos || name_starts_with_any(name, starts) ||
         ends_with_any(name, ends);
}

/// ERCC-00002 (ERCC1 to ERCC8 are genes), SIRV101.
bool is_spike_in(std::string_view name) noexcept {
  const auto at = name.find("ERCC");
  constexpr std::size_t letters = 4;
  if (at != std::string_view::npos && name.size() > at + letters + 1) {
    const std::string_view rest = name.substr(at + letters + 1);
    const char mark = name[at + letters];
    const auto n_digits = static_cast<std::size_t>(
        std::find_if_not(rest.begin(), rest.end(), is_digit) - rest.begin());
    if ((mark == '-' || mark == '_' || mark == '.') && n_digits >= letters) return true;
  }
  return name.starts_with("SIRV") && name.size() > letters && is_digit(name[letters]);
}

/// Lines of sums that spreadsheets and scripts put below the genes.
bool is_total(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 20> known = {
      "total",       "totals",       "sum",         "sums",         "grand total",
      "total count", "total counts", "total reads", "total_counts", "total_reads",
      "totalcounts", "totalreads",   "total umi",   "total umis",   "library size",
      "lib.size",    "library_size", "column sum",  "column_sums",  "total_umis"};
  return std::any_of(known.begin(), known.end(),
                     [&](std::string_view word) { return same_text(name, word); });
}

}  // namespace

bool is_summary_line(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 15> known = {
      "no_feature",  // of early versions of HTSeq
      "ambiguous",
      "too_low_aQual",
      "not_aligned",
      "alignment_not_unique",
      "__no_feature",
      "__ambiguous",
      "__too_low_aQual",
      "__not_aligned",
      "__alignment_not_unique",
      "N_unmapped",
      "N_multimapping",
      "N_noFeature",
      "N_ambiguous",
      "Assigned"};
  return std::find(known.begin(), known.end(), name) != known.end() ||
         name.starts_with("Unassigned_");
}

FeatureKind kind_of_feature(std::string_view id) noexcept {
  const std::string_view name = trim_id(id);
  if (name.empty()) return FeatureKind::gene;
  if (is_summary_line(name)) return FeatureKind::summary;
  if (is_tag(name)) return FeatureKind::antibody_tag;
  if (is_spike_in(name)) return FeatureKind::spike_in;
  if (is_total(name)) return FeatureKind::total;
  return FeatureKind::gene;
}

FeatureKind kind_of_feature(const FeatureTable& features, std::size_t feature) {
  for (std::size_t c = 0; c < features.columns.size(); ++c) {
    const FeatureKind kind = kind_of_feature(features.columns[c].ids[feature]);
    if (kind != FeatureKind::gene && (kind != FeatureKind::total || c == 0)) return kind;
  }
  return FeatureKind::gene;
}

std::string_view plural_of(FeatureKind kind) noexcept {
  switch (kind) {
    case FeatureKind::antibody_tag:
      return "antibody or sample tags";
    case FeatureKind::spike_in:
      return "spike-ins";
    case FeatureKind::summary:
      return "counts of reads that belong to no gene";
    case FeatureKind::total:
      return "totals of other lines";
    case FeatureKind::gene:
      break;
  }
  return "genes";
}

}  // namespace sicmir
