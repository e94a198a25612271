// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Serves pools as cells.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cells/groups.hpp"
#include "pool/pool_sums.hpp"
#include "sicmir/cell_source.hpp"

namespace sicmir {

class PoolSource final : public CellSource {
 public:
  /// `origin` has been read. The sums are of the genes that were selected from it, and are served
  /// as they are; or, with `panel`, they are of all genes, of which the panel's are served, with
  /// upper quartiles.
  PoolSource(std::unique_ptr<CellSource> origin, PoolSums sums, std::vector<std::string> names,
             std::optional<GeneSelection> panel);

  [[nodiscard]] const SourceDescription& description() const override { return description_; }
  [[nodiscard]] const FeatureTable& features() const override { return origin_->features(); }
  [[nodiscard]] std::optional<Index> n_cells() const override {
    return static_cast<Index>(pools_.size());
  }
  /// Was done when the pools were made.
  void select(const GeneSelection& /*genes*/) override {}
  bool fetch(std::unique_ptr<RawCells>& raw, Index max_cells) override;
  void decode(RawCells& raw, CellBlock& block) const override { ReadyCells::hand_over(raw, block); }
  [[nodiscard]] bool can_seek() const override { return true; }
  void seek(Index cell) override { next_ = static_cast<std::size_t>(cell); }
  [[nodiscard]] std::size_t memory_bytes() const override { return sums_.most_bytes(); }

 private:
  void append(CellBlock& block, const PoolSums::Pool& pool, const std::string& name) const;

  std::unique_ptr<CellSource> origin_;
  SourceDescription description_;
  PoolSums sums_;
  std::vector<PoolSums::Pool> pools_;
  std::vector<std::string> names_;
  std::optional<GeneSelection> panel_;
  std::vector<double> values_;  // of one pool
  std::size_t next_ = 0;
};

}  // namespace sicmir
