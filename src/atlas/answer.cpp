// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/joined.hpp"
#include "base/json.hpp"
#include "base/printable.hpp"

namespace sicmir::atlas {
namespace {

std::string plain(const std::string& text) {
  std::string field = printable(text);
  std::replace_if(
      field.begin(), field.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  const bool is_formula =
      !field.empty() && std::string_view("=+-@").find(field.front()) != std::string_view::npos;
  return is_formula ? "'" + field : field;
}

std::string text_of(const Field& field) {
  if (const auto* text = std::get_if<std::string>(&field)) return plain(*text);
  if (const auto* count = std::get_if<std::int64_t>(&field)) return fmt::format("{}", *count);
  const double number = std::get<double>(field);
  return std::isnan(number) ? "NaN" : fmt::format("{:.6g}", number);
}

Json json_of(const Field& field) {
  if (const auto* text = std::get_if<std::string>(&field)) return *text;
  if (const auto* count = std::get_if<std::int64_t>(&field)) return *count;
  const double number = std::get<double>(field);
  return std::isfinite(number) ? Json(number) : Json(nullptr);
}

}  // namespace

std::string answer_tsv(const Answer& answer) {
  std::string text = joined(answer.columns, "\t") + "\n";
  for (const std::vector<Field>& line : answer.lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (i > 0) text += '\t';
      text += text_of(line[i]);
    }
    text += '\n';
  }
  return text;
}

std::string answer_json(const Answer& answer) {
  Json about = Json::object();
  for (const auto& [key, value] : answer.about) about[key] = value;
  Json lines = Json::array();
  for (const std::vector<Field>& line : answer.lines) {
    Json one = Json::object();
    for (std::size_t i = 0; i < line.size(); ++i) one[answer.columns[i]] = json_of(line[i]);
    lines.push_back(std::move(one));
  }
  return json_text(Json{{"about", about}, {"notes", answer.notes}, {"lines", lines}}, 1) + "\n";
}

}  // namespace sicmir::atlas
