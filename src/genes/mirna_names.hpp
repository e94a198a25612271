// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Names of mature miRNAs from before miRBase 18, when a star told the arms apart.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sicmir/gene_map.hpp"

namespace sicmir {

/// Those of `known` that a name without an arm, starred or not, could mean: the name with -5p or
/// -3p behind it, perhaps with the number of a copy between (hsa-miR-7* could be hsa-miR-7-1-3p).
/// Empty for names that say an arm.
[[nodiscard]] std::vector<std::string> possible_arms(std::string_view name,
                                                     std::span<const std::string> known);

/// Throws Error(bad_input) if mature miRNAs are written in lower case (hsa-mir-21-5p): hsa-mir-21
/// beside them would be taken for a stem-loop.
void check_case_of_mirnas(const std::string& file, std::span<const std::string> features);

/// Says in the log which names of a file's features are older ones of the panel's miRNAs, and which
/// are passed over since they could be either arm.
void log_older_names(const std::string& file, std::span<const std::string> features,
                     const GeneIndex& index);

}  // namespace sicmir
