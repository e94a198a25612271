// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Matrices as the kernels of training want them (kernels/train_kernels.hpp).

#include <span>

#include "kernels/train_kernels.hpp"
#include "sicmir/network.hpp"
#include "sicmir/types.hpp"

namespace sicmir::training {

/// features x columns, panel after panel of features; in it, column after column. Weights: the
/// same for each panel of columns.
class Panels {
 public:
  /// All zeros. `room`: columns that there is memory for, at least `columns`.
  void resize(Index features, Index columns, Index room) { resize(features, columns, room, room); }
  void resize(Index features, Index columns) { resize(features, columns, columns); }
  void resize_weights(Index outputs, Index inputs) {
    resize(outputs, inputs, kernels::whole_panels(inputs), kernels::panel);
  }

  [[nodiscard]] Index features() const noexcept { return features_; }
  /// Features with those that fill up the last panel.
  [[nodiscard]] Index padded_features() const noexcept { return kernels::whole_panels(features_); }
  [[nodiscard]] Index n_panels() const noexcept { return padded_features() / kernels::panel; }
  [[nodiscard]] bool empty() const noexcept { return features_ == 0; }
  [[nodiscard]] Index columns() const noexcept { return columns_; }
  /// Floats from one panel to the next.
  [[nodiscard]] Index stride() const noexcept { return together_ * kernels::panel; }
  [[nodiscard]] float* panel(Index number) noexcept { return values_.data() + number * stride(); }
  [[nodiscard]] const float* panel(Index number) const noexcept {
    return values_.data() + number * stride();
  }
  /// Everything, zeros that fill up included.
  [[nodiscard]] std::span<float> floats() noexcept {
    return {values_.data(), static_cast<std::size_t>(values_.size())};
  }

  /// matrix: features x columns.
  void assign(const Eigen::Ref<const Matrix>& matrix);
  [[nodiscard]] Matrix matrix() const;

 private:
  void resize(Index features, Index columns, Index room, Index together);
  /// Where a column's part of a panel begins.
  [[nodiscard]] Index position(Index panel, Index column) const noexcept {
    return ((column / together_ * n_panels() + panel) * together_ + column % together_) *
           kernels::panel;
  }

  Index features_ = 0, columns_ = 0;
  Index together_ = 1;  // columns of a panel that stand side by side
  AlignedFloats values_;
};

}  // namespace sicmir::training
