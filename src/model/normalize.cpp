// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/normalize.hpp"

#include <fmt/core.h>

#include <array>
#include <cmath>
#include <utility>

#include "model/value_words.hpp"

namespace sicmir {
namespace {

constexpr double target_total = 1e4;  // counts per cell after scaling, as scanpy and Seurat have it

/// ln(1 + value * scale) with the answers for small whole counts, by far the most frequent, kept.
class LogOfScaled {
 public:
  explicit LogOfScaled(double scale) : scale_(scale) { known_.fill(-1.0f); }
  float operator()(float value) {
    const auto whole = value < 16.0f ? static_cast<std::size_t>(value) : known_.size();
    if (whole < known_.size() && static_cast<float>(whole) == value) {
      float& known = known_[whole];
      if (known < 0.0f) known = compute(value);
      return known;
    }
    return compute(value);
  }

 private:
  [[nodiscard]] float compute(float value) const {
    return static_cast<float>(std::log1p(static_cast<double>(value) * scale_));
  }
  double scale_;
  std::array<float, 16> known_{};
};

}  // namespace

std::string_view to_string(Values values) noexcept {
  return values_words.word(values);
}

std::string_view to_string(Scale scale) noexcept {
  return scale_words.word(scale);
}

Normaliser::Normaliser(Values values, Scale scale, const UnitRecipe& recipe, double log_base,
                       const GenePanel& panel, std::string file, ValuesFrom from,
                       std::optional<RankProfile> ranks)
    : values_(values),
      scale_(scale),
      recipe_(recipe),
      log_base_(log_base),
      panel_(&panel),
      file_(std::move(file)),
      from_(from),
      ranks_(std::move(ranks)) {}

void Normaliser::check(const CellBlock& block, std::size_t cell) const {
  const bool may_be_negative = values_ == Values::log || values_ == Values::zscore;
  for (Index i = block.offsets[cell]; i < block.offsets[cell + 1]; ++i) {
    const float value = block.values[static_cast<std::size_t>(i)];
    if (std::isfinite(value) && (may_be_negative || value >= 0.0f)) continue;
    const auto gene = static_cast<std::size_t>(block.genes[static_cast<std::size_t>(i)]);
    const std::string message = fmt::format(
        "{}: cell {} ('{}'), gene {}: found {}, but the values were taken to be {}, which must be "
        "finite{}. Correct the value or leave the cell out.",
        file_, block.first + static_cast<Index>(cell) + 1, block.cells[cell],
        panel_->genes[gene].symbol, value, to_string(values_),
        may_be_negative ? " numbers" : " and not negative");
    if (may_be_negative) throw Error(ExitCode::bad_input, message);
    throw Error(ExitCode::bad_input, message, {Remedy::specify_values});
  }
  if (!may_be_negative && !(std::isfinite(block.totals[cell]) && block.totals[cell] >= 0.0)) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: cell {} ('{}'): its total over all genes is {}, so some gene's "
                            "value is missing, infinite or negative, but the values were taken to "
                            "be {}. Correct the values.",
                            file_, block.first + static_cast<Index>(cell) + 1, block.cells[cell],
                            block.totals[cell], to_string(values_)),
                {Remedy::specify_values});
  }
  if (from_ == ValuesFrom::sample) check_judged(block, cell);
}

void Normaliser::check_judged(const CellBlock& block, std::size_t cell) const {
  const bool counts = values_ == Values::counts;
  if (!counts && values_ != Values::log) return;
  const auto refuse = [&](const std::string& what, double found) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: cell {} ('{}'), {} {}, but the sampled cells contain {}, so the "
                            "values were taken to be {}.",
                            file_, block.first + static_cast<Index>(cell) + 1, block.cells[cell],
                            what, found,
                            counts ? std::string("whole numbers only")
                                   : fmt::format("values from 0 to {} only", largest_log),
                            to_string(values_)),
                {Remedy::specify_values});
  };
  for (Index i = block.offsets[cell]; i < block.offsets[cell + 1]; ++i) {
    const float value = block.values[static_cast<std::size_t>(i)];
    const bool holds = counts ? value == std::floor(value) : value >= 0.0f && value <= largest_log;
    if (holds) continue;
    const auto gene = static_cast<std::size_t>(block.genes[static_cast<std::size_t>(i)]);
    refuse(fmt::format("gene {}: found", panel_->genes[gene].symbol), static_cast<double>(value));
  }
  // Fractions of genes outside the panel.
  const double total = block.totals[cell];
  if (counts && total != std::floor(total)) refuse("its total over all genes is", total);
}

void Normaliser::check(const CellBlock& block) const {
  for (std::size_t cell = 0; cell + 1 < block.offsets.size(); ++cell) check(block, cell);
}

/// What a block does not store is 0 and has a rank, too.
void Normaliser::apply_ranks(CellBlock& block) const {
  const RankProfile& profile = *ranks_;
  Eigen::VectorXf sample(static_cast<Index>(profile.genes.size()));
  std::vector<Index> offsets = {0};
  std::vector<PanelPosition> genes;
  std::vector<float> values;
  for (std::size_t cell = 0; cell + 1 < block.offsets.size(); ++cell) {
    check(block, cell);
    sample.setZero();
    for (Index i = block.offsets[cell]; i < block.offsets[cell + 1]; ++i) {
      const auto at = static_cast<std::size_t>(i);
      sample[static_cast<Index>(block.genes[at])] = block.values[at];
    }
    profile.apply(sample);
    for (std::size_t gene = 0; gene < profile.genes.size(); ++gene) {
      if (profile.genes[gene] == 0) continue;
      genes.push_back(static_cast<PanelPosition>(gene));
      values.push_back(sample[static_cast<Index>(gene)]);
    }
    offsets.push_back(static_cast<Index>(genes.size()));
  }
  block.offsets = std::move(offsets);
  block.genes = std::move(genes);
  block.values = std::move(values);
}

void Normaliser::apply(CellBlock& block) const {
  if (ranks_ && scale_ == Scale::reference) {
    apply_ranks(block);
    return;
  }
  const bool to_reference = scale_ == Scale::reference && values_ != Values::zscore;
  for (std::size_t cell = 0; cell + 1 < block.offsets.size(); ++cell) {
    check(block, cell);
    const std::span<float> values(
        block.values.data() + block.offsets[cell],
        static_cast<std::size_t>(block.offsets[cell + 1] - block.offsets[cell]));
    if (to_reference) {
      const bool is_log = values_ == Values::log;
      const auto linear = [&](double value) {
        return is_log ? std::pow(log_base_, value) - 1.0 : value;
      };
      const double quartile = linear(block.upper_quartiles[cell]);
      const double scale = quartile > 0.0 ? recipe_.factor / quartile : 0.0;
      for (float& value : values) {
        const double scaled = linear(static_cast<double>(value)) * scale;
        value = static_cast<float>(std::log2(1.0 + std::fmax(scaled, 0.0)));
      }
    } else if (values_ == Values::counts) {
      const double total = block.totals[cell];
      LogOfScaled log_of(total > 0.0 ? target_total / total : 0.0);
      for (float& value : values) value = log_of(value);
    } else if (values_ == Values::linear) {
      for (float& value : values) {
        value = static_cast<float>(std::log1p(static_cast<double>(value)));
      }
    }
  }
}

Standardiser::Standardiser(Index n_genes)
    : mean_(Eigen::VectorXd::Zero(n_genes)),
      inverse_sd_(Eigen::VectorXd::Ones(n_genes)),
      zero_(Eigen::VectorXf::Zero(n_genes)) {}

Standardiser::Standardiser(const Eigen::VectorXd& mean, const Eigen::VectorXd& sd,
                           std::span<const std::uint8_t> present)
    : mean_(mean), inverse_sd_(Eigen::VectorXd::Zero(mean.size())) {
  for (Index gene = 0; gene < mean.size(); ++gene) {
    // A mean that is not known (NaN) stands for a gene that cannot be standardised.
    const bool usable = present[static_cast<std::size_t>(gene)] != 0 && sd[gene] > 0.0;
    if (usable) {
      inverse_sd_[gene] = 1.0 / sd[gene];
    } else {
      mean_[gene] = 0.0;
    }
  }
  zero_ = (-mean_.array() * inverse_sd_.array() + 0.0).cast<float>();  // + 0.0: no negative zeros
}

void Standardiser::apply(const CellBlock& block, Eigen::Ref<Matrix> out) const {
  for (Index cell = 0; cell < block.size(); ++cell) apply(block, cell, out.col(cell));
}

void Standardiser::apply(const CellBlock& block, Index cell,
                         Eigen::Ref<Eigen::VectorXf> out) const {
  out = zero_;
  const auto at = static_cast<std::size_t>(cell);
  for (Index i = block.offsets[at]; i < block.offsets[at + 1]; ++i) {
    const auto gene = static_cast<Index>(block.genes[static_cast<std::size_t>(i)]);
    const auto value = static_cast<double>(block.values[static_cast<std::size_t>(i)]);
    out[gene] = static_cast<float>((value - mean_[gene]) * inverse_sd_[gene]);
  }
}

}  // namespace sicmir
