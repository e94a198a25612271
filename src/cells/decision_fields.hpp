// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What was found out and decided about an input, as fields that programs read.

#include <string_view>
#include <vector>

#include "base/enum_words.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/note.hpp"
#include "sicmir/reading.hpp"

namespace sicmir {

inline constexpr EnumWords<ValuesReason, 6> values_reason_words = {{{
    {"stated", ValuesReason::stated},
    {"whole_numbers", ValuesReason::whole_numbers},
    {"fractional_counts", ValuesReason::fractional_counts},
    {"small_fractions", ValuesReason::small_fractions},
    {"large_fractions", ValuesReason::large_fractions},
    {"standardised_genes", ValuesReason::standardised_genes},
}}};

inline constexpr EnumWords<ScaleReason, 8> scale_reason_words = {{{
    {"stated", ScaleReason::stated},
    {"moments", ScaleReason::moments},
    {"z_scores", ScaleReason::z_scores},
    {"enough_cells", ScaleReason::enough_cells},
    {"too_few_cells", ScaleReason::too_few_cells},
    {"bulk", ScaleReason::bulk},
    {"too_many_for_bulk", ScaleReason::too_many_for_bulk},
    {"unlike_reference", ScaleReason::unlike_reference},
}}};

/// "values/taken_as", "values/by" and so on; nothing before anything is decided.
[[nodiscard]] std::vector<Field> values_fields(const Decision& decision);
[[nodiscard]] std::vector<Field> scale_fields(const Decision& decision,
                                              const std::string& platform);

/// The kinds of decision warnings are "expected_counts", "few_cells"...: docs/batch.md.
[[nodiscard]] Note note_of(const DecisionWarning& warning);

/// All that should be known of an input: what its source, its genes and the decision say.
[[nodiscard]] std::vector<Note> notes_of(const SourceDescription& source,
                                         const GeneMapReport& genes, const Decision& decision);

/// "genes", "cells" or "pairs".
[[nodiscard]] std::string_view to_string(LinesAre lines) noexcept;

}  // namespace sicmir
