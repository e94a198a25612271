// SPDX-License-Identifier: BSD-3-Clause
#include "text/byte_input.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/own_files.hpp"
#include "bundle/bundled_files.hpp"
#include "sicmir/types.hpp"
#include "text/bgzf_bytes.hpp"
#include "text/gzip_bytes.hpp"
#include "text/unpacked_bytes.hpp"

namespace sicmir {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;
constexpr std::size_t raw_head_bytes = std::size_t{1} << 16;
/// deflate cannot shrink data further than 1 : 1032 (zlib technical details).
constexpr std::uint64_t best_deflate_ratio = 1032;

class FileBytes final : public ByteStage {
 public:
  /// `ours`: opened here, so to be closed here. Such a file is read by offsets, since its position
  /// may be shared (open_input()).
  FileBytes(int descriptor, bool ours, std::string name)
      : descriptor_(descriptor), ours_(ours), name_(std::move(name)), buffer_(buffer_bytes) {}
  void set_positioned(bool positioned) noexcept { positioned_ = positioned; }
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;
  ~FileBytes() override {
    if (ours_) ::close(descriptor_);
  }
  std::span<const char> next() override {
    for (;;) {
      const ssize_t n = positioned_ ? ::pread(descriptor_, buffer_.data(), buffer_.size(),
                                              static_cast<off_t>(offset_))
                                    : ::read(descriptor_, buffer_.data(), buffer_.size());
      if (n >= 0) {
        offset_ += static_cast<std::uint64_t>(n);
        return {buffer_.data(), static_cast<std::size_t>(n)};
      }
      if (errno == EINTR) continue;
      throw Error(ExitCode::bad_input, fmt::format("{}: reading fails at byte {}: {}.", name_,
                                                   offset_, std::strerror(errno)));
    }
  }
  std::size_t memory_bytes() const override { return buffer_.capacity(); }

 private:
  int descriptor_;
  bool ours_;
  bool positioned_ = false;
  std::string name_;
  std::vector<char> buffer_;
  std::uint64_t offset_ = 0;
};

/// Bytes that live as long as the program.
class BundledBytes final : public ByteStage {
 public:
  explicit BundledBytes(std::string_view bytes) : left_(bytes) {}
  std::span<const char> next() override {
    const std::string_view bytes = std::exchange(left_, std::string_view{});
    return {bytes.data(), bytes.size()};
  }
  std::size_t memory_bytes() const override { return 0; }

 private:
  std::string_view left_;
};

}  // namespace

std::string_view PeekedBytes::peek(std::size_t size) {
  if (served_) {
    peeked_.clear();
    served_ = false;
  }
  if (peeked_.size() < size) peeked_.reserve(size + buffer_bytes);  // not by doubling
  while (peeked_.size() < size) {
    const auto bytes = stage_->next();
    if (bytes.empty()) break;
    peeked_.append(bytes.data(), bytes.size());
  }
  return std::string_view(peeked_).substr(0, size);
}

std::span<const char> PeekedBytes::next() {
  if (!served_ && !peeked_.empty()) {
    served_ = true;
    return peeked_;
  }
  if (served_) {
    std::string().swap(peeked_);  // an assignment would keep the memory
    served_ = false;
  }
  return stage_->next();
}

std::unique_ptr<ByteInput> ByteInput::open(const std::string& path, int threads) {
  return open_as(path, path, path == "-" ? "standard input" : path, threads);
}

std::unique_ptr<ByteInput> ByteInput::open_as(const std::string& file, const std::string& path,
                                              const std::string& name, int threads) {
  std::unique_ptr<ByteInput> input(new ByteInput);
  input->path_ = path;
  input->name_ = name;
  if (const auto bundled = bundle::bytes_of(file)) {
    input->size_ = bundled->size();
    input->raw_head_ = bundled->substr(0, raw_head_bytes);
    input->bytes_ = std::make_unique<PeekedBytes>(std::make_unique<BundledBytes>(*bundled));
    return input;
  }
  const bool standard_input = file == "-";
  int descriptor = STDIN_FILENO;
  if (!standard_input) {
    descriptor = open_input(file);
    if (descriptor < 0) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: cannot be opened: {}.", path, std::strerror(errno)));
    }
  }
  auto bytes = std::make_unique<FileBytes>(descriptor, !standard_input, input->name_);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: cannot be read: {}.", input->name_, std::strerror(errno)));
  }
  if (S_ISREG(status.st_mode) && !standard_input) {
    input->regular_ = true;
    bytes->set_positioned(true);
    input->size_ = static_cast<std::uint64_t>(status.st_size);
    ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  auto raw = std::make_unique<PeekedBytes>(std::move(bytes));
  input->raw_head_ = raw->peek(raw_head_bytes);
  input->compression_ = compression_of(input->raw_head_);
  if (input->is_gzip()) {
    input->bytes_ = std::make_unique<PeekedBytes>(
        bgzf_block_bytes(input->raw_head_) > 0
            ? gunzipped_in_parallel(std::move(raw), input->name_, threads)
            : gunzipped(std::move(raw), input->name_));
  } else if (!input->compression_.empty()) {
    input->bytes_ =
        std::make_unique<PeekedBytes>(unpacked(std::move(raw), input->compression_, input->name_));
  } else {
    input->bytes_ = std::move(raw);
  }
  return input;
}

std::unique_ptr<ByteInput> ByteInput::through(
    std::unique_ptr<ByteInput> input,
    const std::function<std::unique_ptr<ByteStage>(std::unique_ptr<PeekedBytes>)>& make) {
  input->bytes_ = std::make_unique<PeekedBytes>(make(std::move(input->bytes_)));
  return input;
}

std::optional<std::uint64_t> ByteInput::most_bytes() const noexcept {
  if (!size_) return std::nullopt;
  if (is_gzip()) return *size_ * best_deflate_ratio + best_deflate_ratio;
  return compression_.empty() ? size_ : std::nullopt;
}

bool is_read_once(const std::string& path) {
  if (path == "-") return true;
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

}  // namespace sicmir
