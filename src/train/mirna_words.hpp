// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Words of the units of miRNA tables.

#include "base/enum_words.hpp"
#include "sicmir/train.hpp"

namespace sicmir {

inline constexpr EnumWords<MirnaValues, 3> mirna_values_words = {
    {{{"rpm", MirnaValues::rpm},
      {"log2rpm", MirnaValues::log2rpm},
      {"counts", MirnaValues::counts}}}};

}  // namespace sicmir
