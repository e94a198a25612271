// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// One-dimensional HDF5 data sets read from front to back in bounded memory, every chunk inflated
/// once.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "hdf5/h5.hpp"
#include "hdf5/h5_chunks.hpp"
#include "hdf5/h5_storage.hpp"
#include "hdf5/raw_vector.hpp"

namespace sicmir::h5 {

/// A data set cut into windows along its chunks: a window is a whole number of chunks, or a piece
/// of one large chunk, which then stays inflated (by ChunkReader, or in HDF5's chunk cache) until
/// the next is needed.
class Windows {
 public:
  /// `wanted`: elements per window, about. Throws if the data set is not one-dimensional.
  Windows(const File& file, Handle dataset, hsize_t wanted);

  [[nodiscard]] hid_t dataset() const noexcept { return dataset_.get(); }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] hsize_t length() const noexcept { return length_; }
  /// First element of the window that holds `element`, and one past its last.
  [[nodiscard]] std::pair<hsize_t, hsize_t> around(hsize_t element) const noexcept;
  [[nodiscard]] hsize_t chunk() const noexcept { return chunk_; }
  /// Elements of the longest window.
  [[nodiscard]] hsize_t longest() const noexcept;
  /// What HDF5 may hold for this data set.
  [[nodiscard]] std::size_t hdf5_bytes() const noexcept { return hdf5_bytes_; }

 private:
  Handle dataset_;
  std::string path_;
  hsize_t length_ = 0;
  hsize_t chunk_ = 1;   // elements
  hsize_t window_ = 1;  // elements; a multiple of chunk_, or less than it
  std::size_t hdf5_bytes_ = 0;
};

template <class T>
[[nodiscard]] hid_t memory_type() {
  if constexpr (std::is_same_v<T, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<T, std::int32_t>) return H5T_NATIVE_INT32;
  return H5T_NATIVE_INT64;
}

/// Numbers of a data set as `T`: float, double, std::int32_t or std::int64_t, converted by HDF5
/// (which clips what does not fit).
template <class T>
class NumberReader {
 public:
  /// `file` outlives the reader. `limit`: if given, every value must be in 0 .. limit - 1;
  /// `limit_of` says of what, for the message ("genes").
  NumberReader(const File& file, Handle dataset, hsize_t wanted,
               std::optional<std::int64_t> limit = std::nullopt, std::string limit_of = {});

  [[nodiscard]] hsize_t length() const noexcept { return windows_.length(); }
  [[nodiscard]] const std::string& path() const noexcept { return windows_.path(); }

  /// The elements from `element` (less than length()) to the end of its window.
  [[nodiscard]] std::span<const T> from(hsize_t element) {
    if (element < first_ || element >= end_) load(element);
    return std::span<const T>(values_).subspan(element - first_, end_ - element);
  }
  [[nodiscard]] hid_t dataset() const noexcept { return windows_.dataset(); }
  /// Elements past any window, for data sets that are not compressed. Not checked.
  void read(hsize_t first, hsize_t count, T* values) const {
    read_slice(file_, windows_.dataset(), memory_type<T>(), first, count, values);
  }
  /// Throws unless all values, the first being element `first`, are within the limit.
  void check_limit(std::span<const T> values, hsize_t first) const;
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return windows_.longest() * sizeof(T) +
           (chunks_ ? chunks_->memory_bytes() : windows_.hdf5_bytes());
  }
  /// How many chunks were inflated so far; 0 where HDF5 does it.
  [[nodiscard]] std::uint64_t n_inflated() const noexcept {
    return chunks_ ? chunks_->n_inflated() : 0;
  }

 private:
  void load(hsize_t element);

  const File& file_;
  Windows windows_;
  std::optional<ChunkReader> chunks_;  // of compressed data sets
  std::optional<std::int64_t> limit_;
  std::string limit_of_;
  RawVector<T> values_;
  hsize_t first_ = 0;
  hsize_t end_ = 0;
};

extern template class NumberReader<float>;
extern template class NumberReader<double>;
extern template class NumberReader<std::int32_t>;
extern template class NumberReader<std::int64_t>;

/// Texts of a data set, or of one text field of a compound data set.
class TextReader {
 public:
  /// `file` outlives the reader.
  TextReader(const File& file, Handle dataset, std::string field = {});
  /// Serves texts that are held already.
  explicit TextReader(std::vector<std::string> texts);

  [[nodiscard]] hsize_t length() const noexcept;
  /// `element` less than length().
  [[nodiscard]] const std::string& at(hsize_t element) {
    if (element < first_ || element >= end_) load(element);
    return texts_[element - first_];
  }
  /// Every text; for readers that need them all.
  [[nodiscard]] std::vector<std::string> all();
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  void load(hsize_t element);

  const File* file_ = nullptr;
  std::optional<Windows> windows_;
  std::string field_;
  std::vector<std::string> texts_;
  hsize_t first_ = 0;
  hsize_t end_ = 0;
};

}  // namespace sicmir::h5
