// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The page that `sicmir train --report` writes.

#include <string>
#include <vector>

#include "cli/train_metrics.hpp"
#include "sicmir/model.hpp"
#include "sicmir/train.hpp"

namespace sicmir::cli {

/// One HTML file that needs nothing else. Throws Error(not_written).
void write_train_report(const std::string& path, const Model& model, const TrainReport& report,
                        const std::vector<EpochLine>& epochs);

/// Checks, before hours of training, that the page can be written.
void check_train_report(const std::string& path);

}  // namespace sicmir::cli
