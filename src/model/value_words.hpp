// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Words of what values are and what they are compared with.

#include "base/enum_words.hpp"
#include "sicmir/normalize.hpp"

namespace sicmir {

inline constexpr EnumWords<Values, 5> values_words = {{{{"auto", Values::automatic},
                                                        {"counts", Values::counts},
                                                        {"linear", Values::linear},
                                                        {"log", Values::log},
                                                        {"zscore", Values::zscore}}}};

inline constexpr EnumWords<Scale, 4> scale_words = {{{{"auto", Scale::automatic},
                                                      {"dataset", Scale::dataset},
                                                      {"reference", Scale::reference},
                                                      {"none", Scale::none}}}};

}  // namespace sicmir
