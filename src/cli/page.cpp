// SPDX-License-Identifier: BSD-3-Clause
#include "cli/page.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <vector>

#include "base/base64.hpp"
#include "sicmir/error.hpp"

namespace sicmir::cli {

std::string fill_page(std::string_view html,
                      std::span<const std::pair<std::string_view, std::string_view>> texts) {
  std::string page;
  for (const auto& [mark, text] : texts) {
    const std::size_t at = html.find(mark);
    if (at == std::string_view::npos) {
      throw Error(ExitCode::internal, fmt::format("the page lacks the mark {}", mark));
    }
    page += html.substr(0, at);
    page += text;
    html.remove_prefix(at + mark.size());
  }
  page += html;
  return page;
}

std::string json_in_page(const Json& json) {
  const std::string text = json_text(json);
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string policy_source(std::string_view sha256) {
  std::vector<std::uint8_t> bytes(sha256.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::from_chars(sha256.data() + 2 * i, sha256.data() + 2 * i + 2, bytes[i], 16);
  }
  return fmt::format("'sha256-{}'", base64(bytes));
}

}  // namespace sicmir::cli
