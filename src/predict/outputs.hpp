// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What a run says about itself in the headers of its outputs.

#include "sicmir/cell_source.hpp"
#include "sicmir/matrix_sink.hpp"
#include "sicmir/model.hpp"
#include "sicmir/moments.hpp"
#include "sicmir/predict.hpp"

namespace sicmir {

/// Header of the predictions: the chosen miRNAs with their accessions and accuracies.
[[nodiscard]] OutputHeader mirna_header(const Model& model, const PredictOptions& options,
                                        const RunReport& report, const CellSource& source);
/// Header of what the network saw: the panel's genes.
[[nodiscard]] OutputHeader gene_header(const Model& model, const PredictOptions& options,
                                       const RunReport& report, const CellSource& source);

/// Reads a moments file and checks that it was measured for this panel and kind of values.
[[nodiscard]] MomentsFile read_matching_moments(const std::string& path, const Model& model,
                                                const Decision& decision);

}  // namespace sicmir
