// SPDX-License-Identifier: BSD-3-Clause
#include "text/unpacked_bytes.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <utility>

#include "sicmir/error.hpp"
#include "text/archive_input.hpp"

namespace sicmir {
namespace {

using namespace std::string_view_literals;

struct Compression {
  std::string_view magic;
  std::string_view name;
  int (*support)(archive*);
};

// Formats: RFC 1952; the .xz file format 1.2.1; bzip2 1.0.8, compress.c (a block of data, or the
// end of an empty file); RFC 8878; LZ4 frame format 1.6.4.
constexpr std::array<Compression, 6> known = {{
    {"\x1f\x8b"sv, "gzip", nullptr},
    {"\xfd"
     "7zXZ\0"sv,
     "xz", archive_read_support_filter_xz},
    {"1AY&SY"sv, "bzip2", archive_read_support_filter_bzip2},
    {"\x17\x72\x45\x38\x50\x90"sv, "bzip2", archive_read_support_filter_bzip2},
    {"\x28\xb5\x2f\xfd"sv, "Zstandard", archive_read_support_filter_zstd},
    {"\x04\x22\x4d\x18"sv, "LZ4", archive_read_support_filter_lz4},
}};

class UnpackedBytes final : public ByteStage {
 public:
  UnpackedBytes(std::unique_ptr<ByteStage> stage, std::string_view compression, std::string name)
      : stage_(std::move(stage)),
        compression_(compression),
        name_(std::move(name)),
        archive_([this] { return stage_->next(); }) {
    if (archive_.get() == nullptr ||
        archive_read_support_format_raw(archive_.get()) != ARCHIVE_OK ||
        archive_read_support_format_empty(archive_.get()) != ARCHIVE_OK) {
      fail("libarchive cannot be used");
    }
    for (const Compression& each : known) {
      // A warning says that libarchive lacks the library and would start another program.
      if (each.name == compression && each.support(archive_.get()) != ARCHIVE_OK) {
        fail("this libarchive was built without it");
      }
    }
  }

  [[nodiscard]] std::span<const char> next() override {
    if (!open_ && !open()) return {};
    const auto bytes = archive_.read();
    if (!bytes) fail(archive_.why());
    n_read_ += bytes->size();
    return *bytes;
  }

  [[nodiscard]] std::size_t memory_bytes() const override {
    constexpr std::size_t window = std::size_t{64} << 20;  // of xz -9 and zstd --long=26
    return stage_->memory_bytes() + window;
  }

 private:
  /// False: there are no bytes.
  bool open() {
    open_ = true;
    if (!archive_.open()) fail(archive_.why());
    archive_entry* entry = nullptr;
    const int done = archive_read_next_header(archive_.get(), &entry);
    if (done == ARCHIVE_EOF) return false;
    if (done != ARCHIVE_OK) fail(archive_.why());
    // What no filter takes would pass through as it is.
    if (archive_filter_code(archive_.get(), 0) == ARCHIVE_FILTER_NONE) {
      fail("its header is damaged");
    }
    return true;
  }

  [[noreturn]] void fail(std::string_view what) const {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: this {} file cannot be decompressed beyond byte {} of its content "
                            "({}); it is damaged or incomplete. Was it copied or downloaded "
                            "completely?",
                            name_, compression_, n_read_, what));
  }

  std::unique_ptr<ByteStage> stage_;
  std::string compression_;
  std::string name_;
  ArchiveInput archive_;
  bool open_ = false;
  std::uint64_t n_read_ = 0;
};

}  // namespace

std::string_view compression_of(std::string_view head) noexcept {
  constexpr std::size_t bzip2_block_at = 4;  // behind "BZh" and the level
  for (const Compression& each : known) {
    const bool is_bzip2 = each.name == "bzip2";
    if (is_bzip2 && (!head.starts_with("BZh") || head.size() < bzip2_block_at)) continue;
    if (head.substr(is_bzip2 ? bzip2_block_at : 0).starts_with(each.magic)) return each.name;
  }
  return {};
}

std::unique_ptr<ByteStage> unpacked(std::unique_ptr<ByteStage> stage, std::string_view compression,
                                    const std::string& name) {
  return std::make_unique<UnpackedBytes>(std::move(stage), compression, name);
}

}  // namespace sicmir
