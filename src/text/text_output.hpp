// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A stream of text into an OutputFile, plain or gzip.

#include <memory>
#include <string_view>
#include <vector>

#include "base/output_file.hpp"
#include "parallel/thread_pool.hpp"

struct libdeflate_compressor;

namespace sicmir {

/// Makes gzip members (RFC 1952) without name and time, so that equal text makes equal bytes.
/// Each member stands alone: several can be made at once, each by its own GzipMember.
class GzipMember {
 public:
  GzipMember();
  /// Replaces `member` by the compressed `text`.
  void compress(std::string_view text, std::vector<char>& member);

 private:
  struct Free {
    void operator()(libdeflate_compressor* compressor) const noexcept;
  };
  std::unique_ptr<libdeflate_compressor, Free> compressor_;
};

class TextOutput {
 public:
  /// Text of one gzip member. The text is cut there whatever the calls of append() were.
  static constexpr std::size_t member_bytes = std::size_t{1} << 20;

  /// `threads`: that compress, the one that calls included.
  TextOutput(const std::string& path, bool gzip, int threads = 1);
  void create() { file_.create(); }
  void append(std::string_view text);
  void finish();

 private:
  void write(std::span<const char> bytes);
  void compress_pending();
  [[nodiscard]] bool is_gzip() const noexcept { return !gzip_.empty(); }

  OutputFile file_;
  std::vector<GzipMember> gzip_;            // of the threads; none: plain
  std::unique_ptr<ThreadPool> pool_;        // of gzip
  std::vector<char> pending_;               // plain: small pieces; gzip: members to be made at once
  std::vector<std::vector<char>> members_;  // as they are written
  std::size_t since_writeback_ = 0;
  bool wrote_member_ = false;
};

}  // namespace sicmir
