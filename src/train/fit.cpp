// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "base/log.hpp"
#include "base/nan.hpp"
#include "base/random.hpp"
#include "genes/sample_ids.hpp"
#include "parallel/thread_pool.hpp"
#include "parallel/threads.hpp"
#include "sicmir/train.hpp"
#include "statistics/accuracy.hpp"
#include "train/baselines.hpp"
#include "train/checkpoint.hpp"
#include "train/distil.hpp"
#include "train/impute.hpp"
#include "train/kernel_ridge.hpp"
#include "train/network_trainer.hpp"
#include "train/prepare.hpp"
#include "train/profile_prior.hpp"
#include "train/ridge.hpp"
#include "train/split.hpp"

namespace sicmir {

namespace {

using training::FitProgress;
using training::Moments;
using training::Purpose;

constexpr Index ridge_folds = 5;
constexpr float largest_z = 6.0F;  // beyond, kernels would follow single genes

Matrix run_network(const Network& network, const Matrix& x, Matrix* spread = nullptr) {
  Network::Workspace work;
  Matrix y(network.n_outputs(), x.cols());
  if (spread != nullptr) {
    spread->resize(network.n_outputs(), x.cols());
    network.predict(x, y, *spread, work);
  } else {
    network.predict(x, y, work);
  }
  return y;
}

/// Mean squared error over the targets that are there; NaN if there is none.
double mean_squared_error(const Matrix& y, const Matrix& target) {
  double sum = 0;
  Index n = 0;
  for (Index i = 0; i < y.size(); ++i) {
    const float wanted = target.data()[i];
    if (std::isnan(wanted)) continue;
    sum += std::pow(static_cast<double>(y.data()[i] - wanted), 2);
    ++n;
  }
  return n > 0 ? sum / static_cast<double>(n) : nan;
}

std::vector<std::string> cohorts_of(const TrainingPairs& pairs, std::span<const Index> samples) {
  std::vector<std::string> result;
  result.reserve(samples.size());
  for (const Index sample : samples) {
    result.push_back(pairs.cohorts[static_cast<std::size_t>(sample)]);
  }
  return result;
}

/// What the targets of the given samples count; empty: all the same.
Matrix weights_of(const TrainingPairs& pairs, std::span<const Index> samples) {
  if (pairs.weights.empty() && pairs.target_weights.size() == 0) return {};
  const bool fits =
      (pairs.weights.empty() || static_cast<Index>(pairs.weights.size()) == pairs.size()) &&
      (pairs.target_weights.size() == 0 || (pairs.target_weights.rows() == pairs.mirna.rows() &&
                                            pairs.target_weights.cols() == pairs.mirna.cols()));
  if (!fits) throw Error(ExitCode::internal, "weights that do not fit the training pairs");
  Matrix weights = pairs.target_weights.size() > 0
                       ? Matrix(pairs.target_weights(
                             Eigen::all, std::vector<Index>(samples.begin(), samples.end())))
                       : Matrix::Ones(pairs.mirna.rows(), static_cast<Index>(samples.size()));
  for (std::size_t i = 0; i < samples.size() && !pairs.weights.empty(); ++i) {
    weights.col(static_cast<Index>(i)) *=
        static_cast<float>(pairs.weights[static_cast<std::size_t>(samples[i])]);
  }
  if (!(weights.array() >= 0.0F).all() || !weights.allFinite() || weights.maxCoeff() <= 0.0F) {
    throw Error(ExitCode::bad_input, "weights of samples must be 0 or more, and not all of them 0");
  }
  return weights;
}

void check_loss(double loss, Index epoch, const TrainOptions& options) {
  if (std::isfinite(loss)) return;
  throw Error(ExitCode::bad_input,
              fmt::format("the training loss is {} in epoch {}: the fit has diverged at the "
                          "learning rate {}.",
                          loss, epoch, options.learning_rate),
              {Remedy::choose_learning_rate});
}

/// What early stopping judges by.
class Validation {
 public:
  Validation(const TrainingPairs& pairs, std::span<const Index> samples, const Moments& genes,
             const Moments& mirnas)
      : cohorts_(cohorts_of(pairs, samples)),
        x_(training::standardise(pairs.mrna, samples, genes, 0.0f)),
        y_(training::standardise(pairs.mirna, samples, mirnas,
                                 std::numeric_limits<float>::quiet_NaN())) {}

  void judge(const Network& network, EpochReport& report) const {
    report.validation_loss = report.median_pooled = report.median_within = nan;
    if (cohorts_.empty()) return;
    const Matrix predicted = run_network(network, x_);
    report.validation_loss = mean_squared_error(predicted, y_);
    std::vector<double> pooled;
    std::vector<double> within;
    for (const auto& accuracy : training::accuracies(predicted, y_, cohorts_)) {
      pooled.push_back(accuracy.pooled);
      within.push_back(accuracy.within_cohort);
    }
    report.median_pooled = training::median(pooled);
    report.median_within = training::median(within);
  }
  [[nodiscard]] bool empty() const noexcept { return cohorts_.empty(); }

 private:
  std::vector<std::string> cohorts_;
  Matrix x_, y_;
};

std::string time_left(double seconds) {
  if (seconds < 90) return fmt::format("{:.0f} s", seconds);
  if (seconds < 5400) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

/// One job of fitting: the data as z-scores, and the members one after another.
class Fitting {
 public:
  Fitting(const TrainingPairs& pairs, std::span<const Index> train,
          std::span<const Index> validation, const TrainOptions& options)
      : pairs_(pairs),
        train_(train),
        options_(options),
        genes_(training::moments(pairs.mrna, train, options.gene_mean, options.gene_sd)),
        mirnas_(training::moments(pairs.mirna, train, options.mirna_mean, options.mirna_sd)),
        x_(training::standardise(pairs.mrna, train, genes_,
                                 std::numeric_limits<float>::quiet_NaN())),
        y_(training::standardise(pairs.mirna, train, mirnas_,
                                 std::numeric_limits<float>::quiet_NaN())),
        weights_(weights_of(pairs, train)),
        judge_(pairs, validation, genes_, mirnas_) {
    prepare_genes();
    const Index constant = (mirnas_.sd.array() == 0.0).count();
    if (constant == pairs.mirna.rows()) {
      throw Error(ExitCode::bad_input,
                  fmt::format("the targets of all {} miRNAs are constant or missing over the {} "
                              "training samples; there is nothing to learn. Give samples that "
                              "differ.",
                              constant, train.size()),
                  {Remedy::specify_mirna_values});
    }
    if (!options.checkpoint.empty()) {
      identity_ = training::identify(pairs, train, validation, options);
      if (options.resume) {
        if (auto found = training::load_progress(options.checkpoint, identity_)) {
          progress_ = std::move(*found);
          log_info("{}: {} taken from the checkpoint", options.label,
                   progress_.finished ? "all epochs"
                                      : fmt::format("network {}, epoch {}",
                                                    progress_.members.size() + 1, progress_.epoch));
        }
      }
    }
  }

  Fit run() {
    if (options_.on_epoch) {
      for (const EpochReport& report : progress_.history) {
        options_.on_epoch(options_.label, report);
      }
    }
    if (!progress_.finished) {
      ThreadPool pool(thread_count(options_.threads));
      while (static_cast<Index>(progress_.members.size()) < options_.members) train_member(pool);
      if (options_.ridge > 0.0) add_ridge();
      if (options_.kernel > 0.0 || options_.prior > 0.0) add_kernel();
      progress_.finished = true;
      if (!options_.checkpoint.empty()) {
        training::save_progress(options_.checkpoint, identity_, progress_);
      }
    }
    report_ensemble();
    Fit result;
    result.members = std::move(progress_.members);
    result.parts = options_.kernel > 0.0 || options_.prior > 0.0;
    if (options_.distil > 0) distil_members(result);
    result.gene_mean = genes_.mean;
    result.gene_sd = genes_.sd;
    result.mirna_mean = mirnas_.mean;
    result.mirna_sd = mirnas_.sd;
    result.best_epoch =
        progress_.best_epochs.empty()
            ? 0
            : std::max<Index>(1, std::llround(training::median(progress_.best_epochs)));
    result.penalty = progress_.penalty;
    result.history = std::move(progress_.history);
    return result;
  }

 private:
  /// The first network has the seed of the job.
  [[nodiscard]] std::uint64_t member_seed() const {
    const auto number = static_cast<std::uint64_t>(progress_.members.size());
    return number == 0 ? options_.seed : training::key(options_.seed, Purpose::member, number);
  }
  [[nodiscard]] Index last_epoch() const {
    return options_.stop_after > 0 ? options_.stop_after : options_.epochs;
  }

  void train_member(ThreadPool& pool) {
    const Index n = x_.cols();
    const Index batch = std::clamp<Index>(options_.batch, 2, n);
    training::NetworkTrainer trainer({.n_inputs = x_.rows(),
                                      .hidden = options_.hidden,
                                      .n_outputs = y_.rows(),
                                      .order = options_.order,
                                      .dropout = options_.dropout},
                                     batch + 1, member_seed(), pool);
    if (progress_.epoch > 0) {
      restore(trainer);
    } else {
      progress_.best = std::numeric_limits<double>::infinity();
      progress_.best_epoch = 0;
      progress_.step = 0;
    }
    const Index last = last_epoch();
    while (progress_.epoch < last && (progress_.epoch == 0 || judge_.empty() ||
                                      progress_.epoch - progress_.best_epoch < options_.patience)) {
      one_epoch(trainer, batch);
      const bool save = !options_.checkpoint.empty() && progress_.epoch < last &&
                        progress_.epoch % options_.checkpoint_every == 0;
      if (save) {
        progress_.state.clear();
        for (const std::span<float> part : trainer.state()) {
          progress_.state.insert(progress_.state.end(), part.begin(), part.end());
        }
        training::save_progress(options_.checkpoint, identity_, progress_);
      }
    }
    if (progress_.epoch < last) {
      log_info("no better loss on held-out patients for {} epochs: back to epoch {}",
               options_.patience, progress_.best_epoch);
    }
    const double share = (1.0 - options_.ridge - options_.kernel - options_.prior) /
                         static_cast<double>(options_.members);
    progress_.members.push_back({share, std::move(progress_.best_layers)});
    progress_.best_epochs.push_back(static_cast<double>(progress_.best_epoch));
    progress_.best_layers.clear();
    progress_.state.clear();
    progress_.epoch = 0;
  }

  void restore(training::NetworkTrainer& trainer) {
    std::size_t at = 0;
    for (const std::span<float> part : trainer.state()) {
      if (part.size() > progress_.state.size() - at) {
        throw Error(ExitCode::bad_input,
                    options_.checkpoint + ": holds the state of a network of another shape.");
      }
      std::copy_n(progress_.state.begin() + static_cast<std::ptrdiff_t>(at), part.size(),
                  part.begin());
      at += part.size();
    }
  }

  void one_epoch(training::NetworkTrainer& trainer, Index batch) {
    const auto start = std::chrono::steady_clock::now();
    const Index n = x_.cols();
    const auto plan = training::batches(n, batch);
    const auto steps_per_epoch = static_cast<Index>(plan.size());
    const std::uint64_t seed = member_seed();
    const training::Augmenter augmenter(pairs_.mrna, genes_, options_, seed);
    batch_x_.resize(x_.rows(), batch + 1);
    batch_y_.resize(y_.rows(), batch + 1);
    if (weights_.size() > 0) batch_weights_.resize(y_.rows(), batch + 1);
    std::vector<Index> order(static_cast<std::size_t>(n));
    for (Index i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
    EpochReport report{.member = static_cast<Index>(progress_.members.size()) + 1,
                       .epoch = ++progress_.epoch};
    training::Random(training::key(seed, Purpose::order, static_cast<std::uint64_t>(report.epoch)))
        .shuffle(order);
    for (const auto& [first, size] : plan) {
      const Index t = ++progress_.step;
      for (Index i = 0; i < size; ++i) {
        const Index at = order[static_cast<std::size_t>(first + i)];
        batch_x_.col(i) = x_.col(at);
        batch_y_.col(i) = y_.col(at);
        if (weights_.size() > 0) batch_weights_.col(i) = weights_.col(at);
        augmenter.apply(batch_x_.col(i), train_[static_cast<std::size_t>(at)], t, i);
      }
      report.learning_rate =
          options_.learning_rate * training::schedule(options_, t, steps_per_epoch);
      const double loss =
          trainer.step(batch_x_.leftCols(size), batch_y_.leftCols(size),
                       training::adam_rule(report.learning_rate, options_.weight_decay, t),
                       training::key(seed, Purpose::dropout, static_cast<std::uint64_t>(t)),
                       weights_.size() > 0 ? batch_weights_.data() : nullptr);
      check_loss(loss, report.epoch, options_);
      report.train_loss += loss * static_cast<double>(size) / static_cast<double>(n);
    }
    keep_best(trainer, report);
    report.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    log_epoch(report);
    progress_.history.push_back(report);
    if (options_.on_epoch) options_.on_epoch(options_.label, report);
  }

  void keep_best(const training::NetworkTrainer& trainer, EpochReport& report) {
    report.validation_loss = report.median_pooled = report.median_within = nan;
    if (judge_.empty()) {  // the last epoch's weights count
      progress_.best_epoch = report.epoch;
      if (report.epoch == last_epoch()) progress_.best_layers = trainer.layers();
      return;
    }
    std::vector<Layer> layers = trainer.layers();
    judge_.judge(Network(layers), report);
    if (std::isnan(report.validation_loss) || report.validation_loss < progress_.best) {
      progress_.best = report.validation_loss;
      progress_.best_epoch = report.epoch;
      progress_.best_layers = std::move(layers);
    }
  }

  void log_epoch(const EpochReport& report) const {
    const Index last = last_epoch();
    const auto to_go =
        static_cast<double>(last - report.epoch + (options_.members - report.member) * last);
    const std::string name =
        options_.members > 1 ? fmt::format("network {}/{}, ", report.member, options_.members) : "";
    const std::string held_out =
        judge_.empty() ? ""
                       : fmt::format(
                             ", held out {:.4f}, median Pearson per miRNA {:.3f} pooled, "
                             "{:.3f} within cohort",
                             report.validation_loss, report.median_pooled, report.median_within);
    log_info("{}epoch {}/{}: loss {:.4f}{} ({:.2f} s; at most {} left)", name, report.epoch, last,
             report.train_loss, held_out, report.seconds, time_left(to_go * report.seconds));
  }

  /// What training samples lack is filled in; genes without any value do not vary and stay 0.
  void prepare_genes() {
    for (Index gene = 0; gene < x_.rows(); ++gene) {
      if (!(genes_.sd[gene] > 0.0)) x_.row(gene).setZero();
    }
    if (options_.kernel > 0.0 || options_.prior > 0.0) {
      x_ = x_.unaryExpr([](float z) {
               return std::isnan(z) ? z : std::clamp(z, -largest_z, largest_z);
             }).eval();
    }
    if (x_.array().isNaN().any()) training::Imputer(x_).fill(x_);
  }

  [[nodiscard]] std::vector<double> sample_weights() const {
    std::vector<double> weights;
    for (const Index sample : train_) {
      if (!pairs_.weights.empty()) {
        weights.push_back(pairs_.weights[static_cast<std::size_t>(sample)]);
      }
    }
    return weights;
  }

  [[nodiscard]] std::vector<Index> inner_folds() const {
    const auto n_folds = std::min<Index>(ridge_folds, training::count_patients(pairs_, train_));
    return training::deal_folds(pairs_, train_, n_folds,
                                training::key(options_.seed, Purpose::folds));
  }

  void add_ridge() {
    progress_.penalty = options_.penalties.front();
    const std::vector<double> weights = sample_weights();
    if (options_.penalties.size() > 1 && training::count_patients(pairs_, train_) > 1) {
      const std::vector<Index> folds = inner_folds();
      progress_.penalty = training::choose_penalty(x_, y_, folds, options_.penalties, weights);
    }
    Linear linear = training::fit_ridge(x_, y_, progress_.penalty, weights);
    log_info("{}: ridge regression with penalty {}", options_.label, progress_.penalty);
    progress_.members.push_back({options_.ridge, {std::move(linear)}});
  }

  /// The kernel regression, by itself and drawn towards known profiles: parts whose sum predicts.
  void add_kernel() {
    std::vector<double> weights = sample_weights();
    for (double& weight : weights) weight = std::max(weight, 1e-6);  // 0: as good as absent
    const std::vector<Index> cohort_of = numbered_cohorts();
    std::vector<double> levels;
    for (const Index sample : train_) {
      if (pairs_.level_variances.empty()) break;
      levels.push_back(pairs_.level_variances[static_cast<std::size_t>(sample)]);
    }
    const training::KernelRidge base({x_, y_, cohort_of, weights, levels}, options_.kernel_penalty);
    log_info("{}: kernel regression on {} samples", options_.label, x_.cols());
    Eigen::MatrixXd weight = options_.kernel * base.alpha();
    Eigen::VectorXd constant = options_.kernel * base.constant();
    std::vector<std::vector<Layer>> parts;
    if (options_.prior > 0.0) {
      training::ProfilePrior prior = fit_prior(base, cohort_of);
      weight += options_.prior * prior.weight;
      constant += options_.prior * prior.constant;
      auto& last = std::get<Linear>(prior.attention.back());
      last.weight *= static_cast<float>(options_.prior);
      parts.push_back(std::move(prior.attention));
    }
    parts.push_back(base.square_layers());
    parts.back().emplace_back(Linear{weight.cast<float>(), Eigen::VectorXf::Zero(weight.rows())});
    parts.push_back({base.line(weight, constant)});
    // The weights of members sum to 1: each part has an equal one and is made larger instead.
    const double share = (options_.kernel + options_.prior) / static_cast<double>(parts.size());
    for (std::vector<Layer>& part : parts) {
      auto& last = std::get<Linear>(part.back());
      last.weight /= static_cast<float>(share);
      last.bias /= static_cast<float>(share);
      progress_.members.push_back({share, std::move(part)});
    }
  }

  /// COAD and READ are one.
  [[nodiscard]] std::vector<Index> numbered_cohorts() const {
    std::map<std::string, Index> numbers;
    std::vector<Index> result;
    for (const std::string& cohort : cohorts_of(pairs_, train_)) {
      const auto number = static_cast<Index>(numbers.size());
      result.push_back(numbers.emplace(training::cohort_group(cohort), number).first->second);
    }
    return result;
  }

  /// Knows the profiles of everybody but the patients and cohorts that this fit must not know.
  [[nodiscard]] training::ProfilePrior fit_prior(const training::KernelRidge& base,
                                                 std::span<const Index> cohort_of) const {
    std::vector<std::uint8_t> trains(static_cast<std::size_t>(pairs_.size()), 0);
    for (const Index sample : train_) trains[static_cast<std::size_t>(sample)] = 1;
    std::set<std::string_view> hidden;
    for (std::size_t i = 0; i < trains.size(); ++i) {
      if (trains[i] == 0) hidden.insert(pairs_.patients[i]);
    }
    const TrainingPairs::Profiles& all = pairs_.profiles;
    std::vector<Index> chosen;
    std::vector<std::string> kinds;
    for (std::size_t i = 0; i < all.samples.size(); ++i) {
      const std::string group = training::cohort_group(all.cohorts[i]);
      if (hidden.contains(all.patients[i]) || group == options_.unseen_group) continue;
      chosen.push_back(static_cast<Index>(i));
      kinds.push_back(group + training::tissue_of(all.samples[i]));
    }
    const Matrix profiles =
        training::standardise(all.mirna, chosen, mirnas_, std::numeric_limits<float>::quiet_NaN());
    const std::vector<Index> folds = inner_folds();
    log_info("{}: prior of {} profiles", options_.label, chosen.size());
    return training::fit_profile_prior(
        base, {y_, cohort_of, folds, profiles, kinds},
        {.n_profiles = options_.prior_profiles, .seed = options_.seed});
  }

  /// One network takes the members' place.
  void distil_members(Fit& result) const {
    ThreadPool pool(thread_count(options_.threads));
    result.teacher = std::move(result.members);
    const Network teacher(result.teacher);
    result.members = {{1.0, training::distil(teacher, x_,
                                             {.hidden = options_.hidden,
                                              .steps = options_.distil,
                                              .learning_rate = options_.learning_rate,
                                              .seed = options_.seed,
                                              .label = options_.label},
                                             pool)}};
    result.parts = false;
    const Network network(result.members);
    log_info(
        "{}: the distilled network differs from its teacher by {:.3f} standard deviations "
        "(root mean square over training samples and miRNAs)",
        options_.label,
        std::sqrt(mean_squared_error(run_network(network, x_), run_network(teacher, x_))));
  }

  void report_ensemble() const {
    if (judge_.empty() || progress_.members.size() < 2) return;
    EpochReport report;
    judge_.judge(Network(progress_.members), report);
    log_info(
        "ensemble of {}: held out {:.4f}, median Pearson per miRNA {:.3f} pooled, {:.3f} within "
        "cohort",
        progress_.members.size(), report.validation_loss, report.median_pooled,
        report.median_within);
  }

  const TrainingPairs& pairs_;
  std::span<const Index> train_;
  const TrainOptions& options_;
  Moments genes_, mirnas_;
  Matrix x_, y_, weights_;
  Validation judge_;
  training::FitIdentity identity_;
  FitProgress progress_;
  Matrix batch_x_, batch_y_, batch_weights_;
};

}  // namespace

Fit fit(const TrainingPairs& pairs, std::span<const Index> train_samples,
        std::span<const Index> validation, const TrainOptions& options) {
  if (train_samples.size() < 2) {
    throw Error(ExitCode::bad_input,
                fmt::format("{} paired sample(s) are left to train on; at least 2 are needed, and "
                            "hundreds to learn something.",
                            train_samples.size()));
  }
  return Fitting(pairs, train_samples, validation, options).run();
}

Matrix predict_samples(const TrainingPairs& pairs, const Fit& fit, std::span<const Index> samples,
                       Matrix* spread) {
  if (samples.empty()) {  // nobody was held out
    if (spread != nullptr) spread->resize(fit.mirna_sd.size(), 0);
    return Matrix(fit.mirna_sd.size(), 0);
  }
  const Matrix x = training::standardise(pairs.mrna, samples, {fit.gene_mean, fit.gene_sd}, 0.0f);
  Matrix y = run_network(Network(fit.members), x, spread);
  if (spread != nullptr && fit.parts) spread->setZero();
  for (Index mirna = 0; mirna < y.rows(); ++mirna) {
    const double sd = fit.mirna_sd[mirna];
    if (sd > 0.0) {
      y.row(mirna) =
          (y.row(mirna).cast<double>().array() * sd + fit.mirna_mean[mirna]).cast<float>().matrix();
    } else {
      y.row(mirna).setConstant(std::numeric_limits<float>::quiet_NaN());
    }
    if (spread != nullptr) spread->row(mirna) *= static_cast<float>(sd);
  }
  return y;
}

}  // namespace sicmir
