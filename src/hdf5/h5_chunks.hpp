// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Chunks inflated by ourselves, to exactly the size that a chunk has.
///
/// HDF5 1.10 trusts its filters: a chunk that inflates to less than its size makes it read beyond
/// its buffers, one that inflates to more takes any amount of memory. libdeflate is also twice as
/// fast as HDF5's zlib, and fetching apart from decoding leaves room for threads.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hdf5/h5.hpp"
#include "hdf5/raw_vector.hpp"

namespace sicmir::h5 {

class ChunkCodec {
 public:
  /// nullopt: the data set is not chunked, or passes through filters other than gzip, LZF, shuffle
  /// and Fletcher32. Throws if it claims chunks that the file cannot hold.
  [[nodiscard]] static std::optional<ChunkCodec> of(const File& file, hid_t dataset);

  [[nodiscard]] std::size_t chunk_bytes() const noexcept { return chunk_bytes_; }

  /// A chunk as it stands in the file.
  struct Stored {
    RawBytes bytes;
    std::uint32_t skipped_filters = 0;
    bool present = false;  ///< false: never written, all fill values
  };
  /// `corner`: coordinates of the chunk's first element, one per dimension.
  void fetch(hid_t dataset, std::span<const hsize_t> corner, Stored& stored) const;
  /// `out`: chunk_bytes() bytes of elements as the file's type has them. Touches no HDF5.
  void decode(Stored& stored, RawBytes& out) const;

 private:
  struct Step {
    H5Z_filter_t filter;
    std::size_t element_bytes;  // shuffle
  };
  ChunkCodec() = default;
  [[noreturn]] void fail(const std::string& what) const;
  void inflate(H5Z_filter_t filter, std::span<const std::uint8_t> from, RawBytes& to,
               std::size_t expected) const;

  const File* file_ = nullptr;
  std::string path_;
  std::size_t chunk_bytes_ = 0;
  std::vector<Step> steps_;         // as they were applied in writing
  std::vector<std::uint8_t> fill_;  // one element
};

/// Reads chunk after chunk, converted to `memory` elements; remembers the chunk inflated last.
class ChunkReader {
 public:
  ChunkReader(ChunkCodec codec, hid_t dataset, hid_t memory);
  /// Elements of the chunk at `corner`, row-major, `count()` of them, of the memory type. Valid
  /// until the next call.
  [[nodiscard]] const void* at(hid_t dataset, std::span<const hsize_t> corner);
  [[nodiscard]] std::size_t memory_bytes() const noexcept;
  /// How often a chunk was inflated so far.
  [[nodiscard]] std::uint64_t n_inflated() const noexcept { return n_inflated_; }

 private:
  ChunkCodec codec_;
  hid_t memory_ = -1;  // a native type, which needs no closing
  Handle file_type_;
  bool convert_ = true;
  std::size_t count_ = 0;
  std::size_t larger_element_ = 1;  // of the file's and the memory's element
  ChunkCodec::Stored stored_;
  RawBytes elements_;
  std::vector<hsize_t> corner_;
  std::uint64_t n_inflated_ = 0;
};

/// Inflates each chunk once to see that it has the size of a chunk, for data sets that HDF5 itself
/// must read (texts of variable length). Does nothing where there is no ChunkCodec.
void check_chunks(const File& file, hid_t dataset);

}  // namespace sicmir::h5
