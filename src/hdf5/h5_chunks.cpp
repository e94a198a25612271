// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/h5_chunks.hpp"

#include <fmt/core.h>
#include <libdeflate.h>
#include <lzf.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <memory>

#include "hdf5/h5_storage.hpp"
#include "hdf5/lzf_filter.hpp"

namespace sicmir::h5 {
namespace {

constexpr std::size_t checksum_bytes = 4;

/// Fletcher's checksum over 16-bit big-endian words as HDF5 defines it (file format specification,
/// IV.A.2.l): both sums modulo 65535, written as 65535 rather than 0 unless all is 0.
std::uint32_t fletcher32(std::span<const std::uint8_t> bytes) {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  const auto fold = [](std::uint64_t sum) {
    return sum == 0 ? 0 : (sum % 65535 == 0 ? 65535 : sum % 65535);
  };
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    first += static_cast<std::uint64_t>(bytes[i]) << 8;
    if (i + 1 < bytes.size()) first += bytes[i + 1];
    second += first;
    if ((i & 0xfff) == 0) {
      first = fold(first);
      second = fold(second);
    }
  }
  return static_cast<std::uint32_t>(fold(second) << 16 | fold(first));
}

template <class Word>
void unshuffle_words(const std::uint8_t* from, std::uint8_t* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    Word word = 0;
    for (std::size_t b = 0; b < sizeof(Word); ++b) {
      word |= static_cast<Word>(static_cast<Word>(from[b * count + i]) << (8 * b));
    }
    std::memcpy(to + i * sizeof(Word), &word, sizeof(Word));
  }
}

/// Undoes HDF5's shuffle: all first bytes of the elements, then all second ones...
void unshuffle(std::span<const std::uint8_t> from, RawBytes& to, std::size_t element) {
  to.resize(from.size());
  if (from.empty()) return;
  const std::size_t count = element == 0 ? 0 : from.size() / element;
  if (element == 4) {
    unshuffle_words<std::uint32_t>(from.data(), to.data(), count);
  } else if (element == 8) {
    unshuffle_words<std::uint64_t>(from.data(), to.data(), count);
  } else {
    for (std::size_t b = 0; b < element; ++b) {
      for (std::size_t i = 0; i < count; ++i) to[i * element + b] = from[b * count + i];
    }
  }
  const std::size_t rest = from.size() - count * element;
  std::copy(from.end() - static_cast<std::ptrdiff_t>(rest), from.end(),
            to.end() - static_cast<std::ptrdiff_t>(rest));
}

bool is_compressor(H5Z_filter_t filter) {
  return filter == H5Z_FILTER_DEFLATE || filter == lzf_filter_number;
}

/// One decompressor per thread: allocating it for each chunk would cost more than small chunks.
libdeflate_decompressor* decompressor() {
  struct Free {
    void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
  };
  thread_local const std::unique_ptr<libdeflate_decompressor, Free> one(
      libdeflate_alloc_decompressor());
  return one.get();
}

}  // namespace

std::optional<ChunkCodec> ChunkCodec::of(const File& file, hid_t dataset) {
  const Lock lock;
  const std::vector<hsize_t> chunk = chunk_shape(dataset);
  if (chunk.empty()) return std::nullopt;
  const Handle creation(H5Dget_create_plist(dataset));
  unsigned options = 0;
  // Files may leave the filters out for chunks at the edge.
  if (H5Pget_chunk_opts(creation.get(), &options) < 0 || options != 0) return std::nullopt;
  ChunkCodec codec;
  codec.file_ = &file;
  codec.path_ = path_of(dataset);
  codec.chunk_bytes_ = check_chunk_claim(file, dataset);
  int n_compressors = 0;
  for (const Filter& filter : filters_of(creation.get())) {
    const bool known = is_compressor(filter.id) || filter.id == H5Z_FILTER_SHUFFLE ||
                       filter.id == H5Z_FILTER_FLETCHER32;
    if (!known) return std::nullopt;
    n_compressors += is_compressor(filter.id) ? 1 : 0;
    codec.steps_.push_back({filter.id, filter.parameters.empty() ? 0 : filter.parameters[0]});
  }
  // Of two compressors in a row the size in between is not known.
  if (n_compressors > 1) return std::nullopt;
  const Handle type(H5Dget_type(dataset));
  codec.fill_.assign(H5Tget_size(type.get()), 0);
  if (H5Tdetect_class(type.get(), H5T_VLEN) <= 0 && H5Tis_variable_str(type.get()) <= 0) {
    H5Pget_fill_value(creation.get(), type.get(), codec.fill_.data());
  }
  return codec;
}

void ChunkCodec::fail(const std::string& what) const {
  file_->fail(path_, what);
}

void ChunkCodec::fetch(hid_t dataset, std::span<const hsize_t> corner, Stored& stored) const {
  const Lock lock;
  hsize_t bytes = 0;
  if (H5Dget_chunk_storage_size(dataset, corner.data(), &bytes) < 0) {
    fail("its list of chunks cannot be read; the file is damaged or incomplete.");
  }
  stored.present = bytes > 0;
  if (!stored.present) {
    // Not there, or there and empty? This question goes through the whole list of chunks each time
    // (HDF5 1.10), the one above finds its chunk by the index.
    unsigned mask = 0;
    haddr_t address = HADDR_UNDEF;
    if (H5Dget_chunk_info_by_coord(dataset, corner.data(), &mask, &address, &bytes) < 0) {
      fail("its list of chunks cannot be read; the file is damaged or incomplete.");
    }
    stored.present = address != HADDR_UNDEF;
  }
  stored.bytes.clear();
  if (!stored.present) return;
  if (bytes > file_->bytes()) {
    fail(fmt::format("claims a chunk of {} bytes, more than the file has; it is damaged.", bytes));
  }
  stored.bytes.resize(bytes);
  std::uint32_t skipped = 0;
  if (H5Dread_chunk(dataset, H5P_DEFAULT, corner.data(), &skipped, stored.bytes.data()) < 0) {
    fail("a chunk cannot be read; the file is damaged or incomplete.");
  }
  stored.skipped_filters = skipped;
}

void ChunkCodec::inflate(H5Z_filter_t filter, std::span<const std::uint8_t> from, RawBytes& to,
                         std::size_t expected) const {
  to.resize(expected);
  bool good = false;
  if (filter == H5Z_FILTER_DEFLATE) {
    good = libdeflate_zlib_decompress(decompressor(), from.data(), from.size(), to.data(), expected,
                                      nullptr) == LIBDEFLATE_SUCCESS;
  } else if (from.size() <= UINT_MAX && expected <= UINT_MAX) {
    good = lzf_decompress(from.data(), static_cast<unsigned>(from.size()), to.data(),
                          static_cast<unsigned>(expected)) == expected;
  }
  if (!good) {
    fail(
        fmt::format("a chunk of {} bytes cannot be inflated to the {} bytes that it must have; "
                    "the file is damaged.",
                    from.size(), expected));
  }
}

void ChunkCodec::decode(Stored& stored, RawBytes& out) const {
  if (!stored.present) {
    out.resize(chunk_bytes_);
    for (std::size_t at = 0; at < chunk_bytes_; ++at) out[at] = fill_[at % fill_.size()];
    return;
  }
  // What each filter was given when the chunk was written.
  std::vector<Step> steps;
  std::vector<std::size_t> given;
  std::size_t size = chunk_bytes_;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if ((stored.skipped_filters >> i & 1u) != 0) continue;
    steps.push_back(steps_[i]);
    given.push_back(size);
    if (steps_[i].filter == H5Z_FILTER_FLETCHER32) size += checksum_bytes;
  }
  RawBytes& now = stored.bytes;
  for (std::size_t i = steps.size(); i-- > 0;) {
    const Step& step = steps[i];
    if (is_compressor(step.filter)) {
      inflate(step.filter, now, out, given[i]);
      now.swap(out);
    } else if (step.filter == H5Z_FILTER_SHUFFLE) {
      unshuffle(now, out, step.element_bytes);
      now.swap(out);
    } else {
      if (now.size() < checksum_bytes) fail("a chunk has lost its checksum; the file is damaged.");
      const std::uint8_t* end = now.data() + now.size() - checksum_bytes;
      const std::uint32_t wanted =
          static_cast<std::uint32_t>(end[0]) | static_cast<std::uint32_t>(end[1]) << 8 |
          static_cast<std::uint32_t>(end[2]) << 16 | static_cast<std::uint32_t>(end[3]) << 24;
      now.resize(now.size() - checksum_bytes);
      if (fletcher32(now) != wanted) fail("the checksum of a chunk is wrong; the file is damaged.");
    }
  }
  if (now.size() != chunk_bytes_) {
    fail(fmt::format("a chunk has {} bytes where it must have {}; the file is damaged.", now.size(),
                     chunk_bytes_));
  }
  out.swap(now);
}

ChunkReader::ChunkReader(ChunkCodec codec, hid_t dataset, hid_t memory)
    : codec_(std::move(codec)), memory_(memory) {
  const Lock lock;
  file_type_ = Handle(H5Dget_type(dataset));
  convert_ = H5Tequal(file_type_.get(), memory) <= 0;
  const std::size_t file_bytes = H5Tget_size(file_type_.get());
  const std::size_t memory_bytes = H5Tget_size(memory);
  count_ = codec_.chunk_bytes() / file_bytes;
  larger_element_ = std::max(file_bytes, memory_bytes);
}

const void* ChunkReader::at(hid_t dataset, std::span<const hsize_t> corner) {
  if (!corner_.empty() &&
      std::equal(corner.begin(), corner.end(), corner_.begin(), corner_.end())) {
    return elements_.data();
  }
  corner_.clear();  // should decoding fail, nothing is held
  codec_.fetch(dataset, corner, stored_);
  codec_.decode(stored_, elements_);
  if (stored_.present) ++n_inflated_;
  if (convert_) {
    const Lock lock;
    elements_.resize(count_ * larger_element_);  // conversion is done in place
    if (H5Tconvert(file_type_.get(), memory_, count_, elements_.data(), nullptr, H5P_DEFAULT) < 0) {
      throw Error(ExitCode::internal, "HDF5 cannot convert between two number types");
    }
  }
  corner_.assign(corner.begin(), corner.end());
  return elements_.data();
}

std::size_t ChunkReader::memory_bytes() const noexcept {
  return count_ * larger_element_ + 2 * codec_.chunk_bytes();
}

void check_chunks(const File& file, hid_t dataset) {
  const Lock lock;
  if (compression_name(dataset).empty()) return;
  const auto codec = ChunkCodec::of(file, dataset);
  if (!codec) return;
  const std::vector<hsize_t> extent = shape(file, dataset);
  const std::vector<hsize_t> chunk = chunk_shape(dataset);
  if (extent.size() != chunk.size() || check_claim(file, dataset) == 0) return;
  std::vector<hsize_t> corner(extent.size(), 0);
  ChunkCodec::Stored stored;
  RawBytes bytes;
  for (bool more = true; more;) {
    codec->fetch(dataset, corner, stored);
    if (stored.present) codec->decode(stored, bytes);
    more = false;
    for (std::size_t d = corner.size(); d-- > 0 && !more;) {
      corner[d] += chunk[d];
      if (corner[d] < extent[d]) {
        more = true;
      } else {
        corner[d] = 0;
      }
    }
  }
}

}  // namespace sicmir::h5
