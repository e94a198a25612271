// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Features that stand among genes without being genes, told by their names.

#include <cstdint>
#include <string_view>

#include "sicmir/gene_map.hpp"

namespace sicmir {

enum class FeatureKind : std::uint8_t {
  gene,          ///< or anything else that counts in a cell's total
  antibody_tag,  ///< AB_CD3, ADT_CD4, CD8_TotalSeqC, HTO_1: proteins and sample tags
  spike_in,      ///< ERCC-00002, SIRV101: added RNA
  summary,       ///< __no_feature, N_unmapped, Unassigned_NoFeatures: reads of no gene
  total,         ///< Total, Sum, total_counts: what the other lines add up to
};

/// Beyond doubt only: a name that may be a gene's is a gene.
[[nodiscard]] FeatureKind kind_of_feature(std::string_view id) noexcept;

/// The same by all names of a feature; a total is one by its first name only.
[[nodiscard]] FeatureKind kind_of_feature(const FeatureTable& features, std::size_t feature);

/// "antibody tags", "spike-ins"...
[[nodiscard]] std::string_view plural_of(FeatureKind kind) noexcept;

/// True for the lines with which counting programs begin or end their tables (HTSeq's
/// `__no_feature`, STAR's `N_unmapped`, featureCounts' `Unassigned_NoFeatures`): sums over reads,
/// not genes.
[[nodiscard]] bool is_summary_line(std::string_view name) noexcept;

}  // namespace sicmir
