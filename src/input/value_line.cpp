#include "input/value_line.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/printable.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

ValueLineReader::ValueLineReader(const TableLayout& layout, std::string file)
    : layout_(layout), file_(std::move(file)), n_values_(layout.n_values()) {
  std::array<char, sizeof zeros_> zeros{};
  for (std::size_t i = 0; i < zeros.size(); ++i) {
    zeros[i] = i % 2 == 0 ? '0' : layout.rules.separator;
  }
  std::memcpy(&zeros_, zeros.data(), sizeof zeros_);
}

const char* ValueLineReader::begin_line(std::string_view& line, std::uint64_t number,
                                        std::vector<std::string_view>& leading) const {
  if (layout_.rules.blanks()) {
    while (line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
    while (line.starts_with(' ') || line.starts_with('\t')) line.remove_prefix(1);
  } else if (layout_.trailing_separator && line.ends_with(layout_.rules.separator)) {
    line.remove_suffix(1);
  }
  leading.clear();
  const char* at = line.data();
  const char* const end = at + line.size();
  for (std::size_t c = 0; c < layout_.leading.size(); ++c) {
    const char* stop = end_of_field(at, end, layout_.rules);
    leading.emplace_back(at, static_cast<std::size_t>(stop - at));
    if (stop == end) fail_count(line, number);
    at = stop + 1;
    while (layout_.rules.blanks() && at != end && (*at == ' ' || *at == '\t')) ++at;
  }
  return at;
}

const char* ValueLineReader::read_long_value(const char* at, const char* end, std::size_t i,
                                             std::uint64_t number, double& value) const {
  const char* const stop = end_of_field(at, end, layout_.rules);
  const std::string_view field(at, static_cast<std::size_t>(stop - at));
  if (read_number(field, layout_.rules.decimal, value) != FieldKind::text) return stop;
  const std::size_t column = layout_.leading.size() + i;
  constexpr std::size_t longest = 60;
  const bool comma =
      field.size() > 2 && field.find_first_not_of("-0123456789,") == std::string_view::npos;
  throw Error(
      ExitCode::bad_input,
      fmt::format("{}: line {}, column {} (\"{}\"): \"{}\" is not a number. Expected an expression "
                  "value, NA or nothing; {}.",
                  file_, number, column + 1, layout_.header[column],
                  printable(field.substr(0, longest)),
                  comma ? "write decimal points, not commas"
                        : "take columns and lines of text out of the table (text is "
                          "understood only in the first columns)"));
}

void ValueLineReader::fail_count(std::string_view line, std::uint64_t number) const {
  throw Error(
      ExitCode::bad_input,
      fmt::format("{}: line {} has {} fields, but {} were expected, as in the header and "
                  "the lines before. The file may be cut short or hold a broken line.",
                  file_, number, split_fields(line, layout_.rules).size(), layout_.n_fields));
}

}  // namespace sicmir
