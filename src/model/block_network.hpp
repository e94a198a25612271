// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// From blocks of normalised cells to predictions: standardising and the network in one step, each
/// cell on the path that suits it.

#include <cstdint>
#include <mutex>
#include <vector>

#include "sicmir/network.hpp"
#include "sicmir/normalize.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// A cell with few non-zero panel genes stays sparse up to the first layer, into whose weights the
/// standardising was folded, in double. Any other cell is standardised first. Which path a cell
/// takes depends on nothing but that cell, so neither the order of the cells nor the way in which
/// they are cut into blocks or shards can change a result.
class BlockNetwork {
 public:
  /// Cells with at most this many non-zero panel genes are sparse: beyond about a third of the
  /// panel the dense product is the faster one.
  static constexpr Index most_sparse_genes = 300;
  /// Genes whose mean is more than this many standard deviations from 0 are not folded: the terms
  /// that would then cancel each other cost digits. They enter every cell, standardised.
  static constexpr double most_folded_ratio = 8.0;

  /// Both outlive the object.
  BlockNetwork(const Network& network, const Standardiser& standardiser);

  struct Workspace {
    Network::Workspace network;
    Matrix x;                          // genes x tile
    std::vector<Index> sparse, dense;  // cells
    std::vector<Index> offsets;
    std::vector<PanelPosition> genes;
    std::vector<float> values;
  };

  /// y: miRNAs x block.size(), overwritten. May run in several threads, each with its own `work`.
  void predict(const CellBlock& block, Eigen::Ref<Matrix> y, Workspace& work) const {
    predict(block, y, nullptr, work);
  }
  /// Also `spread`, of the same size: see Network::predict().
  void predict(const CellBlock& block, Eigen::Ref<Matrix> y, Eigen::Ref<Matrix> spread,
               Workspace& work) const {
    predict(block, y, &spread, work);
  }

  /// Floats held once a sparse cell came, in addition to the network's own.
  [[nodiscard]] Index n_floats() const noexcept;

 private:
  struct Folded {
    AlignedFloats packed;
    Eigen::VectorXf bias;
  };
  void predict(const CellBlock& block, Eigen::Ref<Matrix>& y, Eigen::Ref<Matrix>* spread,
               Workspace& work) const;
  void gather_sparse(const CellBlock& block, Workspace& work) const;
  void fold_first_layers() const;

  const Network& network_;
  const Standardiser& standardiser_;
  // First layer of each member, with factor_ and shift_ folded in when the first sparse cell comes:
  // a table of bulk samples has none, and this takes as long as predicting it.
  mutable std::once_flag folding_;
  mutable std::vector<Folded> folded_;
  Eigen::VectorXd factor_, shift_;
  std::vector<std::uint8_t> apart_;      // per gene: not folded
  std::vector<PanelPosition> standing_;  // those genes
};

}  // namespace sicmir
