#include "output/text_output.hpp"

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

TextOutput::TextOutput(const std::string& path, bool gzip)
    : file_(path), gzip_(gzip ? std::make_unique<GzipMember>() : nullptr) {}

void TextOutput::write(std::span<const char> bytes) {
  file_.write(bytes);
  since_writeback_ += bytes.size();
  if (since_writeback_ >= writeback_bytes) {
    file_.start_writeback();
    since_writeback_ = 0;
  }
}

void TextOutput::compress_pending() {
  gzip_->compress({pending_.data(), pending_.size()}, member_);
  write(member_);
  wrote_member_ = true;
  pending_.clear();
}

void TextOutput::append(std::string_view text) {
  if (gzip_ == nullptr) {
    if (pending_.size() + text.size() <= member_bytes / 16) {
      pending_.insert(pending_.end(), text.begin(), text.end());
      return;
    }
    write(pending_);
    pending_.clear();
    write(text);
    return;
  }
  while (!text.empty()) {
    const std::size_t take = std::min(text.size(), member_bytes - pending_.size());
    pending_.insert(pending_.end(), text.begin(), text.begin() + take);
    text.remove_prefix(take);
    if (pending_.size() == member_bytes) compress_pending();
  }
}

void TextOutput::finish() {
  if (gzip_ == nullptr) {
    write(pending_);
  } else if (!pending_.empty() || !wrote_member_) {
    compress_pending();
  }
  pending_.clear();
  file_.commit();
}

}  // namespace sicmir
