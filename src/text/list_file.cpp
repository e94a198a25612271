// SPDX-License-Identifier: BSD-3-Clause
#include "text/list_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "sicmir/types.hpp"
#include "text/line_reader.hpp"

namespace sicmir {
namespace {

using namespace std::string_view_literals;
constexpr std::string_view utf16_little = "\xff\xfe"sv;
constexpr std::string_view big_endian = "\xfe\xff"sv;

/// UTF-16 as UTF-8 (RFC 2781, RFC 3629); its byte-order mark is left out.
class Utf16Bytes final : public ByteStage {
 public:
  Utf16Bytes(std::unique_ptr<ByteStage> bytes, bool little, std::string name)
      : bytes_(std::move(bytes)), little_(little), name_(std::move(name)) {}

  [[nodiscard]] std::span<const char> next() override {
    text_.clear();
    while (text_.empty()) {
      const std::span<const char> more = bytes_->next();
      if (more.empty()) {
        if (pending_.empty() && high_ == 0) return {};
        throw Error(ExitCode::bad_input,
                    fmt::format("{}: its UTF-16 text ends within a character.", name_));
      }
      pending_.append(more.data(), more.size());
      std::size_t at = 0;
      for (; at + 1 < pending_.size(); at += 2) {
        const auto first = static_cast<unsigned char>(pending_[at]);
        const auto second = static_cast<unsigned char>(pending_[at + 1]);
        take(little_ ? second * 256U + first : first * 256U + second);
      }
      pending_.erase(0, at);
    }
    return text_;
  }
  [[nodiscard]] std::size_t memory_bytes() const override {
    return bytes_->memory_bytes() + pending_.capacity() + text_.capacity();
  }

 private:
  void take(std::uint32_t unit) {
    constexpr std::uint32_t byte_order_mark = 0xfeff;
    constexpr std::uint32_t high_first = 0xd800;
    constexpr std::uint32_t low_first = 0xdc00;
    constexpr std::uint32_t low_last = 0xdfff;
    if (unit == byte_order_mark) return;
    const bool is_low = unit >= low_first && unit <= low_last;
    if (is_low != (high_ != 0)) {
      throw Error(ExitCode::bad_input, fmt::format("{}: its UTF-16 text is damaged.", name_));
    }
    if (is_low) {
      append(0x10000U + ((high_ - high_first) << 10U) + (unit - low_first));
      high_ = 0;
    } else if (unit >= high_first && unit < low_first) {
      high_ = unit;
    } else {
      append(unit);
    }
  }
  void append(std::uint32_t point) {
    const auto put = [&](std::uint32_t byte) { text_ += static_cast<char>(byte); };
    if (point < 0x80U) {
      put(point);
    } else if (point < 0x800U) {
      put(0xc0U | (point >> 6U));
      put(0x80U | (point & 0x3fU));
    } else if (point < 0x10000U) {
      put(0xe0U | (point >> 12U));
      put(0x80U | ((point >> 6U) & 0x3fU));
      put(0x80U | (point & 0x3fU));
    } else {
      put(0xf0U | (point >> 18U));
      put(0x80U | ((point >> 12U) & 0x3fU));
      put(0x80U | ((point >> 6U) & 0x3fU));
      put(0x80U | (point & 0x3fU));
    }
  }

  std::unique_ptr<ByteStage> bytes_;
  bool little_;
  std::string name_;
  std::string pending_;     // half a unit at most, between two calls
  std::string text_;        // served last
  std::uint32_t high_ = 0;  // first half of a surrogate pair
};

}  // namespace

std::unique_ptr<ByteInput> open_text(const std::string& path) {
  auto input = ByteInput::open(path);
  const std::string_view head = input->peek(2);
  const bool little = head == utf16_little;
  if (!little && head != big_endian) return input;
  const std::string name = input->name();
  return ByteInput::through(std::move(input), [&](std::unique_ptr<PeekedBytes> bytes) {
    return std::make_unique<Utf16Bytes>(std::move(bytes), little, name);
  });
}

std::vector<std::string> read_text_lines(const std::string& path) {
  const auto input = open_text(path);
  LineReader reader(*input);
  std::vector<std::string> lines;
  std::string_view line;
  while (reader.next(line)) lines.emplace_back(line);
  return lines;
}

std::vector<std::string> tab_fields(const std::string& line) {
  std::vector<std::string> fields;
  for (std::size_t start = 0; start <= line.size();) {
    const std::size_t end = std::min(line.find('\t', start), line.size());
    fields.push_back(line.substr(start, end - start));
    start = end + 1;
  }
  return fields;
}

}  // namespace sicmir
