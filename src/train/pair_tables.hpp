// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// One file's values of its samples, in the unit of training.

#include <string>
#include <vector>

#include "sicmir/gene_map.hpp"
#include "sicmir/reference_tables.hpp"
#include "sicmir/train.hpp"

namespace sicmir::training {

struct Table {
  std::vector<std::string> samples;        ///< keys, in file order, each once
  std::vector<std::vector<float>> values;  ///< per sample: one per panel position, NaN missing
  std::vector<std::uint8_t> present;       ///< per panel position: 1 if the file has it
  /// miRNAs only, per position: 1 if it was computed rather than measured.
  std::vector<std::uint8_t> estimated;
};

/// Values in the unit of `recipe`. Throws Error(bad_input).
[[nodiscard]] Table read_mrna_table(const ExpressionFile& file, const GeneIndex& index,
                                    double min_panel, const UnitRecipe& recipe);

/// Finds miRNAs and their stem-loops: the positions from mirnas.size() on are `precursors`.
struct MirnaNames {
  explicit MirnaNames(const std::vector<ReferenceMirna>& reference);
  std::vector<ReferenceMirna> mirnas;
  std::vector<std::string> precursors;
  std::vector<std::vector<std::size_t>> precursors_of;  ///< per miRNA: positions in `precursors`
  GeneIndex index;
};

/// log2(RPM + 1), one position per miRNA. Throws Error(bad_input).
[[nodiscard]] Table read_mirna_table(const MirnaFile& file, const MirnaNames& names);

}  // namespace sicmir::training
