// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "base/file_endings.hpp"
#include "base/log.hpp"
#include "genes/sample_ids.hpp"
#include "sicmir/reference_tables.hpp"
#include "sicmir/train.hpp"
#include "train/pair_tables.hpp"

namespace sicmir {

namespace {

using training::Table;

constexpr float not_measured = std::numeric_limits<float>::quiet_NaN();

/// The tables laid over one another: first come, first served, for every single target.
class Targets {
 public:
  Targets(const std::vector<std::string>& samples, std::size_t n_mirnas)
      : values(Matrix::Constant(static_cast<Index>(n_mirnas), static_cast<Index>(samples.size()),
                                not_measured)),
        weights(Matrix::Ones(values.rows(), values.cols())),
        n_measured(n_mirnas, 0),
        n_estimated(n_mirnas, 0),
        has_any(samples.size(), 0) {
    for (std::size_t i = 0; i < samples.size(); ++i) column_of_.emplace(samples[i], i);
  }

  /// Only the miRNAs that are, or are not, estimated.
  void add(const Table& table, bool estimated, double weight) {
    for (std::size_t i = 0; i < table.samples.size(); ++i) {
      const auto found = column_of_.find(table.samples[i]);
      if (found == column_of_.end()) continue;
      const auto column = static_cast<Index>(found->second);
      for (std::size_t mirna = 0; mirna < table.values[i].size(); ++mirna) {
        if ((table.estimated[mirna] != 0) != estimated) continue;
        float& value = values(static_cast<Index>(mirna), column);
        if (std::isnan(table.values[i][mirna]) || !std::isnan(value)) continue;
        value = table.values[i][mirna];
        weights(static_cast<Index>(mirna), column) = static_cast<float>(weight);
        ++(estimated ? n_estimated : n_measured)[mirna];
        has_any[found->second] = 1;
      }
    }
  }

  Matrix values;
  Matrix weights;
  std::vector<Index> n_measured, n_estimated;  // per miRNA: samples
  std::vector<std::uint8_t> has_any;           // per sample

 private:
  std::unordered_map<std::string, std::size_t> column_of_;
};

/// Mean and population sd of each line; NaN left out.
std::pair<double, double> moments_of(const Matrix& values, Index line) {
  double sum = 0;
  double n = 0;
  for (Index column = 0; column < values.cols(); ++column) {
    if (std::isnan(values(line, column))) continue;
    sum += static_cast<double>(values(line, column));
    ++n;
  }
  if (n == 0) return {0.0, 0.0};
  const double mean = sum / n;
  double squares = 0;
  for (Index column = 0; column < values.cols(); ++column) {
    if (std::isnan(values(line, column))) continue;
    squares += std::pow(static_cast<double>(values(line, column)) - mean, 2);
  }
  return {mean, std::sqrt(squares / n)};
}

bool is_constant(const Matrix& values, Index line, std::span<const Index> columns) {
  float low = std::numeric_limits<float>::infinity();
  float high = -low;
  for (const Index column : columns) {
    const float value = values(line, column);
    if (std::isnan(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  return !(low < high);
}

std::string head(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("'{}'", names.front());
}

/// The mRNA side: each sample once, what other platforms say of it beside.
struct Expression {
  std::vector<std::string> samples, cohorts, platforms, differences;
  std::vector<double> weights, level_variances;
  std::vector<std::vector<float>> values;
  struct Again {
    std::size_t sample = 0;
    std::string platform;
    std::vector<float> values;
  };
  std::vector<Again> again;
};

Expression read_expression(const PairOptions& options, const GeneIndex& genes,
                           const UnitRecipe& recipe) {
  Expression result;
  std::unordered_map<std::string, std::size_t> place;
  for (const ExpressionFile& file : options.mrna) {
    Table table = training::read_mrna_table(file, genes, options.min_panel, recipe);
    Index n_again = 0;
    Index n_twins = 0;
    for (std::size_t i = 0; i < table.samples.size(); ++i) {
      const auto [found, is_new] = place.emplace(table.samples[i], result.samples.size());
      if (!is_new) {
        ++n_again;
        if (result.platforms[found->second] == file.platform) continue;
        ++n_twins;
        result.again.push_back({found->second, file.platform, std::move(table.values[i])});
        continue;
      }
      result.samples.push_back(table.samples[i]);
      result.cohorts.push_back(file.cohort.empty() ? name_without_endings(file.path) : file.cohort);
      result.platforms.push_back(file.platform);
      result.weights.push_back(file.weight);
      result.level_variances.push_back(file.level_variance);
      result.differences.push_back(file.differences);
      result.values.push_back(std::move(table.values[i]));
    }
    if (n_again == 0) continue;
    log_warning("{}: {} sample(s) stand in an earlier file too, which counts{}", file.path, n_again,
                n_twins > 0 ? fmt::format("; {} of them serve to compare platforms", n_twins) : "");
  }
  return result;
}

/// The miRNA side over the paired samples, and the moments over all there are.
struct MirnaSide {
  std::vector<Table> tables;
  std::vector<double> weights;
  std::vector<std::string> samples, cohorts;  // of all tables, each sample once

  explicit MirnaSide(const std::vector<MirnaFile>& files, const training::MirnaNames& names) {
    std::unordered_map<std::string, bool> seen;
    for (const MirnaFile& file : files) {
      tables.push_back(training::read_mirna_table(file, names));
      weights.push_back(file.weight);
      for (const std::string& sample : tables.back().samples) {
        if (!seen.emplace(sample, true).second) continue;
        samples.push_back(sample);
        cohorts.push_back(file.cohort.empty() ? name_without_endings(file.path) : file.cohort);
      }
    }
  }

  /// Measured before estimated or the other way round, each in the files' order.
  [[nodiscard]] Targets lay_over(const std::vector<std::string>& chosen, std::size_t n_mirnas,
                                 bool estimated_first) const {
    Targets targets(chosen, n_mirnas);
    for (const bool estimated : {estimated_first, !estimated_first}) {
      for (std::size_t i = 0; i < tables.size(); ++i) targets.add(tables[i], estimated, weights[i]);
    }
    return targets;
  }
};

}  // namespace

TrainingPairs read_pairs(const PairOptions& options) {
  TrainingPairs pairs;
  pairs.panel = read_gene_panel(find_data_file("landmarks.tsv"));
  const training::MirnaNames names(reference_mirnas());
  const std::vector<ReferenceMirna>& mirnas = names.mirnas;
  const GeneIndex genes(pairs.panel);
  training::SampleTable about;
  if (!options.samples.empty()) about = training::read_sample_table(options.samples);

  Expression expression = read_expression(options, genes, pairs.recipe);
  for (const ExpressionFile& file : options.mrna) {
    if (file.harmonise == Harmonise::ranks) pairs.rank_platforms.insert(file.platform);
  }
  const std::vector<std::string>& samples = expression.samples;
  const MirnaSide side(options.mirna, names);
  const Targets targets = side.lay_over(samples, mirnas.size(), options.estimated_first);

  std::vector<Index> paired;
  std::vector<Index> place(samples.size(), -1);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (targets.has_any[i] == 0) continue;
    place[i] = static_cast<Index>(paired.size());
    paired.push_back(static_cast<Index>(i));
  }
  if (paired.empty()) {
    throw Error(
        ExitCode::bad_input,
        fmt::format("no sample has both mRNA and miRNA: {} mRNA sample(s), the first {}; {} "
                    "miRNA sample(s), the first {}. Ids must be equal, those of TCGA in "
                    "their first 15 characters.",
                    samples.size(), head(samples), side.samples.size(), head(side.samples)));
  }
  if (paired.size() < samples.size()) {
    log_info("{} of {} mRNA samples have no miRNA target and are left out",
             samples.size() - paired.size(), samples.size());
  }

  Index n_thin = 0;
  Index n_constant = 0;
  std::vector<Index> kept;
  for (std::size_t i = 0; i < mirnas.size(); ++i) {
    const Index n = targets.n_measured[i] + targets.n_estimated[i];
    if (n == 0) continue;
    if (n < options.min_targets) {
      ++n_thin;
    } else if (is_constant(targets.values, static_cast<Index>(i), paired)) {
      ++n_constant;
    } else {
      kept.push_back(static_cast<Index>(i));
      pairs.mirnas.push_back(
          {.name = mirnas[i].name,
           .accession = mirnas[i].accession,
           .other_name = mirnas[i].v21_name,
           .accuracy = {},
           .target = targets.n_measured[i] >= targets.n_estimated[i] ? "measured" : "estimated",
           .interval = {}});
    }
  }
  if (n_thin > 0) {
    log_warning("{} miRNA(s) with targets in fewer than {} samples are left out", n_thin,
                options.min_targets);
  }
  if (n_constant > 0) {
    log_warning("{} miRNA(s) whose targets are constant are left out", n_constant);
  }
  if (kept.empty()) {
    throw Error(ExitCode::bad_input,
                fmt::format("of {} paired samples no miRNA has {} targets that vary; there is "
                            "nothing to learn. Give more samples.",
                            paired.size(), options.min_targets),
                {Remedy::lower_min_targets, Remedy::specify_mirna_values});
  }

  pairs.mrna.resize(pairs.panel.size(), static_cast<Index>(paired.size()));
  pairs.mirna = targets.values(kept, paired);
  Matrix weights = targets.weights(kept, paired);
  if ((weights.array() != 1.0f).any()) pairs.target_weights = std::move(weights);
  bool any_weight = false;
  bool any_level = false;
  bool any_differences = false;
  for (std::size_t i = 0; i < paired.size(); ++i) {
    const auto from = static_cast<std::size_t>(paired[i]);
    std::copy(expression.values[from].begin(), expression.values[from].end(),
              pairs.mrna.col(static_cast<Index>(i)).data());
    const training::SampleFacts facts = about.find(samples[from]);
    pairs.samples.push_back(samples[from]);
    pairs.patients.push_back(facts.patient.empty() ? training::patient_of(samples[from])
                                                   : facts.patient);
    pairs.cohorts.push_back(facts.cohort.empty() ? expression.cohorts[from] : facts.cohort);
    pairs.platforms.push_back(expression.platforms[from]);
    pairs.weights.push_back(expression.weights[from]);
    any_weight = any_weight || expression.weights[from] != 1.0;
    pairs.level_variances.push_back(expression.level_variances[from]);
    pairs.differences.push_back(expression.differences[from]);
    any_differences = any_differences || !expression.differences[from].empty();
    any_level = any_level || expression.level_variances[from] != usual_level_variance;
  }
  if (!any_weight) pairs.weights.clear();
  if (!any_level) pairs.level_variances.clear();
  if (!any_differences) pairs.differences.clear();
  for (const Expression::Again& again : expression.again) {
    if (place[again.sample] < 0) continue;
    pairs.twins.push_back(
        {place[again.sample], again.platform,
         Eigen::Map<const Eigen::VectorXf>(again.values.data(), pairs.panel.size())});
  }
  // Over every sample of the miRNA files: a scale that does not depend on who has mRNA, too.
  const Targets all = side.lay_over(side.samples, mirnas.size(), options.estimated_first);
  pairs.all_mirna_mean.resize(static_cast<Index>(kept.size()));
  pairs.all_mirna_sd.resize(static_cast<Index>(kept.size()));
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const auto at = static_cast<Index>(i);
    std::tie(pairs.all_mirna_mean[at], pairs.all_mirna_sd[at]) = moments_of(all.values, kept[i]);
  }
  pairs.profiles.mirna = all.values(kept, Eigen::all);
  pairs.profiles.samples = side.samples;
  std::unordered_map<std::string_view, std::size_t> pair_of;
  for (std::size_t i = 0; i < pairs.samples.size(); ++i) pair_of.emplace(pairs.samples[i], i);
  for (std::size_t i = 0; i < side.samples.size(); ++i) {
    const training::SampleFacts facts = about.find(side.samples[i]);
    pairs.profiles.patients.push_back(facts.patient.empty() ? training::patient_of(side.samples[i])
                                                            : facts.patient);
    const auto pair = pair_of.find(side.samples[i]);
    const std::string& of_file =
        pair == pair_of.end() ? side.cohorts[i] : pairs.cohorts[pair->second];
    pairs.profiles.cohorts.push_back(facts.cohort.empty() ? of_file : facts.cohort);
  }
  return pairs;
}

}  // namespace sicmir
