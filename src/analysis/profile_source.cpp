// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/profile_source.hpp"

#include <algorithm>
#include <utility>

#include "input/panel_collector.hpp"

namespace sicmir {

ProfileSource::ProfileSource(SourceDescription description, const FeatureTable& genes,
                             std::span<const Profile> profiles, std::vector<std::size_t> served)
    : description_(std::move(description)),
      genes_(genes),
      profiles_(profiles),
      served_(std::move(served)) {
  description_.is_h5ad = false;  // its obs are of cells
  description_.annotations = {};
}

bool ProfileSource::fetch(std::unique_ptr<RawCells>& raw, Index max_cells) {
  const std::size_t last = std::min(served_.size(), next_ + static_cast<std::size_t>(max_cells));
  if (next_ >= last) return false;
  ReadyCells& ready = ReadyCells::in(raw);
  ready.first = static_cast<Index>(next_);
  ready.n_cells = static_cast<Index>(last - next_);
  PanelCollector collector(*selection_, true);
  collector.begin_block(ready.block, ready.first);
  for (; next_ < last; ++next_) {
    const Profile& profile = profiles_[served_[next_]];
    for (std::size_t gene = 0; gene < profile.counts.size(); ++gene) {
      if (profile.counts[gene] != 0.0) {
        collector.add(static_cast<Index>(gene), profile.counts[gene]);
      }
    }
    collector.end_cell(profile.name(), profile.n_counts);
  }
  return true;
}

}  // namespace sicmir
