// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A table of miRNA expression, whole and in double: what is compared should not have been rounded.

#include <string>
#include <vector>

#include "sicmir/gene_map.hpp"

namespace sicmir::evaluation {

struct MirnaTable {
  std::vector<std::string> samples;         ///< as the file names them
  std::vector<PanelPosition> mirnas;        ///< those that the file has, ascending
  std::vector<std::vector<double>> values;  ///< per sample: one per entry of `mirnas`; NaN missing
};

/// Reads any format that open_source() does. Throws Error(bad_input); also if no miRNA is known.
[[nodiscard]] MirnaTable read_mirna_table_values(const std::string& path, const GeneIndex& index);

}  // namespace sicmir::evaluation
