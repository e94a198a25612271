// SPDX-License-Identifier: BSD-3-Clause
#include "cells/groups.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <numeric>
#include <utility>

#include "anndata/h5ad_layout.hpp"
#include "base/joined.hpp"
#include "base/suggest.hpp"
#include "text/byte_input.hpp"
#include "text/line_reader.hpp"
#include "text/list_file.hpp"
#include "text/number_text.hpp"

namespace sicmir {
namespace {

constexpr std::size_t most_columns = 8;
constexpr std::size_t examples_shown = 3;
// Text of a table that is held in memory; 2 GiB are the names of some 50 million cells.
constexpr std::size_t most_bytes = std::size_t{1} << 31;

bool is_missing(std::string_view field) {
  constexpr std::array<std::string_view, 4> words = {"", "NA", "NaN", "nan"};
  return std::find(words.begin(), words.end(), field) != words.end();
}

/// Names that columns of cells have, but for case, blanks and the like.
bool looks_like_header(std::string_view name) {
  static constexpr std::array<std::string_view, 24> words = {
      "barcode",  "barcodes",   "barcodeid", "bc",        "cell",        "cells",
      "cellid",   "cellids",    "cellname",  "cellnames", "cellbarcode", "id",
      "index",    "name",       "names",     "obsnames",  "rownames",    "sample",
      "sampleid", "samplename", "samples",   "spot",      "spotid",      "unnamed0"};
  if (name.empty()) return true;  // as pandas writes an index without a name
  std::string word;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) word += static_cast<char>(std::tolower(byte));
  }
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  const bool has_empty =
      std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return part.empty(); });
  if (has_empty || parts.size() > most_columns) {
    throw Error(ExitCode::usage,
                fmt::format("'{}': expected the names of 1 to {} columns, joined by commas.", text,
                            most_columns),
                {Remedy::name_groups});
  }
  return parts;
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t most = 40;
  const std::vector<std::string> shown(
      names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(most, names.size())));
  return fmt::format("{}{}", joined(shown, ", "), shown.size() < names.size() ? "..." : "");
}

bool is_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}

/// FILE or FILE:COLUMNS.
std::pair<std::string, std::vector<std::string>> path_and_columns(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (is_file(text) || colon == std::string::npos) return {text, {}};
  return {text.substr(0, colon), split_at_commas(text.substr(colon + 1))};
}

std::vector<std::string> fields_of(std::string_view line, const FieldRules& rules) {
  std::vector<std::string> fields;
  for (const std::string_view field : split_fields(line, rules)) fields.push_back(unquoted(field));
  return fields;
}

/// What the first two lines of a table of cells tell.
struct TableHead {
  FieldRules rules;
  std::string first_line;
  std::vector<std::string> header;  ///< its fields
  std::vector<std::string> named;   ///< those of them that name columns beside the cells'
  std::size_t n_fields = 0;         ///< of a line of data
  bool names_no_cells = false;      ///< the column of cells has no name
};

/// `line` becomes the second line, if `has_line`.
TableHead head_of(LineReader& reader, const std::string& path, std::string_view& line,
                  bool& has_line) {
  if (!reader.next(line)) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: this table of groups is empty; expected a cell's name and its "
                            "group in each line.",
                            path));
  }
  TableHead head;
  head.rules.separator = line.find('\t') != std::string_view::npos  ? '\t'
                         : line.find(',') != std::string_view::npos ? ','
                         : line.find(';') != std::string_view::npos ? ';'
                                                                    : ',';
  head.header = fields_of(line, head.rules);
  head.first_line = line;
  has_line = reader.next(line);
  head.n_fields = has_line ? split_fields(line, head.rules).size() : head.header.size();
  // R's write.table() gives the column of row names no name.
  head.names_no_cells = head.n_fields == head.header.size() + 1;
  head.named.assign(head.header.begin() + (!head.names_no_cells && !head.header.empty() ? 1 : 0),
                    head.header.end());
  return head;
}

}  // namespace

/// Numbers groups as they come; puts them in order at the end.
class CellGroups::Collector {
 public:
  /// The number of the group with these fields; or no_group if one is missing.
  std::int32_t number_of(std::vector<std::string> fields) {
    if (std::any_of(fields.begin(), fields.end(), [](const auto& f) { return is_missing(f); })) {
      return no_group;
    }
    const auto next = static_cast<std::int32_t>(by_fields_.size());
    return by_fields_.try_emplace(std::move(fields), next).first->second;
  }
  [[nodiscard]] std::size_t size() const { return by_fields_.size(); }

  /// Fills `groups`; returns for each number of before the one of now.
  std::vector<std::int32_t> settle(const std::string& source,
                                   std::vector<CellGroup>& groups) const {
    std::vector<std::int32_t> now(by_fields_.size());
    std::map<std::string, const std::vector<std::string>*> names;
    for (const auto& [fields, before] : by_fields_) {
      now[static_cast<std::size_t>(before)] = static_cast<std::int32_t>(groups.size());
      CellGroup group{joined(fields, "|"), fields, 0};
      if (!names.try_emplace(group.name, &fields).second) {
        throw Error(ExitCode::bad_input,
                    fmt::format("{}: two groups would be named '{}', because fields of the "
                                "grouping columns contain '|'. Rename them.",
                                source, group.name));
      }
      groups.push_back(std::move(group));
    }
    return now;
  }

 private:
  std::map<std::vector<std::string>, std::int32_t> by_fields_;
};

CellGroups CellGroups::open(const GroupingOptions& options, const SourceDescription& input) {
  if (options.groups.empty() == options.group_by.empty()) {
    throw Error(ExitCode::usage,
                options.groups.empty()
                    ? "pooling needs groups."
                    : "the groups are defined twice, by a table and by columns of obs.",
                {Remedy::name_groups});
  }
  if (!options.groups.empty()) {
    const auto [path, columns] = path_and_columns(options.groups);
    return from_table(path, columns);
  }
  if (input.annotations.empty()) {
    throw Error(
        ExitCode::usage,
        fmt::format("{} has no obs (its format is {}), so its cells cannot be grouped by {}; "
                    "a table of cells and their groups is needed.",
                    input.path, input.format, options.group_by),
        {Remedy::name_groups});
  }
  return from_obs(input.annotations, split_at_commas(options.group_by), options.only_where);
}

/// Which fields of a line name its cell and its group.
struct CellGroups::Listed {
  FieldRules rules;
  std::size_t cell = 0;
  std::vector<std::size_t> group;
  std::size_t n_fields = 0;  // of a line of data; 0: any
};

std::vector<std::string> CellGroups::columns_of_table(const std::string& path) {
  const std::unique_ptr<ByteInput> input = open_text(path);
  LineReader reader(*input);
  std::string_view line;
  bool has_line = false;
  return head_of(reader, path, line, has_line).named;
}

CellGroups CellGroups::from_table(const std::string& path,
                                  const std::vector<std::string>& columns) {
  const std::unique_ptr<ByteInput> input = open_text(path);
  LineReader reader(*input);
  std::string_view line;
  bool has_line = false;
  TableHead head = head_of(reader, path, line, has_line);
  const std::vector<std::string>& header = head.header;
  const std::vector<std::string>& named = head.named;
  const std::string& first_line = head.first_line;
  const std::size_t n_fields = head.n_fields;
  Listed layout;
  layout.rules = head.rules;
  layout.n_fields = n_fields;
  CellGroups result;
  result.columns_ = columns;
  result.source_ = path;
  for (const std::string& column : columns) {
    const auto found = std::find(named.begin(), named.end(), column);
    if (found == named.end()) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: has no column '{}'; it has {}.{}", path, column,
                              named.empty() ? "none" : listed(named), did_you_mean(column, named)));
    }
    layout.group.push_back(static_cast<std::size_t>(found - named.begin()) + 1);
  }
  if (columns.empty()) {
    if (n_fields != 2 || head.names_no_cells) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: this table has {} columns, so the one that contains the groups "
                              "must be specified. It has {}.",
                              path, n_fields, listed(named)),
                  {Remedy::name_groups});
    }
    layout.group = {1};
  }

  Collector collector;
  std::vector<std::int32_t> numbers;  // per name
  std::size_t bytes = 0;
  const auto take = [&](std::string_view text, std::uint64_t line_number) {
    if (text.empty()) return;
    const std::vector<std::string> fields = fields_of(text, layout.rules);
    if (fields.size() != layout.n_fields) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: line {} has {} fields where others have {}: '{}'.", path,
                              line_number, fields.size(), layout.n_fields, text.substr(0, 80)));
    }
    bytes += text.size();
    if (bytes > most_bytes) {
      throw Error(
          ExitCode::bad_input,
          fmt::format("{}: contains more than 2 GB of text, so it is not a table of groups.",
                      path));
    }
    std::vector<std::string> group;
    for (const std::size_t at : layout.group) group.push_back(fields[at]);
    const std::int32_t number = collector.number_of(std::move(group));
    if (number == no_group) return;
    result.names_.append(fields[layout.cell]);
    numbers.push_back(number);
  };
  if (columns.empty()) {
    take(first_line, 1);  // names of columns match no cell
    if (!numbers.empty() && looks_like_header(header.front())) result.header_ = header.front();
  }
  while (has_line) {
    take(line, reader.number());
    has_line = reader.next(line);
  }

  const std::vector<std::int32_t> now = collector.settle(path, result.groups_);
  result.by_name_.reserve(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::int32_t group = now[static_cast<std::size_t>(numbers[i])];
    const auto [entry, is_new] = result.by_name_.try_emplace(result.names_.c_str(i), group);
    if (is_new) {
      ++result.groups_[static_cast<std::size_t>(group)].n_listed;
    } else if (entry->second != group) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: cell '{}' is listed twice, in group '{}' and in '{}'. Each cell "
                              "must be in one group.",
                              path, entry->first,
                              result.groups_[static_cast<std::size_t>(entry->second)].name,
                              result.groups_[static_cast<std::size_t>(group)].name));
    }
  }
  return result;
}

CellGroups CellGroups::from_obs(const AnnotationPlace& place,
                                const std::vector<std::string>& columns,
                                const std::string& only_where) {
  const std::string& path = place.name;
  const h5::File file = h5::File::open_read(place);
  const h5ad::Table obs(file, "obs");
  CellGroups result;
  result.columns_ = columns;
  result.source_ = fmt::format("obs of {}", path);
  std::vector<std::vector<std::string>> fields;
  for (const std::string& name : columns) {
    const h5ad::Column* column = obs.find(name);
    if (column == nullptr || column->kind == h5ad::ColumnKind::unreadable) {
      std::vector<std::string> names;
      for (const h5ad::Column& each : obs.columns()) {
        if (each.kind != h5ad::ColumnKind::unreadable) names.push_back(each.name);
      }
      throw Error(ExitCode::usage,
                  fmt::format("obs of {} has no column '{}'; it has {}.{}", path, name,
                              names.empty() ? "none" : listed(names), did_you_mean(name, names)));
    }
    fields.push_back(obs.read(*column).as_texts());
  }
  std::vector<std::uint8_t> is_wanted(static_cast<std::size_t>(obs.size()), 1);
  if (const h5ad::Column* column = obs.find(only_where)) is_wanted = obs.read(*column).as_truths();
  Collector collector;
  result.by_position_.resize(static_cast<std::size_t>(obs.size()), no_group);
  for (std::size_t cell = 0; cell < result.by_position_.size(); ++cell) {
    if (is_wanted[cell] == 0) continue;
    std::vector<std::string> group;
    group.reserve(fields.size());
    for (const auto& column : fields) group.push_back(column[cell]);
    result.by_position_[cell] = collector.number_of(std::move(group));
  }
  const std::vector<std::int32_t> now = collector.settle(result.source_, result.groups_);
  for (std::int32_t& group : result.by_position_) {
    if (group == no_group) continue;
    group = now[static_cast<std::size_t>(group)];
    ++result.groups_[static_cast<std::size_t>(group)].n_listed;
  }
  return result;
}

std::int32_t CellGroups::of(Index position, std::string_view name) const {
  if (by_name_.empty()) {
    const auto at = static_cast<std::size_t>(position);
    return at < by_position_.size() ? by_position_[at] : no_group;
  }
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? no_group : found->second;
}

std::vector<std::string> CellGroups::first_names() const {
  std::vector<std::string> names;
  for (std::size_t i = header_ ? 1 : 0; i < names_.size() && names.size() < examples_shown; ++i) {
    names.emplace_back(names_.c_str(i));
  }
  return names;
}

std::size_t CellGroups::memory_bytes() const noexcept {
  constexpr std::size_t bytes_per_name = 100;  // text, entry of the hash table, bucket
  return by_position_.size() * sizeof(std::int32_t) + by_name_.size() * bytes_per_name;
}

}  // namespace sicmir
