// SPDX-License-Identifier: BSD-3-Clause
/// Chunks of Zarr arrays: the first byte chooses the compression.
#include <stdexcept>

#include "fuzz/fuzz_target.hpp"
#include "zarr/codecs.hpp"

void sicmir::fuzz::fuzz_one(std::string_view bytes) {
  using zarr::Compression;
  if (bytes.empty()) return;
  constexpr std::array all = {Compression::blosc, Compression::zstd,  Compression::gzip,
                              Compression::lz4,   Compression::bzip2, Compression::xz,
                              Compression::crc32c};
  const auto chosen = static_cast<unsigned char>(bytes.front()) % all.size();
  try {
    const std::string plain = zarr::decompress(all.at(chosen), bytes.substr(1), 1 << 20);
    if (plain.size() > (1 << 20)) throw std::logic_error("more bytes than allowed");
  } catch (const std::runtime_error& error) {
    throw Error(ExitCode::bad_input, error.what());
  }
}
