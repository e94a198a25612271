// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The page that `sicmir train --report` writes.

#include <string>
#include <vector>

#include "cli/train_metrics.hpp"
#include "sicmir/model.hpp"
#include "sicmir/train.hpp"

namespace sicmir::cli {

/// One HTML file that needs nothing else, with the date and the command line that made the model.
/// Throws Error(not_written).
void write_train_report(const std::string& path, const Model& model, const TrainReport& report,
                        const std::vector<EpochLine>& epochs,
                        const std::vector<std::string>& command_line);

/// Checks, before hours of training, that the page can be written.
void check_train_report(const std::string& path);

}  // namespace sicmir::cli
