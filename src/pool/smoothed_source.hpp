// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Serves cells to whose counts those of their neighbours are added.

#include <memory>
#include <optional>

#include "anndata/neighbour_graph.hpp"
#include "pool/cell_store.hpp"
#include "sicmir/cell_source.hpp"

namespace sicmir {

class SmoothedSource final : public CellSource {
 public:
  /// `origin` has been read: `cells` are all of its cells, `n_genes` were selected from it.
  SmoothedSource(std::unique_ptr<CellSource> origin, CellStore cells,
                 std::unique_ptr<h5ad::NeighbourGraph> graph, Index n_genes);

  [[nodiscard]] const SourceDescription& description() const override {
    return origin_->description();
  }
  [[nodiscard]] const FeatureTable& features() const override { return origin_->features(); }
  [[nodiscard]] std::optional<Index> n_cells() const override { return cells_.size(); }
  /// Was done when the cells were read.
  void select(const GeneSelection& /*genes*/) override {}
  bool fetch(std::unique_ptr<RawCells>& raw, Index max_cells) override;
  void decode(RawCells& raw, CellBlock& block) const override;
  [[nodiscard]] bool can_seek() const override { return true; }
  void seek(Index cell) override { next_ = cell; }
  [[nodiscard]] std::size_t memory_bytes() const override {
    return origin_->memory_bytes() + cells_.bytes_in_memory() + graph_->memory_bytes();
  }

 private:
  std::unique_ptr<CellSource> origin_;
  CellStore cells_;
  std::unique_ptr<h5ad::NeighbourGraph> graph_;
  Index n_genes_;
  Index next_ = 0;
};

}  // namespace sicmir
