// SPDX-License-Identifier: BSD-3-Clause
#include "rds/read.hpp"

#include "rds/reader.hpp"

namespace sicmir::rds {

bool is_rds(std::string_view head) noexcept {
  using namespace std::string_view_literals;
  // The version follows: 2 or 3 of today; other small numbers are refused with a word.
  return head.starts_with("X\n\0\0\0"sv) || head.starts_with("A\n2\n") ||
         head.starts_with("A\n3\n") || head.starts_with("B\n\2\0\0\0"sv) ||
         head.starts_with("B\n\3\0\0\0"sv);
}

Graph read(ByteInput& input, NumberStore& store, const Limits& limits) {
  return Reader(input, store, limits).run();
}

}  // namespace sicmir::rds
