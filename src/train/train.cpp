// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/train.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/nan.hpp"
#include "sicmir/version.hpp"
#include "statistics/accuracy.hpp"
#include "train/baselines.hpp"
#include "train/calibration.hpp"
#include "train/difference_calibration.hpp"
#include "train/held_out.hpp"
#include "train/split.hpp"

namespace sicmir {

namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ExitCode::usage, message);
}

void check(const TrainOptions& options) {
  if (options.hidden.empty() ||
      *std::min_element(options.hidden.begin(), options.hidden.end()) < 1) {
    refuse("the hidden layers need at least one unit each, e.g. 1024,1024");
  }
  if (!(options.dropout >= 0.0 && options.dropout < 1.0)) {
    refuse(
        fmt::format("a dropout of {} is not possible: 0 up to, not including, 1", options.dropout));
  }
  if (options.epochs < 1) refuse("at least 1 epoch is needed");
  if (options.batch < 2) refuse("batch norm needs batches of at least 2 samples");
  if (!(options.learning_rate > 0.0)) refuse("the learning rate must be above 0");
  if (!(options.weight_decay >= 0.0)) refuse("the weight decay must not be negative");
  const auto is_share = [](double value) { return value >= 0.0 && value <= 1.0; };
  const double shares = options.ridge + options.kernel + options.prior;
  if (!is_share(options.ridge) || !is_share(options.kernel) || !is_share(options.prior) ||
      !is_share(shares)) {
    refuse("the shares of ridge, kernel and prior must be from 0 to 1, also their sum");
  }
  if (options.members < 0 || (options.members == 0 && !(shares > 0.0))) {
    refuse("a model needs 1 or more members, or a share of ridge, kernel or prior");
  }
  if (options.members > 0 && !(shares < 1.0)) {
    refuse(
        "ridge, kernel and prior have the whole share, which leaves nothing to the networks; lower "
        "their shares, or have 0 members");
  }
  if (options.distil < 0) refuse("the steps of distilling must be 0 or more");
  if (!(options.kernel_penalty > 0.0)) refuse("the kernel penalty must be above 0");
  if (options.penalties.empty() ||
      !(*std::min_element(options.penalties.begin(), options.penalties.end()) > 0.0)) {
    refuse("the penalties of ridge regression must be above 0");
  }
  if (!is_share(options.mask_genes) || !is_share(options.thin) || !(options.thin_counts > 0.0)) {
    refuse(
        "augmentation: the fractions must be from 0 to 1, and the counts of thinned samples above "
        "0");
  }
  if (options.checkpoint_every < 1) refuse("checkpoints are saved every 1 or more epochs");
  if (!(options.validation >= 0.0 && options.validation < 1.0)) {
    refuse("the fraction of patients held out must be from 0 up to, not including, 1");
  }
}

std::vector<Index> every_sample(const TrainingPairs& pairs) {
  std::vector<Index> all(static_cast<std::size_t>(pairs.size()));
  std::iota(all.begin(), all.end(), Index{0});
  return all;
}

/// Leaves out what could not be learnt: outputs without a usable target.
void drop_outputs(Model& model, const Eigen::VectorXd& sd) {
  std::vector<Index> kept;
  for (Index mirna = 0; mirna < sd.size(); ++mirna) {
    if (sd[mirna] > 0.0) kept.push_back(mirna);
  }
  if (static_cast<Index>(kept.size()) == sd.size()) return;
  for (Member& member : model.members) {
    auto& last = std::get<Linear>(member.layers.back());
    last.weight = last.weight(kept, Eigen::all).eval();
    last.bias = last.bias(kept).eval();
  }
  std::vector<ModelMirna> mirnas;
  mirnas.reserve(kept.size());
  for (const Index mirna : kept) mirnas.push_back(model.mirnas[static_cast<std::size_t>(mirna)]);
  model.mirnas = std::move(mirnas);
}

/// Sorted, each once.
std::vector<double> hashes_of(const std::vector<std::string>& patients) {
  std::vector<double> hashes;
  std::transform(patients.begin(), patients.end(), std::back_inserter(hashes), id_hash);
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  return hashes;
}

std::vector<CohortAccuracy> per_cohort(const Matrix& predicted, const TrainingPairs& pairs) {
  std::map<std::string, std::vector<Index>> samples_of;
  for (Index i = 0; i < pairs.size(); ++i) {
    const bool held_out = predicted.col(i).array().isFinite().any();
    if (held_out) samples_of[pairs.cohorts[static_cast<std::size_t>(i)]].push_back(i);
  }
  std::vector<CohortAccuracy> result;
  for (const auto& [name, samples] : samples_of) {
    const std::vector<std::string> one(samples.size(), name);
    std::vector<double> figures;
    for (const auto& accuracy :
         training::accuracies(Matrix(predicted(Eigen::all, samples)),
                              Matrix(pairs.mirna(Eigen::all, samples)), one)) {
      figures.push_back(accuracy.within_cohort);
    }
    result.push_back({name, static_cast<Index>(samples.size()), training::median(figures)});
  }
  return result;
}

/// How far predictions may be off.
void calibrate_intervals(Model& model, const training::HeldOut& held_out,
                         const TrainingPairs& pairs) {
  if (!held_out.predicted.array().isFinite().any()) return;  // nobody was held out
  const auto n = static_cast<Eigen::Index>(model.mirnas.size());
  Eigen::VectorXf unit(n);  // to z-scores
  for (Eigen::Index mirna = 0; mirna < n; ++mirna) {
    const double sd = model.mirnas[static_cast<std::size_t>(mirna)].sd;
    unit[mirna] = sd > 0.0 ? static_cast<float>(1.0 / sd) : 0.0F;
  }
  const training::Calibration found = training::calibrate(
      unit.asDiagonal() * held_out.predicted, unit.asDiagonal() * held_out.spread,
      unit.asDiagonal() * pairs.mirna, pairs.patients);
  std::size_t n_known = 0;
  for (std::size_t mirna = 0; mirna < model.mirnas.size(); ++mirna) {
    model.mirnas[mirna].interval = found.intervals[mirna];
    n_known += found.intervals[mirna].known() ? 1 : 0;
  }
  if (std::isnan(found.coverage)) {
    log_info("no 90 % intervals: no miRNA has enough held-out samples to test them on");
    return;
  }
  log_info(
      "90 % intervals for {} of {} miRNAs; on patients that did not calibrate them, intervals held "
      "{:.1f} % of the measurements",
      n_known, n, 100.0 * found.coverage);
}

double median_of(const Model& model, double Accuracy::*figure) {
  std::vector<double> values;
  values.reserve(model.mirnas.size());
  for (const ModelMirna& mirna : model.mirnas) values.push_back(mirna.accuracy.*figure);
  return training::median(values);
}

void warn(TrainReport& report, std::string message) {
  log_warning("{}", message);
  report.warnings.push_back(std::move(message));
}

void warn_of_thin_cohorts(const TrainingPairs& pairs, TrainReport& report) {
  std::map<std::string, std::set<std::string_view>> patients;
  for (std::size_t i = 0; i < pairs.samples.size(); ++i) {
    patients[pairs.cohorts[i]].insert(pairs.patients[i]);
  }
  for (const auto& [cohort, names] : patients) {
    if (names.size() > 1) continue;
    warn(report, fmt::format("cohort {} has one patient: its accuracy within the cohort cannot be "
                             "measured. Give more of its samples, or name a larger cohort with "
                             "--samples",
                             cohort));
  }
}

/// Held-out figures of one way to predict; nothing if it was not asked.
void add_figures(const TrainingPairs& pairs, const std::string& name, bool unseen,
                 const Matrix& predicted, TrainReport& report) {
  if (predicted.size() == 0) return;
  HeldOutFigures figures;
  figures.name = name;
  figures.unseen = unseen;
  const auto medians = [&](const Matrix& values, const Matrix& measured,
                           std::span<const std::string> cohorts) {
    std::vector<double> pooled;
    std::vector<double> within;
    for (const auto& accuracy : training::accuracies(values, measured, cohorts)) {
      pooled.push_back(accuracy.pooled);
      within.push_back(accuracy.within_cohort);
    }
    return std::pair{training::median(pooled), training::median(within)};
  };
  std::tie(figures.pooled, figures.within) = medians(predicted, pairs.mirna, pairs.cohorts);
  if (unseen) {
    std::map<std::string, std::vector<Index>> members;
    for (std::size_t i = 0; i < pairs.cohorts.size(); ++i) {
      members[training::cohort_group(pairs.cohorts[i])].push_back(static_cast<Index>(i));
    }
    for (const auto& [group, samples] : members) {
      const Matrix own = predicted(Eigen::all, samples);
      const Matrix measured = pairs.mirna(Eigen::all, samples);
      std::vector<std::string> cohorts;
      for (const Index sample : samples) {
        cohorts.push_back(pairs.cohorts[static_cast<std::size_t>(sample)]);
      }
      figures.by_cohort[group] = medians(own, measured, cohorts).second;
    }
  }
  log_info("{}, {}: median Pearson per miRNA {:.3f} within cohort, {:.3f} pooled",
           unseen ? "cohorts left out" : "held-out patients", name, figures.within, figures.pooled);
  report.figures.push_back(std::move(figures));
}

void add_all_figures(const TrainingPairs& pairs, const training::HeldOut& held_out, bool unseen,
                     const TrainOptions& options, TrainReport& report) {
  add_figures(pairs, "model", unseen, held_out.predicted, report);
  const std::size_t model = report.figures.size() - 1;
  add_figures(pairs, "ridge", unseen, held_out.ridge, report);
  add_figures(pairs, "cohort mean", unseen, held_out.cohort_mean, report);
  add_figures(pairs, "nearest cohort mean", unseen, held_out.nearest_cohort, report);
  add_figures(pairs, "distilled network", unseen, held_out.distilled, report);
  add_figures(pairs, "its teacher, same samples", unseen, held_out.teacher, report);
  if (held_out.ridge.size() == 0) return;
  constexpr double rounding = 0.0005;  // of the figures shown
  const HeldOutFigures& ours = report.figures[model];
  const HeldOutFigures& ridge = report.figures[model + 1];
  const bool is_ridge = options.members == 0 && options.ridge == 1.0;
  if (is_ridge || !(ours.within < ridge.within - rounding)) return;
  warn(report, fmt::format("{}: the model is less accurate than ridge regression ({:.3f} against "
                           "{:.3f} within cohort). Try --ridge 1 --members 0, more samples or "
                           "other options",
                           unseen ? "in cohorts left out" : "in held-out patients", ours.within,
                           ridge.within));
}

/// What the samples in hand cannot tell, before anything is fitted.
void check_pairs(const TrainingPairs& pairs, const TrainOptions& options, TrainReport& report) {
  warn_of_thin_cohorts(pairs, report);
  if (options.cross_validate > 1 || report.n_patients >= 10) return;
  warn(report, fmt::format("{} patients are too few to learn from or to judge by; hundreds are "
                           "wanted",
                           report.n_patients));
}

}  // namespace

Model train(const TrainingPairs& pairs, const TrainOptions& options, TrainReport* report) {
  check(options);
  TrainReport own;
  TrainReport& out = report != nullptr ? *report : own;
  const std::vector<Index> all = every_sample(pairs);
  out.n_samples = pairs.size();
  out.n_patients = training::count_patients(pairs, all);
  out.n_cohorts = static_cast<Index>(
      std::set<std::string_view>(pairs.cohorts.begin(), pairs.cohorts.end()).size());
  log_info("{} paired samples of {} patients in {} cohort(s); {} genes, {} miRNAs", out.n_samples,
           out.n_patients, out.n_cohorts, pairs.mrna.rows(), pairs.mirna.rows());
  check_pairs(pairs, options, out);

  Fit final;
  Harmonisation harmonisation;
  training::HeldOut held_out;
  if (options.cross_validate > 1) {
    held_out = training::cross_validate(pairs, options);
    TrainOptions rest = options;  // no held-out patient stops it
    rest.stop_after = held_out.epochs;
    log_info("final fit on all samples, {} epochs", held_out.epochs);
    harmonisation = fit_harmonisation(pairs, all);
    final = fit(harmonise(pairs, harmonisation), all, {}, rest);
    add_all_figures(pairs, held_out, false, options, out);
    out.cross_validated = {held_out.predicted, held_out.fold};
  } else {
    const training::Split split = training::hold_out(pairs, all, options.validation, options.seed);
    harmonisation = fit_harmonisation(pairs, split.train);
    const TrainingPairs harmonised = harmonise(pairs, harmonisation);
    final = fit(harmonised, split.train, split.held_out, options);
    held_out.predicted =
        Matrix::Constant(pairs.mirna.rows(), pairs.size(), std::numeric_limits<float>::quiet_NaN());
    held_out.spread = held_out.predicted;
    Matrix spread;
    const Matrix predicted = predict_samples(harmonised, final, split.held_out, &spread);
    for (std::size_t i = 0; i < split.held_out.size(); ++i) {
      held_out.predicted.col(split.held_out[i]) = predicted.col(static_cast<Index>(i));
      held_out.spread.col(split.held_out[i]) = spread.col(static_cast<Index>(i));
    }
  }
  const auto measured = training::accuracies(held_out.predicted, pairs.mirna, pairs.cohorts);
  std::vector<training::MirnaAccuracy> unseen;
  if (options.leave_cohort_out) {
    const training::HeldOut left_out = training::leave_cohorts_out(pairs, options);
    unseen = training::accuracies(left_out.predicted, pairs.mirna, pairs.cohorts);
    add_all_figures(pairs, left_out, true, options, out);
    out.cohorts_left_out = {left_out.predicted, left_out.fold};
  }

  Model model;
  model.name = options.name;
  model.made_by = fmt::format("sicmir {}", version);
  model.made_from = fmt::format(
      "{} paired samples of {} patients: {}", out.n_samples, out.n_patients,
      joined(std::set<std::string_view>(pairs.cohorts.begin(), pairs.cohorts.end()), ", "));
  if (!final.teacher.empty()) model.made_from += "; distilled from regressions";
  model.panel = pairs.panel;
  model.gene_mean = final.gene_mean;
  model.gene_sd = final.gene_sd;
  for (Index gene = 0; gene < pairs.mrna.rows(); ++gene) {
    if (pairs.mrna.row(gene).array().isNaN().all()) model.gene_mean[gene] = nan;
  }
  model.recipe = pairs.recipe;
  model.platform_offsets = harmonisation.offsets;
  model.rank_profiles = harmonisation.ranks;
  model.members = final.members;
  model.parts = final.parts;
  model.float16 = options.float16;
  model.mirnas = pairs.mirnas;
  for (std::size_t i = 0; i < model.mirnas.size(); ++i) {
    ModelMirna& mirna = model.mirnas[i];
    mirna.mean = final.mirna_mean[static_cast<Index>(i)];
    mirna.sd = final.mirna_sd[static_cast<Index>(i)];
    mirna.accuracy = {.pooled = measured[i].pooled,
                      .within_cohort = measured[i].within_cohort,
                      .leave_cohort_out = unseen.empty() ? nan : unseen[i].within_cohort,
                      .n = measured[i].n};
  }
  calibrate_intervals(model, held_out, pairs);
  std::vector<double> within;
  for (const ModelMirna& mirna : model.mirnas) within.push_back(mirna.accuracy.within_cohort);
  model.differences =
      training::calibrate_differences(pairs, held_out.predicted, within, options.seed);
  model.training_patients = hashes_of(pairs.patients);
  out.cohorts = per_cohort(held_out.predicted, pairs);
  drop_outputs(model, final.mirna_sd);
  if (model.mirnas.size() < pairs.mirnas.size()) {
    warn(out, fmt::format("{} miRNA(s) do not vary over the training samples and are left out",
                          pairs.mirnas.size() - model.mirnas.size()));
  }
  out.epochs = final.best_epoch;
  out.history = std::move(final.history);
  out.median_pooled = median_of(model, &Accuracy::pooled);
  out.median_within = median_of(model, &Accuracy::within_cohort);
  out.median_leave_cohort_out = median_of(model, &Accuracy::leave_cohort_out);
  log_info(
      "held-out patients, median Pearson over {} miRNAs: {:.3f} pooled, {:.3f} within cohort{}",
      model.mirnas.size(), out.median_pooled, out.median_within,
      unseen.empty() ? ""
                     : fmt::format("; {:.3f} within cohorts that training did not see",
                                   out.median_leave_cohort_out));
  return model;
}

}  // namespace sicmir
