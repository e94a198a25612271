// SPDX-License-Identifier: BSD-3-Clause
#include "output/chunk_encoder.hpp"

#include <libdeflate.h>

#include <Eigen/Core>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace sicmir {
namespace {

// Predictions are noise to a compressor but for their exponents: higher levels cost time alone.
constexpr int level = 1;

libdeflate_compressor* compressor() {
  struct Free {
    void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  };
  thread_local const std::unique_ptr<libdeflate_compressor, Free> one(
      libdeflate_alloc_compressor(level));
  if (one == nullptr) throw std::bad_alloc();
  return one.get();
}

/// HDF5's shuffle: all first bytes of the elements, then all second ones...
std::vector<std::uint8_t> shuffled(std::span<const std::uint8_t> bytes, std::size_t element) {
  std::vector<std::uint8_t> result(bytes.size());
  const std::size_t count = bytes.size() / element;
  for (std::size_t b = 0; b < element; ++b) {
    for (std::size_t i = 0; i < count; ++i) result[b * count + i] = bytes[i * element + b];
  }
  return result;
}

}  // namespace

herr_t set_shuffle_and_deflate(hid_t creation) {
  const herr_t status = H5Pset_shuffle(creation);
  return status < 0 ? status : H5Pset_deflate(creation, level);
}

void shuffle_and_deflate(std::span<const std::uint8_t> bytes, std::size_t element,
                         std::vector<std::uint8_t>& chunk) {
  const std::vector<std::uint8_t> turned = shuffled(bytes, element);
  chunk.resize(libdeflate_zlib_compress_bound(compressor(), turned.size()));
  const std::size_t size = libdeflate_zlib_compress(compressor(), turned.data(), turned.size(),
                                                    chunk.data(), chunk.size());
  if (size == 0) throw Error(ExitCode::internal, "The compressor refused its own bound.");
  chunk.resize(size);
}

herr_t ChunkEncoder::set_filters(hid_t creation) const {
  return compression_ == Compression::none ? 0 : set_shuffle_and_deflate(creation);
}

h5::Handle ChunkEncoder::type() const {
  h5::Handle type(H5Tcopy(H5T_NATIVE_FLOAT));
  if (dtype_ == Dtype::float32) return type;
  // IEEE 754 binary16: sign at bit 15, 5 bits of exponent from 10, 10 of fraction, bias 15.
  if (H5Tset_fields(type.get(), 15, 10, 5, 0, 10) < 0 || H5Tset_size(type.get(), 2) < 0 ||
      H5Tset_ebias(type.get(), 15) < 0) {
    return h5::Handle();
  }
  return type;
}

void ChunkEncoder::encode(std::span<const float> values, std::vector<std::uint8_t>& chunk) const {
  std::size_t element = sizeof(float);
  if (dtype_ == Dtype::float16) {
    element = sizeof(Eigen::half);
    chunk.resize(values.size() * element);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto half = static_cast<Eigen::half>(values[i]);
      std::memcpy(chunk.data() + i * element, &half, element);
    }
  } else {
    chunk.resize(values.size_bytes());
    std::memcpy(chunk.data(), values.data(), values.size_bytes());
  }
  if (compression_ == Compression::none) return;
  const std::vector<std::uint8_t> plain = std::move(chunk);
  shuffle_and_deflate(plain, element, chunk);
}

}  // namespace sicmir
