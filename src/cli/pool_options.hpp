#pragma once
/// Options on pooling: those of `sicmir pool`, and some of `sicmir predict`.

#include <CLI/CLI.hpp>

#include "sicmir/pool.hpp"

namespace sicmir::cli {

void add_pool(CLI::App& app);

/// Adds --pool and what goes with it.
void bind_pool(CLI::App& command, PoolOptions& options);
/// Throws Error(usage) where options do not fit together.
void check_pool(const PoolOptions& options);

}  // namespace sicmir::cli
