// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Joins the parts that shards of one input wrote.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sicmir/note.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

struct MergeOptions {
  /// X and layers refer to the parts, by paths relative to the output's folder, instead of being
  /// copied; cells of a part that is lost read as NaN.
  bool refer = false;
};

/// Writes the cells of the parts at `paths` (h5ad files of `predict --shard`, in any order) to
/// `output`, in the order of the input: X, layers, obs and obsm are joined, var and uns are those
/// of the first part. obsp is left out with a warning: no part knows of neighbours in another.
/// Throws Error(bad_input) naming files where parts are of different runs (model, options, kernel),
/// where cells are missing or stand in two parts; Error(not_written).
void merge_parts(std::span<const std::string> paths, const std::string& output,
                 const MergeOptions& options);

/// What an h5ad that sicmir wrote says of itself.
struct PredictionsCard {
  Index n_cells = 0;
  Index n_features = 0;
  std::map<std::string, std::string> facts;  ///< version, model, decisions, shard
  std::vector<Field> fields;  ///< the decisions once more; empty in files of sicmir 0.1
  /// Files that hold X (MergeOptions::refer), as full paths; empty if it stands in the file.
  std::vector<std::string> parts;
};

/// nullopt: not an h5ad that sicmir wrote. Throws Error(bad_input) where such a file is damaged.
[[nodiscard]] std::optional<PredictionsCard> read_predictions_card(const std::string& path);

}  // namespace sicmir
