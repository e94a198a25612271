// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "cli/commands.hpp"
#include "sicmir/pool.hpp"
#include "sicmir/predict.hpp"

namespace sicmir::cli {

/// Writes the --report file: everything about a run that its output must not depend on (times,
/// host, threads, paths, peak memory) beside what was found and decided. JSON. `pool`: of a run on
/// pools, whose numbers of cells are then numbers of pools.
void write_run_report(const std::string& path, const InputOptions& input, const std::string& output,
                      const Model& model, const CellSource& source, const RunReport& report,
                      int threads, const PoolReport* pool = nullptr);

}  // namespace sicmir::cli
