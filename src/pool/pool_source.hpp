#pragma once
/// Serves pools as cells.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cells/groups.hpp"
#include "pool/pool_sums.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/gene_map.hpp"

namespace sicmir {

/// A panel that consists of all features of a file, in file order. `positions()` of its map are the
/// features' own places; those that count nowhere are ignored, as in every map.
class WholePanel {
 public:
  explicit WholePanel(const FeatureTable& features);
  [[nodiscard]] const GeneMap& map() const noexcept { return map_; }
  /// Names of the features, for messages.
  [[nodiscard]] const GenePanel& panel() const noexcept { return panel_; }

 private:
  GenePanel panel_;
  GeneMap map_;
};

class PoolSource final : public CellSource {
 public:
  /// `origin` has been read. The sums are of the panel's genes; or, with `genes`, of all features,
  /// to be mapped by it, and then upper quartiles are delivered.
  PoolSource(std::unique_ptr<CellSource> origin, PoolSums sums, std::vector<std::string> names,
             std::optional<GeneMap> genes);

  [[nodiscard]] const SourceDescription& description() const override { return description_; }
  [[nodiscard]] const FeatureTable& features() const override { return origin_->features(); }
  [[nodiscard]] std::optional<Index> n_cells() const override {
    return static_cast<Index>(pools_.size());
  }
  void select(const GeneMap& /*map*/) override {}
  bool next(CellBlock& block, Index max_cells) override;
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
  std::optional<GeneMap> genes_;
  std::vector<double> values_;  // of one pool
  std::size_t next_ = 0;
};

}  // namespace sicmir
