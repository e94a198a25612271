#pragma once
/// The page that `sicmir train --report` writes.

#include <string>
#include <vector>

#include "cli/train_metrics.hpp"
#include "sicmir/model.hpp"
#include "sicmir/train.hpp"

namespace sicmir::cli {

/// One HTML file that needs nothing else, drawn by the copy of uPlot in data/report. Throws
/// Error(bad_input) if the files of data/report are not found.
void write_train_report(const std::string& path, const Model& model, const TrainReport& report,
                        const std::vector<EpochLine>& epochs);

/// Checks before hours of training that the page can be made.
void check_train_report(const std::string& path);

}  // namespace sicmir::cli
