// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Stretches of one-dimensional HDF5 data sets whose work is shared: one thread fetches them as
/// they are stored, any other makes numbers of them.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hdf5/h5.hpp"
#include "hdf5/h5_chunks.hpp"
#include "hdf5/h5_window.hpp"

namespace sicmir::h5 {

/// A chunk that is inflated once, by whichever thread needs it first.
class SharedChunk {
 public:
  ChunkCodec::Stored stored;

  /// Runs `decode` on the first call; later ones find what it left, its exception included.
  template <class Decode>
  const RawBytes& elements(Decode decode) {
    const std::lock_guard lock(mutex_);
    if (!done_) {
      done_ = true;
      try {
        decode(stored, elements_);
      } catch (...) {
        error_ = std::current_exception();
      }
      stored.bytes = {};
    }
    if (error_) std::rethrow_exception(error_);
    return elements_;
  }

 private:
  std::mutex mutex_;
  bool done_ = false;
  std::exception_ptr error_;
  RawBytes elements_;
};

/// The elements first .. end - 1 of a data set, on their way.
template <class T>
struct Stretch {
  hsize_t first = 0;
  hsize_t end = 0;
  RawVector<T> values;                               // of data sets that are not compressed
  std::vector<std::shared_ptr<SharedChunk>> chunks;  // else, from the one that holds `first`
};

/// T: as NumberReader.
template <class T>
class StretchReader {
 public:
  /// As NumberReader's.
  StretchReader(const File& file, Handle dataset, hsize_t wanted,
                std::optional<std::int64_t> limit = std::nullopt, std::string limit_of = {});

  [[nodiscard]] hsize_t length() const noexcept { return numbers_.length(); }
  [[nodiscard]] const std::string& path() const noexcept { return numbers_.path(); }
  /// For looking here and there: see NumberReader. From the fetching thread.
  [[nodiscard]] std::span<const T> from(hsize_t element) { return numbers_.from(element); }

  /// The elements begin .. end - 1; end is at most length(). From one thread at a time.
  void fetch(hsize_t begin, hsize_t end, Stretch<T>& stretch);

  /// Calls use(span) for consecutive pieces of the elements begin .. end - 1 of a stretch, checked
  /// against the limit. From any thread.
  template <class Use>
  void visit(const Stretch<T>& stretch, hsize_t begin, hsize_t end, Use use) const {
    while (begin < end) {
      const std::span<const T> piece = piece_from(stretch, begin, end);
      use(piece);
      begin += piece.size();
    }
  }
  /// The longest piece of the elements begin .. end - 1 that lies in one place, checked.
  [[nodiscard]] std::span<const T> piece_from(const Stretch<T>& stretch, hsize_t begin,
                                              hsize_t end) const;

  /// Besides what is on its way.
  [[nodiscard]] std::size_t memory_bytes() const noexcept { return numbers_.memory_bytes(); }
  [[nodiscard]] std::uint64_t n_inflated() const noexcept {
    return numbers_.n_inflated() + n_inflated_.load();
  }

 private:
  void decode(ChunkCodec::Stored& stored, RawBytes& elements) const;

  NumberReader<T> numbers_;
  bool plain_ = false;               // neither filtered nor in need of more than a copy
  std::optional<ChunkCodec> codec_;  // of compressed data sets
  Handle file_type_;
  bool convert_ = false;
  std::size_t chunk_elements_ = 1;
  std::size_t larger_element_ = sizeof(T);
  hsize_t last_corner_ = 0;
  std::shared_ptr<SharedChunk> last_;  // two stretches meet in it
  mutable std::atomic<std::uint64_t> n_inflated_ = 0;
};

extern template class StretchReader<float>;
extern template class StretchReader<double>;
extern template class StretchReader<std::int32_t>;
extern template class StretchReader<std::int64_t>;

}  // namespace sicmir::h5
