// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A model on its way from the file to the first prediction.

#include <future>

#include "sicmir/model.hpp"
#include "sicmir/network.hpp"

namespace sicmir {

/// What a model says of itself at once; its network, folded and arranged for this processor, as
/// soon as that is done: in a thread of its own, while an input is being opened. Serves any number
/// of inputs.
class PreparedModel {
 public:
  /// `precision`: of dense layers; the first layer of sparse cells is float32.
  explicit PreparedModel(Model model, Precision precision = Precision::float32);

  /// Everything but the layers.
  [[nodiscard]] const Model& card() const noexcept { return card_; }
  [[nodiscard]] Precision precision() const noexcept { return precision_; }
  /// Waits until it is there. Throws what Network() throws.
  [[nodiscard]] const Network& network() const { return network_.get(); }

 private:
  Model card_;  // its members have weights but no layers
  Precision precision_;
  std::shared_future<Network> network_;
};

}  // namespace sicmir
