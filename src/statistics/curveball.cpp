// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/curveball.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace sicmir::statistics {
namespace {

/// 0 .. n - 1; the bias is below n / 2^32.
std::size_t below(training::Random& random, std::size_t n) {
  return static_cast<std::size_t>(((random.next() >> 32) * n) >> 32);
}

}  // namespace

StratifiedGraph::StratifiedGraph(Index n_sources, std::span<const std::int32_t> stratum,
                                 Index n_strata, std::span<const Edge> edges)
    : n_sources_(static_cast<std::size_t>(n_sources)),
      n_strata_(static_cast<std::size_t>(n_strata)),
      starts_(n_sources_ * n_strata_ + 1, 0),
      targets_(edges.size()),
      marks_(stratum.size(), 0),
      order_(n_sources_) {
  const auto place_of = [&](const Edge& edge) {
    const auto target = static_cast<std::size_t>(edge.second);
    return static_cast<std::size_t>(edge.first) * n_strata_ +
           static_cast<std::size_t>(stratum[target]);
  };
  for (const Edge& edge : edges) ++starts_[place_of(edge) + 1];
  std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
  std::vector<std::size_t> next(starts_.begin(), starts_.end() - 1);
  for (const Edge& edge : edges) targets_[next[place_of(edge)]++] = edge.second;
}

std::span<const std::int32_t> StratifiedGraph::targets_of(Index source) const {
  const std::size_t first = static_cast<std::size_t>(source) * n_strata_;
  return std::span(targets_).subspan(starts_[first], starts_[first + n_strata_] - starts_[first]);
}

void StratifiedGraph::trade(Index n, training::Random& random) {
  for (Index i = 0; i < n; ++i) {
    std::iota(order_.begin(), order_.end(), 0U);
    random.shuffle(order_);
    for (std::size_t k = 0; k + 1 < n_sources_; k += 2) {
      const std::size_t* const a = starts_.data() + order_[k] * n_strata_;
      const std::size_t* const b = starts_.data() + order_[k + 1] * n_strata_;
      for (std::size_t stratum = 0; stratum < n_strata_; ++stratum) {
        trade_pair({targets_.data() + a[stratum], a[stratum + 1] - a[stratum]},
                   {targets_.data() + b[stratum], b[stratum + 1] - b[stratum]}, random);
      }
    }
  }
}

void StratifiedGraph::trade_pair(std::span<std::int32_t> a, std::span<std::int32_t> b,
                                 training::Random& random) {
  if (a.empty() || b.empty()) return;
  if (last_mark_ > std::numeric_limits<std::uint32_t>::max() - 2) {
    std::fill(marks_.begin(), marks_.end(), 0U);
    last_mark_ = 0;
  }
  const std::uint32_t in_a = ++last_mark_;
  const std::uint32_t in_both = ++last_mark_;
  for (const std::int32_t target : a) marks_[static_cast<std::size_t>(target)] = in_a;
  // What both have moves to the front of either.
  std::size_t shared = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    std::uint32_t& mark = marks_[static_cast<std::size_t>(b[i])];
    if (mark != in_a) continue;
    mark = in_both;
    std::swap(b[i], b[shared++]);
  }
  for (std::size_t i = 0, front = 0; i < a.size() && front < shared; ++i) {
    if (marks_[static_cast<std::size_t>(a[i])] == in_both) std::swap(a[i], a[front++]);
  }
  std::span<std::int32_t> few = a.subspan(shared);
  std::span<std::int32_t> many = b.subspan(shared);
  if (few.size() > many.size()) std::swap(few, many);
  // The first steps of Fisher and Yates's shuffle of both together: a random subset for `few`.
  // Whose the other target is, is a matter of arithmetic: a branch could not be foreseen.
  const std::size_t n = few.size() + many.size();
  std::int32_t* const first = targets_.data();
  const auto place = static_cast<std::size_t>(few.data() - first);
  const std::size_t gap = static_cast<std::size_t>(many.data() - first) - place - few.size();
  for (std::size_t i = 0; i < few.size(); ++i) {
    const std::size_t k = i + below(random, n - i);
    const std::size_t skipped = gap & (std::size_t{0} - static_cast<std::size_t>(k >= few.size()));
    std::swap(first[place + i], first[place + k + skipped]);
  }
}

void StratifiedGraph::set_edges_of(const StratifiedGraph& other) {
  std::copy(other.targets_.begin(), other.targets_.end(), targets_.begin());
}

double StratifiedGraph::overlap(const StratifiedGraph& other) const {
  std::vector<std::size_t> last_source(marks_.size(), n_sources_);
  std::size_t n_shared = 0;
  for (std::size_t source = 0; source < n_sources_; ++source) {
    for (const std::int32_t target : targets_of(static_cast<Index>(source))) {
      last_source[static_cast<std::size_t>(target)] = source;
    }
    for (const std::int32_t target : other.targets_of(static_cast<Index>(source))) {
      n_shared += last_source[static_cast<std::size_t>(target)] == source ? 1 : 0;
    }
  }
  return targets_.empty() ? 1.0
                          : static_cast<double>(n_shared) / static_cast<double>(targets_.size());
}

}  // namespace sicmir::statistics
