// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/crosstalk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "analysis/crosstalk_layout.hpp"
#include "analysis/crosstalk_receivers.hpp"
#include "analysis/crosstalk_senders.hpp"
#include "base/joined.hpp"
#include "base/nan.hpp"
#include "base/random.hpp"
#include "base/suggest.hpp"
#include "parallel/thread_pool.hpp"
#include "sicmir/ranks.hpp"
#include "statistics/multiple_testing.hpp"

namespace sicmir {
namespace {

using crosstalk::Receivers;
using crosstalk::Senders;

void check_conditions(const Profiles& profiles, const CrosstalkOptions& options) {
  if (options.condition.empty()) return;
  std::set<std::string> known;
  for (const Profile& profile : profiles.profiles) {
    if (!profile.condition.empty()) known.insert(profile.condition);
  }
  const std::vector<std::string> names(known.begin(), known.end());
  for (const std::string& wanted : {options.condition, options.reference}) {
    if (known.contains(wanted)) continue;
    throw Error(ExitCode::usage,
                known.empty()
                    ? fmt::format("the profiles have no conditions, so none is '{}'.", wanted)
                    : fmt::format("no profile is of condition '{}'; the conditions are '{}'.{}",
                                  wanted, joined(names, "', '"), did_you_mean(wanted, names)));
  }
  if (options.condition == options.reference) {
    throw Error(ExitCode::usage,
                fmt::format("condition '{}' is to be compared with itself.", options.condition));
  }
}

crosstalk::Layout lay_out(const Profiles& profiles, const CrosstalkOptions& options,
                          Crosstalk& result) {
  const bool compares = !options.condition.empty();
  std::vector<std::size_t> used;
  for (std::size_t i = 0; i < profiles.profiles.size(); ++i) {
    const Profile& profile = profiles.profiles[i];
    if (profile.below_floor) {
      ++result.n_below_floor;
      continue;
    }
    if (compares && profile.condition != options.condition &&
        profile.condition != options.reference) {
      ++result.n_without_condition;
      continue;
    }
    used.push_back(i);
  }
  crosstalk::Layout layout{lay_out_samples(profiles, std::move(used)), {}, compares};
  result.weights = weigh(options.weight_cells, profiles, layout);
  set_weights(layout, profiles, result.weights.k);
  layout.side.assign(layout.samples.size(), 0);
  for (std::size_t i = 0; compares && i < layout.used.size(); ++i) {
    if (profiles.profiles[layout.used[i]].condition == options.condition) {
      layout.side[static_cast<std::size_t>(layout.sample_of[i])] = 1;
    }
  }
  result.n_samples = static_cast<Index>(layout.samples.size());
  result.n_profiles = layout.n_used();
  return layout;
}

/// Samples with both groups, of the reference (or all) and of the condition.
struct Together {
  std::vector<std::vector<std::array<Index, 2>>> n;
  [[nodiscard]] Index fewest(Index a, Index b, bool compares) const {
    const auto& both = n[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)];
    return compares ? std::min(both[0], both[1]) : both[0];
  }
};

Together together(const crosstalk::Layout& layout) {
  Together result;
  result.n.assign(layout.groups.size(),
                  std::vector<std::array<Index, 2>>(layout.groups.size(), {0, 0}));
  for (std::size_t sample = 0; sample < layout.samples.size(); ++sample) {
    for (std::size_t a = 0; a < layout.groups.size(); ++a) {
      for (std::size_t b = 0; b < layout.groups.size(); ++b) {
        if (layout.at[sample][a] >= 0 && layout.at[sample][b] >= 0) {
          ++result.n[a][b][static_cast<std::size_t>(layout.side[sample])];
        }
      }
    }
  }
  return result;
}

void check_sizes(const crosstalk::Layout& layout, const Together& both, Index n_mirnas,
                 const Crosstalk& result) {
  Index n_pairs = 0;
  for (Index a = 0; a < layout.n_groups(); ++a) {
    for (Index b = 0; b < layout.n_groups(); ++b) {
      if (a != b && both.fewest(a, b, layout.compares) > 0) ++n_pairs;
    }
  }
  if (n_pairs == 0) {
    throw Error(ExitCode::bad_input,
                fmt::format("no sample holds two groups{}, so that there is neither sender nor "
                            "receiver: {} profiles of {} groups in {} samples are at or above the "
                            "floor ({} are below). Lower the floor, or name the groups, in "
                            "`sicmir profile`.",
                            layout.compares ? " in both conditions" : "", result.n_profiles,
                            layout.n_groups(), result.n_samples, result.n_below_floor));
  }
  if (n_mirnas > most_triples / n_pairs) {
    throw Error(ExitCode::usage,
                fmt::format("{} pairs of groups and {} miRNAs with targets make {} triples; at "
                            "most {} are taken.",
                            n_pairs, n_mirnas, n_pairs * n_mirnas, most_triples),
                {Remedy::fewer_mirnas});
  }
}

/// Per used profile: the rank, among the groups of its sample, of the mean over the genes of their
/// standardised expression, divided by the number of groups.
Eigen::VectorXd ranks_within_samples(const crosstalk::Layout& layout, const Matrix& expression,
                                     const std::vector<std::int32_t>& genes) {
  Eigen::VectorXd ranks = Eigen::VectorXd::Zero(layout.n_used());
  for (std::size_t sample = 0; sample < layout.samples.size(); ++sample) {
    std::vector<Index> here;
    for (const Index i : layout.at[sample]) {
      if (i >= 0) here.push_back(i);
    }
    std::vector<double> score(here.size(), 0.0);
    for (const std::int32_t gene : genes) {
      double sum = 0.0;
      double squares = 0.0;
      for (const Index i : here) sum += static_cast<double>(expression(gene, i));
      const double mean = sum / static_cast<double>(here.size());
      for (const Index i : here) {
        const double off = static_cast<double>(expression(gene, i)) - mean;
        squares += off * off;
      }
      const double sd = std::sqrt(squares / static_cast<double>(here.size()));
      if (!(sd > 0.0)) continue;
      for (std::size_t k = 0; k < here.size(); ++k) {
        score[k] += (static_cast<double>(expression(gene, here[k])) - mean) / sd;
      }
    }
    const std::vector<double> order = average_ranks(score);
    for (std::size_t k = 0; k < here.size(); ++k) {
      ranks[here[k]] = order[k] / static_cast<double>(here.size());
    }
  }
  return ranks;
}

/// Used profiles x miRNAs of the receivers: what a sample's own excess is made of.
struct SampleValues {
  Eigen::MatrixXd z;       // miRNAs x used profiles
  Eigen::MatrixXd others;  // the same, mean over the other groups of the sample
};

Eigen::MatrixXd z_of(const Profiles& profiles, const crosstalk::Layout& layout) {
  Eigen::MatrixXd z(profiles.z.rows(), layout.n_used());
  for (Index i = 0; i < layout.n_used(); ++i) {
    z.col(i) =
        profiles.z.col(static_cast<Index>(layout.used[static_cast<std::size_t>(i)])).cast<double>();
  }
  return z;
}

SampleValues values_of(const Profiles& profiles, const crosstalk::Layout& layout) {
  SampleValues values;
  values.z = z_of(profiles, layout);
  values.others = Eigen::MatrixXd::Constant(values.z.rows(), values.z.cols(), nan);
  for (Index i = 0; i < layout.n_used(); ++i) {
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(values.z.rows());
    double n = 0.0;
    for (const Index other :
         layout.at[static_cast<std::size_t>(layout.sample_of[static_cast<std::size_t>(i)])]) {
      if (other < 0 || other == i) continue;
      sum += values.z.col(other);
      ++n;
    }
    if (n > 0.0) values.others.col(i) = sum / n;
  }
  return values;
}

/// Everything that triples are made of.
struct Parts {
  const crosstalk::Layout& layout;
  const Together& both;
  const SampleValues& values;
  const Receivers& receivers;
  const Senders& senders;
  const Eigen::VectorXd& ev;    // V, per used profile
  const Eigen::VectorXd& risc;  // R
};

/// Scores and agreement, by the samples that hold both groups.
void add_samples(CrosstalkTriple& triple, Index line, const Parts& parts) {
  std::array<double, 2> score = {};
  std::array<double, 2> n = {};
  double agree = 0.0;
  for (std::size_t sample = 0; sample < parts.layout.samples.size(); ++sample) {
    const Index a = parts.layout.profile(sample, triple.sender);
    const Index b = parts.layout.profile(sample, triple.receiver);
    if (a < 0 || b < 0) continue;
    const double own = parts.values.z(triple.mirna, a);
    const double excess =
        own - std::max(parts.values.z(triple.mirna, b), parts.values.others(triple.mirna, a));
    const double deficit = parts.receivers.deficits(line, b);
    const auto side = static_cast<std::size_t>(parts.layout.side[sample]);
    score[side] += parts.ev[a] * std::max(excess, 0.0) * parts.risc[b] * std::max(deficit, 0.0);
    ++n[side];
    if (excess > 0.0 && deficit > 0.0) ++agree;
  }
  triple.score = parts.layout.compares ? score[1] / n[1] - score[0] / n[0] : score[0] / n[0];
  if (parts.layout.compares) triple.score_reference = score[0] / n[0];
  triple.agreement = agree / (n[0] + n[1]);
}

CrosstalkTriple triple_of(Index a, Index b, Index line, const Parts& parts,
                          const CrosstalkOptions& options, bool has_p) {
  const crosstalk::Receiver& receiver = parts.receivers.groups[static_cast<std::size_t>(b)];
  CrosstalkTriple triple;
  triple.sender = static_cast<std::int32_t>(a);
  triple.receiver = static_cast<std::int32_t>(b);
  triple.mirna = static_cast<std::int32_t>(parts.receivers.mirnas[static_cast<std::size_t>(line)]);
  triple.n_targets = receiver.n_targets[static_cast<std::size_t>(line)];
  triple.over_receiver = parts.senders.over(a, b, triple.mirna);
  triple.over_others = parts.senders.over_others(a, triple.mirna);
  triple.deficit = receiver.deficit[line];
  add_samples(triple, line, parts);
  if (!has_p) return triple;
  triple.p_sender = parts.senders.p(a, b, triple.mirna, options.min_excess);
  triple.p_samples = receiver.p_samples[line];
  triple.p_sets = receiver.p_sets[line];
  if (!std::isnan(triple.p_sender) && !std::isnan(triple.p_samples) && !std::isnan(triple.p_sets)) {
    triple.p = std::max({triple.p_sender, triple.p_samples, triple.p_sets});
  }
  return triple;
}

std::vector<CrosstalkTriple> triples_of(const Parts& parts, const std::vector<bool>& is_chosen,
                                        const CrosstalkOptions& options, bool has_p) {
  const Index n_groups = parts.layout.n_groups();
  std::vector<std::vector<CrosstalkTriple>> by_sender(static_cast<std::size_t>(n_groups));
  ThreadPool pool(std::clamp(options.threads, 1, static_cast<int>(n_groups)));
  pool.run(n_groups, [&](Index a, int /*worker*/) {
    for (Index b = 0; b < n_groups; ++b) {
      const Index n_both = a == b ? 0 : parts.both.fewest(a, b, parts.layout.compares);
      if (n_both == 0) continue;
      const crosstalk::Receiver& receiver = parts.receivers.groups[static_cast<std::size_t>(b)];
      for (Index line = 0; line < receiver.deficit.size(); ++line) {
        const Index mirna = parts.receivers.mirnas[static_cast<std::size_t>(line)];
        if (!is_chosen[static_cast<std::size_t>(mirna)] || std::isnan(receiver.deficit[line]) ||
            std::isnan(parts.senders.over(a, b, mirna))) {
          continue;
        }
        by_sender[static_cast<std::size_t>(a)].push_back(
            triple_of(a, b, line, parts, options, has_p && n_both >= fewest_samples));
      }
    }
  });
  std::vector<CrosstalkTriple> all;
  for (const auto& some : by_sender) all.insert(all.end(), some.begin(), some.end());
  return all;
}

void adjust(Crosstalk& result) {
  std::vector<double> p;
  p.reserve(result.triples.size());
  for (const CrosstalkTriple& triple : result.triples) p.push_back(triple.p);
  const std::vector<double> fdr = statistics::benjamini_hochberg(p);
  for (std::size_t i = 0; i < fdr.size(); ++i) {
    CrosstalkTriple& triple = result.triples[i];
    triple.fdr = fdr[i];
    if (std::isnan(fdr[i])) continue;
    ++result.n_tests;
    if (fdr[i] > called_fdr) continue;
    ++result.n_called;
    result.controls.cutoff = std::max(result.controls.cutoff, triple.p);
    ++result.groups[static_cast<std::size_t>(triple.sender)].n_out;
    ++result.groups[static_cast<std::size_t>(triple.receiver)].n_in;
  }
  if (result.n_called == 0) result.controls.cutoff = 0.05;
}

bool by_place(const CrosstalkTriple& a, const CrosstalkTriple& b) {
  return std::tuple(a.sender, a.receiver, a.mirna) < std::tuple(b.sender, b.receiver, b.mirna);
}

void count_reverse(Crosstalk& result) {
  for (const CrosstalkTriple& triple : result.triples) {
    if (triple.p <= result.controls.cutoff) ++result.controls.n_at_cutoff;
    if (!(triple.fdr <= called_fdr)) continue;
    CrosstalkTriple reverse;
    reverse.sender = triple.receiver;
    reverse.receiver = triple.sender;
    reverse.mirna = triple.mirna;
    const auto found =
        std::lower_bound(result.triples.begin(), result.triples.end(), reverse, by_place);
    const bool is_there = found != result.triples.end() && !by_place(reverse, *found);
    if (is_there && found->fdr <= called_fdr) ++result.controls.n_reverse;
  }
}

/// The columns of `z`, with the groups of each sample in another order.
Eigen::MatrixXd shuffled(const Eigen::MatrixXd& z, const crosstalk::Layout& layout,
                         std::uint64_t key) {
  training::Random random(key);
  Eigen::MatrixXd result(z.rows(), z.cols());
  for (const std::vector<Index>& row : layout.at) {
    std::vector<Index> here;
    for (const Index i : row) {
      if (i >= 0) here.push_back(i);
    }
    std::vector<Index> from = here;
    random.shuffle(from);
    for (std::size_t k = 0; k < here.size(); ++k) result.col(here[k]) = z.col(from[k]);
  }
  return result;
}

/// How many triples reach the cutoff if senders are those of other groups of their samples, while
/// receivers stay as they are.
void shuffle_senders(Crosstalk& result, const Parts& parts, const CrosstalkOptions& options) {
  std::vector<const CrosstalkTriple*> candidates;
  const double cutoff = result.controls.cutoff;
  for (const CrosstalkTriple& triple : result.triples) {
    if (triple.p_samples <= cutoff && triple.p_sets <= cutoff) candidates.push_back(&triple);
  }
  std::vector<Index> counts(static_cast<std::size_t>(options.n_shuffles), 0);
  // A fit holds two numbers per miRNA and contrast.
  constexpr Index most_numbers = 2'000'000;
  const Index numbers = 2 * parts.values.z.rows() * Senders::n_contrasts(parts.layout.n_groups());
  const int threads =
      static_cast<int>(std::min<Index>(options.threads, 1 + most_numbers / (numbers + 1)));
  ThreadPool pool(std::max(threads, 1));
  pool.run(options.n_shuffles, [&](Index number, int /*worker*/) {
    const std::uint64_t key =
        training::mix(training::mix(options.seed) ^ static_cast<std::uint64_t>(number));
    Senders senders(shuffled(parts.values.z, parts.layout, key), parts.layout);
    PriorFigures prior;
    if (!senders.moderate(options.moderation, prior)) return;
    for (const CrosstalkTriple* triple : candidates) {
      const double p =
          senders.p(triple->sender, triple->receiver, triple->mirna, options.min_excess);
      if (p <= cutoff) ++counts[static_cast<std::size_t>(number)];
    }
  });
  result.controls.n_shuffles = options.n_shuffles;
  for (const Index count : counts) {
    result.controls.n_shuffled +=
        static_cast<double>(count) / static_cast<double>(options.n_shuffles);
    result.controls.most_shuffled = std::max(result.controls.most_shuffled, count);
  }
}

void describe_groups(Crosstalk& result, const Parts& parts) {
  for (std::size_t g = 0; g < parts.layout.groups.size(); ++g) {
    CrosstalkGroup& group = result.groups.emplace_back();
    group.name = parts.layout.groups[g];
    for (const auto& row : parts.layout.at) {
      if (row[g] < 0) continue;
      ++group.n_samples;
      group.ev_rank += parts.ev[row[g]];
      group.risc_rank += parts.risc[row[g]];
    }
    group.ev_rank /= static_cast<double>(group.n_samples);
    group.risc_rank /= static_cast<double>(group.n_samples);
    const crosstalk::Receiver& receiver = parts.receivers.groups[g];
    group.n_genes = receiver.n_genes;
    group.prior = receiver.prior;
    group.sets_median = receiver.sets_median;
    group.sets_spread = receiver.sets_spread;
  }
}

void add_scores(Crosstalk& result) {
  for (const CrosstalkTriple& triple : result.triples) {
    if (std::isnan(triple.score)) continue;
    result.groups[static_cast<std::size_t>(triple.sender)].out += triple.score;
    result.groups[static_cast<std::size_t>(triple.receiver)].in += triple.score;
  }
}

void warn_of_donors(const crosstalk::Layout& layout, const Profiles& profiles, Crosstalk& result) {
  std::map<std::string, std::set<std::string>> samples_of;
  for (const std::size_t i : layout.used) {
    const Profile& profile = profiles.profiles[i];
    if (!profile.donor.empty()) samples_of[profile.donor].insert(profile.sample);
  }
  const auto n = std::count_if(samples_of.begin(), samples_of.end(),
                               [](const auto& donor) { return donor.second.size() > 1; });
  if (n == 0) return;
  result.warnings.push_back(
      fmt::format("{} of {} donors gave several samples; each counts as a replicate, so that "
                  "p-values are too small if a donor's samples resemble each other",
                  n, samples_of.size()));
}

std::string why_no_p(const crosstalk::Layout& layout, const Together& both,
                     LabelsFrom labels_from) {
  if (labels_from == LabelsFrom::clusters) {
    return "groups found by clustering the same mRNA are no hypothesis";
  }
  for (Index a = 0; a < layout.n_groups(); ++a) {
    for (Index b = 0; b < a; ++b) {
      if (both.fewest(a, b, layout.compares) >= fewest_samples) return {};
    }
  }
  return fmt::format("no two groups are together in {} samples{}", fewest_samples,
                     layout.compares ? " of each condition" : "");
}

std::vector<bool> chosen_of(const Profiles& profiles, const CrosstalkOptions& options) {
  std::vector<bool> is_chosen(profiles.mirnas.size(), options.mirnas.empty());
  for (const Index mirna : options.mirnas) is_chosen[static_cast<std::size_t>(mirna)] = true;
  return is_chosen;
}

}  // namespace

Crosstalk find_crosstalk(const Profiles& profiles, const std::vector<TargetEdge>& edges,
                         const std::vector<std::uint8_t>& in_panel,
                         const CrosstalkOptions& options) {
  if (!profiles.has_counts()) {
    throw Error(ExitCode::bad_input,
                "the file holds no counts of genes, in which targets are looked up. Write the "
                "profiles as .h5mu.");
  }
  check_conditions(profiles, options);
  Crosstalk result;
  result.ev = find_ev_genes(profiles);
  const crosstalk::Layout layout = lay_out(profiles, options, result);
  const Together both = together(layout);
  const Matrix expression = crosstalk::log_expression(profiles, layout);

  crosstalk::ReceiverOptions receiving;
  receiving.weight_cells = result.weights.k;
  receiving.moderation = options.moderation;
  receiving.min_targets = options.min_targets;
  receiving.threads = options.threads;
  result.why_no_p = why_no_p(layout, both, options.labels_from);
  receiving.has_p = result.why_no_p.empty();
  const std::vector<bool> is_chosen = chosen_of(profiles, options);
  const Receivers receivers = [&] {
    std::set<std::int32_t> with_targets;
    for (const TargetEdge& edge : edges) {
      if (is_chosen[static_cast<std::size_t>(edge.mirna)]) with_targets.insert(edge.mirna);
    }
    check_sizes(layout, both, static_cast<Index>(with_targets.size()), result);
    return crosstalk::find_receivers(profiles, layout, expression, edges, in_panel, receiving);
  }();
  std::set<Index> enough;
  for (const crosstalk::Receiver& receiver : receivers.groups) {
    for (std::size_t line = 0; line < receivers.mirnas.size(); ++line) {
      const Index mirna = receivers.mirnas[line];
      if (is_chosen[static_cast<std::size_t>(mirna)] &&
          receiver.n_targets[line] >= options.min_targets) {
        enough.insert(mirna);
      }
    }
  }
  result.n_mirnas = static_cast<Index>(enough.size());
  if (enough.empty()) {
    throw Error(ExitCode::bad_input,
                fmt::format("no miRNA has {} targets outside of the model's genes that the groups "
                            "express ({} pairs were measured). Use another table of targets.",
                            options.min_targets, edges.size()),
                {Remedy::lower_min_targets});
  }

  const SampleValues values = values_of(profiles, layout);
  Senders senders(values.z, layout);
  bool has_p = result.why_no_p.empty();
  if (has_p && !senders.moderate(options.moderation, result.prior)) {
    result.why_no_p = "no residual degrees of freedom: too few profiles for so many groups";
    has_p = false;
  }
  const Eigen::VectorXd ev = ranks_within_samples(layout, expression, result.ev.biogenesis.genes);
  const Eigen::VectorXd risc = ranks_within_samples(layout, expression, result.ev.risc.genes);
  const Parts parts{layout, both, values, receivers, senders, ev, risc};
  describe_groups(result, parts);
  result.triples = triples_of(parts, is_chosen, options, has_p);
  add_scores(result);
  if (has_p) {
    adjust(result);
    count_reverse(result);
    if (options.n_shuffles > 0) shuffle_senders(result, parts, options);
  }
  warn_of_donors(layout, profiles, result);
  return result;
}

}  // namespace sicmir
