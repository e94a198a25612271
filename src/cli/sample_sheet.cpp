// SPDX-License-Identifier: BSD-3-Clause
#include "cli/sample_sheet.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/file_endings.hpp"
#include "base/joined.hpp"
#include "base/suggest.hpp"
#include "sicmir/error.hpp"
#include "text/list_file.hpp"

namespace sicmir::cli {
namespace {

using Fields = std::vector<std::string>;

constexpr std::array<std::pair<std::string_view, std::string_view>, 17> option_columns = {
    {{"layer", "--layer"},
     {"genome", "--genome"},
     {"orientation", "--orientation"},
     {"decimal", "--decimal"},
     {"thousands", "--thousands"},
     {"min_panel", "--min-panel"},
     {"duplicates", "--duplicates"},
     {"values", "--values"},
     {"log_base", "--log-base"},
     {"scale", "--scale"},
     {"platform", "--platform"},
     {"force_scale", "--force-scale"},
     {"moments", "--moments"},
     {"empty_cells", "--empty-cells"},
     {"pool", "--pool"},
     {"groups", "--groups"},
     {"group_by", "--group-by"}}};
constexpr std::array<std::string_view, 4> passed_over = {"sample", "donor", "condition", "tissue"};

/// What a line of the list says about something wrong in it.
class Place {
 public:
  Place(const std::string& list, std::size_t line) : list_(list), line_(line) {}
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ExitCode::usage, fmt::format("{}: line {}: {}", list_, line_, what));
  }

 private:
  const std::string& list_;
  std::size_t line_;
};

Fields split(const std::string& line, char separator, const Place& place) {
  Fields fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (separator == ',' && c == '"') {
      const bool is_double = quoted && i + 1 < line.size() && line[i + 1] == '"';
      if (is_double) {
        fields.back() += '"';
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (c == separator && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  if (quoted) place.refuse("a quotation mark is not closed.");
  return fields;
}

bool names_a_path(const Fields& fields) {
  return std::find(fields.begin(), fields.end(), "path") != fields.end();
}

/// What a column of the sheet is for.
struct Column {
  enum class Kind { id, path, option, none } kind = Kind::none;
  std::string_view option;
  std::string name;
};

std::vector<std::string> known_sheet_columns() {
  std::vector<std::string> names = {"id", "path"};
  for (const auto& column : option_columns) names.emplace_back(column.first);
  return names;
}

Column column_of(const std::string& name, const Place& place) {
  if (name == "id") return {Column::Kind::id, {}, name};
  if (name == "path") return {Column::Kind::path, {}, name};
  if (name.starts_with('#') ||
      std::find(passed_over.begin(), passed_over.end(), name) != passed_over.end()) {
    return {Column::Kind::none, {}, name};
  }
  std::string plain = name.substr(name.starts_with("--") ? 2 : 0);
  std::replace(plain.begin(), plain.end(), '-', '_');
  for (const auto& [column, option] : option_columns) {
    if (column == plain) return {Column::Kind::option, option, name};
  }
  const std::vector<std::string> known = known_sheet_columns();
  place.refuse(fmt::format(
      "'{}' is no column of a sample sheet.{} Known columns are {}. A column whose name "
      "begins with # is ignored.",
      name, did_you_mean(plain, known), joined(known, ", ")));
}

std::vector<Column> columns_of(const Fields& header, const Place& place) {
  std::vector<Column> columns;
  std::set<std::string> seen;
  for (const std::string& name : header) {
    columns.push_back(column_of(name, place));
    const Column& column = columns.back();
    const std::string key(column.option.empty() ? std::string_view(name) : column.option);
    if (column.kind != Column::Kind::none && !seen.insert(key).second) {
      place.refuse(fmt::format("there are two columns '{}'.", name));
    }
  }
  return columns;
}

BatchItem item_of_sheet(const Fields& fields, const std::vector<Column>& columns,
                        const Place& place) {
  if (fields.size() > columns.size()) {
    place.refuse(fmt::format("has {} fields, but the header names {} columns.", fields.size(),
                             columns.size()));
  }
  BatchItem item;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].empty()) continue;
    switch (columns[i].kind) {
      case Column::Kind::id:
        item.id = fields[i];
        break;
      case Column::Kind::path:
        item.path = fields[i];
        break;
      case Column::Kind::option:
        item.options.emplace_back(columns[i].option, fields[i]);
        break;
      case Column::Kind::none:
        break;
    }
  }
  if (item.path.empty()) place.refuse("the field in column path is empty.");
  return item;
}

BatchItem item_of_list(const Fields& fields, const Place& place) {
  if (fields.size() > 2) {
    place.refuse(fmt::format(
        "has {} fields, separated by tabs. A list without a header has `id<TAB>path` or "
        "`path`; a sample sheet begins with the names of its columns: id, path, "
        "layer...",
        fields.size()));
  }
  BatchItem item;
  item.path = fields.back();
  if (fields.size() == 2) item.id = fields.front();
  if (item.path.empty() || (fields.size() == 2 && item.id.empty())) {
    place.refuse("is not `id<TAB>path`; one of the two is empty.");
  }
  return item;
}

void check_id(const BatchItem& item, const Place& place) {
  constexpr std::size_t longest = 200;  // names of files have at most 255 bytes
  if (item.id.empty() || item.id.starts_with('.') || item.id.size() > longest ||
      item.id.find_first_of("/\t") != std::string::npos) {
    place.refuse(
        fmt::format("the id '{}' cannot name a file (no slash, no dot in front, at most {} "
                    "bytes).",
                    item.id, longest));
  }
  if (item.id == "summary" || item.id.starts_with("summary.") ||
      item.id.starts_with("sicmir_mqc")) {
    place.refuse(
        fmt::format("the id '{}' is that of a file that sicmir writes; choose another.", item.id));
  }
}

void check_unique(const std::vector<BatchItem>& items, const std::string& list) {
  std::map<std::string_view, std::vector<std::string>> by_id;
  for (const BatchItem& item : items) by_id[item.id].push_back(item.path);
  for (const auto& [id, paths] : by_id) {
    if (paths.size() == 1) continue;
    throw Error(
        ExitCode::usage,
        fmt::format("{}: {} inputs would have the id '{}' (the first: {} and {}). Give each "
                    "its own: id<TAB>path, or a column id.",
                    list, paths.size(), id, paths[0], paths[1]));
  }
}

bool is_text(const std::string& line) {
  return std::none_of(line.begin(), line.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    constexpr unsigned char first_printable = 0x20;
    return byte < first_printable && c != '\t';
  });
}

std::vector<std::string> lines_of(const std::string& list) {
  try {
    return read_text_lines(list);
  } catch (const Error& error) {
    throw Error(ExitCode::usage, fmt::format("--inputs: {}", error.what()));
  }
}

}  // namespace

std::span<const std::pair<std::string_view, std::string_view>> sheet_options() {
  return option_columns;
}

std::vector<BatchItem> read_sample_sheet(const std::string& list) {
  std::vector<BatchItem> items;
  std::vector<Column> columns;  // empty: no header
  char separator = '\t';
  bool is_first = true;
  std::size_t number = 0;
  for (const std::string& line : lines_of(list)) {
    const Place place(list, ++number);
    if (line.empty() || line.starts_with('#')) continue;
    if (!is_text(line)) {
      place.refuse(
          "holds bytes that are not text. A list is a text file; export a spreadsheet as TSV or "
          "CSV.");
    }
    if (std::exchange(is_first, false)) {
      if (line.find('\t') == std::string::npos && names_a_path(split(line, ',', place))) {
        separator = ',';
      }
      const Fields fields = split(line, separator, place);
      if (names_a_path(fields)) {
        columns = columns_of(fields, place);
        continue;
      }
      separator = '\t';
    }
    const Fields fields = split(line, separator, place);
    const bool is_blank =
        std::all_of(fields.begin(), fields.end(), [](const auto& field) { return field.empty(); });
    if (is_blank && !columns.empty()) continue;  // as spreadsheets leave at the end
    BatchItem item =
        columns.empty() ? item_of_list(fields, place) : item_of_sheet(fields, columns, place);
    if (item.id.empty()) item.id = name_without_endings(item.path);
    check_id(item, place);
    item.line = number;
    item.position = items.size() + 1;
    items.push_back(std::move(item));
  }
  if (items.empty()) throw Error(ExitCode::usage, fmt::format("{}: lists no input.", list));
  check_unique(items, list);
  return items;
}

}  // namespace sicmir::cli
