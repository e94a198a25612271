// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The two nulls of a network's tests.

#include <cstdint>
#include <vector>

#include "analysis/target_network.hpp"
#include "parallel/thread_pool.hpp"

namespace sicmir::target_network {

/// What the tests of one network are made of.
struct Matrices {
  std::vector<std::int32_t> genes;   ///< positions in Profiles::genes, ascending
  std::vector<std::int32_t> strata;  ///< per gene: decile of its expression
  Matrix z;                          ///< miRNAs x genes: Fisher's z
  std::vector<std::uint8_t> varies;  ///< per miRNA: 0 if its prediction is the same everywhere
  std::vector<double> expression;    ///< per miRNA
  std::vector<std::vector<std::int32_t>> targets;  ///< per test: places in `genes`, ascending
};

/// Fills everything of `network.tests` but `fdr` and `is_hub`, and mixing and smallest_p. Tests of
/// fewer than target_network::fewest_edges targets get no p.
void test(TargetNetwork& network, const Matrices& matrices, const Profiles& profiles,
          const NetworkOptions& options, ThreadPool& pool);

}  // namespace sicmir::target_network
