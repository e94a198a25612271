// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Questions to an atlas. Data sets that cannot be compared (CatalogueSet::comparable) are kept
/// apart in each answer: ranked, averaged and tested for themselves, and told by a column. Answers
/// do not depend on `threads`.

#include <cstdint>
#include <string>

#include "analysis/profiles.hpp"
#include "atlas/answer.hpp"
#include "atlas/catalogue.hpp"
#include "base/enum_words.hpp"

namespace sicmir::atlas {

/// Which groups count; names or ontology ids, empty: all.
struct QueryFilter {
  std::string type, tissue, disease, condition;
  std::string set;        ///< id
  Index min_samples = 1;  ///< of a group
};

/// What a ranking lists.
enum class RankBy : std::uint8_t { type, tissue, disease, condition, set, group, marker };
inline constexpr EnumWords<RankBy, 7> rank_words = {{{{"type", RankBy::type},
                                                      {"tissue", RankBy::tissue},
                                                      {"disease", RankBy::disease},
                                                      {"condition", RankBy::condition},
                                                      {"set", RankBy::set},
                                                      {"group", RankBy::group},
                                                      {"marker", RankBy::marker}}}};

/// A miRNA over all cell types (or tissues ...), ranked: per name, the mean over data sets of the
/// means of their groups, and its spread over data sets. RankBy::group lists the groups themselves,
/// RankBy::marker the types that it marks best. Throws Error(usage) for names that there are not,
/// with the nearest; likewise all below.
[[nodiscard]] Answer rank_types(const Catalogue& catalogue, const std::string& mirna, RankBy by,
                                const QueryFilter& filter);

/// Markers of a cell type: miRNAs by the number of data sets in whose top most_markers they are,
/// then by their mean difference. With filter.set: those of that set, as `sicmir markers` has them.
[[nodiscard]] Answer markers_of(const Catalogue& catalogue, const std::string& type,
                                const QueryFilter& filter);

/// Two cell types, tissues, diseases or conditions, by the means of their groups. Where data sets
/// have both, differences are taken within each and averaged; else between data sets, which a note
/// says.
[[nodiscard]] Answer compare_terms(const Catalogue& catalogue, TermKind kind,
                                   const std::string& name, const std::string& other,
                                   const QueryFilter& filter);

/// miRNAs that a gene is a target of, from the networks of the data sets.
[[nodiscard]] Answer mirnas_of_target(const Catalogue& catalogue, const std::string& gene,
                                      const QueryFilter& filter);

/// miRNAs that differ between a condition and a reference in several data sets, within each cell
/// type: random-effects meta-analysis of the contrasts of the data sets, each of 3 samples or more
/// a side (statistics/meta_analysis.hpp). False discovery rate over all miRNAs and types of the
/// answer. `reference` empty: the only one there is.
[[nodiscard]] Answer biomarkers(const Catalogue& catalogue, const std::string& condition,
                                const std::string& reference, const QueryFilter& filter,
                                int threads = 1);

/// Groups of the atlas that are most like the groups of `profiles`, by Pearson's correlation of
/// mean z-scores over the miRNAs. `path`: for messages. Data sets of another model or scale than
/// the profiles' are left out; Error(bad_input) if none is left.
[[nodiscard]] Answer nearest_groups(const Catalogue& catalogue, const Profiles& profiles,
                                    const std::string& path, const QueryFilter& filter,
                                    int threads = 1);

/// Keeps the first `n` lines of each part that is ranked for itself; 0: all.
void keep_first(Answer& answer, Index n);

}  // namespace sicmir::atlas
