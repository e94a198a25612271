// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The cells of a data set, for maps: cells.h5.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir::h5 {
class File;
}

namespace sicmir::atlas {

/// One byte a value: `low` + byte * (`high` - `low`) / 254; missing_byte: no value. The error is at
/// most half a step, (high - low) / 508.
struct ByteRange {
  float low = 0;
  float high = 0;

  [[nodiscard]] float value(std::uint8_t byte) const noexcept {
    return low + static_cast<float>(byte) * (high - low) / 254.0F;
  }
};
inline constexpr std::uint8_t missing_byte = 255;

/// Reads cells.h5. Cells stand in the order of the input; those that are not primary are not there.
class CellValues {
 public:
  /// Opens `folder`/cells.h5; `n_types`, `n_samples`, `n_mirnas`: what the other files of the
  /// folder say. Throws Error(bad_input).
  CellValues(const std::filesystem::path& folder, Index n_types, Index n_samples, Index n_mirnas);
  CellValues(const CellValues&) = delete;
  CellValues& operator=(const CellValues&) = delete;
  CellValues(CellValues&&) noexcept;
  CellValues& operator=(CellValues&&) noexcept;
  ~CellValues();

  [[nodiscard]] Index n_cells() const noexcept { return n_cells_; }
  [[nodiscard]] Index n_mirnas() const noexcept { return static_cast<Index>(ranges_.size()); }
  /// "X_umap": which obsm the map was; empty: there is no map.
  [[nodiscard]] const std::string& map_name() const noexcept { return map_name_; }
  /// x, y of each cell, one after the other; empty: no map. NaN: the cell is not on it.
  [[nodiscard]] std::vector<float> map() const;
  /// Per cell: position in DataSet::types, or `none`; likewise in DataSet::samples.
  [[nodiscard]] std::vector<std::int32_t> types() const;
  [[nodiscard]] std::vector<std::int32_t> samples() const;
  /// Private: barcodes.
  [[nodiscard]] std::vector<std::string> names() const;
  /// Per miRNA: the range of its bytes, in z-scores of the cells' own predictions.
  [[nodiscard]] const std::vector<ByteRange>& ranges() const noexcept { return ranges_; }
  /// Bytes of miRNAs `first` .. `first + count - 1`, all cells of the first, then of the next.
  /// Cheapest where `first` is a multiple of mirnas_per_chunk and `count` is mirnas_per_chunk.
  [[nodiscard]] std::vector<std::uint8_t> bytes(Index first, Index count) const;

  static constexpr Index mirnas_per_chunk = 16;

 private:
  std::unique_ptr<h5::File> file_;
  Index n_cells_ = 0;
  Index n_types_ = 0;
  Index n_samples_ = 0;
  std::string map_name_;
  std::vector<ByteRange> ranges_;
};

}  // namespace sicmir::atlas
