// SPDX-License-Identifier: BSD-3-Clause
#include "zarr/codecs.hpp"

#include <blosc.h>
#include <fmt/core.h>
#include <zlib.h>

#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>

#include "sicmir/error.hpp"
#include "text/unpacked_bytes.hpp"

namespace sicmir::zarr {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what);
}

/// The header says the size; the library checks the rest against it (c-blosc 1.21, blosc.h).
std::string blosc(std::string_view bytes, std::uint64_t most) {
  std::size_t size = 0;
  if (blosc_cbuffer_validate(bytes.data(), bytes.size(), &size) < 0) {
    fail("its Blosc header is damaged");
  }
  if (size > most) fail(fmt::format("it claims {} bytes where {} belong", size, most));
  std::string out(size, '\0');
  const int got = blosc_decompress_ctx(bytes.data(), out.data(), out.size(), 1);
  if (got < 0 || static_cast<std::size_t>(got) != size) fail("Blosc cannot decompress it");
  return out;
}

/// gzip or zlib, by the header.
std::string inflate(std::string_view bytes, std::uint64_t most) {
  z_stream stream{};
  constexpr int either = 15 + 32;
  if (inflateInit2(&stream, either) != Z_OK) fail("zlib has no memory");
  struct End {
    z_stream& of;
    explicit End(z_stream& ended) : of(ended) {}
    End(const End&) = delete;
    End& operator=(const End&) = delete;
    ~End() { inflateEnd(&of); }
  };
  const End end(stream);
  std::string input(bytes);
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  std::string out;
  std::array<char, 65536> piece{};
  for (int done = Z_OK; done != Z_STREAM_END;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    done = ::inflate(&stream, Z_NO_FLUSH);
    if (done != Z_OK && done != Z_STREAM_END) fail("it is no whole gzip or zlib stream");
    out.append(piece.data(), piece.size() - stream.avail_out);
    if (out.size() > most) fail(fmt::format("it holds more than the {} bytes that belong", most));
  }
  return out;
}

/// numcodecs: the size (4 bytes), then one block (LZ4 block format: a token of two lengths,
/// literals, the distance of a match).
std::string lz4(std::string_view bytes, std::uint64_t most) {
  constexpr std::size_t head = 4;
  if (bytes.size() < head) fail("it is too short for LZ4");
  const std::uint64_t size = little_endian(bytes, 0, head);
  if (size > most) fail(fmt::format("it claims {} bytes where {} belong", size, most));
  std::string out;
  out.reserve(size);
  std::size_t at = head;
  const auto byte = [&]() -> std::size_t {
    if (at >= bytes.size()) fail("its LZ4 block ends too early");
    return static_cast<unsigned char>(bytes[at++]);
  };
  const auto length = [&](std::size_t nibble) {
    constexpr std::size_t more_follows = 15;
    std::size_t sum = nibble;
    if (nibble != more_follows) return sum;
    for (std::size_t next = 255; next == 255;) {
      next = byte();
      sum += next;
    }
    return sum;
  };
  while (out.size() < size || at < bytes.size()) {
    const std::size_t token = byte();
    const std::size_t literals = length(token >> 4U);
    if (literals > bytes.size() - at || literals > size - out.size()) {
      fail("its LZ4 block is damaged");
    }
    out.append(bytes.substr(at, literals));
    at += literals;
    if (at == bytes.size()) break;
    const std::size_t low = byte();
    const std::size_t distance = low | byte() << 8U;
    constexpr std::size_t shortest_match = 4;
    const std::size_t match = length(token & 15U) + shortest_match;
    if (distance == 0 || distance > out.size() || match > size - out.size()) {
      fail("its LZ4 block is damaged");
    }
    for (std::size_t i = 0; i < match; ++i) out.push_back(out[out.size() - distance]);
  }
  if (out.size() != size) fail("its LZ4 block is damaged");
  return out;
}

class MemoryBytes final : public ByteStage {
 public:
  explicit MemoryBytes(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] std::span<const char> next() override {
    const std::string_view all = std::exchange(bytes_, {});
    return {all.data(), all.size()};
  }
  [[nodiscard]] std::size_t memory_bytes() const override { return 0; }

 private:
  std::string_view bytes_;
};

std::string by_libarchive(std::string_view name, std::string_view bytes, std::uint64_t most) {
  if (compression_of(bytes) != name) fail(fmt::format("it does not begin as {} does", name));
  std::string out;
  try {
    const auto stage = unpacked(std::make_unique<MemoryBytes>(bytes), name, "chunk");
    for (std::span<const char> piece = stage->next(); !piece.empty(); piece = stage->next()) {
      out.append(piece.data(), piece.size());
      if (out.size() > most) fail(fmt::format("it holds more than the {} bytes that belong", most));
    }
  } catch (const Error&) {
    fail(fmt::format("{} cannot decompress it", name));
  }
  return out;
}

}  // namespace

std::uint64_t little_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

std::optional<Compression> compression_named(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Compression>, 9> known = {{
      {"blosc", Compression::blosc},
      {"zstd", Compression::zstd},
      {"gzip", Compression::gzip},
      {"zlib", Compression::gzip},
      {"lz4", Compression::lz4},
      {"bz2", Compression::bzip2},
      {"lzma", Compression::xz},
      {"crc32c", Compression::crc32c},
      {"numcodecs.zlib", Compression::gzip},
  }};
  for (const auto& [word, compression] : known) {
    if (word == name) return compression;
  }
  return std::nullopt;
}

std::string decompress(Compression compression, std::string_view bytes, std::uint64_t most) {
  switch (compression) {
    case Compression::blosc:
      return blosc(bytes, most);
    case Compression::gzip:
      return inflate(bytes, most);
    case Compression::lz4:
      return lz4(bytes, most);
    case Compression::zstd:
      return by_libarchive("Zstandard", bytes, most);
    case Compression::bzip2:
      return by_libarchive("bzip2", bytes, most);
    case Compression::xz:
      return by_libarchive("xz", bytes, most);
    case Compression::crc32c: {
      constexpr std::size_t tail = 4;
      if (bytes.size() < tail) fail("it is too short for a checksum");
      const std::string_view content = bytes.substr(0, bytes.size() - tail);
      if (little_endian(bytes, content.size(), tail) != crc32c(content)) {
        fail("its checksum does not match");
      }
      if (content.size() > most) fail("it is too long");
      return std::string(content);
    }
  }
  fail("its compression is not known");
}

std::uint32_t crc32c(std::string_view bytes) {
  static constexpr auto table = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t i = 0; i < made.size(); ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) {
        value = (value & 1U) != 0 ? value >> 1U ^ 0x82F63B78U : value >> 1U;
      }
      made.at(i) = value;
    }
    return made;
  }();
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char byte : bytes) {
    crc = crc >> 8U ^ table.at((crc ^ static_cast<unsigned char>(byte)) & 0xFFU);
  }
  return ~crc;
}

}  // namespace sicmir::zarr
