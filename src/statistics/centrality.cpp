// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/centrality.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace sicmir::statistics {

Graph::Graph(Index n_nodes, std::span<const std::pair<std::int32_t, std::int32_t>> edges)
    : starts_(static_cast<std::size_t>(n_nodes) + 1, 0), neighbours_(2 * edges.size()) {
  for (const auto& [a, b] : edges) {
    ++starts_[static_cast<std::size_t>(a) + 1];
    ++starts_[static_cast<std::size_t>(b) + 1];
  }
  std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
  std::vector<std::size_t> next(starts_.begin(), starts_.end() - 1);
  for (const auto& [a, b] : edges) {
    neighbours_[next[static_cast<std::size_t>(a)]++] = b;
    neighbours_[next[static_cast<std::size_t>(b)]++] = a;
  }
}

std::span<const std::int32_t> Graph::neighbours(Index node) const {
  const auto place = static_cast<std::size_t>(node);
  return std::span(neighbours_).subspan(starts_[place], starts_[place + 1] - starts_[place]);
}

namespace {

constexpr double far_away = -1.0;

}  // namespace

Betweenness::Betweenness(const Graph& graph)
    : class_of_(static_cast<std::size_t>(graph.n_nodes())) {
  std::map<std::vector<std::int32_t>, std::int32_t> classes;
  std::vector<Index> first;  // node of each class
  for (Index node = 0; node < graph.n_nodes(); ++node) {
    const std::span<const std::int32_t> own = graph.neighbours(node);
    std::int32_t& number = class_of_[static_cast<std::size_t>(node)];
    number = -1;
    if (own.empty()) continue;
    std::vector<std::int32_t> sorted(own.begin(), own.end());
    std::sort(sorted.begin(), sorted.end());
    const auto [place, is_new] =
        classes.try_emplace(std::move(sorted), static_cast<std::int32_t>(sizes_.size()));
    number = place->second;
    if (is_new) {
      sizes_.push_back(0.0);
      first.push_back(node);
    }
    sizes_[static_cast<std::size_t>(number)] += 1.0;
  }
  // A node that is a neighbour of one of a class is a neighbour of all.
  starts_.push_back(0);
  for (const Index node : first) {
    const std::size_t start = neighbours_.size();
    for (const std::int32_t neighbour : graph.neighbours(node)) {
      neighbours_.push_back(class_of_[static_cast<std::size_t>(neighbour)]);
    }
    const auto own = neighbours_.begin() + static_cast<std::ptrdiff_t>(start);
    std::sort(own, neighbours_.end());
    neighbours_.erase(std::unique(own, neighbours_.end()), neighbours_.end());
    starts_.push_back(neighbours_.size());
  }
}

Index Betweenness::n_batches() const noexcept {
  return static_cast<Index>((sizes_.size() + batch_size - 1) / batch_size);
}

std::vector<double> Betweenness::of_nodes(std::span<const double> sums) const {
  std::vector<double> result(class_of_.size(), 0.0);
  for (std::size_t node = 0; node < result.size(); ++node) {
    // Each pair of nodes was met from both ends.
    if (class_of_[node] >= 0) result[node] = sums[static_cast<std::size_t>(class_of_[node])] / 2.0;
  }
  return result;
}

Betweenness::Walk::Walk(const Betweenness& nodes)
    : nodes_(&nodes),
      distance_(nodes.n_sums()),
      n_paths_(nodes.n_sums(), Lanes{}),
      passed_(nodes.n_sums(), Lanes{}),
      sums_(nodes.n_sums(), Lanes{}),
      is_touched_(nodes.n_sums(), 0) {
  for (Lanes& lanes : distance_) lanes.fill(far_away);
}

void Betweenness::Walk::add(Index batch, std::span<double> sums) {
  start(batch);
  while (advance()) {
  }
  for (std::size_t level = n_levels_ - 1; level > 1; --level) return_from(level);
  add_equals();
  take_sums(sums);
}

std::vector<std::int32_t>& Betweenness::Walk::level_at(std::size_t level) {
  if (levels_.size() <= level) levels_.resize(level + 1);
  return levels_[level];
}

void Betweenness::Walk::start(Index batch) {
  const std::size_t first = static_cast<std::size_t>(batch) * batch_size;
  n_sources_ = std::min(batch_size, nodes_->n_sums() - first);
  n_left_ = n_sources_ * (nodes_->n_sums() - 1);
  n_levels_ = 1;
  level_at(0).clear();
  for (std::size_t lane = 0; lane < n_sources_; ++lane) {
    sources_[lane] = static_cast<std::int32_t>(first + lane);
    levels_[0].push_back(sources_[lane]);
    distance_[first + lane][lane] = 0.0;
    n_paths_[first + lane][lane] = 1.0;
    passed_[first + lane][lane] = 1.0;  // the source itself, not the others of its class
  }
}

/// Finds the nodes of the next level and the number of their shortest paths. False: there are none.
bool Betweenness::Walk::advance() {
  if (n_left_ == 0) {
    for (const std::int32_t node : levels_[n_levels_ - 1]) {
      passed_[static_cast<std::size_t>(node)].fill(0.0);
    }
    return false;
  }
  const std::size_t level = n_levels_;
  const auto step = static_cast<double>(level);
  touched_.clear();
  for (const std::int32_t node : levels_[level - 1]) {
    const auto from = static_cast<std::size_t>(node);
    const Lanes given = passed_[from];
    for (const std::int32_t neighbour : nodes_->neighbours(from)) {
      const auto place = static_cast<std::size_t>(neighbour);
      if (is_touched_[place] == 0) {
        is_touched_[place] = 1;
        touched_.push_back(neighbour);
      }
      Lanes& sum = sums_[place];
      for (std::size_t lane = 0; lane < batch_size; ++lane) sum[lane] += given[lane];
    }
    passed_[from].fill(0.0);
  }
  std::vector<std::int32_t>& next = level_at(level);
  next.clear();
  for (const std::int32_t node : touched_) {
    const auto place = static_cast<std::size_t>(node);
    Lanes& distance = distance_[place];
    Lanes& paths = n_paths_[place];
    Lanes& passed = passed_[place];
    Lanes& sum = sums_[place];
    double n_new = 0.0;
    for (std::size_t lane = 0; lane < batch_size; ++lane) {
      const bool is_new = distance[lane] == far_away && sum[lane] > 0.0;
      const double found = is_new ? sum[lane] : 0.0;
      distance[lane] = is_new ? step : distance[lane];
      paths[lane] += found;
      passed[lane] = found * nodes_->sizes_[place];
      n_new += is_new ? 1.0 : 0.0;
      sum[lane] = 0.0;
    }
    is_touched_[place] = 0;
    if (n_new == 0.0) continue;
    next.push_back(node);
    n_left_ -= static_cast<std::size_t>(n_new);
  }
  if (next.empty()) return false;
  ++n_levels_;
  return true;
}

/// Passes dependency from the nodes of `level` to those of the level before; sums_ holds it.
void Betweenness::Walk::return_from(std::size_t level) {
  const auto step = static_cast<double>(level);
  for (const std::int32_t node : levels_[level]) {
    const auto place = static_cast<std::size_t>(node);
    for (std::size_t lane = 0; lane < batch_size; ++lane) {
      const bool is_here = distance_[place][lane] == step;
      const double paths = is_here ? n_paths_[place][lane] : 1.0;
      const double share = nodes_->sizes_[place] * (1.0 + sums_[place][lane]) / paths;
      passed_[place][lane] = is_here ? share : 0.0;
    }
  }
  for (const std::int32_t node : levels_[level - 1]) {
    const auto place = static_cast<std::size_t>(node);
    Lanes sum{};
    for (const std::int32_t neighbour : nodes_->neighbours(place)) {
      const Lanes& given = passed_[static_cast<std::size_t>(neighbour)];
      for (std::size_t lane = 0; lane < batch_size; ++lane) sum[lane] += given[lane];
    }
    for (std::size_t lane = 0; lane < batch_size; ++lane) {
      const bool is_here = distance_[place][lane] == step - 1.0;
      sums_[place][lane] += is_here ? n_paths_[place][lane] * sum[lane] : 0.0;
    }
  }
  for (const std::int32_t node : levels_[level]) passed_[static_cast<std::size_t>(node)].fill(0.0);
}

/// The other nodes of a source's class are two steps away, by each of its neighbours, and on the
/// way to nothing else.
void Betweenness::Walk::add_equals() {
  for (std::size_t lane = 0; lane < n_sources_; ++lane) {
    const auto source = static_cast<std::size_t>(sources_[lane]);
    const double n_equals = nodes_->sizes_[source] - 1.0;
    if (n_equals == 0.0) continue;
    double degree = 0.0;
    for (const std::int32_t node : nodes_->neighbours(source)) {
      degree += nodes_->sizes_[static_cast<std::size_t>(node)];
    }
    for (const std::int32_t node : nodes_->neighbours(source)) {
      sums_[static_cast<std::size_t>(node)][lane] += n_equals / degree;
    }
  }
}

void Betweenness::Walk::take_sums(std::span<double> sums) {
  for (std::size_t level = 1; level < n_levels_; ++level) {
    const auto step = static_cast<double>(level);
    for (const std::int32_t node : levels_[level]) {
      const auto place = static_cast<std::size_t>(node);
      for (std::size_t lane = 0; lane < n_sources_; ++lane) {
        if (distance_[place][lane] != step) continue;
        sums[place] +=
            nodes_->sizes_[static_cast<std::size_t>(sources_[lane])] * sums_[place][lane];
      }
    }
  }
  for (std::size_t level = 0; level < n_levels_; ++level) {
    for (const std::int32_t node : levels_[level]) {
      const auto place = static_cast<std::size_t>(node);
      distance_[place].fill(far_away);
      n_paths_[place].fill(0.0);
      sums_[place].fill(0.0);
    }
  }
}

std::vector<double> page_rank(const Graph& graph) {
  constexpr double damping = 0.85;
  constexpr double close_enough = 1e-12;
  constexpr int most_steps = 1000;
  const auto n = static_cast<std::size_t>(graph.n_nodes());
  std::vector<double> rank(n, 1.0 / static_cast<double>(n));
  std::vector<double> given(n);
  for (int step = 0; step < most_steps; ++step) {
    double of_lonely = 0.0;  // nodes without edges give to all
    for (std::size_t i = 0; i < n; ++i) {
      const Index degree = graph.degree(static_cast<Index>(i));
      given[i] = degree == 0 ? 0.0 : rank[i] / static_cast<double>(degree);
      if (degree == 0) of_lonely += rank[i];
    }
    const double base = (1.0 - damping + damping * of_lonely) / static_cast<double>(n);
    double change = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0.0;
      for (const std::int32_t neighbour : graph.neighbours(static_cast<Index>(i))) {
        sum += given[static_cast<std::size_t>(neighbour)];
      }
      const double next = base + damping * sum;
      change += std::abs(next - rank[i]);
      rank[i] = next;
    }
    if (change < close_enough) break;
  }
  return rank;
}

}  // namespace sicmir::statistics
