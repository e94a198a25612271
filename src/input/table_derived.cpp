// SPDX-License-Identifier: BSD-3-Clause
#include "input/table_derived.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "input/column_names.hpp"

namespace sicmir {
namespace {

/// True if in every line the column is the sum of the other columns that still count.
bool is_sum_of_others(std::span<const ColumnSample> columns, std::size_t which,
                      std::span<const double> sums, std::span<const std::uint8_t> complete,
                      std::size_t least_lines) {
  constexpr double tolerance = 1e-6;
  std::size_t n = 0;
  const std::vector<double>& own = columns[which].numbers;
  for (std::size_t line = 0; line < own.size() && line < sums.size(); ++line) {
    if (complete[line] == 0 || std::isnan(own[line])) continue;
    const double others = sums[line] - own[line];
    if (std::fabs(others - own[line]) > tolerance * std::fmax(1.0, std::fabs(others))) return false;
    n += own[line] != 0.0 ? 1 : 0;
  }
  return n >= least_lines;
}

/// What a column may be of a range of others.
enum class Summary : std::uint8_t { sum, mean, deviation };

/// Numbers of the columns that hold values, line by line, with their running sums.
class Ranges {
 public:
  Ranges(std::span<const ColumnSample> columns, std::vector<std::size_t> others, std::size_t which)
      : others_(std::move(others)) {
    const std::vector<double>& own = columns[which].numbers;
    for (std::size_t line = 0; line < own.size(); ++line) {
      if (!(std::fabs(own[line]) >= least_value)) continue;  // nor NaN
      std::vector<double> sums = {0.0};
      std::vector<double> squares = {0.0};
      for (const std::size_t c : others_) {
        const double value = line < columns[c].numbers.size() ? columns[c].numbers[line] : NAN;
        sums.push_back(sums.back() + value);
        squares.push_back(squares.back() + value * value);
      }
      if (std::isnan(sums.back())) continue;
      own_.push_back(own[line]);
      sums_.push_back(std::move(sums));
      squares_.push_back(std::move(squares));
    }
  }

  /// True if in each line the column is the `summary` of the others from `first` up to `last`.
  [[nodiscard]] bool is(Summary summary, std::size_t first, std::size_t last) const {
    constexpr std::size_t least_lines = 10;
    if (own_.size() < least_lines) return false;
    std::size_t n_different = 0;
    for (std::size_t line = 0; line < own_.size(); ++line) {
      const auto n = static_cast<double>(last - first);
      const double sum = sums_[line][last] - sums_[line][first];
      const double square = squares_[line][last] - squares_[line][first];
      const double deviation = std::sqrt(std::fmax(0.0, (square - sum * sum / n) / (n - 1)));
      const double expected = summary == Summary::sum    ? sum
                              : summary == Summary::mean ? sum / n
                                                         : deviation;
      const double most = std::fmax(two_decimals, relative * std::fabs(expected));
      if (!(std::fabs(own_[line] - expected) <= most)) return false;
      n_different += deviation > 10 * most ? 1 : 0;
    }
    return n_different * 2 > own_.size();  // the same sample twice has itself for a mean
  }
  [[nodiscard]] std::size_t size() const noexcept { return others_.size(); }

 private:
  static constexpr double least_value = 1.0;
  static constexpr double two_decimals = 0.0125;  // rounded once for the samples, once for these
  static constexpr double relative = 1e-6;
  std::vector<std::size_t> others_;
  std::vector<double> own_;
  std::vector<std::vector<double>> sums_, squares_;
};

/// The meaning of a column that is computed of neighbours; values: it is not.
ColumnMeaning summary_of_range(const Ranges& ranges) {
  for (std::size_t first = 0; first < ranges.size(); ++first) {
    for (std::size_t last = first + 2; last <= ranges.size(); ++last) {
      if (ranges.is(Summary::sum, first, last)) return ColumnMeaning::total;
      if (ranges.is(Summary::mean, first, last) || ranges.is(Summary::deviation, first, last)) {
        return ColumnMeaning::statistic;
      }
    }
  }
  return ColumnMeaning::values;
}

std::vector<std::size_t> columns_of_values(std::span<const ColumnMeaning> meanings) {
  std::vector<std::size_t> found;
  for (std::size_t c = 0; c < meanings.size(); ++c) {
    if (meanings[c] == ColumnMeaning::values) found.push_back(c);
  }
  return found;
}

}  // namespace

void mark_sums(std::span<const ColumnSample> columns, std::size_t least_lines,
               std::vector<ColumnMeaning>& meanings) {
  constexpr std::ptrdiff_t least_columns = 3;
  if (std::count(meanings.begin(), meanings.end(), ColumnMeaning::values) < least_columns) return;
  std::size_t n_lines = 0;
  for (const ColumnSample& column : columns) n_lines = std::max(n_lines, column.numbers.size());
  std::vector<double> sums(n_lines, 0.0);
  std::vector<std::uint8_t> complete(n_lines, 1);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (meanings[c] != ColumnMeaning::values) continue;
    for (std::size_t line = 0; line < n_lines; ++line) {
      const std::vector<double>& own = columns[c].numbers;
      if (line >= own.size() || std::isnan(own[line])) {
        complete[line] = 0;
      } else {
        sums[line] += own[line];
      }
    }
  }
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (meanings[c] == ColumnMeaning::values &&
        is_sum_of_others(columns, c, sums, complete, least_lines)) {
      meanings[c] = ColumnMeaning::total;
      return;  // a second one would be its copy
    }
  }
}

void mark_summaries(std::span<const ColumnSample> columns, std::vector<ColumnMeaning>& meanings) {
  constexpr std::size_t least = 3;
  constexpr std::size_t most = 200;
  const std::vector<std::size_t> candidates = columns_of_values(meanings);
  if (candidates.size() < least || candidates.size() > most) return;
  bool any = false;
  for (const std::size_t c : candidates) {
    std::vector<std::size_t> others = columns_of_values(meanings);
    std::erase(others, c);
    meanings[c] = summary_of_range(Ranges(columns, std::move(others), c));
    any = any || meanings[c] != ColumnMeaning::values;
  }
  if (!any) return;
  for (const std::size_t c : columns_of_values(meanings)) {
    if (names_summary(normalised_name(columns[c].name))) meanings[c] = ColumnMeaning::statistic;
  }
}

}  // namespace sicmir
