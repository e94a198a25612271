// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/cell_source.hpp"

#include <algorithm>
#include <utility>

#include "genes/feature_kinds.hpp"

namespace sicmir {

GeneSelection::GeneSelection(const GeneMap& panel) {
  auto content = std::make_shared<Content>();
  content->positions.assign(panel.positions().begin(), panel.positions().end());
  content->present.assign(panel.present().begin(), panel.present().end());
  content->duplicated = panel.report().duplicated;
  content->duplicates = panel.duplicates();
  content_ = std::move(content);
}

GeneSelection GeneSelection::all(const FeatureTable& features) {
  auto content = std::make_shared<Content>();
  content->is_all = true;
  const auto n_features = static_cast<std::size_t>(features.size());
  for (std::size_t i = 0; i < n_features; ++i) {
    const bool is_copy =
        std::any_of(features.columns.begin(), features.columns.end(),
                    [i](const FeatureColumn& column) { return is_par_y_copy(column.ids[i]); });
    const bool counts = !is_copy && kind_of_feature(features, i) == FeatureKind::gene &&
                        (features.counted.empty() || features.counted[i] != 0);
    content->positions.push_back(counts ? static_cast<PanelPosition>(i) : GeneMap::ignored);
    content->present.push_back(counts ? 1 : 0);
  }
  GeneSelection selection;
  selection.content_ = std::move(content);
  return selection;
}

ReadyCells& ReadyCells::in(std::unique_ptr<RawCells>& raw) {
  if (!raw) raw = std::make_unique<ReadyCells>();
  return static_cast<ReadyCells&>(*raw);
}

void ReadyCells::hand_over(RawCells& raw, CellBlock& block) {
  std::swap(block, static_cast<ReadyCells&>(raw).block);
}

bool CellSource::next(CellBlock& block, Index max_cells) {
  if (!fetch(raw_, max_cells)) {
    block.clear(0);
    return false;
  }
  decode(*raw_, block);
  return true;
}

void CellBlock::clear(Index first_cell) {
  first = first_cell;
  cells.clear();
  offsets.assign(1, 0);
  genes.clear();
  values.clear();
  totals.clear();
  upper_quartiles.clear();
}

void CellSource::seek(Index) {
  throw Error(ExitCode::internal, "this source cannot seek; ask can_seek() first");
}

}  // namespace sicmir
