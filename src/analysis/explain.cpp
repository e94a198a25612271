// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include "base/joined.hpp"
#include "base/nan.hpp"
#include "base/suggest.hpp"
#include "parallel/thread_pool.hpp"
#include "sicmir/ranks.hpp"

namespace sicmir {
namespace {

void check_group(const std::string& group, const std::set<std::string>& known) {
  if (known.contains(group)) return;
  const std::vector<std::string> names(known.begin(), known.end());
  throw Error(ExitCode::usage,
              fmt::format("no profile is of group '{}'; the groups are '{}'.{}", group,
                          joined(names, "', '"), did_you_mean(group, names)));
}

/// One sample's way from what it is compared with to the group.
struct Path {
  std::string sample;
  std::size_t end = 0;             // profile of the group
  std::vector<std::size_t> start;  // profiles whose mean input is the beginning
};

std::vector<Path> paths_of(const Profiles& profiles, const ExplainOptions& options) {
  std::set<std::string> groups;
  std::map<std::string, Path> by_sample;
  std::set<std::string> with_group;
  for (std::size_t i = 0; i < profiles.profiles.size(); ++i) {
    const Profile& profile = profiles.profiles[i];
    groups.insert(profile.group);
    if (profile.below_floor) continue;
    Path& path = by_sample[profile.sample];
    path.sample = profile.sample;
    if (profile.group == options.group) {
      path.end = i;
      with_group.insert(profile.sample);
    } else if (options.against.empty() || profile.group == options.against) {
      path.start.push_back(i);
    }
  }
  check_group(options.group, groups);
  if (!options.against.empty()) {
    check_group(options.against, groups);
    if (options.against == options.group) {
      throw Error(ExitCode::usage,
                  fmt::format("group '{}' is to be compared with itself.", options.group));
    }
  }
  std::vector<Path> paths;
  for (auto& [sample, path] : by_sample) {
    if (with_group.contains(sample) && !path.start.empty()) paths.push_back(std::move(path));
  }
  if (paths.empty()) {
    throw Error(
        ExitCode::bad_input,
        fmt::format(
            "in no sample are both '{}' and {} at or above the floor of {} cells and {:.0f} "
            "molecules ('{}' is in {} {}).",
            options.group, options.against.empty() ? "another group" : "'" + options.against + "'",
            profiles.floor.min_cells, profiles.floor.min_counts, options.group, with_group.size(),
            with_group.size() == 1 ? "sample" : "samples"));
  }
  return paths;
}

Eigen::VectorXd input_of(const RebuiltInputs& inputs, std::size_t profile) {
  return inputs.values.col(static_cast<Index>(profile)).cast<double>();
}

Eigen::VectorXd start_of(const RebuiltInputs& inputs, const Path& path) {
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(inputs.values.rows());
  for (const std::size_t profile : path.start) sum += input_of(inputs, profile);
  return sum / static_cast<double>(path.start.size());
}

/// Spearman's correlation; NaN where one side does not vary.
double rank_correlation(const Eigen::VectorXd& a, const Eigen::VectorXd& b) {
  const auto centred = [](const Eigen::VectorXd& values) {
    const std::vector<double> ranks =
        average_ranks({values.data(), static_cast<std::size_t>(values.size())});
    Eigen::VectorXd result = Eigen::Map<const Eigen::VectorXd>(ranks.data(), values.size());
    result.array() -= result.mean();
    return result;
  };
  const Eigen::VectorXd x = centred(a);
  const Eigen::VectorXd y = centred(b);
  const double size = std::sqrt(x.squaredNorm() * y.squaredNorm());
  return size > 0.0 ? x.dot(y) / size : nan;
}

/// Each sample against the mean of the others.
void compare_samples(Explanation& result, const Eigen::VectorXd& sum) {
  const auto n = static_cast<double>(result.samples.size());
  if (n < 2) return;
  double total = 0.0;
  for (ExplainedSample& one : result.samples) {
    one.agreement = rank_correlation(one.attributions, sum - one.attributions);
    total += one.agreement;
  }
  result.agreement = total / n;
}

GeneReason reason_of(Index gene, const Explanation& result, double mean) {
  GeneReason reason;
  reason.gene = gene;
  reason.attribution = mean;
  const auto n = static_cast<double>(result.samples.size());
  double squares = 0.0;
  double same_sign = 0.0;
  for (const ExplainedSample& one : result.samples) {
    const double off = one.attributions[gene] - mean;
    squares += off * off;
    if (one.attributions[gene] * mean > 0.0) ++same_sign;
  }
  if (n > 1) reason.sd = std::sqrt(squares / (n - 1));
  reason.agreement = same_sign / n;
  return reason;
}

}  // namespace

Explanation explain(const Profiles& profiles, const RebuiltInputs& inputs,
                    const PathAttributor& attributor, Index mirna, const ExplainOptions& options) {
  const std::vector<Path> paths = paths_of(profiles, options);
  Explanation result;
  result.mirna = mirna;
  result.samples.resize(paths.size());
  const std::array outputs = {mirna};
  std::vector<PathAttribution> found(paths.size());
  ThreadPool pool(std::clamp(options.threads, 1, static_cast<int>(paths.size())));
  pool.run(static_cast<Index>(paths.size()), [&](Index number, int /*worker*/) {
    const auto at = static_cast<std::size_t>(number);
    found[at] =
        attributor.attribute(start_of(inputs, paths[at]), input_of(inputs, paths[at].end), outputs);
  });

  const auto n = static_cast<double>(paths.size());
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(inputs.values.rows());
  Eigen::VectorXd input = sum;
  result.is_exact = true;
  result.is_complete = true;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    ExplainedSample& one = result.samples[i];
    one.sample = paths[i].sample;
    one.profile = paths[i].end;
    for (const std::size_t other : paths[i].start) {
      one.against.push_back(profiles.profiles[other].group);
    }
    one.start = found[i].at_start[0];
    one.end = found[i].at_end[0];
    one.gap = found[i].gap[0];
    one.n_pieces = found[i].n_pieces;
    one.attributions = found[i].values.col(0);
    sum += one.attributions;
    input += input_of(inputs, paths[i].end) - start_of(inputs, paths[i]);
    result.difference += (one.end - one.start) / n;
    result.gap = std::max(result.gap, one.gap);
    result.is_exact = result.is_exact && found[i].is_exact;
    result.is_complete = result.is_complete && found[i].is_complete;
  }
  compare_samples(result, sum);

  const double size = sum.cwiseAbs().sum() / n;
  for (Index gene = 0; gene < sum.size(); ++gene) {
    const double mean = sum[gene] / n;
    result.sum += mean;
    if (mean == 0.0) continue;
    GeneReason reason = reason_of(gene, result, mean);
    reason.share = std::fabs(mean) / size;
    reason.input = input[gene] / n;
    result.genes.push_back(reason);
  }
  std::stable_sort(result.genes.begin(), result.genes.end(),
                   [](const GeneReason& a, const GeneReason& b) { return a.share > b.share; });
  for (std::size_t i = 0; i < std::min<std::size_t>(10, result.genes.size()); ++i) {
    result.strongest_10 += result.genes[i].share;
  }
  return result;
}

ExplanationMatrix explain_all(const Profiles& profiles, const RebuiltInputs& inputs,
                              const PathAttributor& attributor, const ExplainOptions& options) {
  const std::vector<Path> paths = paths_of(profiles, options);
  std::vector<Index> outputs(static_cast<std::size_t>(profiles.z.rows()));
  std::iota(outputs.begin(), outputs.end(), Index{0});
  ExplanationMatrix result;
  result.attributions = Eigen::MatrixXd::Zero(inputs.values.rows(), profiles.z.rows());
  result.is_exact = true;
  result.is_complete = true;
  // Some at a time: each is a matrix as large as the result.
  const auto at_once = static_cast<std::size_t>(std::clamp(options.threads, 1, 8));
  ThreadPool pool(static_cast<int>(std::min(at_once, paths.size())));
  for (std::size_t first = 0; first < paths.size(); first += at_once) {
    const auto some = std::span(paths).subspan(first, std::min(at_once, paths.size() - first));
    std::vector<PathAttribution> found(some.size());
    pool.run(static_cast<Index>(some.size()), [&](Index number, int /*worker*/) {
      const Path& path = some[static_cast<std::size_t>(number)];
      found[static_cast<std::size_t>(number)] =
          attributor.attribute(start_of(inputs, path), input_of(inputs, path.end), outputs);
    });
    for (std::size_t i = 0; i < some.size(); ++i) {
      result.samples.push_back(some[i].sample);
      result.attributions += found[i].values;
      result.gap = std::max(result.gap, found[i].gap.maxCoeff());
      result.is_exact = result.is_exact && found[i].is_exact;
      result.is_complete = result.is_complete && found[i].is_complete;
    }
  }
  result.attributions /= static_cast<double>(paths.size());
  return result;
}

}  // namespace sicmir
