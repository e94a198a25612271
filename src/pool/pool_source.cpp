// SPDX-License-Identifier: BSD-3-Clause
#include "pool/pool_source.hpp"

#include <algorithm>
#include <utility>

#include "input/panel_collector.hpp"

namespace sicmir {
PoolSource::PoolSource(std::unique_ptr<CellSource> origin, PoolSums sums,
                       std::vector<std::string> names, std::optional<GeneSelection> panel)
    : origin_(std::move(origin)),
      description_(origin_->description()),
      sums_(std::move(sums)),
      pools_(sums_.pools()),
      names_(std::move(names)),
      panel_(std::move(panel)),
      values_(static_cast<std::size_t>(sums_.n_genes())) {
  description_.is_h5ad = false;  // its obs are of cells
  description_.annotations = {};
}

bool PoolSource::fetch(std::unique_ptr<RawCells>& raw, Index max_cells) {
  const std::size_t last = std::min(pools_.size(), next_ + static_cast<std::size_t>(max_cells));
  if (next_ >= last) return false;
  ReadyCells& ready = ReadyCells::in(raw);
  ready.first = static_cast<Index>(next_);
  ready.n_cells = static_cast<Index>(last - next_);
  CellBlock& block = ready.block;
  block.clear(ready.first);
  std::optional<PanelCollector> collector;
  if (panel_) {
    collector.emplace(*panel_, true);
    collector->begin_block(block, ready.first);
  }
  for (; next_ < last; ++next_) {
    const PoolSums::Pool& pool = pools_[next_];
    sums_.values(pool, values_);
    if (!collector) {
      append(block, pool, names_[next_]);
      continue;
    }
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (values_[i] != 0.0) collector->add(static_cast<Index>(i), values_[i]);
    }
    collector->end_cell(names_[next_], sums_.total(pool));
  }
  return true;
}

void PoolSource::append(CellBlock& block, const PoolSums::Pool& pool,
                        const std::string& name) const {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const auto value = static_cast<float>(values_[i]);
    if (value == 0.0F) continue;
    block.genes.push_back(static_cast<PanelPosition>(i));
    block.values.push_back(value);
  }
  block.offsets.push_back(static_cast<Index>(block.genes.size()));
  block.cells.push_back(name);
  // A pool of z-scores may have the total 0 and yet not be empty.
  const double total = sums_.total(pool);
  block.totals.push_back(total != 0.0 ? total : 1.0);
}

}  // namespace sicmir
