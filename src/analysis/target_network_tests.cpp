// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/target_network_tests.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.hpp"
#include "statistics/curveball.hpp"
#include "statistics/median.hpp"

namespace sicmir::target_network {
namespace {

using statistics::StratifiedGraph;
using training::Purpose;
using training::Random;

/// Sums of the same numbers in another order differ by rounding.
constexpr double rounding = 1e-9;

bool is_testable(const NetworkTest& test) {
  return test.n_targets >= target_network::fewest_edges;
}

/// Fisher's z of a test with each gene: the mean over its miRNAs. genes x tests.
Matrix z_of_tests(const std::vector<NetworkTest>& tests, const Matrix& z) {
  Matrix mean = Matrix::Zero(z.cols(), static_cast<Index>(tests.size()));
  for (std::size_t t = 0; t < tests.size(); ++t) {
    auto column = mean.col(static_cast<Index>(t));
    for (const std::int32_t mirna : tests[t].mirnas) column += z.row(mirna).transpose();
    column /= static_cast<float>(tests[t].mirnas.size());
  }
  return mean;
}

double mean_over(std::span<const std::int32_t> genes, const float* z) {
  double sum = 0;
  for (const std::int32_t gene : genes) sum += z[gene];
  return sum / static_cast<double>(genes.size());
}

/// How often random graphs of the same degrees have as low a mean.
class Rewiring {
 public:
  Rewiring(TargetNetwork& network, const Matrices& matrices, const Matrix& z,
           const NetworkOptions& options, ThreadPool& pool)
      : tests_(network.tests), z_(z), options_(options), pool_(pool), start_(graph_of(matrices)) {
    std::uint64_t name = 0;
    for (const char c : network.name) name = training::mix(name ^ static_cast<unsigned char>(c));
    name_ = name;
    // Besag and Clifford 1989, doi:10.1093/biomet/76.4.633: from a graph that is some trades away
    // from the one found, all others are as many trades away, and exchangeable with it, however
    // slowly trades mix.
    Random random = random_of(0);
    const StratifiedGraph found = start_;
    start_.trade(target_network::trades, random);
    StratifiedGraph other = start_;
    Random second = random_of(1);
    other.trade(target_network::trades, second);
    network.mixing.overlap = other.overlap(found);
    other.trade(9 * target_network::trades, second);
    network.mixing.overlap_long = other.overlap(found);
  }

  void run() {
    std::vector<std::size_t> going;
    for (std::size_t t = 0; t < tests_.size(); ++t) {
      if (is_testable(tests_[t])) going.push_back(t);
    }
    std::vector<Index> exceedances(tests_.size(), 0);
    Index done = 0;
    Index next = options_.rewirings;
    while (!going.empty() && done < next) {
      count(going, done, next, exceedances);
      done = next;
      std::vector<std::size_t> still;
      for (const std::size_t t : going) {
        NetworkTest& test = tests_[t];
        test.n_rewirings = done;
        test.p_rewired = static_cast<double>(exceedances[t] + 1) / static_cast<double>(done + 1);
        if (exceedances[t] < target_network::enough_exceedances && done < wanted(test)) {
          still.push_back(t);
        }
      }
      going = std::move(still);
      next = std::min(options_.most_rewirings, done * 2);
    }
  }

 private:
  [[nodiscard]] Random random_of(std::uint64_t number) const {
    return Random(training::key(options_.seed, Purpose::rewiring, name_, number));
  }

  StratifiedGraph graph_of(const Matrices& matrices) const {
    std::vector<StratifiedGraph::Edge> edges;
    for (std::size_t t = 0; t < matrices.targets.size(); ++t) {
      for (const std::int32_t gene : matrices.targets[t]) {
        edges.emplace_back(static_cast<std::int32_t>(t), gene);
      }
    }
    return {static_cast<Index>(matrices.targets.size()), matrices.strata, target_network::n_strata,
            edges};
  }

  /// The p of a test is the larger of two: this one need not be known more finely than the other.
  [[nodiscard]] Index wanted(const NetworkTest& test) const {
    if (std::isnan(test.p_others)) return options_.rewirings;
    const double n = std::ceil(target_network::finer / test.p_others);
    return std::min(options_.most_rewirings, static_cast<Index>(n));
  }

  void count(const std::vector<std::size_t>& going, Index first, Index last,
             std::vector<Index>& exceedances) {
    std::vector<std::vector<Index>> counts(static_cast<std::size_t>(pool_.size()),
                                           std::vector<Index>(tests_.size(), 0));
    std::vector<StratifiedGraph> graphs(counts.size(), start_);
    pool_.run(last - first, [&](Index number, int worker) {
      StratifiedGraph& graph = graphs[static_cast<std::size_t>(worker)];
      graph.set_edges_of(start_);
      Random random = random_of(static_cast<std::uint64_t>(first + number) + 2);
      graph.trade(target_network::trades, random);
      for (const std::size_t t : going) {
        const double mean = mean_over(graph.targets_of(static_cast<Index>(t)),
                                      z_.col(static_cast<Index>(t)).data());
        if (mean <= tests_[t].mean_z + rounding) ++counts[static_cast<std::size_t>(worker)][t];
      }
    });
    for (const std::vector<Index>& part : counts) {
      for (std::size_t t = 0; t < part.size(); ++t) exceedances[t] += part[t];
    }
  }

  std::vector<NetworkTest>& tests_;
  const Matrix& z_;
  const NetworkOptions& options_;
  ThreadPool& pool_;
  std::uint64_t name_ = 0;
  StratifiedGraph start_;
};

/// How often predictions of other families give the same targets as low a mean.
void compare_with_others(NetworkTest& test, std::span<const std::int32_t> targets,
                         const Matrices& matrices, std::span<const std::int32_t> families) {
  Eigen::ArrayXd sums = Eigen::ArrayXd::Zero(matrices.z.rows());
  for (const std::int32_t gene : targets) sums += matrices.z.col(gene).array().cast<double>();
  sums /= static_cast<double>(targets.size());
  std::vector<std::int32_t> own;
  for (const std::int32_t mirna : test.mirnas) {
    own.push_back(families[static_cast<std::size_t>(mirna)]);
  }
  Index n_as_low = 0;
  double sum = 0;
  double squares = 0;
  for (Index i = 0; i < sums.size(); ++i) {
    const auto place = static_cast<std::size_t>(i);
    const bool is_other = std::find(own.begin(), own.end(), families[place]) == own.end();
    if (!is_other || matrices.varies[place] == 0) continue;
    ++test.n_others;
    sum += sums[i];
    squares += sums[i] * sums[i];
    n_as_low += sums[i] <= test.mean_z + rounding ? 1 : 0;
  }
  if (test.n_others < target_network::fewest_others) return;
  const auto n = static_cast<double>(test.n_others);
  test.p_others = static_cast<double>(n_as_low + 1) / (n + 1);
  const double mean = sum / n;
  const double variance = std::max(0.0, squares / n - mean * mean);
  if (variance > 0) test.score = (mean - test.mean_z) / std::sqrt(variance);
}

void describe(TargetNetwork& network, const Matrices& matrices, const Matrix& z) {
  std::vector<double> low(matrices.varies.size(), 0.0);
  for (const NetworkEdge& edge : network.edges) {
    if (edge.correlation < target_network::low_correlation) {
      low[static_cast<std::size_t>(edge.mirna)] += 1;
    }
  }
  const double middle = median(matrices.expression);
  for (std::size_t t = 0; t < network.tests.size(); ++t) {
    NetworkTest& test = network.tests[t];
    test.mean_z = mean_over(matrices.targets[t], z.col(static_cast<Index>(t)).data());
    for (const std::int32_t mirna : test.mirnas) {
      test.share_low += low[static_cast<std::size_t>(mirna)];
      test.expression += matrices.expression[static_cast<std::size_t>(mirna)];
    }
    const auto n_mirnas = static_cast<double>(test.mirnas.size());
    test.share_low /= n_mirnas * static_cast<double>(test.n_targets);
    test.expression /= n_mirnas;
    test.above_median = test.expression > middle;
  }
}

}  // namespace

void test(TargetNetwork& network, const Matrices& matrices, const Profiles& profiles,
          const NetworkOptions& options, ThreadPool& pool) {
  if (network.tests.empty()) return;
  const Matrix z = z_of_tests(network.tests, matrices.z);
  describe(network, matrices, z);
  const std::vector<std::int32_t> families = seed_families(profiles.mirnas);
  pool.run(static_cast<Index>(network.tests.size()), [&](Index number, int) {
    const auto t = static_cast<std::size_t>(number);
    if (!is_testable(network.tests[t])) return;
    compare_with_others(network.tests[t], matrices.targets[t], matrices, families);
  });
  Rewiring(network, matrices, z, options, pool).run();
  for (NetworkTest& one : network.tests) {
    if (std::isnan(one.p_others) || std::isnan(one.p_rewired)) continue;
    one.p = std::max(one.p_rewired, one.p_others);
    const double smallest = std::max(
        1.0 / static_cast<double>(one.n_others + 1),
        1.0 / static_cast<double>(std::max(options.most_rewirings, options.rewirings) + 1));
    network.smallest_p = std::min(network.smallest_p, smallest);
  }
}

}  // namespace sicmir::target_network
