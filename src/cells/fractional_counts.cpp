// SPDX-License-Identifier: BSD-3-Clause
#include "cells/fractional_counts.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace sicmir {
namespace {

constexpr double smallest = 0.5;  // values from here to `largest` are looked at
constexpr double largest = 3.5;
constexpr double near = 0.15;            // of a whole number; 0.3 of evenly spread values are
constexpr double enough_near = 0.5;      // share that no even spread has
constexpr std::size_t least_small = 50;  // values, for a judgement
constexpr double same_total = 0.01;      // relative deviation of totals that are scaled to one

struct Small {
  std::size_t n = 0;
  std::size_t n_near = 0;
  [[nodiscard]] bool cluster() const {
    return n >= least_small && static_cast<double>(n_near) >= enough_near * static_cast<double>(n);
  }
};

Small small_values(const Sample& sample) {
  Small small;
  for (const CellBlock& block : sample.blocks) {
    for (const float value : block.values) {
      const auto x = static_cast<double>(value);
      if (std::isnan(x) || x < smallest || x >= largest) continue;
      ++small.n;
      small.n_near += std::fabs(x - std::round(x)) < near ? 1 : 0;
    }
  }
  return small;
}

/// True if the numbers, taken out of their logarithm, are whole multiples of the least one in their
/// cell: logarithms of counts, scaled or not.
bool are_logs_of_counts(const Sample& sample, double base) {
  constexpr double tolerance = 0.02;  // relative
  constexpr double most_deviation = 0.05;
  constexpr double most = 20.0;  // beyond it, rounding of the text hides multiples
  constexpr double enough = 0.9;
  std::size_t n = 0;
  std::size_t n_whole = 0;
  for (const CellBlock& block : sample.blocks) {
    for (std::size_t cell = 0; cell + 1 < block.offsets.size(); ++cell) {
      const auto from = block.values.begin() + block.offsets[cell];
      const auto to = block.values.begin() + block.offsets[cell + 1];
      float least = 0;
      for (auto value = from; value != to; ++value) {
        if (*value > 0.0f && (least == 0.0f || *value < least)) least = *value;
      }
      if (least == 0.0f) continue;
      const auto linear = [&](float value) {
        return std::expm1(static_cast<double>(value) * std::log(base));
      };
      const double unit = linear(least);
      for (auto value = from; value != to; ++value) {
        const double multiple = linear(*value) / unit;
        if (!(multiple > 1.5 && multiple < most)) continue;
        ++n;
        n_whole += std::fabs(multiple - std::round(multiple)) <
                           std::fmin(tolerance * multiple, most_deviation)
                       ? 1
                       : 0;
      }
    }
  }
  return n > 0 && static_cast<double>(n_whole) >= enough * static_cast<double>(n);
}

struct Totals {
  double least = 0;
  double most = 0;
  std::size_t n = 0;
};

Totals range_of_totals(const Sample& sample) {
  std::vector<double> totals;
  for (const CellBlock& block : sample.blocks) {
    for (const double total : block.totals) {
      if (total > 0.0) totals.push_back(total);
    }
  }
  if (totals.empty()) return {};
  const auto [least, most] = std::minmax_element(totals.begin(), totals.end());
  return {*least, *most, totals.size()};
}

void warn(Decision& decision, WarningKind kind, std::string text, const Totals& totals) {
  decision.warnings.push_back(
      {kind, std::move(text), {{"least_total", totals.least}, {"largest_total", totals.most}}});
}

bool is_near_power_of_ten(double total) {
  const double power = std::log10(total);
  return std::fabs(power - std::round(power)) < same_total && power > 2.5;
}

}  // namespace

bool are_fractional_counts(Decision& decision, const SampleFacts& facts, const Sample& sample,
                           const std::string& file) {
  const Totals totals = range_of_totals(sample);
  if (totals.n == 0) return false;
  const bool all_same = totals.n == 1 ? is_near_power_of_ten(totals.most)
                                      : totals.most - totals.least < same_total * totals.most;
  const bool may_be_log = facts.maximum <= Normaliser::largest_log;
  if (all_same && !may_be_log) return false;
  if (small_values(sample).cluster()) {
    if (may_be_log) {
      if (all_same || are_logs_of_counts(sample, std::exp(1.0)) ||
          are_logs_of_counts(sample, 2.0) || are_logs_of_counts(sample, 10.0)) {
        return false;
      }
      throw Error(
          ExitCode::bad_input,
          fmt::format("{}: values have fractions, none is above {:.3g}, and most small ones "
                      "lie close to 1, 2 or 3. They may be counts with fractions (SoupX, "
                      "DecontX, CellBender, RSEM, alevin) or logarithms.",
                      file, facts.maximum),
          {Remedy::specify_values});
    }
    decision.values = Values::counts;
    decision.values_by = ValuesReason::fractional_counts;
    decision.values_from = ValuesFrom::user;  // fractions of later cells are no contradiction
    decision.values_reason = fmt::format(
        "with fractions: most small values lie close to 1, 2 or 3, and totals range from {:.0f} to "
        "{:.0f}",
        totals.least, totals.most);
    warn(decision, WarningKind::expected_counts,
         "the values have fractions but look like counts (SoupX, DecontX, CellBender, RSEM, "
         "alevin...) and are taken as counts; if they are TPM or FPKM, use --values linear",
         totals);
    return true;
  }
  constexpr double wide = 2.0;
  if (!may_be_log && totals.n > 1 && totals.most > wide * totals.least) {
    warn(decision, WarningKind::unequal_totals,
         fmt::format(
             "totals range from {:.4g} to {:.4g}; those of TPM over all genes would be equal. "
             "If these are counts with fractions, use --values counts",
             totals.least, totals.most),
         totals);
  }
  return false;
}

void refuse_negative_counts(const SampleFacts& facts, const Sample& sample,
                            const CellSource& source, const GeneSelection& genes) {
  if (!facts.all_whole || !facts.has_negative) return;
  constexpr std::size_t rare = 100;  // one value in so many
  std::size_t n = 0;
  std::size_t n_negative = 0;
  const CellBlock* first_block = nullptr;
  std::size_t first_at = 0;
  for (const CellBlock& block : sample.blocks) {
    n += block.values.size();
    for (std::size_t i = 0; i < block.values.size(); ++i) {
      if (block.values[i] >= 0.0f || std::isnan(block.values[i])) continue;
      if (n_negative++ > 0) continue;
      first_block = &block;
      first_at = i;
    }
  }
  if (first_block == nullptr || n_negative * rare > n) return;
  const auto& offsets = first_block->offsets;
  const auto cell = static_cast<std::size_t>(
      std::upper_bound(offsets.begin(), offsets.end(), static_cast<Index>(first_at)) -
      offsets.begin() - 1);
  const auto positions = genes.positions();
  const auto feature = static_cast<std::size_t>(
      std::find(positions.begin(), positions.end(), first_block->genes[first_at]) -
      positions.begin());
  const std::vector<std::string>& ids = source.features().columns.front().ids;
  throw Error(
      ExitCode::bad_input,
      fmt::format("{}: the values are whole numbers, but {} of them {} negative: cell '{}', "
                  "gene {} holds {}. Counts are never negative; correct the table.",
                  source.description().path, n_negative, n_negative == 1 ? "is" : "are",
                  first_block->cells[cell], feature < ids.size() ? ids[feature] : "?",
                  first_block->values[first_at]));
}

}  // namespace sicmir
