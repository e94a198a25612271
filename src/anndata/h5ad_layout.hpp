// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// AnnData's annotation tables (obs, var, raw/var) in every layout from 0.5 to today.
///
/// Sources: AnnData's "On-disk format" (anndata.readthedocs.io, fileformat-prose) for 0.8 and
/// later; for older layouts the archives that AnnData keeps for its own tests. In short:
/// - 0.5, 0.6: a table is one compound data set, its index the field `index` (else the first);
///   a categorical column holds codes, its categories stand in `uns/COLUMN_categories`.
/// - 0.7: a group with attributes `_index` and `column-order`; codes point to `__categories/COLUMN`
///   by the attribute `categories`, an object reference.
/// - 0.8 and later: attribute `encoding-type` on every element; `categorical` is a group of `codes`
///   and `categories`, the nullable types a group of `values` and `mask` (true: missing).

#include <cstdint>
#include <string>
#include <vector>

#include "hdf5/h5.hpp"
#include "hdf5/h5_window.hpp"

namespace sicmir::h5ad {

enum class ColumnKind : std::uint8_t {
  texts,
  categories,
  integers,
  reals,
  booleans,
  unreadable,  ///< of a kind that AnnData does not define for tables
};

struct Column {
  std::string name;
  ColumnKind kind = ColumnKind::unreadable;
  bool nullable = false;  ///< stored with a mask
  /// Integers, reals, booleans: width and sign of the stored element, for copies that keep them.
  std::size_t element_bytes = 0;
  bool is_signed = true;
};

struct ColumnValues {
  ColumnKind kind = ColumnKind::unreadable;
  std::vector<std::string> texts;      ///< kind texts; missing ones are empty
  std::vector<std::int64_t> integers;  ///< integers, booleans (0, 1), codes of categories
  std::vector<double> reals;
  std::vector<std::uint8_t> missing;     ///< 1: missing; empty: none is
  std::vector<ColumnValues> categories;  ///< kind categories: one entry; codes -1 are missing
  bool ordered = false;                  ///< kind categories

  [[nodiscard]] Index size() const noexcept;
  /// As texts, whatever the kind; missing values are empty.
  [[nodiscard]] std::vector<std::string> as_texts() const;
  /// 0 where the value is false, 0 or a word for it (False, FALSE, false), else 1.
  [[nodiscard]] std::vector<std::uint8_t> as_truths() const;
};

/// One table. Columns are read when asked for.
class Table {
 public:
  /// `name`: "obs", "var", "raw/var" or "raw.var", below the file's root. `file` outlives the
  /// table. Throws the file's error if there is no such table or its index cannot be found.
  Table(const h5::File& file, std::string name);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Of the 0.5 and 0.6 layout.
  [[nodiscard]] bool legacy() const noexcept { return legacy_; }
  [[nodiscard]] Index size() const noexcept { return size_; }
  /// As the file names it: "_index", "index", "gene_ids", ...
  [[nodiscard]] const std::string& index_name() const noexcept { return index_.name; }
  [[nodiscard]] const Column& index() const noexcept { return index_; }
  /// Without the index, in the order of the table.
  [[nodiscard]] const std::vector<Column>& columns() const noexcept { return columns_; }
  [[nodiscard]] const Column* find(const std::string& column) const noexcept;

  /// Every value of a column (of the index too). Throws if it is unreadable, damaged or not
  /// size() long.
  [[nodiscard]] ColumnValues read(const Column& column) const;
  /// The index as texts, by and by where the layout allows it.
  [[nodiscard]] h5::TextReader index_reader() const;

 private:
  void open_group();
  void open_compound();

  const h5::File& file_;
  std::string name_;
  bool legacy_ = false;
  Index size_ = 0;
  Column index_;
  std::vector<Column> columns_;
};

/// True if something stands at `name` that can be a table.
[[nodiscard]] bool has_table(const h5::File& file, const std::string& name);

}  // namespace sicmir::h5ad
