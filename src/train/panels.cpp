// SPDX-License-Identifier: BSD-3-Clause
#include "train/panels.hpp"

#include <algorithm>

namespace sicmir::training {

void Panels::resize(Index features, Index columns, Index room, Index together) {
  features_ = features;
  columns_ = columns;
  together_ = together;
  values_ = AlignedFloats(padded_features() * room);
}

void Panels::assign(const Eigen::Ref<const Matrix>& matrix) {
  for (Index column = 0; column < columns_; ++column) {
    for (Index first = 0; first < features_; first += kernels::panel) {
      const Index n = std::min(kernels::panel, features_ - first);
      std::copy_n(matrix.col(column).data() + first, n,
                  values_.data() + position(first / kernels::panel, column));
    }
  }
}

Matrix Panels::matrix() const {
  Matrix result(features_, columns_);
  for (Index column = 0; column < columns_; ++column) {
    for (Index first = 0; first < features_; first += kernels::panel) {
      const Index n = std::min(kernels::panel, features_ - first);
      std::copy_n(values_.data() + position(first / kernels::panel, column), n,
                  result.col(column).data() + first);
    }
  }
  return result;
}

}  // namespace sicmir::training
