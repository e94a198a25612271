// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Serves some of an input's cells as if there were no others.

#include <memory>
#include <optional>
#include <vector>

#include "sicmir/cell_source.hpp"

namespace sicmir::atlas {

class ChosenCells final : public CellSource {
 public:
  /// `chosen`: positions in `source`, rising.
  ChosenCells(std::unique_ptr<CellSource> source, std::vector<Index> chosen)
      : source_(std::move(source)), chosen_(std::move(chosen)) {}

  [[nodiscard]] const SourceDescription& description() const override {
    return source_->description();
  }
  [[nodiscard]] const FeatureTable& features() const override { return source_->features(); }
  [[nodiscard]] std::optional<Index> n_cells() const override {
    return static_cast<Index>(chosen_.size());
  }
  void select(const GeneSelection& genes) override { source_->select(genes); }
  bool fetch(std::unique_ptr<RawCells>& raw, Index max_cells) override;
  void decode(RawCells& raw, CellBlock& block) const override;
  [[nodiscard]] bool can_seek() const override { return source_->can_seek(); }
  void seek(Index cell) override;
  [[nodiscard]] std::size_t memory_bytes() const override {
    return source_->memory_bytes() + chosen_.size() * sizeof(Index);
  }

 private:
  std::unique_ptr<CellSource> source_;
  std::vector<Index> chosen_;
  std::size_t next_ = 0;
};

}  // namespace sicmir::atlas
