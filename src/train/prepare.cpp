// SPDX-License-Identifier: BSD-3-Clause
#include "train/prepare.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/random.hpp"

namespace sicmir::training {

namespace {

/// Poisson variate: by products of uniforms (Knuth) below a mean of 30, by the normal approximation
/// above.
double poisson(double mean, Random& random) {
  if (mean < 30.0) {
    const double stop = std::exp(-mean);
    double product = 1.0;
    double count = -1.0;
    do {
      product *= static_cast<double>(random.uniform());
      count += 1.0;
    } while (product > stop);
    return count;
  }
  const double u = 1.0 - static_cast<double>(random.uniform());
  const double angle = 2.0 * std::numbers::pi * static_cast<double>(random.uniform());
  const double normal = std::sqrt(-2.0 * std::log(u)) * std::cos(angle);
  return std::max(0.0, std::round(mean + std::sqrt(mean) * normal));
}

}  // namespace

Moments moments(const Matrix& values, std::span<const Index> columns,
                const Eigen::VectorXd& given_mean, const Eigen::VectorXd& given_sd) {
  const Index n_lines = values.rows();
  if ((given_mean.size() != 0 && given_mean.size() != n_lines) ||
      given_mean.size() != given_sd.size()) {
    throw Error(ExitCode::internal, "given moments that do not fit the data");
  }
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
    const bool given =
        given_mean.size() > 0 && !std::isnan(given_mean[line]) && !std::isnan(given_sd[line]);
    const double mean = sum / static_cast<double>(n);
    result.mean[line] = given ? given_mean[line] : mean;
    if (n < 2 || low == high) continue;
    if (given) {
      result.sd[line] = given_sd[line];
      continue;
    }
    double squares = 0;
    for (const Index column : columns) {
      const float value = values(line, column);
      if (!std::isnan(value)) squares += std::pow(static_cast<double>(value) - mean, 2);
    }
    result.sd[line] = std::sqrt(squares / static_cast<double>(n));
  }
  return result;
}

Matrix standardise(const Matrix& values, std::span<const Index> columns, const Moments& moments,
                   float otherwise) {
  Matrix result(values.rows(), static_cast<Index>(columns.size()));
  for (Index column = 0; column < result.cols(); ++column) {
    const auto from = values.col(columns[static_cast<std::size_t>(column)]);
    for (Index line = 0; line < values.rows(); ++line) {
      const double sd = moments.sd[line];
      const bool usable = !std::isnan(from[line]) && sd > 0.0;
      result(line, column) =
          usable ? static_cast<float>((static_cast<double>(from[line]) - moments.mean[line]) / sd)
                 : otherwise;
    }
  }
  return result;
}

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

double schedule(const TrainOptions& options, Index t, Index steps_per_epoch) {
  const auto warmup = static_cast<double>(options.warmup_epochs * steps_per_epoch);
  const auto total = static_cast<double>(options.epochs * steps_per_epoch);
  const auto step = static_cast<double>(t);
  if (step <= warmup) return step / warmup;
  if (!options.cosine) return 1.0;
  const double done = (step - 1.0 - warmup) / std::max(1.0, total - warmup);
  return 0.5 * (1.0 + std::cos(std::numbers::pi * std::clamp(done, 0.0, 1.0)));
}

Augmenter::Augmenter(const Matrix& mrna, const Moments& genes, const TrainOptions& options,
                     std::uint64_t seed)
    : mrna_(mrna),
      genes_(genes),
      mask_genes_(options.mask_genes),
      thin_(options.thin),
      thin_counts_(options.thin_counts),
      seed_(seed) {}

void Augmenter::apply(Eigen::Ref<Eigen::VectorXf> z, Index sample, Index step, Index place) const {
  const auto a = static_cast<std::uint64_t>(step);
  const auto b = static_cast<std::uint64_t>(place);
  if (thin_ > 0.0) thin(z, sample, key(seed_, Purpose::thin, a, b));
  if (mask_genes_ > 0.0) {
    Random random(key(seed_, Purpose::mask, a, b));
    for (float& value : z) {
      if (static_cast<double>(random.uniform()) < mask_genes_) value = 0.0F;
    }
  }
}

void Augmenter::thin(Eigen::Ref<Eigen::VectorXf> z, Index sample, std::uint64_t sample_key) const {
  Random random(sample_key);
  if (static_cast<double>(random.uniform()) >= thin_) return;
  const auto linear = [&](Index gene) {
    const double value = std::exp2(static_cast<double>(mrna_(gene, sample))) - 1.0;
    return value > 0.0 ? value : 0.0;  // also what is NaN
  };
  double total = 0.0;
  for (Index gene = 0; gene < z.size(); ++gene) total += linear(gene);
  if (!(total > 0.0)) return;
  const double scale = thin_counts_ / total;
  for (Index gene = 0; gene < z.size(); ++gene) {
    if (std::isnan(mrna_(gene, sample)) || !(genes_.sd[gene] > 0.0)) continue;
    const double value = std::log2(1.0 + poisson(linear(gene) * scale, random) / scale);
    z[gene] = static_cast<float>((value - genes_.mean[gene]) / genes_.sd[gene]);
  }
}

}  // namespace sicmir::training
