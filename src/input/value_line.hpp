// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The numbers of one line of a text table.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "input/table_layout.hpp"
#include "text/number_run.hpp"

namespace sicmir {

/// A line that is being read.
struct ValueLine {
  std::string_view text;   ///< without blanks and separators at its end that open no field
  std::uint64_t number;    ///< in the file
  const char* at;          ///< where its next value begins
  std::size_t n_read = 0;  ///< values

  [[nodiscard]] const char* end() const noexcept { return text.data() + text.size(); }
};

/// Reads lines as a layout describes them. The layout outlives the reader.
class ValueLineReader {
 public:
  ValueLineReader(const TableLayout& layout, std::string file);

  /// Cuts the leading columns off `line` and puts them, as they stand in the file, into `leading`.
  /// The line must have come from LineReader.
  ValueLine begin_line(std::string_view line, std::uint64_t number,
                       std::vector<std::string_view>& leading) const;

  /// Reads the next values, as many as `values` holds: at most what is left of the layout's.
  /// Throws Error(bad_input), naming line and column, for text and for too few or many fields.
  void read_values(ValueLine& line, std::span<double> values) const;

  /// All values of two lines, which takes less time than one after the other. Of two broken ones,
  /// the first is reported.
  void read_lines(ValueLine& first, std::span<double> values, ValueLine& second,
                  std::span<double> second_values) const;

  /// Calls `on_value(i, value)` for each of the layout's values from the left.
  template <class OnValue>
  void for_each_value(ValueLine& line, OnValue&& on_value) const {
    std::array<double, 256> values;  // NOLINT(cppcoreguidelines-pro-type-member-init): written
    for (std::size_t first = 0; first < n_values_; first += values.size()) {
      const std::size_t count = std::min(values.size(), n_values_ - first);
      read_values(line, std::span(values).first(count));
      for (std::size_t i = 0; i < count; ++i) on_value(first + i, values[i]);
    }
  }

 private:
  NumberRun run_of(const ValueLine& line, std::span<double> values) const;
  /// To behind what `run` has read; returns how many of `values` that are.
  std::size_t advance(ValueLine& line, const NumberRun& run, std::span<double> values) const;
  const char* behind_separator(const ValueLine& line, const char* separator) const;
  void read_value(ValueLine& line, double& value) const;
  /// Past the fields that are not read.
  void pass_left_out(ValueLine& line) const;
  const char* read_long_value(const ValueLine& line, double& value) const;
  [[noreturn]] void fail_count(const ValueLine& line) const;

  const TableLayout& layout_;
  std::string file_;
  std::size_t n_values_;  // that are read
  std::size_t n_fields_;  // behind the leading ones
  bool plain_;            // all fields are read, and no number has thousands separators
};

}  // namespace sicmir
