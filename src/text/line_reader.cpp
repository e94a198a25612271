// SPDX-License-Identifier: BSD-3-Clause
#include "text/line_reader.hpp"

#include <fmt/core.h>

#include <cstring>

#include "sicmir/types.hpp"

namespace sicmir {

bool LineReader::next(std::string_view& line) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  carry_.clear();
  for (;;) {
    if (at_ == end_) {
      const auto bytes = input_->next();
      at_ = bytes.data();
      end_ = at_ + bytes.size();
      if (bytes.empty()) {
        at_ = end_ = nullptr;
        if (carry_.empty()) return false;
        carry_ += '\n';
        line = carry_;
        break;
      }
    }
    const auto rest = static_cast<std::size_t>(end_ - at_);
    const auto* found = static_cast<const char*>(std::memchr(at_, '\n', rest));
    const std::size_t size = found != nullptr ? static_cast<std::size_t>(found - at_) + 1 : rest;
    if (found != nullptr && carry_.empty()) {
      line = {at_, size};
      at_ += size;
      break;
    }
    if (carry_.size() + size > longest_) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: line {} is longer than {} MiB. This is not a table, or its "
                              "line ends are missing.",
                              input_->name(), number_ + 1, longest_ >> 20));
    }
    carry_.append(at_, size);
    at_ += size;
    if (found != nullptr) {
      line = carry_;
      break;
    }
  }
  line.remove_suffix(1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (++number_ == 1 && line.starts_with(byte_order_mark)) {
    line.remove_prefix(byte_order_mark.size());
  }
  return true;
}

}  // namespace sicmir
