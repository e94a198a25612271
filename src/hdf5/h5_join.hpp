// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Joins data sets that stand at the same place in several HDF5 files, line after line.

#include <functional>
#include <string>
#include <vector>

#include "hdf5/h5_output.hpp"

namespace sicmir {

/// One of the files that are joined.
struct JoinInput {
  const h5::File* file = nullptr;
  hsize_t cells = 0;
};

/// Joins elements of cells (one line per cell in each input) into `out`. All inputs were written by
/// sicmir, so only its encodings occur.
class CellJoiner {
 public:
  CellJoiner(std::vector<JoinInput> inputs, const H5Output& out);

  [[nodiscard]] hsize_t n_cells() const noexcept { return n_cells_; }

  /// The element at `path` of every input, with its attributes: a data set, or a group of such
  /// (categories, nullable columns, tables). What is not of the same kind in all inputs is left out
  /// with a warning.
  void join(const std::string& path, hid_t parent, const std::string& name);
  /// A data set of numbers with one line per cell: chunks travel as they are stored where they fit.
  void join_matrix(const std::string& path, hid_t parent, const std::string& name);
  /// The same, referring to data set `path` of files `names` (one per input).
  void refer_to_matrix(const std::string& path, hid_t parent, const std::string& name,
                       const std::vector<std::string>& names);

 private:
  void join_lines(const std::string& path, hid_t parent, const std::string& name);
  void join_categorical(const std::string& path, hid_t parent, const std::string& name);
  void copy_lines(hid_t from, hid_t to, hsize_t first, hsize_t count);
  /// Same kind, element type and further axes in all inputs; axis 0 is the input's cells.
  [[nodiscard]] bool is_joinable(const std::string& path) const;
  /// The first input's data set; Error(bad_input) if it is not joinable.
  [[nodiscard]] h5::Handle open_joinable(const std::string& path) const;

  std::vector<JoinInput> inputs_;
  const H5Output& out_;
  hsize_t n_cells_ = 0;
};

/// Attributes of `from` (texts, numbers) onto `to`.
void copy_attributes(const H5Output& out, hid_t from, hid_t to);

}  // namespace sicmir
