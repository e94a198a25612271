// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Models from other programs.

#include <string>
#include <vector>

#include "sicmir/model.hpp"

namespace sicmir {

struct ImportOptions {
  std::string genes;   ///< list of the network's inputs; empty: those of the published network
  std::string mirnas;  ///< list of its outputs; empty: those of the published network
  std::string name;    ///< empty: the file's name without its ending
  /// Per hidden layer (bn_relu or relu_bn), or one for all. Required where the file does not
  /// specify it.
  std::vector<LayerOrder> orders;
};

struct ImportReport {
  std::string what;                ///< what the file holds, e.g. "module __main__.NeuralNet"
  std::vector<std::string> notes;  ///< what was assumed or not found, in sentences
  Index n_reference_genes = 0;     ///< genes with a mean and sd of the published scale
};

/// Reads a network that PyTorch's torch.save() wrote: a whole module or a state_dict, as zip
/// archive or legacy stream. The pickle in it is read as data: nothing is imported, called or run.
/// The model has no accuracies and no miRNA means (NaN); the genes' means and sds are those of the
/// published training set, where known. Throws Error(bad_model) for the checkpoint,
/// Error(bad_input) for the lists, Error(usage) if an order is missing.
[[nodiscard]] Model import_checkpoint(const std::string& path, const ImportOptions& options,
                                      ImportReport& report);

}  // namespace sicmir
