// SPDX-License-Identifier: BSD-3-Clause
#include "input/table_lines.hpp"

#include <algorithm>
#include <map>

#include "text/number_marks.hpp"

namespace sicmir {
namespace {

/// How much like numbers the fields of the lines are under `rules`: 0 .. 1, 0 for a single field.
double score(std::span<const TableLine> lines, const FieldRules& rules) {
  std::vector<std::size_t> counts;
  std::size_t n_numbers = 0;
  std::size_t n_fields = 0;
  for (const TableLine& line : lines) {
    const auto fields = split_fields(line.text, rules);
    counts.push_back(fields.size());
    // A sample of a long line will do.
    const std::size_t step = std::max<std::size_t>(1, fields.size() / 500);
    for (std::size_t i = 1; i < fields.size(); i += step, ++n_fields) {
      double value = 0;
      const bool is_number = read_number(fields[i], rules.decimal, value) != FieldKind::text ||
                             looks_grouped(fields[i]);
      n_numbers += is_number ? 1 : 0;
    }
  }
  const std::size_t usual = usual_count(counts);
  if (usual < 2 || n_fields == 0) return 0.0;
  const auto n_usual = std::count(counts.begin(), counts.end(), usual);
  return static_cast<double>(n_numbers) / static_cast<double>(n_fields) *
         static_cast<double>(n_usual) / static_cast<double>(counts.size());
}

}  // namespace

bool is_blank_line(std::string_view line) noexcept {
  return line.find_first_not_of(" \t\r,;") == std::string_view::npos;
}

std::vector<TableLine> cut_lines(std::string_view head, bool whole) {
  if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
  std::vector<TableLine> lines;
  std::uint64_t number = 0;
  while (!head.empty()) {
    const auto end = head.find('\n');
    if (end == std::string_view::npos && !whole) break;
    std::string_view text = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 1);
    ++number;
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (!is_blank_line(text)) {
      lines.push_back({number, text, {}});
    }
  }
  return lines;
}

std::size_t usual_count(const std::vector<std::size_t>& counts) {
  std::map<std::size_t, std::size_t> times;
  for (const std::size_t count : counts) ++times[count];
  std::size_t best = counts.front();
  for (const std::size_t count : counts) {
    if (times[count] > times[best]) best = count;
  }
  return best;
}

std::optional<FieldRules> find_rules(std::span<const TableLine> lines) {
  std::optional<FieldRules> best;
  double best_score = 0.0;
  const auto try_rules = [&](const FieldRules& rules) {
    const double s = score(lines, rules);
    if (s > best_score) {
      best_score = s;
      best = rules;
    }
  };
  for (const char separator : {'\t', ',', ';', ' '}) try_rules({separator, '.'});
  for (const char separator : {'\t', ';', ' '}) try_rules({separator, ','});
  if (best) return best;
  // No line of numbers: take what cuts the header into most pieces.
  std::size_t most = 1;
  for (const char separator : {'\t', ',', ';', ' '}) {
    const std::size_t n = split_fields(lines.front().text, {separator, '.'}).size();
    if (n > most) {
      most = n;
      best = FieldRules{separator, '.'};
    }
  }
  return best;
}

}  // namespace sicmir
