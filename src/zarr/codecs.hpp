// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Compressions of Zarr's chunks. Sources: numcodecs' formats (blosc, zstd, gzip, zlib, lz4, bz2,
/// lzma), the Zarr 3 codecs (blosc, gzip, zstd, crc32c).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sicmir::zarr {

enum class Compression : std::uint8_t { blosc, zstd, gzip, lz4, bzip2, xz, crc32c };

/// By the name that metadata has for it (numcodecs' "id", Zarr 3's "name").
[[nodiscard]] std::optional<Compression> compression_named(std::string_view name);

/// The content of `bytes`, at most `most` bytes. Throws std::runtime_error, whose text ends a
/// sentence ("is damaged: ..."), for damage and for more.
[[nodiscard]] std::string decompress(Compression compression, std::string_view bytes,
                                     std::uint64_t most);

/// CRC-32C (RFC 3720, appendix B.4).
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes);

/// The number that `size` bytes at `at` hold, `size` at most 8; they must be there.
[[nodiscard]] std::uint64_t little_endian(std::string_view bytes, std::size_t at, std::size_t size);

}  // namespace sicmir::zarr
