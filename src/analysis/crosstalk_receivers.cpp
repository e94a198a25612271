// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/crosstalk_receivers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

#include "base/nan.hpp"
#include "parallel/thread_pool.hpp"
#include "statistics/distributions.hpp"
#include "statistics/median.hpp"

namespace sicmir::crosstalk {
namespace {

constexpr double detected_share = 0.1;  // of the cells elsewhere
constexpr Index n_bins = 20;            // of genes that are expressed alike
constexpr std::size_t fewest_sets = 30;

/// The targets of each miRNA that has any, as positions in Profiles::genes.
struct TargetLists {
  std::vector<Index> mirnas;
  std::vector<std::vector<std::int32_t>> genes;
};

TargetLists lists_of(std::span<const TargetEdge> edges) {
  TargetLists lists;
  for (const TargetEdge& edge : edges) {
    if (lists.mirnas.empty() || lists.mirnas.back() != edge.mirna) {
      lists.mirnas.push_back(edge.mirna);
      lists.genes.emplace_back();
    }
    lists.genes.back().push_back(edge.gene);
  }
  return lists;
}

/// What is known of one group's genes.
struct GeneTable {
  std::vector<Index> profiles;      // used ones of this group that stand beside others
  std::vector<std::int32_t> genes;  // measured, off the panel, detected elsewhere
  std::vector<std::int32_t> place;  // per gene of the profiles: its place in `genes`, or -1
  std::vector<std::int32_t> bin;    // per place
  Eigen::MatrixXd deficits;         // genes x profiles
  Eigen::MatrixXd bin_sums;         // bins x profiles
  std::vector<double> bin_sizes;
};

std::vector<std::int32_t> detected_elsewhere(const Profiles& profiles, const Layout& layout,
                                             std::span<const Index> own,
                                             std::span<const std::uint8_t> in_panel) {
  std::vector<double> n_detected(in_panel.size(), 0.0);
  double n_cells = 0.0;
  for (const Index profile : own) {
    for (const std::size_t other : layout.others_of(profile)) {
      const Profile& one = profiles.profiles[other];
      n_cells += static_cast<double>(one.n_cells);
      for (std::size_t gene = 0; gene < in_panel.size(); ++gene) {
        n_detected[gene] += static_cast<double>(one.n_detected[gene]);
      }
    }
  }
  std::vector<std::int32_t> genes;
  for (std::size_t gene = 0; gene < in_panel.size(); ++gene) {
    if (in_panel[gene] == 0 && n_cells > 0.0 && n_detected[gene] >= detected_share * n_cells) {
      genes.push_back(static_cast<std::int32_t>(gene));
    }
  }
  return genes;
}

/// Genes x own profiles: mean over the other groups of the sample.
Eigen::MatrixXd elsewhere(const Layout& layout, const Matrix& expression, const GeneTable& table) {
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(static_cast<Index>(table.genes.size()),
                                               static_cast<Index>(table.profiles.size()));
  for (std::size_t j = 0; j < table.profiles.size(); ++j) {
    const auto own = static_cast<std::size_t>(table.profiles[j]);
    double n = 0.0;
    for (const Index other : layout.at[static_cast<std::size_t>(layout.sample_of[own])]) {
      if (other < 0 || other == table.profiles[j]) continue;
      ++n;
      for (std::size_t i = 0; i < table.genes.size(); ++i) {
        sums(static_cast<Index>(i), static_cast<Index>(j)) +=
            static_cast<double>(expression(table.genes[i], other));
      }
    }
    sums.col(static_cast<Index>(j)) /= n;
  }
  return sums;
}

/// Bins of equal numbers of genes, by `level`.
std::vector<std::int32_t> bins_of(const Eigen::VectorXd& level) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(level.size()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int32_t a, std::int32_t b) { return level[a] < level[b]; });
  std::vector<std::int32_t> bins(order.size());
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    bins[static_cast<std::size_t>(order[rank])] = static_cast<std::int32_t>(
        static_cast<Index>(rank) * n_bins / static_cast<Index>(order.size()));
  }
  return bins;
}

GeneTable genes_of(const Profiles& profiles, const Layout& layout, const Matrix& expression,
                   Index group, std::span<const std::uint8_t> in_panel) {
  GeneTable table;
  for (std::size_t sample = 0; sample < layout.samples.size(); ++sample) {
    const Index own = layout.profile(sample, group);
    if (own >= 0 && !layout.others_of(own).empty()) table.profiles.push_back(own);
  }
  table.genes = detected_elsewhere(profiles, layout, table.profiles, in_panel);
  table.place.assign(in_panel.size(), -1);
  for (std::size_t i = 0; i < table.genes.size(); ++i) {
    table.place[static_cast<std::size_t>(table.genes[i])] = static_cast<std::int32_t>(i);
  }
  table.deficits = elsewhere(layout, expression, table);
  if (table.genes.empty()) return table;
  table.bin = bins_of(table.deficits.rowwise().mean());
  table.bin_sums = Eigen::MatrixXd::Zero(n_bins, table.deficits.cols());
  table.bin_sizes.assign(static_cast<std::size_t>(n_bins), 0.0);
  for (std::size_t i = 0; i < table.genes.size(); ++i) {
    const auto gene = static_cast<Index>(i);
    for (Index j = 0; j < table.deficits.cols(); ++j) {
      table.deficits(gene, j) -= static_cast<double>(
          expression(table.genes[i], table.profiles[static_cast<std::size_t>(j)]));
    }
    table.bin_sums.row(table.bin[i]) += table.deficits.row(gene);
    ++table.bin_sizes[static_cast<std::size_t>(table.bin[i])];
  }
  return table;
}

/// The targets among a group's genes, and how many each bin has of them.
struct TargetSet {
  std::vector<std::int32_t> places;
  std::vector<double> n_in_bin;

  [[nodiscard]] double size() const { return static_cast<double>(places.size()); }
};

/// Without targets whose bin holds nothing else to compare them with.
TargetSet targets_here(const GeneTable& table, const std::vector<std::int32_t>& genes) {
  TargetSet set;
  set.n_in_bin.assign(static_cast<std::size_t>(n_bins), 0.0);
  std::vector<std::int32_t> found;
  for (const std::int32_t gene : genes) {
    const std::int32_t place = table.place[static_cast<std::size_t>(gene)];
    if (place < 0) continue;
    found.push_back(place);
    ++set.n_in_bin[static_cast<std::size_t>(table.bin[static_cast<std::size_t>(place)])];
  }
  for (const std::int32_t place : found) {
    const auto bin = static_cast<std::size_t>(table.bin[static_cast<std::size_t>(place)]);
    if (table.bin_sizes[bin] - set.n_in_bin[bin] >= 2.0) set.places.push_back(place);
  }
  for (std::size_t bin = 0; bin < set.n_in_bin.size(); ++bin) {
    if (table.bin_sizes[bin] - set.n_in_bin[bin] < 2.0) set.n_in_bin[bin] = 0.0;
  }
  return set;
}

/// Per own profile: the targets' mean deficit minus that of all sets matched in number and bin.
Eigen::RowVectorXd less_matched(const GeneTable& table, const TargetSet& set) {
  Eigen::RowVectorXd all = Eigen::RowVectorXd::Zero(table.deficits.cols());
  Eigen::MatrixXd in_bin = Eigen::MatrixXd::Zero(n_bins, table.deficits.cols());
  for (const std::int32_t place : set.places) {
    all += table.deficits.row(place);
    in_bin.row(table.bin[static_cast<std::size_t>(place)]) += table.deficits.row(place);
  }
  for (Index bin = 0; bin < n_bins; ++bin) {
    const auto at = static_cast<std::size_t>(bin);
    if (set.n_in_bin[at] == 0.0) continue;
    all -= set.n_in_bin[at] / (table.bin_sizes[at] - set.n_in_bin[at]) *
           (table.bin_sums.row(bin) - in_bin.row(bin));
  }
  return all / set.size();
}

/// Means over the own profiles: all, or the condition's minus the reference's.
double over_samples(const Eigen::Ref<const Eigen::RowVectorXd>& values, const GeneTable& table,
                    const Layout& layout) {
  std::array<double, 2> sum = {};
  std::array<double, 2> n = {};
  for (Index j = 0; j < values.size(); ++j) {
    const auto side =
        static_cast<std::size_t>(layout.side_of(table.profiles[static_cast<std::size_t>(j)]));
    sum[side] += values[j];
    ++n[side];
  }
  return layout.compares ? sum[1] / n[1] - sum[0] / n[0] : sum[0] / n[0];
}

/// Standard deviation of the mean deficit that random sets of as many genes of the same bins have,
/// less that of the rest of the bins.
double spread_of_sets(const GeneTable& table, const TargetSet& set, const Eigen::VectorXd& means,
                      const Eigen::VectorXd& bin_sum, const Eigen::VectorXd& bin_squares) {
  Eigen::VectorXd sum = bin_sum;
  Eigen::VectorXd squares = bin_squares;
  for (const std::int32_t place : set.places) {
    const std::int32_t bin = table.bin[static_cast<std::size_t>(place)];
    sum[bin] -= means[place];
    squares[bin] -= means[place] * means[place];
  }
  double variance = 0.0;
  for (Index bin = 0; bin < n_bins; ++bin) {
    const auto at = static_cast<std::size_t>(bin);
    const double n = set.n_in_bin[at];
    if (n == 0.0) continue;
    const double rest = table.bin_sizes[at] - n;
    const double own = std::max(squares[bin] - sum[bin] * sum[bin] / rest, 0.0) / (rest - 1.0);
    variance += n * own * (1.0 + n / rest);
  }
  return std::sqrt(variance) / set.size();
}

/// Fills Receiver::p_sets from standardised deficits; miRNAs with the same targets count once in
/// what is usual.
void judge_sets(Receiver& receiver, const Eigen::VectorXd& z, const std::vector<TargetSet>& sets) {
  std::set<std::vector<std::int32_t>> seen;
  std::vector<double> values;
  for (Index i = 0; i < z.size(); ++i) {
    if (std::isnan(z[i])) continue;
    if (seen.insert(sets[static_cast<std::size_t>(i)].places).second) values.push_back(z[i]);
  }
  if (values.size() >= fewest_sets) {
    constexpr double normal_mad = 1.482602218505602;
    receiver.sets_median = median(values);
    for (double& value : values) value = std::fabs(value - receiver.sets_median);
    receiver.sets_spread = normal_mad * median(std::move(values));
  }
  const double centre = std::max(receiver.sets_median, 0.0);
  const double scale = std::max(receiver.sets_spread, 1.0);
  for (Index i = 0; i < z.size(); ++i) {
    if (std::isnan(z[i])) continue;
    // No p is 0: beyond 38 standard deviations, double has no smaller number.
    receiver.p_sets[i] = std::max(statistics::normal_upper_tail((z[i] - centre) / scale),
                                  std::numeric_limits<double>::min());
  }
}

/// Fills Receiver::p_samples: intercept, or condition minus reference, above 0.
void test_samples(Receiver& receiver, const Eigen::MatrixXd& values, const GeneTable& table,
                  const Profiles& profiles, const Layout& layout, const ReceiverOptions& options) {
  const Index n = values.cols();
  Eigen::MatrixXd design = Eigen::MatrixXd::Ones(n, layout.compares ? 2 : 1);
  std::vector<double> weights;
  for (Index j = 0; j < n; ++j) {
    const Index own = table.profiles[static_cast<std::size_t>(j)];
    if (layout.compares) design(j, 1) = layout.side_of(own);
    const Profile& profile = profiles.profiles[layout.used[static_cast<std::size_t>(own)]];
    weights.push_back(
        differences::weight_of(static_cast<double>(profile.n_cells), options.weight_cells));
  }
  Eigen::MatrixXd contrast = Eigen::MatrixXd::Zero(design.cols(), 1);
  contrast(design.cols() - 1, 0) = 1.0;
  const statistics::ContrastFit fit = statistics::fit_contrasts(values, design, weights, contrast);
  receiver.deficit = fit.estimate.col(0);
  if (!options.has_p || !(fit.residual_df.maxCoeff() > 0)) return;
  const statistics::ModeratedVariances variances =
      statistics::moderate(fit.variance, fit.residual_df, options.moderation);
  receiver.prior.residual_df = fit.residual_df.maxCoeff();
  receiver.prior.s0 = std::sqrt(variances.prior_variance);
  receiver.prior.d0 = variances.prior_df;
  for (Index i = 0; i < values.rows(); ++i) {
    if (std::isnan(fit.estimate(i, 0))) continue;
    const double error = fit.unscaled_error(i, 0) * std::sqrt(variances.variance[i]);
    receiver.p_samples[i] =
        statistics::student_upper_tail(fit.estimate(i, 0) / error, variances.df[i]);
  }
}

Receiver receiver_of(const Profiles& profiles, const Layout& layout, const GeneTable& table,
                     const TargetLists& lists, const ReceiverOptions& options,
                     Eigen::MatrixXd& deficits) {
  const auto n_mirnas = static_cast<Index>(lists.mirnas.size());
  Receiver receiver;
  receiver.n_genes = static_cast<Index>(table.genes.size());
  receiver.n_targets.assign(lists.mirnas.size(), 0);
  receiver.deficit = Eigen::VectorXd::Constant(n_mirnas, nan);
  receiver.p_samples = receiver.deficit;
  receiver.p_sets = receiver.deficit;
  if (table.genes.empty() || table.profiles.empty()) return receiver;

  Eigen::VectorXd means(table.deficits.rows());
  Eigen::VectorXd bin_sum = Eigen::VectorXd::Zero(n_bins);
  Eigen::VectorXd bin_squares = bin_sum;
  for (Index gene = 0; gene < means.size(); ++gene) {
    means[gene] = over_samples(table.deficits.row(gene), table, layout);
    bin_sum[table.bin[static_cast<std::size_t>(gene)]] += means[gene];
    bin_squares[table.bin[static_cast<std::size_t>(gene)]] += means[gene] * means[gene];
  }
  std::vector<TargetSet> sets(lists.mirnas.size());
  Eigen::MatrixXd values =
      Eigen::MatrixXd::Constant(n_mirnas, static_cast<Index>(table.profiles.size()), nan);
  Eigen::VectorXd z = receiver.deficit;
  for (Index i = 0; i < n_mirnas; ++i) {
    const auto at = static_cast<std::size_t>(i);
    sets[at] = targets_here(table, lists.genes[at]);
    receiver.n_targets[at] = static_cast<std::int32_t>(sets[at].places.size());
    if (receiver.n_targets[at] < options.min_targets) continue;
    values.row(i) = less_matched(table, sets[at]);
    const double spread = spread_of_sets(table, sets[at], means, bin_sum, bin_squares);
    if (spread > 0.0) z[i] = over_samples(values.row(i), table, layout) / spread;
  }
  test_samples(receiver, values, table, profiles, layout, options);
  if (options.has_p) judge_sets(receiver, z, sets);
  for (std::size_t j = 0; j < table.profiles.size(); ++j) {
    deficits.col(table.profiles[j]) = values.col(static_cast<Index>(j));
  }
  return receiver;
}

}  // namespace

std::vector<std::size_t> Layout::others_of(Index used_profile) const {
  std::vector<std::size_t> others;
  const auto own = static_cast<std::size_t>(used_profile);
  for (const Index other : at[static_cast<std::size_t>(sample_of[own])]) {
    if (other < 0 || other == used_profile) continue;
    others.push_back(used[static_cast<std::size_t>(other)]);
  }
  return others;
}

Matrix log_expression(const Profiles& profiles, const Layout& layout) {
  Matrix expression(profiles.n_genes(), layout.n_used());
  for (Index i = 0; i < layout.n_used(); ++i) {
    const std::vector<double>& counts =
        profiles.profiles[layout.used[static_cast<std::size_t>(i)]].counts;
    const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
    for (Index gene = 0; gene < expression.rows(); ++gene) {
      expression(gene, i) = static_cast<float>(
          std::log2(1e6 * (counts[static_cast<std::size_t>(gene)] + 0.5) / (total + 1.0)));
    }
  }
  return expression;
}

Receivers find_receivers(const Profiles& profiles, const Layout& layout, const Matrix& expression,
                         std::span<const TargetEdge> edges, std::span<const std::uint8_t> in_panel,
                         const ReceiverOptions& options) {
  const TargetLists lists = lists_of(edges);
  Receivers result;
  result.mirnas = lists.mirnas;
  result.groups.resize(layout.groups.size());
  result.deficits =
      Eigen::MatrixXd::Constant(static_cast<Index>(lists.mirnas.size()), layout.n_used(), nan);
  ThreadPool pool(std::clamp(options.threads, 1, 8));
  pool.run(layout.n_groups(), [&](Index group, int /*worker*/) {
    const GeneTable table = genes_of(profiles, layout, expression, group, in_panel);
    // Columns of its own profiles alone.
    result.groups[static_cast<std::size_t>(group)] =
        receiver_of(profiles, layout, table, lists, options, result.deficits);
  });
  return result;
}

}  // namespace sicmir::crosstalk
