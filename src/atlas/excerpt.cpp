// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/excerpt.hpp"

#include <algorithm>
#include <numeric>

#include "base/random.hpp"

namespace sicmir::atlas {

std::vector<Index> shares(std::span<const Index> sizes, Index most) {
  const auto sum = [](std::span<const Index> all) {
    return std::accumulate(all.begin(), all.end(), Index{0});
  };
  std::vector<Index> result(sizes.size(), 0);
  if (most >= sum(sizes)) return {sizes.begin(), sizes.end()};
  const auto n_groups = std::count_if(sizes.begin(), sizes.end(), [](Index n) { return n > 0; });
  std::vector<Index> rest(sizes.begin(), sizes.end());
  if (n_groups <= most) {
    for (std::size_t g = 0; g < rest.size(); ++g) {
      result[g] = rest[g] > 0 ? 1 : 0;
      rest[g] -= result[g];
    }
    most -= n_groups;
  }
  const Index all = sum(rest);
  if (all == 0 || most <= 0) return result;
  // Whole numbers throughout: cells times cells stays below 2^63 up to 3e9 of either.
  std::vector<Index> remainder(rest.size());
  Index given = 0;
  for (std::size_t g = 0; g < rest.size(); ++g) {
    const Index share = rest[g] * most / all;
    remainder[g] = rest[g] * most % all;
    result[g] += share;
    given += share;
  }
  std::vector<std::size_t> order(rest.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainder[a] > remainder[b]; });
  for (std::size_t i = 0; given < most; ++i, ++given) ++result[order[i]];
  return result;
}

std::vector<Index> drawn_cells(std::span<const std::int32_t> groups, Index most, std::uint64_t seed,
                               std::uint64_t set) {
  std::vector<std::vector<Index>> members;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto group = static_cast<std::size_t>(groups[i]);
    if (group >= members.size()) members.resize(group + 1);
    members[group].push_back(static_cast<Index>(i));
  }
  std::vector<Index> sizes;
  sizes.reserve(members.size());
  for (const std::vector<Index>& own : members) sizes.push_back(static_cast<Index>(own.size()));
  const std::vector<Index> wanted = shares(sizes, most);
  std::vector<Index> chosen;
  for (std::size_t g = 0; g < members.size(); ++g) {
    std::vector<Index>& own = members[g];
    training::Random random(
        training::key(seed, training::Purpose::excerpt, set, static_cast<std::uint64_t>(g)));
    const auto n = static_cast<std::size_t>(wanted[g]);
    for (std::size_t i = 0; i < n; ++i) {  // the first steps of Fisher and Yates's shuffle
      std::swap(own[i], own[i + static_cast<std::size_t>(random.below(own.size() - i))]);
    }
    chosen.insert(chosen.end(), own.begin(), own.begin() + static_cast<std::ptrdiff_t>(n));
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace sicmir::atlas
