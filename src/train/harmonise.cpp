#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "sicmir/train.hpp"
#include "train/accuracy.hpp"

namespace sicmir {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t least_shared = 5;     // samples on both platforms, per gene
constexpr std::size_t least_of_cohort = 3;  // samples of a cohort on each platform, per gene

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
      spdlog::warn(
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
  TrainingPairs result = pairs;
  for (std::size_t i = 0; i < pairs.platforms.size(); ++i) {
    const auto found = offsets.find(pairs.platforms[i]);
    if (found == offsets.end()) continue;
    auto column = result.mrna.col(static_cast<Index>(i));
    column = (column.cast<double>() + found->second).cast<float>().eval();
  }
  return result;
}

}  // namespace sicmir
