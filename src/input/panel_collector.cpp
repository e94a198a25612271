// SPDX-License-Identifier: BSD-3-Clause
#include "input/panel_collector.hpp"

#include <algorithm>
#include <cmath>

namespace sicmir {

PanelCollector::PanelCollector(const GeneSelection& genes, bool upper_quartile)
    : genes_(genes),
      positions_(genes_.positions()),
      rule_(genes_.duplicates()),
      keep_all_(upper_quartile),
      by_feature_(!genes_.duplicated().empty() &&
                  (rule_ == Duplicates::first || rule_ == Duplicates::max)) {
  const auto n_genes = static_cast<std::size_t>(genes_.size());
  sum_.assign(n_genes, 0.0);
  seen_.assign(n_genes, 0);
  shared_.assign(n_genes, 0);
  n_features_.assign(n_genes, 0);
  first_feature_.assign(n_genes, -1);
  for (std::size_t feature = 0; feature < positions_.size(); ++feature) {
    if (positions_[feature] < 0) continue;
    const auto at = static_cast<std::size_t>(positions_[feature]);
    if (n_features_[at]++ == 0) first_feature_[at] = static_cast<Index>(feature);
    shared_[at] = n_features_[at] > 1 ? 1 : 0;
  }
}

void PanelCollector::begin_block(CellBlock& block, Index first) {
  block.clear(first);
  block_ = &block;
}

void PanelCollector::make_room(Index cells, std::size_t values) {
  const std::size_t most = std::min(values, static_cast<std::size_t>(cells) * sum_.size());
  block_->genes.reserve(most);
  block_->values.reserve(most);
}

void PanelCollector::end_cell(std::string name, std::optional<double> total) {
  if (by_feature_) resolve_shared();
  if (!std::is_sorted(touched_.begin(), touched_.end())) {
    std::sort(touched_.begin(), touched_.end());
  }
  for (const PanelPosition gene : touched_) {
    const auto value = static_cast<float>(sum_[static_cast<std::size_t>(gene)]);
    if (value == 0.0f) continue;
    block_->genes.push_back(gene);
    block_->values.push_back(value);
  }
  block_->offsets.push_back(static_cast<Index>(block_->genes.size()));
  block_->cells.push_back(std::move(name));
  block_->totals.push_back(total.value_or(total_));
  if (keep_all_) block_->upper_quartiles.push_back(upper_quartile());
  touched_.clear();
  all_.clear();
  total_ = 0.0;
  ++stamp_;
}

void PanelCollector::resolve_shared() {
  // One value per feature first: a file may store a feature of one cell in several pieces.
  std::stable_sort(shared_values_.begin(), shared_values_.end(),
                   [](const SharedValue& a, const SharedValue& b) {
                     return a.gene != b.gene ? a.gene < b.gene : a.feature < b.feature;
                   });
  for (std::size_t i = 0; i < shared_values_.size();) {
    const PanelPosition gene = shared_values_[i].gene;
    // Features that are not stored are zero: the first feature of the file may be one of them.
    double best = rule_ == Duplicates::max ? -HUGE_VAL : 0.0;
    Index n_stored = 0;
    for (; i < shared_values_.size() && shared_values_[i].gene == gene; ++n_stored) {
      const Index feature = shared_values_[i].feature;
      double value = 0.0;
      for (; i < shared_values_.size() && shared_values_[i].gene == gene &&
             shared_values_[i].feature == feature;
           ++i) {
        value += shared_values_[i].value;
      }
      if (rule_ == Duplicates::max) {
        if (value > best || std::isnan(value)) best = value;
      } else if (first_feature_[static_cast<std::size_t>(gene)] == feature) {
        best = value;
      }
    }
    const auto at = static_cast<std::size_t>(gene);
    const bool some_are_zero = n_stored < n_features_[at];
    if (rule_ == Duplicates::max && some_are_zero && best < 0.0) best = 0.0;  // NaN stays
    sum_[at] = best;
  }
  shared_values_.clear();
}

double PanelCollector::upper_quartile() {
  const auto by_feature = [](const auto& a, const auto& b) { return a.first < b.first; };
  if (!std::is_sorted(all_.begin(), all_.end(), by_feature)) {
    std::stable_sort(all_.begin(), all_.end(), by_feature);
  }
  // Repeated features add up; zeros and NaN do not count.
  std::vector<double> values;
  values.reserve(all_.size());
  for (std::size_t i = 0; i < all_.size();) {
    const Index feature = all_[i].first;
    double value = 0.0;
    for (; i < all_.size() && all_[i].first == feature; ++i) value += all_[i].second;
    if (value != 0.0 && !std::isnan(value)) values.push_back(value);
  }
  if (values.empty()) return 0.0;
  const std::size_t rank = (3 * values.size() + 3) / 4;  // ceil(0.75 n), counted from 1
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

}  // namespace sicmir
