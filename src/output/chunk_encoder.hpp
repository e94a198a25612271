// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Chunks of numbers as HDF5 stores them behind its filters.

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hdf5/h5.hpp"
#include "sicmir/matrix_sink.hpp"

namespace sicmir {

/// The filters that compressed data sets are written with: HDF5's shuffle, then deflate.
[[nodiscard]] herr_t set_shuffle_and_deflate(hid_t creation);
/// A chunk behind these filters. `bytes`: elements of `element` bytes each. From any thread; equal
/// bytes make equal chunks.
void shuffle_and_deflate(std::span<const std::uint8_t> bytes, std::size_t element,
                         std::vector<std::uint8_t>& chunk);

/// What a data set of float32 or float16, plain or gzip, needs. Equal numbers make equal bytes.
class ChunkEncoder {
 public:
  explicit ChunkEncoder(Compression compression = Compression::none, Dtype dtype = Dtype::float32)
      : compression_(compression), dtype_(dtype) {}

  /// True if chunks are the numbers as they are: encode() is not needed.
  [[nodiscard]] bool is_plain() const noexcept {
    return compression_ == Compression::none && dtype_ == Dtype::float32;
  }
  /// Sets the filters on a data set to be created.
  [[nodiscard]] herr_t set_filters(hid_t creation) const;
  [[nodiscard]] h5::Handle type() const;
  /// From any thread. Float16 is rounded to nearest, ties to even; beyond 65504 it is infinite.
  void encode(std::span<const float> values, std::vector<std::uint8_t>& chunk) const;

 private:
  Compression compression_;
  Dtype dtype_;
};

}  // namespace sicmir
