// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>
#include <vector>

#include "cli/report_sections.hpp"

namespace sicmir::cli::page {
namespace {

/// A field of a table: a number if it is one.
Json field_json(const std::string& field) {
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  const bool is_number =
      !field.empty() && error == std::errc() && end == field.data() + field.size();
  if (is_number) return number(value);
  return field == "NaN" ? Json(nullptr) : Json(words(field));
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(at, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

Json table_json(const PageTable& table) {
  Json json;
  Json lines = Json::array();
  std::size_t n_lines = 0;
  std::size_t start = 0;
  while (start < table.tsv.size()) {
    const std::size_t end = std::min(table.tsv.find('\n', start), table.tsv.size());
    const std::string line = table.tsv.substr(start, end - start);
    start = end + 1;
    if (n_lines++ == 0) {
      json["columns"] = list_of_words(split(line, '\t'));
    } else if (n_lines <= most_lines + 1) {
      Json fields = Json::array();
      for (const std::string& field : split(line, '\t')) fields.push_back(field_json(field));
      lines.push_back(std::move(fields));
    }
  }
  const std::size_t n_all = n_lines > 0 ? n_lines - 1 : 0;
  json["caption"] = n_all > most_lines
                        ? fmt::format("{}: the first {} of {}", table.caption, most_lines, n_all)
                        : table.caption;
  json["lines"] = std::move(lines);
  return json;
}

}  // namespace

Json part_json(const PagePart& part) {
  Json json = {{"words", words(part.words, 1500)}};
  if (part.tables.empty()) return json;
  json["tables"] = Json::array();
  for (const PageTable& table : part.tables) json["tables"].push_back(table_json(table));
  if (!part.links.links.empty()) {
    Json& links = json["links"];
    links["left"] = list_of_words(part.links.left);
    links["right"] = list_of_words(part.links.right);
    links["links"] = Json::array();
    for (const PageLinks::Link& link : part.links.links) {
      links["links"].push_back(Json::array({link.left, link.right, number(link.value)}));
    }
  }
  if (!part.grid.names.empty()) {
    const std::size_t n = std::min(part.grid.names.size(), most_dot_groups);
    Json& grid = json["grid"];
    grid["what"] = part.grid.what;
    grid["names"] = grid["values"] = Json::array();
    for (std::size_t i = 0; i < n; ++i) {
      grid["names"].push_back(words(part.grid.names[i]));
      Json line = Json::array();
      for (std::size_t k = 0; k < n; ++k) line.push_back(number(part.grid.values[i][k]));
      grid["values"].push_back(std::move(line));
    }
  }
  return json;
}

}  // namespace sicmir::cli::page
