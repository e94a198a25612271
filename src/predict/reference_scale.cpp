// SPDX-License-Identifier: BSD-3-Clause
#include "predict/reference_scale.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "base/joined.hpp"
#include "base/log.hpp"
#include "statistics/median.hpp"

namespace sicmir {
namespace {

// Beyond these, values are in another unit than was thought, or samples are single cells.
constexpr double most_median_z = 1.5;
constexpr double most_range_z = 4.0;

/// Adding a platform's offsets to values is subtracting them from the means that values are
/// compared to.
Eigen::VectorXd reference_mean(const Model& model, const std::string& platform) {
  if (platform.empty()) return model.gene_mean;
  const auto found = model.platform_offsets.find(platform);
  if (found == model.platform_offsets.end()) {
    std::vector<std::string> known;
    for (const auto& entry : model.platform_offsets) known.push_back(entry.first);
    throw Error(ExitCode::usage,
                fmt::format("model {} does not know platform {}; it knows {}.", model.name,
                            platform, known.empty() ? "none" : joined(known, ", ")),
                {Remedy::choose_platform});
  }
  return model.gene_mean - found->second;
}

/// `present`: the genes that are compared, 1 or 0.
ReferenceFit fit_of(const Sample& sample, const Normaliser& normaliser, const Eigen::VectorXd& mean,
                    const Eigen::VectorXd& sd, std::span<const std::uint8_t> present) {
  std::vector<float> z;
  const Standardiser standardiser(mean, sd, present);
  for (const CellBlock& raw : sample.blocks) {
    CellBlock block = raw;
    normaliser.apply(block);
    Matrix input(mean.size(), block.size());
    standardiser.apply(block, input);
    for (Index cell = 0; cell < block.size(); ++cell) {
      if (block.totals[static_cast<std::size_t>(cell)] == 0.0) continue;
      for (Index gene = 0; gene < input.rows(); ++gene) {
        if (present[static_cast<std::size_t>(gene)] != 0 && sd[gene] > 0.0) {
          z.push_back(input(gene, cell));
        }
      }
    }
  }
  if (z.empty()) return {};
  const auto quantile = [&](double fraction) {
    const auto at = z.begin() + std::lround(fraction * static_cast<double>(z.size() - 1));
    std::nth_element(z.begin(), at, z.end());
    return static_cast<double>(*at);
  };
  const double middle = quantile(0.5);
  return {middle, quantile(0.75) - quantile(0.25)};
}

// Half of the samples must have this share of the input's panel genes, and, if values are counts,
// this many reads. TCGA's tumours have 0.98 and 3e7; deep Smart-seq2 cells 0.6.
constexpr double bulk_detected = 0.85;
constexpr double bulk_reads = 1e6;
// Pooled cells look like bulk, but their median z is -1.3 (10x): such are better off by themselves.
constexpr double most_bulk_median_z = 0.75;
constexpr double most_bulk_range_z = 2.5;

/// Upper median over the samples of the share of the input's panel genes that are not zero.
double detected_share(const Sample& sample, const GeneSelection& genes) {
  const auto n_present =
      static_cast<double>(std::count(genes.present().begin(), genes.present().end(), 1));
  std::vector<double> shares;
  for (const CellBlock& block : sample.blocks) {
    for (std::size_t cell = 0; cell + 1 < block.offsets.size(); ++cell) {
      shares.push_back(static_cast<double>(block.offsets[cell + 1] - block.offsets[cell]) /
                       n_present);
    }
  }
  return upper_median(std::move(shares));
}

bool is_bulk(const PreparedInput& input) {
  const Sample& sample = input.sample();
  return detected_share(sample, input.genes()) >= bulk_detected &&
         (input.decision().values != Values::counts ||
          sample_facts(sample, input.genes()).median_total >= bulk_reads);
}

bool has_quartiles(const Sample& sample) {
  return std::all_of(sample.blocks.begin(), sample.blocks.end(),
                     [](const CellBlock& block) { return !block.upper_quartiles.empty(); });
}

/// Few counts leave genes at 0, which no offset mends; ranks bear it better (docs/accuracy.md, "Few
/// counts").
void advise_ranks(const Model& model, const ReferenceFit& fit, const PreparedInput& input) {
  if (model.rank_profiles.empty() || input.decision().values != Values::counts ||
      fit.median > -most_bulk_median_z) {
    return;
  }
  std::vector<std::string> names;
  for (const auto& entry : model.rank_profiles) names.push_back(entry.first);
  log_warning(
      "{}: a median z of {:.2f} is that of few counts, as in pools of single cells; a platform "
      "that "
      "goes by ranks ({}) compares them more accurately",
      input.file(), fit.median, joined(names, ", "));
}

void judge(const ReferenceFit& fit, const std::string& file, bool force) {
  log_info("against the training samples: median z {:.2f}, interquartile range {:.2f}", fit.median,
           fit.interquartile_range);
  const bool is_far =
      std::fabs(fit.median) > most_median_z || fit.interquartile_range > most_range_z;
  if (!is_far) return;
  const std::string what = fmt::format(
      "{}: compared with the model's training samples, the genes have a median z of {:.2f} and an "
      "interquartile range of {:.2f} (at most {} and {} were expected). Either the values are not "
      "in the unit they were taken for, or these are single cells, which must be pooled first or "
      "standardised among themselves",
      file, fit.median, fit.interquartile_range, most_median_z, most_range_z);
  if (!force) {
    throw Error(ExitCode::bad_input, what + ".",
                {Remedy::specify_values, Remedy::specify_log_base, Remedy::use_dataset_scale,
                 Remedy::force_scale});
  }
  log_warning("{}", what);
}

}  // namespace

void prefer_reference_for_bulk(const Model& model, PreparedInput& input) {
  const ReadingOptions& options = input.options();
  const Decision decision = input.decision();
  const bool is_open = options.scale == Scale::automatic && options.moments.empty() &&
                       decision.scale == Scale::dataset && decision.values != Values::zscore;
  const bool has_reference =
      (model.gene_mean.array().isFinite() && model.gene_sd.array() > 0.0).any();
  if (!is_open || !has_reference || !is_bulk(input)) return;
  if (!has_quartiles(input.sample())) {
    input.keep_dataset(
        ScaleReason::too_many_for_bulk,
        fmt::format(
            "{}; bulk samples, but more than the {} that are compared with the training samples "
            "unless that is asked for",
            decision.scale_reason, most_bulk_samples));
    return;
  }
  const double log_base =
      decision.values == Values::log ? (options.log_base > 0 ? options.log_base : 2.0) : 0.0;
  const Normaliser normaliser(decision.values, Scale::reference, model.recipe, log_base,
                              model.panel, input.file(), decision.values_from);
  const ReferenceFit fit =
      fit_of(input.sample(), normaliser, model.gene_mean, model.gene_sd, input.genes().present());
  if (std::fabs(fit.median) > most_bulk_median_z || fit.interquartile_range > most_bulk_range_z) {
    input.keep_dataset(
        ScaleReason::unlike_reference,
        fmt::format("{}; bulk samples or pools, but unlike the training samples: median z {:.2f}, "
                    "interquartile range {:.2f}",
                    decision.scale_reason, fit.median, fit.interquartile_range));
    return;
  }
  input.use_reference(log_base, ScaleReason::bulk, "bulk samples, as the model was trained on");
}

std::optional<RankProfile> ranks_of(const Model& model, const PreparedInput& input) {
  const ReadingOptions& options = input.options();
  if (!options.platform.empty() && input.decision().scale != Scale::reference) {
    throw Error(ExitCode::usage,
                fmt::format("platform {}: offsets between platforms are in the model's unit, which "
                            "only the reference scale uses.",
                            options.platform),
                {Remedy::use_reference_scale});
  }
  const auto found = model.rank_profiles.find(options.platform);
  if (found == model.rank_profiles.end()) return std::nullopt;
  RankProfile profile = found->second;
  Index n_here = 0;
  for (std::size_t gene = 0; gene < profile.genes.size(); ++gene) {
    profile.genes[gene] &= input.genes().present()[gene];
    n_here += profile.genes[gene];
  }
  const auto n_known = static_cast<Index>(profile.quantiles.size());
  if (n_here < 2 ||
      static_cast<double>(n_here) < options.genes.min_panel * static_cast<double>(n_known)) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: has {} of the {} genes by whose ranks model {} compares platform "
                            "{}; at least {:.0f} % were expected.",
                            input.file(), n_here, n_known, model.name, options.platform,
                            100.0 * options.genes.min_panel),
                {Remedy::allow_missing_genes});
  }
  log_info("platform {}: values are compared by their ranks among {} genes", options.platform,
           n_here);
  return profile;
}

ReferenceScale against_reference(const Model& model, const PreparedInput& input,
                                 const std::optional<RankProfile>& ranks) {
  const ReadingOptions& options = input.options();
  const Eigen::VectorXd mean = reference_mean(model, options.platform);
  const Index n_known = (mean.array().isFinite() && model.gene_sd.array() > 0.0).count();
  if (n_known == 0) {
    throw Error(ExitCode::usage,
                fmt::format("model {} has no mean and standard deviation of its training samples, "
                            "so nothing can be compared with them.",
                            model.name),
                {Remedy::use_dataset_scale, Remedy::give_moments});
  }
  if (n_known < mean.size()) {
    log_info(
        "model {} has the training mean and standard deviation of {} of {} genes; the others count "
        "as average",
        model.name, n_known, mean.size());
  }
  const std::span<const std::uint8_t> compared =
      ranks ? std::span<const std::uint8_t>(ranks->genes) : input.genes().present();
  const ReferenceFit fit =
      fit_of(input.sample(), input.normaliser(), mean, model.gene_sd, compared);
  if (!ranks) advise_ranks(model, fit, input);
  judge(fit, input.file(), options.force_scale);
  return {Standardiser(mean, model.gene_sd, compared), fit};
}

}  // namespace sicmir
