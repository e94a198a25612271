// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/evaluate.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "base/counted.hpp"
#include "base/nan.hpp"
#include "base/random.hpp"
#include "evaluate/mirna_table.hpp"
#include "evaluate/scores.hpp"
#include "genes/sample_ids.hpp"
#include "parallel/thread_pool.hpp"
#include "parallel/threads.hpp"
#include "sicmir/model.hpp"
#include "sicmir/reference_tables.hpp"
#include "statistics/accuracy.hpp"

namespace sicmir {

namespace {

constexpr double largest_log2 = 20.0;  // a million reads in a million

using Series = std::vector<double>;

/// Both tables over the samples and miRNAs that they share; outer: miRNA, inner: sample.
struct Matched {
  std::vector<std::string> samples, patients, cohorts;
  std::vector<PanelPosition> mirnas;
  std::vector<Series> predicted, measured;
};

/// The first of each sample counts.
std::unordered_map<std::string, std::size_t> by_key(const evaluation::MirnaTable& table,
                                                    const std::string& file,
                                                    std::vector<std::string>& warnings) {
  std::unordered_map<std::string, std::size_t> result;
  Index n_repeated = 0;
  for (std::size_t i = 0; i < table.samples.size(); ++i) {
    if (!result.emplace(training::sample_key(table.samples[i]), i).second) ++n_repeated;
  }
  if (n_repeated > 0) {
    warnings.push_back(fmt::format("{}: {} there again; the first of each counts", file,
                                   counted(n_repeated, "sample stands", "samples stand")));
  }
  return result;
}

std::string first_of(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("'{}'", names.front());
}

std::set<PanelPosition> wanted_mirnas(const EvaluateOptions& options, const GeneIndex& index) {
  std::set<PanelPosition> wanted;
  for (const std::string& name : options.mirnas) {
    const std::optional<GeneMatch> match = index.find(name);
    if (!match) {
      throw Error(ExitCode::usage,
                  fmt::format("'{}' is no mature miRNA of the table of miRNAs; mature "
                              "names (hsa-miR-21-5p) and accessions are understood.",
                              name));
    }
    wanted.insert(match->gene);
  }
  return wanted;
}

Matched match(const evaluation::MirnaTable& predicted, const evaluation::MirnaTable& measured,
              const std::string& predicted_file, const std::string& measured_file,
              const EvaluateOptions& options, const GeneIndex& index,
              std::vector<std::string>& warnings) {
  Matched matched;
  const auto in_predicted = by_key(predicted, predicted_file, warnings);
  const auto in_measured = by_key(measured, measured_file, warnings);
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < predicted.samples.size(); ++i) {
    const std::string key = training::sample_key(predicted.samples[i]);
    const auto found = in_measured.find(key);
    if (found == in_measured.end() || in_predicted.at(key) != i) continue;
    pairs.emplace_back(i, found->second);
    matched.samples.push_back(key);
  }
  if (pairs.empty()) {
    throw Error(
        ExitCode::bad_input,
        fmt::format("no sample stands in both tables: {} in {}, the first {}; {} in {}, the "
                    "first {}. Ids must be equal, those of TCGA in their first 15 "
                    "characters.",
                    predicted.samples.size(), predicted_file, first_of(predicted.samples),
                    measured.samples.size(), measured_file, first_of(measured.samples)));
  }
  const std::set<PanelPosition> wanted = wanted_mirnas(options, index);
  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (std::size_t p = 0, m = 0; p < predicted.mirnas.size(); ++p) {
    while (m < measured.mirnas.size() && measured.mirnas[m] < predicted.mirnas[p]) ++m;
    if (m == measured.mirnas.size()) break;
    const PanelPosition mirna = predicted.mirnas[p];
    if (measured.mirnas[m] != mirna || (!wanted.empty() && !wanted.contains(mirna))) continue;
    places.emplace_back(p, m);
    matched.mirnas.push_back(mirna);
  }
  if (places.empty()) {
    throw Error(ExitCode::bad_input,
                fmt::format("no miRNA{} stands in both tables, {} ({} miRNAs) and {} ({}).",
                            wanted.empty() ? "" : " of the list", predicted_file,
                            predicted.mirnas.size(), measured_file, measured.mirnas.size()));
  }
  for (const auto& [p, m] : places) {
    Series& x = matched.predicted.emplace_back();
    Series& y = matched.measured.emplace_back();
    for (const auto& [i, j] : pairs) {
      x.push_back(predicted.values[i][p]);
      y.push_back(measured.values[j][m]);
    }
  }
  return matched;
}

void describe_samples(Matched& matched, const std::string& table,
                      std::vector<std::string>& warnings) {
  training::SampleTable about;
  if (!table.empty()) about = training::read_sample_table(table);
  Index n_unknown = 0;
  for (const std::string& sample : matched.samples) {
    const training::SampleFacts facts = about.find(sample);
    matched.cohorts.push_back(facts.cohort);
    matched.patients.push_back(facts.patient.empty() ? training::patient_of(sample)
                                                     : facts.patient);
    if (facts.cohort.empty()) ++n_unknown;
  }
  if (!table.empty() && n_unknown > 0) {
    warnings.push_back(fmt::format(
        "{}: {} of {} samples have no cohort there; they count in the pooled figures only", table,
        n_unknown, matched.samples.size()));
  }
}

constexpr std::size_t few_samples = 10;

void warn_of_few(const Matched& matched, std::vector<std::string>& warnings) {
  const std::size_t n = matched.samples.size();
  if (n >= few_samples) return;
  warnings.push_back(
      fmt::format("only {} sample{} compared: correlations per miRNA over so few "
                  "say little",
                  n, n == 1 ? " is" : "s are"));
}

void warn_of_training_patients(const Matched& matched, const Model& model, const std::string& file,
                               std::vector<std::string>& warnings) {
  const std::vector<double>& known = model.training_patients;
  const auto n_seen = std::count_if(
      matched.patients.begin(), matched.patients.end(), [&](const std::string& patient) {
        return std::binary_search(known.begin(), known.end(), id_hash(patient));
      });
  if (n_seen == 0) return;
  warnings.push_back(fmt::format(
      "{}: was trained on the patients of {} of the {} samples. If it made these predictions, the "
      "figures are too good: they do not tell what it is worth for new patients",
      file, n_seen, matched.patients.size()));
}

/// Logarithms and z-scores of the measured side, as the options ask.
void convert_measured(Matched& matched, const std::string& file, const EvaluateOptions& options,
                      const GeneIndex& index, std::vector<std::string>& warnings) {
  const bool is_rpm = options.measured_values == MeasuredValues::rpm;
  double largest = 0;
  for (Series& series : matched.measured) {
    for (double& value : series) {
      if (is_rpm && value < 0.0) {
        throw Error(ExitCode::bad_input,
                    fmt::format("{}: found {}, but the values were said to be reads per million.",
                                file, value));
      }
      if (is_rpm) value = std::log2(value + 1.0);
      if (std::isfinite(value)) largest = std::max(largest, value);
    }
  }
  if (largest > largest_log2) {
    warnings.push_back(fmt::format(
        "{}: the largest value is {:.4g}, more than log2(RPM + 1) can be. If these are reads per "
        "million, say --measured-values rpm: predictions are on a logarithmic scale",
        file, largest));
  }
  if (options.model.empty()) return;
  const Model model = read_model_card(options.model).model;
  warn_of_training_patients(matched, model, options.model, warnings);
  std::unordered_map<PanelPosition, const ModelMirna*> by_mirna;
  for (const ModelMirna& mirna : model.mirnas) {
    if (const auto found = index.find(mirna.name)) by_mirna.emplace(found->gene, &mirna);
  }
  Index n_unknown = 0;
  for (std::size_t i = 0; i < matched.mirnas.size(); ++i) {
    const auto found = by_mirna.find(matched.mirnas[i]);
    const bool known = found != by_mirna.end() && found->second->sd > 0.0;
    if (!known) ++n_unknown;
    for (double& value : matched.measured[i]) {
      value = known ? (value - found->second->mean) / found->second->sd : nan;
    }
  }
  if (n_unknown > 0) {
    warnings.push_back(fmt::format("{}: has no mean and sd of {} not compared", options.model,
                                   counted(n_unknown, "miRNA, which is", "miRNAs, which are")));
  }
}

/// Takes each cohort's means away, over the pairs that are finite on both sides.
void remove_cohort_means(Series& x, Series& y, std::span<const std::size_t> cohort_of,
                         std::size_t n_cohorts) {
  struct Sums {
    double x = 0, y = 0;
    Index n = 0;
  };
  std::vector<Sums> sums(n_cohorts + 1);  // the last: cohort not known
  for (std::size_t s = 0; s < x.size(); ++s) {
    if (!std::isfinite(x[s]) || !std::isfinite(y[s])) continue;
    Sums& sum = sums[cohort_of[s]];
    sum.x += x[s];
    sum.y += y[s];
    ++sum.n;
  }
  // What rounding leaves of values that equal their mean is not variation.
  const auto difference = [](double value, double mean) {
    const double result = value - mean;
    return std::fabs(result) > 1e-13 * std::fabs(mean) ? result : 0.0;
  };
  for (std::size_t s = 0; s < x.size(); ++s) {
    const Sums& sum = sums[cohort_of[s]];
    const bool usable = cohort_of[s] < n_cohorts && sum.n >= 2;
    const bool finite = std::isfinite(x[s]) && std::isfinite(y[s]);
    x[s] = usable && finite ? difference(x[s], sum.x / static_cast<double>(sum.n)) : nan;
    y[s] = usable && finite ? difference(y[s], sum.y / static_cast<double>(sum.n)) : nan;
  }
}

struct Figures {
  Series pearson, spearman, rmse, r2;
  explicit Figures(std::size_t n = 0) : pearson(n), spearman(n), rmse(n), r2(n) {}
  void set(std::size_t i, const Scores& scores) {
    pearson[i] = scores.pearson;
    spearman[i] = scores.spearman;
    rmse[i] = scores.rmse;
    r2[i] = scores.r2;
  }
};

/// As numpy.quantile: linear between the order statistics.
double quantile(Series& sorted, double fraction) {
  const double at = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

MedianInterval interval(const Series& values, Series draws) {
  MedianInterval result;
  result.median = training::median(values);
  result.n = std::count_if(values.begin(), values.end(),
                           [](double value) { return std::isfinite(value); });
  std::erase_if(draws, [](double value) { return !std::isfinite(value); });
  if (draws.empty() || result.n == 0) return result;
  std::sort(draws.begin(), draws.end());
  result.low = quantile(draws, 0.025);
  result.high = quantile(draws, 0.975);
  return result;
}

/// How often each sample is drawn: patients with replacement, all samples of each together.
std::vector<std::vector<std::uint16_t>> draw_patients(const Matched& matched,
                                                      const EvaluateOptions& options) {
  std::unordered_map<std::string, std::size_t> numbers;
  std::vector<std::size_t> patient_of;
  for (const std::string& patient : matched.patients) {
    patient_of.push_back(numbers.emplace(patient, numbers.size()).first->second);
  }
  std::vector<std::vector<std::uint16_t>> draws;
  for (Index draw = 0; draw < options.bootstrap; ++draw) {
    training::Random random(training::key(options.seed, training::Purpose::bootstrap,
                                          static_cast<std::uint64_t>(draw)));
    std::vector<std::uint16_t> times(numbers.size(), 0);
    for (std::size_t i = 0; i < times.size(); ++i) ++times[random.below(times.size())];
    std::vector<std::uint16_t>& weights = draws.emplace_back();
    for (const std::size_t patient : patient_of) weights.push_back(times[patient]);
  }
  return draws;
}

/// Medians over miRNAs, each scored anew in every draw of the samples.
class MirnaMedians {
 public:
  MirnaMedians(std::size_t n_mirnas, std::size_t n_draws)
      : figures_(n_mirnas), draws_(n_draws, Figures(n_mirnas)) {}

  Scores score(std::size_t mirna, const Series& x, const Series& y,
               std::span<const std::vector<std::uint16_t>> draws) {
    evaluation::WeightedScores scores(x, y);
    const std::vector<std::uint16_t> once(x.size(), 1);
    const Scores result = scores(once);
    figures_.set(mirna, result);
    for (std::size_t d = 0; d < draws.size(); ++d) draws_[d].set(mirna, scores(draws[d]));
    return result;
  }

  [[nodiscard]] MedianScores medians() const {
    const auto of = [&](Series Figures::*figure) {
      Series medians;
      for (const Figures& draw : draws_) medians.push_back(training::median(draw.*figure));
      return interval(figures_.*figure, std::move(medians));
    };
    return {of(&Figures::pearson), of(&Figures::spearman), of(&Figures::rmse), of(&Figures::r2)};
  }

 private:
  Figures figures_;
  std::vector<Figures> draws_;
};

/// Medians over samples: each sample's figures stay, the samples are drawn.
MedianScores sample_medians(const std::vector<ScoredItem>& items, Scores ScoredItem::*which,
                            std::span<const std::vector<std::uint16_t>> draws) {
  const auto of = [&](double Scores::*figure) {
    Series values;
    for (const ScoredItem& item : items) values.push_back(item.*which.*figure);
    Series medians;
    for (const auto& weights : draws) {
      Series drawn;
      for (std::size_t i = 0; i < values.size(); ++i) {
        drawn.insert(drawn.end(), weights[i], values[i]);
      }
      medians.push_back(training::median(std::move(drawn)));
    }
    return interval(values, std::move(medians));
  };
  return {of(&Scores::pearson), of(&Scores::spearman), of(&Scores::rmse), of(&Scores::r2)};
}

/// The samples' side of a list of series per miRNA.
Series of_sample(const std::vector<Series>& by_mirna, std::size_t sample) {
  Series result;
  result.reserve(by_mirna.size());
  for (const Series& series : by_mirna) result.push_back(series[sample]);
  return result;
}

std::map<std::string, Evaluation::Cohort> per_cohort(const Matched& matched) {
  std::map<std::string, std::vector<std::size_t>> members;
  for (std::size_t s = 0; s < matched.cohorts.size(); ++s) {
    if (!matched.cohorts[s].empty()) members[matched.cohorts[s]].push_back(s);
  }
  std::map<std::string, Evaluation::Cohort> result;
  for (const auto& [cohort, samples] : members) {
    Series pearson;
    for (std::size_t i = 0; i < matched.mirnas.size(); ++i) {
      Series x;
      Series y;
      for (const std::size_t s : samples) {
        x.push_back(matched.predicted[i][s]);
        y.push_back(matched.measured[i][s]);
      }
      pearson.push_back(training::pearson(x, y));
    }
    result[cohort] = {static_cast<Index>(samples.size()), interval(pearson, {})};
  }
  return result;
}

}  // namespace

Evaluation evaluate(const std::string& predicted_file, const std::string& measured_file,
                    const EvaluateOptions& options) {
  const std::vector<ReferenceMirna> known = reference_mirnas();
  const GeneIndex index(mirna_panel(known), false);
  Evaluation result;
  const evaluation::MirnaTable predicted =
      evaluation::read_mirna_table_values(predicted_file, index);
  const evaluation::MirnaTable measured = evaluation::read_mirna_table_values(measured_file, index);
  Matched matched =
      match(predicted, measured, predicted_file, measured_file, options, index, result.warnings);
  describe_samples(matched, options.samples, result.warnings);
  warn_of_few(matched, result.warnings);
  convert_measured(matched, measured_file, options, index, result.warnings);
  result.n_patients = static_cast<Index>(
      std::set<std::string_view>(matched.patients.begin(), matched.patients.end()).size());

  std::map<std::string, std::size_t> numbers;
  for (const std::string& cohort : matched.cohorts) {
    if (!cohort.empty()) numbers.emplace(cohort, numbers.size());
  }
  std::vector<std::size_t> cohort_of;
  for (const std::string& cohort : matched.cohorts) {
    cohort_of.push_back(cohort.empty() ? numbers.size() : numbers.at(cohort));
  }

  const std::size_t n_mirnas = matched.mirnas.size();
  const auto draws = draw_patients(matched, options);
  MirnaMedians pooled(n_mirnas, draws.size());
  MirnaMedians within(n_mirnas, draws.size());
  std::vector<Series> x_within(n_mirnas);
  std::vector<Series> y_within(n_mirnas);
  result.mirnas.resize(n_mirnas);
  ThreadPool pool(thread_count(options.threads));
  pool.run(static_cast<Index>(n_mirnas), [&](Index number, int) {
    const auto i = static_cast<std::size_t>(number);
    ScoredItem& item = result.mirnas[i];
    const ReferenceMirna& mirna = known[static_cast<std::size_t>(matched.mirnas[i])];
    item.name = mirna.name;
    item.about = mirna.accession;
    item.pooled = pooled.score(i, matched.predicted[i], matched.measured[i], draws);
    x_within[i] = matched.predicted[i];
    y_within[i] = matched.measured[i];
    remove_cohort_means(x_within[i], y_within[i], cohort_of, numbers.size());
    item.within = within.score(i, x_within[i], y_within[i], draws);
  });
  for (std::size_t s = 0; s < matched.samples.size(); ++s) {
    ScoredItem& item = result.samples.emplace_back();
    item.name = matched.samples[s];
    item.about = matched.cohorts[s];
    item.patient = matched.patients[s];
    item.pooled =
        evaluation::score(of_sample(matched.predicted, s), of_sample(matched.measured, s));
    item.within = evaluation::score(of_sample(x_within, s), of_sample(y_within, s));
  }
  result.mirnas_pooled = pooled.medians();
  result.mirnas_within = within.medians();
  result.samples_pooled = sample_medians(result.samples, &ScoredItem::pooled, draws);
  result.samples_within = sample_medians(result.samples, &ScoredItem::within, draws);
  result.cohorts = per_cohort(matched);
  return result;
}

}  // namespace sicmir
