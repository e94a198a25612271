// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Which group each cell belongs to.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text_list.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/grouping.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// A group's fields, one per grouping column, and its name: the fields joined by '|'.
struct CellGroup {
  std::string name;
  std::vector<std::string> fields;
  Index n_listed = 0;  ///< cells that the table or obs gives to it
};

/// Groups are in the order of their fields (bytes). Cells whose field is empty, NA, NaN or nan have
/// no group, nor have those that GroupingOptions::only_where leaves out.
class CellGroups {
 public:
  static constexpr std::int32_t no_group = -1;

  /// As `options` says: from a table, or from obs of the input. Throws Error(usage) if both or
  /// neither are given, for obs of what is no AnnData file, and for columns that there are not
  /// (naming those there are); Error(bad_input) for a table that cannot be read, and for cells that
  /// it lists twice, in two groups.
  [[nodiscard]] static CellGroups open(const GroupingOptions& options,
                                       const SourceDescription& input);

  /// Columns that a table of cells names in its first line, but for the cells' own. Throws
  /// Error(bad_input).
  [[nodiscard]] static std::vector<std::string> columns_of_table(const std::string& path);

  /// Of the cell at `position` of the input, named `name`; or no_group.
  [[nodiscard]] std::int32_t of(Index position, std::string_view name) const;

  [[nodiscard]] const std::vector<CellGroup>& groups() const noexcept { return groups_; }
  /// Names of the grouping columns; empty: one column without a name.
  [[nodiscard]] const std::vector<std::string>& columns() const noexcept { return columns_; }
  /// As messages should call it.
  [[nodiscard]] const std::string& source() const noexcept { return source_; }
  /// Cells that a table gives to a group; 0 for obs.
  [[nodiscard]] Index n_named() const noexcept { return static_cast<Index>(by_name_.size()); }
  /// The name in a table's first line if that looks like its header ("barcode", "cell_id"), else
  /// nullopt. It counts as a cell unless the input has none of that name.
  [[nodiscard]] const std::optional<std::string>& header() const noexcept { return header_; }
  /// The first few names of the table, without header(), for messages.
  [[nodiscard]] std::vector<std::string> first_names() const;
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  struct Listed;
  class Collector;
  [[nodiscard]] static CellGroups from_table(const std::string& path,
                                             const std::vector<std::string>& columns);
  [[nodiscard]] static CellGroups from_obs(const AnnotationPlace& place,
                                           const std::vector<std::string>& columns,
                                           const std::string& only_where);

  std::vector<CellGroup> groups_;
  std::vector<std::string> columns_;
  std::string source_;
  std::optional<std::string> header_;
  std::vector<std::int32_t> by_position_;  // obs
  TextList names_;                         // of a table's cells; by_name_ looks into it
  std::unordered_map<std::string_view, std::int32_t> by_name_;
};

}  // namespace sicmir
