// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Many short texts in one piece of memory.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sicmir {

/// Texts that end in a zero byte each, as HDF5 takes them: the characters and 9 bytes a text.
class TextList {
 public:
  void append(std::string_view text) {
    starts_.push_back(bytes_.size());
    bytes_.append(text);
    bytes_.push_back('\0');
  }
  void clear() {
    bytes_.clear();
    starts_.clear();
  }
  [[nodiscard]] std::size_t size() const noexcept { return starts_.size(); }
  /// Valid until the next append().
  [[nodiscard]] const char* c_str(std::size_t i) const noexcept {
    return bytes_.data() + starts_[i];
  }

 private:
  std::string bytes_;
  std::vector<std::uint64_t> starts_;
};

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// `text` if it is UTF-8 (RFC 3629), else its bytes taken as Latin-1: AnnData reads UTF-8 only, and
/// one other byte would make the whole file unreadable.
[[nodiscard]] std::string as_utf8(std::string_view text);
/// Latin-1 (ISO 8859-1) as UTF-8, whatever else the bytes may look like.
[[nodiscard]] std::string latin1_as_utf8(std::string_view text);

}  // namespace sicmir
