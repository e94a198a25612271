// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/log.hpp"
#include "base/nan.hpp"
#include "sicmir/train.hpp"
#include "statistics/accuracy.hpp"

namespace sicmir {

namespace {

constexpr std::size_t least_shared = 5;     // samples on both platforms, per gene
constexpr std::size_t least_of_cohort = 3;  // samples of a cohort on each platform, per gene
constexpr double most_genes = 0.8;          // of those that a platform and the reference have

/// One measurement of a sample: the one that trains, or a twin.
struct Column {
  Index sample = 0;
  const float* values = nullptr;
};

std::map<std::string, std::vector<Column>> by_platform(const TrainingPairs& pairs,
                                                       std::span<const Index> samples) {
  std::map<std::string, std::vector<Column>> result;
  std::vector<std::uint8_t> chosen(static_cast<std::size_t>(pairs.size()), 0);
  for (const Index sample : samples) {
    chosen[static_cast<std::size_t>(sample)] = 1;
    result[pairs.platforms[static_cast<std::size_t>(sample)]].push_back(
        {sample, pairs.mrna.col(sample).data()});
  }
  for (const TrainingPairs::Twin& twin : pairs.twins) {
    if (chosen[static_cast<std::size_t>(twin.sample)] == 0) continue;
    result[twin.platform].push_back({twin.sample, twin.mrna.data()});
  }
  return result;
}

/// Differences reference - platform of one gene over the samples measured on both.
std::vector<double> shared_differences(const std::vector<Column>& reference,
                                       const std::vector<Column>& platform, Index gene) {
  std::map<Index, float> known;
  for (const Column& column : reference) known.emplace(column.sample, column.values[gene]);
  std::vector<double> differences;
  for (const Column& column : platform) {
    const auto found = known.find(column.sample);
    if (found == known.end()) continue;
    const double difference =
        static_cast<double>(found->second) - static_cast<double>(column.values[gene]);
    if (std::isfinite(difference)) differences.push_back(difference);
  }
  return differences;
}

std::map<std::string_view, std::vector<double>> by_cohort(const TrainingPairs& pairs,
                                                          const std::vector<Column>& columns,
                                                          Index gene) {
  std::map<std::string_view, std::vector<double>> result;
  for (const Column& column : columns) {
    const auto value = static_cast<double>(column.values[gene]);
    if (!std::isfinite(value)) continue;
    result[pairs.cohorts[static_cast<std::size_t>(column.sample)]].push_back(value);
  }
  return result;
}

double offset_by_cohorts(const TrainingPairs& pairs, const std::vector<Column>& reference,
                         const std::vector<Column>& platform, Index gene) {
  const auto wanted = by_cohort(pairs, reference, gene);
  std::vector<double> differences;
  for (const auto& [cohort, values] : by_cohort(pairs, platform, gene)) {
    const auto found = wanted.find(cohort);
    if (found == wanted.end() || found->second.size() < least_of_cohort ||
        values.size() < least_of_cohort) {
      continue;
    }
    differences.push_back(training::median(found->second) - training::median(values));
  }
  return training::median(std::move(differences));
}

/// The genes that at least one of the samples has.
std::vector<std::uint8_t> genes_of(const std::vector<Column>& columns, Index n_genes) {
  std::vector<std::uint8_t> genes(static_cast<std::size_t>(n_genes), 0);
  for (const Column& column : columns) {
    for (std::size_t gene = 0; gene < genes.size(); ++gene) {
      if (!std::isnan(column.values[gene])) genes[gene] = 1;
    }
  }
  return genes;
}

/// Mean over samples of their sorted values among `genes`; empty where no sample has most of them.
std::vector<double> mean_quantiles(const std::vector<Column>& columns,
                                   const std::vector<std::uint8_t>& genes) {
  const Index n_genes = std::count(genes.begin(), genes.end(), std::uint8_t{1});
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(n_genes);
  Index n_samples = 0;
  for (const Column& column : columns) {
    std::vector<double> values;
    for (std::size_t gene = 0; gene < genes.size(); ++gene) {
      if (genes[gene] == 0 || std::isnan(column.values[gene])) continue;
      values.push_back(static_cast<double>(column.values[gene]));
    }
    if (values.empty() ||
        static_cast<double>(values.size()) < most_genes * static_cast<double>(n_genes)) {
      continue;
    }
    std::sort(values.begin(), values.end());
    const std::vector<double> quantiles = quantiles_of(values, n_genes);
    sum += Eigen::Map<const Eigen::VectorXd>(quantiles.data(), n_genes);
    ++n_samples;
  }
  if (n_samples == 0) return {};
  sum /= static_cast<double>(n_samples);
  return {sum.begin(), sum.end()};
}

}  // namespace

PlatformOffsets fit_offsets(const TrainingPairs& pairs, std::span<const Index> samples) {
  PlatformOffsets offsets;
  if (pairs.platforms.empty()) return offsets;
  const auto columns = by_platform(pairs, samples);
  // Every platform gets an entry, learnt or not, so that all fits of a job know the same ones.
  const std::set<std::string> platforms(pairs.platforms.begin(), pairs.platforms.end());
  const auto reference = columns.find("");
  for (const std::string& platform : platforms) {
    if (platform.empty()) continue;
    Eigen::VectorXd& offset = offsets[platform];
    offset = Eigen::VectorXd::Constant(pairs.mrna.rows(), nan);
    const auto own = columns.find(platform);
    std::vector<double> known;
    for (Index gene = 0; gene < offset.size(); ++gene) {
      if (own == columns.end() || reference == columns.end()) break;
      std::vector<double> shared = shared_differences(reference->second, own->second, gene);
      offset[gene] = shared.size() >= least_shared
                         ? training::median(std::move(shared))
                         : offset_by_cohorts(pairs, reference->second, own->second, gene);
      if (std::isfinite(offset[gene])) known.push_back(offset[gene]);
    }
    if (known.empty()) {
      log_warning(
          "platform {} shares neither samples nor cohorts with the reference (5 samples, or 3 of a "
          "cohort on each side): its values are used as they are",
          platform);
    }
    const double otherwise = known.empty() ? 0.0 : training::median(known);
    for (Index gene = 0; gene < offset.size(); ++gene) {
      if (!std::isfinite(offset[gene])) offset[gene] = otherwise;
    }
  }
  return offsets;
}

TrainingPairs add_offsets(const TrainingPairs& pairs, const PlatformOffsets& offsets) {
  return harmonise(pairs, {.ranks = {}, .offsets = offsets});
}

std::map<std::string, RankProfile> fit_rank_profiles(const TrainingPairs& pairs,
                                                     std::span<const Index> samples) {
  std::map<std::string, RankProfile> profiles;
  if (pairs.rank_platforms.empty()) return profiles;
  const auto columns = by_platform(pairs, samples);
  const auto reference = columns.find("");
  for (const std::string& platform : pairs.rank_platforms) {
    RankProfile profile;
    const auto own = columns.find(platform);
    if (reference != columns.end()) {
      profile.genes = genes_of(reference->second, pairs.mrna.rows());
      if (own != columns.end()) {
        const std::vector<std::uint8_t> genes = genes_of(own->second, pairs.mrna.rows());
        for (std::size_t gene = 0; gene < genes.size(); ++gene) profile.genes[gene] &= genes[gene];
      }
      profile.quantiles = mean_quantiles(reference->second, profile.genes);
    }
    if (profile.quantiles.size() < 2) {
      throw Error(ExitCode::bad_input,
                  fmt::format("platform {} is to be harmonised by ranks, but no training sample of "
                              "the reference (files without a platform) has 80 % of its genes. "
                              "Give such files, or harmonise it by offset.",
                              platform));
    }
    profiles.emplace(platform, std::move(profile));
  }
  return profiles;
}

Harmonisation fit_harmonisation(const TrainingPairs& pairs, std::span<const Index> samples) {
  Harmonisation result;
  result.ranks = fit_rank_profiles(pairs, samples);
  result.offsets = result.ranks.empty()
                       ? fit_offsets(pairs, samples)
                       : fit_offsets(harmonise(pairs, {result.ranks, {}}), samples);
  return result;
}

TrainingPairs harmonise(const TrainingPairs& pairs, const Harmonisation& harmonisation) {
  TrainingPairs result = pairs;
  const auto apply = [&](const std::string& platform, Eigen::Ref<Eigen::VectorXf> sample) {
    const auto ranks = harmonisation.ranks.find(platform);
    if (ranks != harmonisation.ranks.end()) ranks->second.apply(sample);
    const auto offset = harmonisation.offsets.find(platform);
    if (offset == harmonisation.offsets.end()) return;
    sample = (sample.cast<double>() + offset->second).cast<float>().eval();
  };
  for (std::size_t i = 0; i < pairs.platforms.size(); ++i) {
    apply(pairs.platforms[i], result.mrna.col(static_cast<Index>(i)));
  }
  for (TrainingPairs::Twin& twin : result.twins) apply(twin.platform, twin.mrna);
  return result;
}

}  // namespace sicmir
