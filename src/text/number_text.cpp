// SPDX-License-Identifier: BSD-3-Clause
#include "text/number_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "base/nan.hpp"
#include "text/number_marks.hpp"

namespace sicmir {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_quoted(std::string_view text) {
  return text.size() >= 2 && text.front() == '"' && text.back() == '"';
}

}  // namespace

FieldKind read_number(std::string_view field, char decimal, double& value) {
  field = without_blanks(field);
  if (is_quoted(field)) field = without_blanks(field.substr(1, field.size() - 2));
  value = nan;
  for (const std::string_view missing : {"", "NA", "N/A", "#N/A", "NAN", "null", "NULL", "None"}) {
    if (field == missing) return FieldKind::missing;
  }
  if (field == "NaN" || field == "nan") return FieldKind::number;
  if (field.front() == '+' && field.size() > 1 && field[1] != '-') field.remove_prefix(1);
  // from_chars() knows "nan(text)"; no table means that.
  if (field.find('(') != std::string_view::npos) return FieldKind::text;
  std::string with_point;
  if (decimal != '.') {
    if (field.find('.') != std::string_view::npos) return FieldKind::text;
    with_point = field;
    std::replace(with_point.begin(), with_point.end(), decimal, '.');
    field = with_point;
  }
  const char* const end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, value);
  if (stop != end || error == std::errc::invalid_argument) return FieldKind::text;
  if (error == std::errc::result_out_of_range) {
    value = std::strtod(std::string(field).c_str(), nullptr);  // infinity or (almost) zero
  }
  return FieldKind::number;
}

FieldKind read_number(std::string_view field, const FieldRules& rules, double& value) {
  if (rules.thousands == '\0') return read_number(field, rules.decimal, value);
  std::string number;
  if (!remove_thousands(field, rules, number)) return FieldKind::text;
  return read_number(number, rules.decimal, value);
}

std::string unquoted(std::string_view field) {
  field = without_blanks(field);
  if (!is_quoted(field)) return std::string(field);
  field = field.substr(1, field.size() - 2);
  std::string text;
  text.reserve(field.size());
  for (std::size_t i = 0; i < field.size(); ++i) {
    text += field[i];
    if (field[i] == '"' && i + 1 < field.size() && field[i + 1] == '"') ++i;
  }
  return std::string(without_blanks(text));
}

const char* end_of_field(const char* at, const char* end, const FieldRules& rules) {
  if (at == end) return end;
  if (*at == '"') {
    for (++at; at != end; ++at) {
      if (*at != '"') continue;
      if (at + 1 == end || at[1] != '"') break;
      ++at;
    }
    if (at == end) return end;
  }
  if (rules.blanks()) return std::find_if(at, end, is_blank);
  const auto* found = static_cast<const char*>(
      std::memchr(at, rules.separator, static_cast<std::size_t>(end - at)));
  return found != nullptr ? found : end;
}

std::vector<std::string_view> split_fields(std::string_view line, const FieldRules& rules,
                                           std::size_t most) {
  if (rules.blanks()) line = without_blanks(line);
  std::vector<std::string_view> fields;
  const char* at = line.data();
  const char* const end = at + line.size();
  for (;;) {
    const char* const stop = end_of_field(at, end, rules);
    fields.emplace_back(at, static_cast<std::size_t>(stop - at));
    if (stop == end || fields.size() == most) return fields;
    at = stop + 1;
    while (rules.blanks() && at != end && is_blank(*at)) ++at;
  }
}

}  // namespace sicmir
