// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Tables of markers and of differences between conditions, for papers and for programs.

#include <string>

#include "analysis/compare.hpp"
#include "analysis/markers.hpp"
#include "base/json.hpp"

namespace sicmir {

/// TSV: one line per group and miRNA; numbers with 6 significant digits, "NaN" where there is none.
[[nodiscard]] std::string markers_tsv(const MarkerSet& markers, const Profiles& profiles);
[[nodiscard]] std::string comparison_tsv(const Comparison& comparison, const Profiles& profiles,
                                         const CompareOptions& options);

/// The same as JSON, with how it was computed; null where there is no number.
[[nodiscard]] std::string markers_json(const MarkerSet& markers, const Profiles& profiles,
                                       const MarkerOptions& options);
[[nodiscard]] std::string comparison_json(const Comparison& comparison, const Profiles& profiles,
                                          const CompareOptions& options);

/// {"s0": standard deviation, "d0": degrees of freedom, which may be "Infinity", "residual_df"}.
[[nodiscard]] Json json_of(const PriorFigures& prior);

}  // namespace sicmir
