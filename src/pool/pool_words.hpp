// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Words of the ways of pooling cells.

#include "base/enum_words.hpp"
#include "sicmir/pool.hpp"

namespace sicmir {

/// Without PoolMethod::none: not to pool is to ask for none.
inline constexpr EnumWords<PoolMethod, 3> pool_words = {
    {{{"sum", PoolMethod::sum}, {"mean", PoolMethod::mean}, {"bootstrap", PoolMethod::bootstrap}}}};

}  // namespace sicmir
