// SPDX-License-Identifier: BSD-3-Clause
#include "text/gzip_bytes.hpp"

#include <fmt/core.h>
#include <zlib.h>

#include <utility>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir {
namespace {

constexpr std::size_t unpacked_bytes_at_once = std::size_t{1} << 20;

/// RFC 1952: a gzip file is a series of members.
class GunzippedBytes final : public ByteStage {
 public:
  GunzippedBytes(std::unique_ptr<ByteStage> stage, std::string name, std::uint64_t offset)
      : stage_(std::move(stage)),
        name_(std::move(name)),
        out_(unpacked_bytes_at_once),
        read_(offset) {
    // 16: expect a gzip header, and check its CRC and length at the end.
    if (inflateInit2(&stream_, MAX_WBITS + 16) != Z_OK) {
      throw Error(ExitCode::internal, fmt::format("{}: zlib cannot start.", name_));
    }
  }
  GunzippedBytes(const GunzippedBytes&) = delete;
  GunzippedBytes& operator=(const GunzippedBytes&) = delete;
  ~GunzippedBytes() override { inflateEnd(&stream_); }

  std::span<const char> next() override {
    if (done_) return {};
    stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
    stream_.avail_out = static_cast<uInt>(out_.size());
    while (stream_.avail_out > 0) {
      if (between_members_ && !start_member()) {
        done_ = true;
        break;
      }
      if (stream_.avail_in == 0 && !refill()) {
        throw Error(ExitCode::bad_input,
                    fmt::format("{}: the gzip data end too early, at byte {} of the file. It was "
                                "not copied or downloaded completely; fetch it again.",
                                name_, offset()));
      }
      const int status = inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_STREAM_END) {
        between_members_ = true;
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        throw Error(
            ExitCode::bad_input,
            fmt::format("{}: the gzip data are damaged near byte {} of the file ({}). "
                        "Fetch the file again; `gzip -t` must pass.",
                        name_, offset(), stream_.msg != nullptr ? stream_.msg : zError(status)));
      }
    }
    return {out_.data(), out_.size() - stream_.avail_out};
  }
  std::size_t memory_bytes() const override {
    constexpr std::size_t zlib_state = std::size_t{48} << 10;
    return out_.capacity() + zlib_state + stage_->memory_bytes();
  }

 private:
  [[nodiscard]] std::uint64_t offset() const { return read_ - stream_.avail_in; }

  bool refill() {
    const auto bytes = stage_->next();
    // zlib's interface is not const-correct; it does not write here.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    read_ += bytes.size();
    return !bytes.empty();
  }

  /// False at the end of the file. Zeros before it are padding (tape blocks, some archives).
  bool start_member() {
    for (;;) {
      while (stream_.avail_in > 0 && *stream_.next_in == 0) {
        ++stream_.next_in;
        --stream_.avail_in;
      }
      if (stream_.avail_in > 0) break;
      if (!refill()) return false;
    }
    // The second byte of the magic number is checked by inflate().
    constexpr Bytef first_magic = 0x1f;
    if (*stream_.next_in != first_magic) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: something that is not gzip follows the gzip data at byte {} of "
                              "the file. Unpack the file and check it.",
                              name_, offset()));
    }
    if (!first_) inflateReset(&stream_);
    first_ = false;
    between_members_ = false;
    return true;
  }

  std::unique_ptr<ByteStage> stage_;
  std::string name_;
  std::vector<char> out_;
  z_stream stream_{};
  std::uint64_t read_;  // bytes of the file, those in stream_ included
  bool between_members_ = true;
  bool first_ = true;
  bool done_ = false;
};

}  // namespace

std::unique_ptr<ByteStage> gunzipped(std::unique_ptr<ByteStage> stage, const std::string& name,
                                     std::uint64_t offset) {
  return std::make_unique<GunzippedBytes>(std::move(stage), name, offset);
}

}  // namespace sicmir
