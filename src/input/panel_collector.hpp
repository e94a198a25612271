// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Turns the features of one cell after another into a CellBlock; shared by all readers.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sicmir/cell_source.hpp"
#include "sicmir/gene_map.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// Usage, per cell: add() every stored value in any order, then end_cell(). Repeated features of
/// one cell add up (as scipy does); several features of one gene follow the map's rule for
/// duplicates.
class PanelCollector {
 public:
  /// `upper_quartile`: also deliver CellBlock::upper_quartiles.
  PanelCollector(const GeneSelection& genes, bool upper_quartile);

  /// Empties the block; its first cell will be `first`.
  void begin_block(CellBlock& block, Index first);

  /// Makes room in the block for so many cells with at most `values` values in all, so that memory
  /// does not grow by doubling.
  void make_room(Index cells, std::size_t values);

  /// `feature`: position in the file's feature table, already checked against its size. Values
  /// that are kept are rounded to float first, as GeneMajorStore does it, so that the layout of a
  /// file cannot change a result.
  void add(Index feature, double value) {
    const PanelPosition gene = positions_[static_cast<std::size_t>(feature)];
    if (gene == GeneMap::ignored) return;
    total_ += value;
    const auto rounded = static_cast<double>(static_cast<float>(value));
    if (keep_all_) all_.emplace_back(feature, rounded);
    if (gene >= 0) add_to_panel(feature, gene, rounded);
  }

  /// The same for many.
  template <class Feature, class Value>
  void add(std::span<const Feature> features, std::span<const Value> values) {
    if (keep_all_) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        add(static_cast<Index>(features[i]), static_cast<double>(values[i]));
      }
      return;
    }
    double total = total_;  // in a register
    const PanelPosition* const positions = positions_.data();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const PanelPosition gene = positions[static_cast<std::size_t>(features[i])];
      if (gene == GeneMap::ignored) continue;
      const auto value = static_cast<double>(values[i]);
      total += value;
      if (gene < 0) continue;
      add_to_panel(static_cast<Index>(features[i]), gene,
                   static_cast<double>(static_cast<float>(value)));
    }
    total_ = total;
  }

  /// `total`: overrides the sum of what was added, for readers that did not add every feature.
  void end_cell(std::string name, std::optional<double> total = std::nullopt);

 private:
  void add_to_panel(Index feature, PanelPosition gene, double value) {
    const auto at = static_cast<std::size_t>(gene);
    if (seen_[at] != stamp_) {
      seen_[at] = stamp_;
      sum_[at] = 0.0;
      touched_.push_back(gene);
    }
    if (by_feature_ && shared_[at]) {
      shared_values_.push_back({gene, feature, value});
    } else {
      sum_[at] += value;
    }
  }
  struct SharedValue {
    PanelPosition gene;
    Index feature;
    double value;
  };
  void resolve_shared();
  [[nodiscard]] double upper_quartile();

  GeneSelection genes_;
  std::span<const PanelPosition> positions_;  // of genes_
  Duplicates rule_;
  bool keep_all_;
  bool by_feature_ = false;           // duplicates are not simply added up
  std::vector<std::uint8_t> shared_;  // per gene: fed by several features
  std::vector<Index> n_features_;     // per gene: by how many
  std::vector<Index> first_feature_;  // per gene: the first of them in file order
  std::vector<double> sum_;           // per gene, valid where seen_ == stamp_
  std::vector<std::uint64_t> seen_;
  std::uint64_t stamp_ = 1;
  std::vector<PanelPosition> touched_;
  std::vector<SharedValue> shared_values_;
  std::vector<std::pair<Index, double>> all_;
  double total_ = 0.0;
  CellBlock* block_ = nullptr;
};

}  // namespace sicmir
