// SPDX-License-Identifier: BSD-3-Clause
#include "text/text_output.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <new>

#include "sicmir/types.hpp"

namespace sicmir {
namespace {

constexpr int gzip_level = 1;
constexpr std::size_t writeback_bytes = std::size_t{1} << 25;

}  // namespace

void GzipMember::Free::operator()(libdeflate_compressor* compressor) const noexcept {
  libdeflate_free_compressor(compressor);
}

GzipMember::GzipMember() : compressor_(libdeflate_alloc_compressor(gzip_level)) {
  if (compressor_ == nullptr) throw std::bad_alloc();
}

void GzipMember::compress(std::string_view text, std::vector<char>& member) {
  member.resize(libdeflate_gzip_compress_bound(compressor_.get(), text.size()));
  const std::size_t length = libdeflate_gzip_compress(compressor_.get(), text.data(), text.size(),
                                                      member.data(), member.size());
  if (length == 0) throw Error(ExitCode::internal, "The gzip compressor refused its own bound.");
  member.resize(length);
}

TextOutput::TextOutput(const std::string& path, bool gzip, int threads) : file_(path) {
  if (!gzip) return;
  pool_ = std::make_unique<ThreadPool>(std::max(threads, 1));
  gzip_.resize(static_cast<std::size_t>(pool_->size()));
}

void TextOutput::write(std::span<const char> bytes) {
  file_.write(bytes);
  since_writeback_ += bytes.size();
  if (since_writeback_ >= writeback_bytes) {
    file_.start_writeback();
    since_writeback_ = 0;
  }
}

/// Members of member_bytes each, the last one shorter.
void TextOutput::compress_pending() {
  const std::string_view text(pending_.data(), pending_.size());
  const std::size_t n_members =
      std::max<std::size_t>(1, (text.size() + member_bytes - 1) / member_bytes);
  members_.resize(std::max(members_.size(), n_members));
  pool_->run(static_cast<Index>(n_members), [&](Index number, int worker) {
    const auto at = static_cast<std::size_t>(number);
    gzip_[static_cast<std::size_t>(worker)].compress(text.substr(at * member_bytes, member_bytes),
                                                     members_[at]);
  });
  for (std::size_t at = 0; at < n_members; ++at) write(members_[at]);
  wrote_member_ = true;
  pending_.clear();
}

void TextOutput::append(std::string_view text) {
  if (!is_gzip()) {
    if (pending_.size() + text.size() <= member_bytes / 16) {
      pending_.insert(pending_.end(), text.begin(), text.end());
      return;
    }
    write(pending_);
    pending_.clear();
    write(text);
    return;
  }
  const std::size_t at_once = 4 * gzip_.size() * member_bytes;
  while (!text.empty()) {
    const std::size_t take = std::min(text.size(), at_once - pending_.size());
    pending_.insert(pending_.end(), text.begin(), text.begin() + take);
    text.remove_prefix(take);
    if (pending_.size() == at_once) compress_pending();
  }
}

void TextOutput::finish() {
  if (!is_gzip()) {
    write(pending_);
  } else if (!pending_.empty() || !wrote_member_) {
    compress_pending();
  }
  pending_.clear();
  file_.commit();
}

}  // namespace sicmir
