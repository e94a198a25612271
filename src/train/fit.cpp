#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numbers>

#include "parallel/thread_pool.hpp"
#include "parallel/threads.hpp"
#include "sicmir/train.hpp"
#include "train/accuracy.hpp"
#include "train/network_trainer.hpp"
#include "train/random.hpp"

namespace sicmir {

namespace {

using training::Purpose;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Moments {
  Eigen::VectorXd mean, sd;
};

/// Per line over the given columns, NaN left out; two passes in double, in order. sd: population,
/// exactly 0 for constant lines and for those with fewer than 2 values.
Moments moments(const Matrix& values, std::span<const Index> columns) {
  const Index n_lines = values.rows();
  Moments result{Eigen::VectorXd::Zero(n_lines), Eigen::VectorXd::Zero(n_lines)};
  for (Index line = 0; line < n_lines; ++line) {
    double sum = 0;
    Index n = 0;
    float low = std::numeric_limits<float>::infinity();
    float high = -low;
    for (const Index column : columns) {
      const float value = values(line, column);
      if (std::isnan(value)) continue;
      sum += static_cast<double>(value);
      ++n;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    if (n == 0) continue;
    const double mean = sum / static_cast<double>(n);
    result.mean[line] = mean;
    if (n < 2 || low == high) continue;
    double squares = 0;
    for (const Index column : columns) {
      const float value = values(line, column);
      if (!std::isnan(value)) squares += std::pow(static_cast<double>(value) - mean, 2);
    }
    result.sd[line] = std::sqrt(squares / static_cast<double>(n));
  }
  return result;
}

/// z-scores of the given columns; what is missing or does not vary becomes `otherwise`.
Matrix standardise(const Matrix& values, std::span<const Index> columns,
                   const Eigen::VectorXd& mean, const Eigen::VectorXd& sd, float otherwise) {
  Matrix result(values.rows(), static_cast<Index>(columns.size()));
  for (Index column = 0; column < result.cols(); ++column) {
    const auto from = values.col(columns[static_cast<std::size_t>(column)]);
    for (Index line = 0; line < values.rows(); ++line) {
      const bool usable = !std::isnan(from[line]) && sd[line] > 0.0;
      result(line, column) =
          usable ? static_cast<float>((static_cast<double>(from[line]) - mean[line]) / sd[line])
                 : otherwise;
    }
  }
  return result;
}

Matrix run_network(const Network& network, const Matrix& x) {
  Network::Workspace work;
  Matrix y(network.n_outputs(), x.cols());
  network.predict(x, y, work);
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

/// First and number of samples of each batch; a last batch of one is joined to the one before.
std::vector<std::pair<Index, Index>> batches(Index n, Index batch) {
  std::vector<std::pair<Index, Index>> result;
  for (Index first = 0; first < n; first += batch) {
    const Index size = std::min(batch, n - first);
    if (size == 1 && !result.empty()) {
      ++result.back().second;
    } else {
      result.emplace_back(first, size);
    }
  }
  return result;
}

/// Fraction of the full learning rate at step t = 1, 2... of `total`.
double schedule(const TrainOptions& options, Index t, Index steps_per_epoch) {
  const auto warmup = static_cast<double>(options.warmup_epochs * steps_per_epoch);
  const auto total = static_cast<double>(options.epochs * steps_per_epoch);
  const auto step = static_cast<double>(t);
  if (step <= warmup) return step / warmup;
  if (!options.cosine) return 1.0;
  const double done = (step - 1.0 - warmup) / std::max(1.0, total - warmup);
  return 0.5 * (1.0 + std::cos(std::numbers::pi * std::clamp(done, 0.0, 1.0)));
}

void check_loss(double loss, Index epoch, const TrainOptions& options) {
  if (std::isfinite(loss)) return;
  throw Error(ExitCode::bad_input,
              fmt::format("the training loss is {} in epoch {}: the fit has diverged. Lower the "
                          "learning rate (it is {}) with --learning-rate.",
                          loss, epoch, options.learning_rate));
}

/// What early stopping judges by.
class Validation {
 public:
  Validation(const TrainingPairs& pairs, std::span<const Index> samples, const Fit& fit)
      : cohorts_(cohorts_of(pairs, samples)),
        x_(standardise(pairs.mrna, samples, fit.gene_mean, fit.gene_sd, 0.0f)),
        y_(standardise(pairs.mirna, samples, fit.mirna_mean, fit.mirna_sd,
                       std::numeric_limits<float>::quiet_NaN())) {}

  void judge(const std::vector<Layer>& layers, EpochReport& report) const {
    report.validation_loss = report.median_pooled = report.median_within = nan;
    if (cohorts_.empty()) return;
    const Matrix predicted = run_network(Network(layers), x_);
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

 private:
  std::vector<std::string> cohorts_;
  Matrix x_, y_;
};

void log_epoch(const EpochReport& report, Index epochs) {
  if (std::isnan(report.validation_loss)) {
    spdlog::info("epoch {}/{}: loss {:.4f} ({:.2f} s)", report.epoch, epochs, report.train_loss,
                 report.seconds);
  } else {
    spdlog::info(
        "epoch {}/{}: loss {:.4f}, held out {:.4f}, median Pearson per miRNA {:.3f} pooled, {:.3f} "
        "within cohort ({:.2f} s)",
        report.epoch, epochs, report.train_loss, report.validation_loss, report.median_pooled,
        report.median_within, report.seconds);
  }
}

}  // namespace

Fit fit(const TrainingPairs& pairs, std::span<const Index> train_samples,
        std::span<const Index> validation, const TrainOptions& options) {
  const auto n = static_cast<Index>(train_samples.size());
  if (n < 2) {
    throw Error(ExitCode::bad_input,
                fmt::format("{} paired sample(s) are left to train on; at least 2 are needed, and "
                            "hundreds to learn something.",
                            n));
  }
  Fit result;
  Moments genes = moments(pairs.mrna, train_samples);
  Moments mirnas = moments(pairs.mirna, train_samples);
  result.gene_mean = std::move(genes.mean);
  result.gene_sd = std::move(genes.sd);
  result.mirna_mean = std::move(mirnas.mean);
  result.mirna_sd = std::move(mirnas.sd);
  const Index constant_mirnas = (result.mirna_sd.array() == 0.0).count();
  if (constant_mirnas == pairs.mirna.rows()) {
    throw Error(ExitCode::bad_input,
                fmt::format("the targets of all {} miRNAs are constant or missing over the {} "
                            "training samples; there is nothing to learn.",
                            constant_mirnas, n));
  }
  const Matrix x = standardise(pairs.mrna, train_samples, result.gene_mean, result.gene_sd, 0.0f);
  const Matrix y = standardise(pairs.mirna, train_samples, result.mirna_mean, result.mirna_sd,
                               std::numeric_limits<float>::quiet_NaN());
  const Validation judge(pairs, validation, result);

  const Index batch = std::clamp<Index>(options.batch, 2, n);
  ThreadPool pool(thread_count(options.threads));
  training::NetworkTrainer trainer({.n_inputs = x.rows(),
                                    .hidden = options.hidden,
                                    .n_outputs = y.rows(),
                                    .order = options.order,
                                    .dropout = options.dropout},
                                   batch + 1, options.seed, pool);
  const auto plan = batches(n, batch);
  const auto steps_per_epoch = static_cast<Index>(plan.size());
  Matrix batch_x(x.rows(), batch + 1);
  Matrix batch_y(y.rows(), batch + 1);
  std::vector<Index> order(static_cast<std::size_t>(n));
  double best = std::numeric_limits<double>::infinity();
  Index t = 0;
  const Index last = options.stop_after > 0 ? options.stop_after : options.epochs;
  for (Index epoch = 1; epoch <= last; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    for (Index i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
    training::Random(training::key(options.seed, Purpose::order, static_cast<std::uint64_t>(epoch)))
        .shuffle(order);
    EpochReport report{.epoch = epoch};
    for (const auto& [first, size] : plan) {
      for (Index i = 0; i < size; ++i) {
        const Index sample = order[static_cast<std::size_t>(first + i)];
        batch_x.col(i) = x.col(sample);
        batch_y.col(i) = y.col(sample);
      }
      ++t;
      const double rate = options.learning_rate * schedule(options, t, steps_per_epoch);
      const double loss = trainer.step(
          batch_x.leftCols(size), batch_y.leftCols(size),
          training::adam_rule(rate, options.weight_decay, t),
          training::key(options.seed, Purpose::dropout, static_cast<std::uint64_t>(t)));
      check_loss(loss, epoch, options);
      report.train_loss += loss * static_cast<double>(size) / static_cast<double>(n);
    }
    const std::vector<Layer> layers = trainer.layers();
    judge.judge(layers, report);
    report.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    log_epoch(report, last);
    result.history.push_back(report);
    const bool judged = !std::isnan(report.validation_loss);
    if (!judged || report.validation_loss < best) {
      best = report.validation_loss;
      result.best_epoch = epoch;
      result.members = {{1.0, layers}};
    } else if (epoch - result.best_epoch >= options.patience) {
      spdlog::info("no better loss on held-out patients for {} epochs: back to epoch {}",
                   options.patience, result.best_epoch);
      break;
    }
  }
  return result;
}

Matrix predict_samples(const TrainingPairs& pairs, const Fit& fit, std::span<const Index> samples) {
  Matrix y = run_network(Network(fit.members),
                         standardise(pairs.mrna, samples, fit.gene_mean, fit.gene_sd, 0.0f));
  for (Index mirna = 0; mirna < y.rows(); ++mirna) {
    const double sd = fit.mirna_sd[mirna];
    if (sd > 0.0) {
      y.row(mirna) =
          (y.row(mirna).cast<double>().array() * sd + fit.mirna_mean[mirna]).cast<float>().matrix();
    } else {
      y.row(mirna).setConstant(std::numeric_limits<float>::quiet_NaN());
    }
  }
  return y;
}

}  // namespace sicmir
