// SPDX-License-Identifier: BSD-3-Clause
#include "input/value_line.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/printable.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

ValueLineReader::ValueLineReader(const TableLayout& layout, std::string file)
    : layout_(layout),
      file_(std::move(file)),
      n_values_(layout.n_values()),
      n_fields_(layout.n_value_fields()),
      plain_(layout.left_out.empty() && layout.rules.thousands == '\0') {}

ValueLine ValueLineReader::begin_line(std::string_view line, std::uint64_t number,
                                      std::vector<std::string_view>& leading) const {
  if (layout_.rules.blanks()) {
    while (line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
    while (line.starts_with(' ') || line.starts_with('\t')) line.remove_prefix(1);
  } else if (layout_.trailing_separator && line.ends_with(layout_.rules.separator)) {
    line.remove_suffix(1);
  }
  leading.clear();
  ValueLine begun{line, number, line.data()};
  for (std::size_t c = 0; c < layout_.leading.size(); ++c) {
    const char* stop = end_of_field(begun.at, begun.end(), layout_.rules);
    leading.emplace_back(begun.at, static_cast<std::size_t>(stop - begun.at));
    if (stop == begun.end()) fail_count(begun);
    begun.at = behind_separator(begun, stop);
  }
  if (!plain_) pass_left_out(begun);
  return begun;
}

void ValueLineReader::read_values(ValueLine& line, std::span<double> values) const {
  for (std::size_t n = 0; n < values.size();) {
    NumberRun run = run_of(line, values.subspan(n));
    read_numbers(run, layout_.rules);
    n += advance(line, run, values.subspan(n));
    if (n < values.size()) read_value(line, values[n++]);
  }
}

void ValueLineReader::read_lines(ValueLine& first, std::span<double> values, ValueLine& second,
                                 std::span<double> second_values) const {
  const ValueLine begun = first;
  std::size_t n = 0;
  std::size_t n_second = 0;
  try {
    while (n < values.size() && n_second < second_values.size()) {
      NumberRun run = run_of(first, values.subspan(n));
      NumberRun second_run = run_of(second, second_values.subspan(n_second));
      read_numbers(run, second_run, layout_.rules);
      n += advance(first, run, values.subspan(n));
      n_second += advance(second, second_run, second_values.subspan(n_second));
      if (n < values.size()) read_value(first, values[n++]);
      if (n_second < second_values.size()) read_value(second, second_values[n_second++]);
    }
    read_values(first, values.subspan(n));
  } catch (const Error&) {
    first = begun;  // if that one is broken, too, it comes first
    read_values(first, values);
    throw;
  }
  read_values(second, second_values.subspan(n_second));
}

/// The last value of a line has no separator behind it.
NumberRun ValueLineReader::run_of(const ValueLine& line, std::span<double> values) const {
  const std::size_t most = plain_ ? std::min(values.size(), n_fields_ - line.n_read - 1) : 0;
  return {line.at, line.end(), values.data(), most};
}

std::size_t ValueLineReader::advance(ValueLine& line, const NumberRun& run,
                                     std::span<double> values) const {
  const auto n = static_cast<std::size_t>(run.values - values.data());
  if (n > 0) line.at = behind_separator(line, run.at - 1);
  line.n_read += n;
  return n;
}

const char* ValueLineReader::behind_separator(const ValueLine& line, const char* separator) const {
  const char* at = separator + 1;
  while (layout_.rules.blanks() && at != line.end() && (*at == ' ' || *at == '\t')) ++at;
  return at;
}

void ValueLineReader::read_value(ValueLine& line, double& value) const {
  const char* stop = read_short_number(line.at, layout_.rules.decimal, value);
  if (stop == nullptr || (stop != line.end() && *stop != layout_.rules.separator)) {
    stop = read_long_value(line, value);
  }
  ++line.n_read;
  if ((stop == line.end()) != (line.n_read == n_fields_)) fail_count(line);
  line.at = stop == line.end() ? stop : behind_separator(line, stop);
  if (!plain_) pass_left_out(line);
}

void ValueLineReader::pass_left_out(ValueLine& line) const {
  while (!layout_.left_out.empty() && line.n_read < n_fields_ &&
         layout_.left_out[line.n_read] != 0) {
    const char* const stop = end_of_field(line.at, line.end(), layout_.rules);
    ++line.n_read;
    if ((stop == line.end()) != (line.n_read == n_fields_)) fail_count(line);
    line.at = stop == line.end() ? stop : behind_separator(line, stop);
  }
}

const char* ValueLineReader::read_long_value(const ValueLine& line, double& value) const {
  const char* const stop = end_of_field(line.at, line.end(), layout_.rules);
  const std::string_view field(line.at, static_cast<std::size_t>(stop - line.at));
  if (read_number(field, layout_.rules, value) != FieldKind::text) return stop;
  const std::size_t column = layout_.leading.size() + line.n_read;
  constexpr std::size_t longest = 60;
  const bool comma =
      field.size() > 2 && field.find_first_not_of("-0123456789,") == std::string_view::npos;
  throw Error(
      ExitCode::bad_input,
      fmt::format("{}: line {}, column {} (\"{}\"): \"{}\" is not a number. Expected an expression "
                  "value, NA or nothing; {}.",
                  file_, line.number, column + 1, layout_.header[column],
                  printable(field.substr(0, longest)),
                  comma ? "write decimal points, not commas"
                        : "take columns and lines of text out of the table (text is "
                          "understood only in the first columns)"));
}

void ValueLineReader::fail_count(const ValueLine& line) const {
  throw Error(ExitCode::bad_input,
              fmt::format("{}: line {} has {} fields, but {} were expected, as in the header and "
                          "the lines before. The file may be cut short or hold a broken line.",
                          file_, line.number, split_fields(line.text, layout_.rules).size(),
                          layout_.n_fields));
}

}  // namespace sicmir
