// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// AnnData in a temporary file, which other formats are translated to: obs, obsm, and matrices
/// where they cannot be read in their own place. (Encodings: AnnData's on-disk format 0.1.0.)

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cells/spool.hpp"
#include "hdf5/h5_output.hpp"
#include "sicmir/annotation_place.hpp"

namespace sicmir {

class AnnDataImage {
 public:
  /// `name`: of the input, for messages.
  explicit AnnDataImage(const std::string& name);

  [[nodiscard]] const H5Output& out() const noexcept { return out_; }
  /// Completes the file. What it returns is valid as long as the TemporaryFile that release()
  /// gives lives.
  [[nodiscard]] AnnotationPlace finish();
  [[nodiscard]] std::unique_ptr<TemporaryFile> release() { return std::move(file_); }

 private:
  std::string name_;
  std::unique_ptr<TemporaryFile> file_;
  H5Output out_;
};

/// Writes a table (obs, var) of an image, column by column.
class TableWriter {
 public:
  /// At the root, or in `parent`.
  TableWriter(const H5Output& out, const std::string& name, const std::vector<std::string>& index);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Whether AnnData can hold a column of this name, and there is none yet.
  [[nodiscard]] bool takes(const std::string& column) const;

  /// Each: size() long; `missing` is empty, or 1 where a value is missing.
  void texts(const std::string& column, const std::vector<std::string>& values,
             const std::vector<std::uint8_t>& missing);
  /// `codes`: positions in `categories`, -1: missing.
  void categories(const std::string& column, std::span<const std::int32_t> codes,
                  const std::vector<std::string>& categories, bool ordered);
  void integers(const std::string& column, std::span<const std::int32_t> values,
                const std::vector<std::uint8_t>& missing);
  void reals(const std::string& column, std::span<const double> values);
  /// 0 and 1.
  void booleans(const std::string& column, std::span<const std::int32_t> values,
                const std::vector<std::uint8_t>& missing);
  /// Completes the table.
  void finish();

 private:
  void masked(const std::string& column, hid_t type, std::span<const std::int32_t> values,
              const std::vector<std::uint8_t>& missing, const char* encoding);

  const H5Output& out_;
  std::size_t size_;
  h5::Handle group_;
  std::vector<std::string> columns_;
};

/// An array of one or two dimensions, row-major, with the encoding "array".
void write_numbers(const H5Output& out, hid_t parent, const std::string& name, hid_t stored,
                   hid_t memory, std::span<const hsize_t> extent, const void* values);

}  // namespace sicmir
