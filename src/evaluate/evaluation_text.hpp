// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// An evaluation as text: tables and JSON.

#include <string>

#include "sicmir/evaluate.hpp"

namespace sicmir::evaluation {

/// One line per miRNA, within-cohort figures first; NaN where a figure is not defined.
[[nodiscard]] std::string mirnas_tsv(const Evaluation& evaluation);
/// One line per sample.
[[nodiscard]] std::string samples_tsv(const Evaluation& evaluation);
/// Everything, null where a figure is not defined.
[[nodiscard]] std::string to_json(const Evaluation& evaluation);

}  // namespace sicmir::evaluation
