#include "pool/pool_source.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <utility>

#include "input/panel_collector.hpp"

namespace sicmir {
namespace {

/// Every feature by a name that no other has: features may share names, or have an odd one.
std::string place_name(std::size_t place) {
  return fmt::format("feature{}", place);
}

GeneMap map_of(const FeatureTable& features) {
  GenePanel places;
  FeatureTable named;
  named.columns.push_back({"place", {}});
  named.counted.assign(static_cast<std::size_t>(features.size()), 1);
  for (std::size_t i = 0; i < named.counted.size(); ++i) {
    const std::string name = place_name(i);
    places.genes.push_back({name, name, "", "", {}, {}});
    named.columns.front().ids.push_back(name);
    if (!features.counted.empty()) named.counted[i] = features.counted[i];
    for (const FeatureColumn& column : features.columns) {
      if (is_par_y_copy(column.ids[i])) named.counted[i] = 0;
    }
  }
  GeneMapOptions any;
  any.min_panel = 0.0;
  return {GeneIndex(places, false), named, any, "the features"};
}

}  // namespace

WholePanel::WholePanel(const FeatureTable& features) : map_(map_of(features)) {
  for (const std::string& id : features.columns.front().ids) {
    panel_.genes.push_back({id, id, "", "", {}, {}});
  }
}

PoolSource::PoolSource(std::unique_ptr<CellSource> origin, PoolSums sums,
                       std::vector<std::string> names, std::optional<GeneMap> genes)
    : origin_(std::move(origin)),
      description_(origin_->description()),
      sums_(std::move(sums)),
      pools_(sums_.pools()),
      names_(std::move(names)),
      genes_(std::move(genes)),
      values_(static_cast<std::size_t>(sums_.n_genes())) {
  description_.is_h5ad = false;  // its obs are of cells
}

bool PoolSource::next(CellBlock& block, Index max_cells) {
  block.clear(static_cast<Index>(next_));
  const std::size_t last = std::min(pools_.size(), next_ + static_cast<std::size_t>(max_cells));
  if (next_ >= last) return false;
  std::optional<PanelCollector> collector;
  if (genes_) {
    collector.emplace(*genes_, true);
    collector->begin_block(block, static_cast<Index>(next_));
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
