// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/covariates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "base/joined.hpp"
#include "text/list_file.hpp"

namespace sicmir {
namespace {

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  for (std::size_t start = 0;;) {
    const std::size_t end = line.find('\t', start);
    fields.push_back(line.substr(start, end == std::string::npos ? end : end - start));
    if (end == std::string::npos) return fields;
    start = end + 1;
  }
}

std::optional<double> number_in(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

void add_column(Covariates& covariates, const std::string& name,
                const std::vector<std::string>& texts) {
  std::vector<double> values;
  for (const std::string& text : texts) {
    if (const auto value = number_in(text)) values.push_back(*value);
  }
  if (values.size() == texts.size()) {
    covariates.names.push_back(name);
    covariates.columns.push_back(std::move(values));
    return;
  }
  const std::set<std::string> levels(texts.begin(), texts.end());
  for (auto level = std::next(levels.begin()); level != levels.end(); ++level) {
    std::vector<double>& column = covariates.columns.emplace_back();
    for (const std::string& text : texts) column.push_back(text == *level ? 1.0 : 0.0);
    covariates.names.push_back(fmt::format("{} {}", name, *level));
  }
}

}  // namespace

Covariates read_covariates(const std::string& path, std::span<const Profile> profiles) {
  const auto refuse = [&](std::size_t line, const std::string& what) {
    throw Error(ExitCode::bad_input, fmt::format("{}: line {}: {}", path, line, what));
  };
  const std::vector<std::string> lines = read_text_lines(path);
  if (lines.empty()) refuse(1, "is missing; expected the names of columns, separated by tabs.");
  const std::vector<std::string> names = fields_of(lines[0]);
  const auto sample = std::find(names.begin(), names.end(), "sample") - names.begin();
  const auto group = std::find(names.begin(), names.end(), "group") - names.begin();
  const auto n_columns = static_cast<std::ptrdiff_t>(names.size());
  if (sample == n_columns) {
    refuse(1, fmt::format("has the columns {}; expected one named 'sample', and tabs between "
                          "columns.",
                          joined(names, ", ")));
  }
  const bool has_group = group < n_columns;
  const std::size_t n_keys = has_group ? 2 : 1;
  if (names.size() == n_keys) refuse(1, "names no covariate beside sample and group.");

  struct Row {
    std::size_t line;
    std::vector<std::string> fields;
  };
  std::map<std::pair<std::string, std::string>, Row> rows;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    std::vector<std::string> fields = fields_of(lines[i]);
    if (fields.size() != names.size()) {
      refuse(i + 1, fmt::format("has {} fields, separated by tabs; expected {}.", fields.size(),
                                names.size()));
    }
    const std::pair key(fields[static_cast<std::size_t>(sample)],
                        has_group ? fields[static_cast<std::size_t>(group)] : std::string());
    const auto [place, is_new] = rows.emplace(key, Row{i + 1, std::move(fields)});
    if (!is_new) {
      refuse(i + 1, fmt::format("sample '{}'{} stands already in line {}.", key.first,
                                has_group ? fmt::format(", group '{}',", key.second) : "",
                                place->second.line));
    }
  }
  std::vector<std::vector<std::string>> columns(names.size());
  for (const Profile& profile : profiles) {
    const auto found = rows.find({profile.sample, has_group ? profile.group : std::string()});
    if (found == rows.end()) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: has no line for sample '{}'{}. Every profile needs its "
                              "covariates.",
                              path, profile.sample,
                              has_group ? fmt::format(", group '{}'", profile.group) : ""));
    }
    for (std::size_t column = 0; column < names.size(); ++column) {
      const std::string& text = found->second.fields[column];
      if (text.empty() || text == "NA" || text == "NaN") {
        refuse(found->second.line,
               fmt::format("column '{}' is '{}'; expected a value. Leave the column out, or the "
                           "sample out of the profiles.",
                           names[column], text));
      }
      columns[column].push_back(text);
    }
  }
  Covariates covariates;
  for (std::size_t column = 0; column < names.size(); ++column) {
    const auto place = static_cast<std::ptrdiff_t>(column);
    if (place != sample && !(has_group && place == group) && !profiles.empty()) {
      add_column(covariates, names[column], columns[column]);
    }
  }
  return covariates;
}

}  // namespace sicmir
