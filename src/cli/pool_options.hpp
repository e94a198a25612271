// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Options on pooling: those of `sicmir pool`, and some of `sicmir predict`.

#include "cli/parser.hpp"
#include "sicmir/pool.hpp"

namespace sicmir::cli {

/// Adds --pool and what goes with it.
void bind_pooling(Command& command, PoolOptions& options);
/// Throws Error(usage) where options do not fit together.
void check_pool(const PoolOptions& options);

}  // namespace sicmir::cli
