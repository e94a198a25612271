// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Words of what is done about empty cells and repeated genes.

#include "base/enum_words.hpp"
#include "sicmir/gene_map.hpp"
#include "sicmir/reading.hpp"

namespace sicmir {

inline constexpr EnumWords<EmptyCells, 3> empty_cells_words = {
    {{{"error", EmptyCells::error}, {"skip", EmptyCells::skip}, {"nan", EmptyCells::as_nan}}}};

inline constexpr EnumWords<Duplicates, 4> duplicates_words = {{{{"auto", Duplicates::automatic},
                                                                {"sum", Duplicates::sum},
                                                                {"first", Duplicates::first},
                                                                {"max", Duplicates::max}}}};

}  // namespace sicmir
