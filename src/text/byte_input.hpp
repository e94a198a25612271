// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Bytes of a file, a FIFO or standard input, decompressed on the way. Nothing is ever reopened or
/// rewound, so pipes work like files.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sicmir {

/// One step on the way from the disk to the reader. Each works on its own, so that a thread can be
/// put between any two of them.
class ByteStage {
 public:
  virtual ~ByteStage() = default;
  ByteStage() = default;
  ByteStage(const ByteStage&) = delete;
  ByteStage& operator=(const ByteStage&) = delete;
  /// The next bytes, valid until the next call; empty: the end. Throws Error(bad_input).
  [[nodiscard]] virtual std::span<const char> next() = 0;
  /// Upper bound of the bytes held in memory.
  [[nodiscard]] virtual std::size_t memory_bytes() const = 0;
};

/// Serves a stage's bytes; the first of them can be looked at beforehand.
class PeekedBytes final : public ByteStage {
 public:
  explicit PeekedBytes(std::unique_ptr<ByteStage> stage) : stage_(std::move(stage)) {}
  /// The first `size` bytes not yet served, fewer if the input ends before. Valid until the next
  /// call of any function.
  [[nodiscard]] std::string_view peek(std::size_t size);
  [[nodiscard]] std::span<const char> next() override;
  [[nodiscard]] std::size_t memory_bytes() const override {
    return peeked_.capacity() + stage_->memory_bytes();
  }

 private:
  std::unique_ptr<ByteStage> stage_;
  std::string peeked_;
  bool served_ = false;  // peeked_ has been handed out; it goes with the next call
};

class ByteInput {
 public:
  /// `path` "-": standard input. gzip is recognised by its first bytes: several members, BGZF (SAM
  /// specification, section 4.1) and zero padding at the end are read; so are xz, bzip2, Zstandard
  /// and LZ4. A damaged or truncated file is Error(bad_input) with the offset. So is a path that
  /// cannot be read. BGZF is decompressed by `threads` threads, below 1: as many as there are CPUs
  /// to use.
  [[nodiscard]] static std::unique_ptr<ByteInput> open(const std::string& path, int threads = 1);

  /// The same, under names that are not its own.
  [[nodiscard]] static std::unique_ptr<ByteInput> open_as(const std::string& file,
                                                          const std::string& path,
                                                          const std::string& name, int threads = 1);
  /// The same input, its decompressed bytes going through one stage more, which `make` makes of
  /// them.
  [[nodiscard]] static std::unique_ptr<ByteInput> through(
      std::unique_ptr<ByteInput> input,
      const std::function<std::unique_ptr<ByteStage>(std::unique_ptr<PeekedBytes>)>& make);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// `path`, or "standard input".
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// "gzip", "xz", "bzip2", "Zstandard", "LZ4"; empty: it is not compressed.
  [[nodiscard]] const std::string& compression() const noexcept { return compression_; }
  [[nodiscard]] bool is_gzip() const noexcept { return compression_ == "gzip"; }
  /// False for pipes, terminals and devices, and for standard input whatever it is.
  [[nodiscard]] bool is_regular_file() const noexcept { return regular_; }
  /// Size on disk; nullopt unless is_regular_file().
  [[nodiscard]] std::optional<std::uint64_t> file_size() const noexcept { return size_; }
  /// Upper bound of the number of decompressed bytes; nullopt for pipes, and for what may
  /// shrink by any factor (xz, bzip2, Zstandard, LZ4).
  [[nodiscard]] std::optional<std::uint64_t> most_bytes() const noexcept;
  /// The first bytes of the file as they are on disk (64 KiB, or all of a shorter file).
  [[nodiscard]] std::string_view raw_head() const noexcept { return raw_head_; }

  [[nodiscard]] std::string_view peek(std::size_t size) { return bytes_->peek(size); }
  [[nodiscard]] std::span<const char> next() { return bytes_->next(); }
  [[nodiscard]] std::size_t memory_bytes() const { return bytes_->memory_bytes(); }

 private:
  ByteInput() = default;
  std::string path_;
  std::string name_;
  std::string compression_;
  bool regular_ = false;
  std::optional<std::uint64_t> size_;
  std::string raw_head_;
  std::unique_ptr<PeekedBytes> bytes_;
};

/// Whether an input can be read only once: "-", a pipe, a terminal. A folder can be read again, and
/// so can what is not there, such as the beginning of files' names.
[[nodiscard]] bool is_read_once(const std::string& path);

}  // namespace sicmir
