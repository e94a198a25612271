// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The layers of a network that torch.save() wrote.

#include <string>
#include <vector>

#include "import/torch_file.hpp"
#include "sicmir/import.hpp"
#include "sicmir/network.hpp"

namespace sicmir {

struct TorchLayers {
  std::vector<Layer> layers;
  std::string what;                ///< e.g. "module __main__.NeuralNet"
  std::vector<std::string> notes;  ///< what was assumed, in sentences
};

/// Of a whole module or a state_dict. `orders` is needed where the file does not say in which order
/// its layers run; Error(usage) if it is then empty or does not fit. Error(bad_model) for layers
/// that are not supported.
[[nodiscard]] TorchLayers read_layers(TorchFile& file, const std::vector<LayerOrder>& orders);

}  // namespace sicmir
