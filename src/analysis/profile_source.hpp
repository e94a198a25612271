// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Serves profiles as cells.

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "analysis/profiles.hpp"
#include "sicmir/cell_source.hpp"

namespace sicmir {

class ProfileSource final : public CellSource {
 public:
  /// Of `profiles`, which outlive this, those at the positions `served`. `description` and `genes`:
  /// of the input or inputs.
  ProfileSource(SourceDescription description, const FeatureTable& genes,
                std::span<const Profile> profiles, std::vector<std::size_t> served);

  [[nodiscard]] const SourceDescription& description() const override { return description_; }
  [[nodiscard]] const FeatureTable& features() const override { return genes_; }
  [[nodiscard]] std::optional<Index> n_cells() const override {
    return static_cast<Index>(served_.size());
  }
  void select(const GeneSelection& genes) override { selection_ = genes; }
  bool fetch(std::unique_ptr<RawCells>& raw, Index max_cells) override;
  void decode(RawCells& raw, CellBlock& block) const override { ReadyCells::hand_over(raw, block); }
  [[nodiscard]] bool can_seek() const override { return true; }
  void seek(Index cell) override { next_ = static_cast<std::size_t>(cell); }
  [[nodiscard]] std::size_t memory_bytes() const override { return 0; }  // the profiles' owner's

 private:
  SourceDescription description_;
  const FeatureTable& genes_;
  std::span<const Profile> profiles_;
  std::vector<std::size_t> served_;
  std::optional<GeneSelection> selection_;
  std::size_t next_ = 0;
};

}  // namespace sicmir
