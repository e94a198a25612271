// SPDX-License-Identifier: BSD-3-Clause
#include "base/joined.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sicmir {
namespace {

TEST(Joined, SeparatesTexts) {
  EXPECT_EQ(joined(std::vector<std::string>{"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_EQ(joined(std::set<std::string_view>{"b", "a"}, "|"), "a|b");
  EXPECT_EQ(joined(std::array<const char*, 2>{"a", "b"}, " or "), "a or b");
}

TEST(Joined, OneOrNoneNeedNoSeparator) {
  EXPECT_EQ(joined(std::vector<std::string>{"a"}, ", "), "a");
  EXPECT_EQ(joined(std::vector<std::string>(), ", "), "");
}

TEST(Joined, EmptyTextsKeepTheirPlace) {
  EXPECT_EQ(joined(std::vector<std::string>{"", "b", ""}, ","), ",b,");
}

TEST(Joined, SpellsWholeNumbers) {
  const std::vector<std::int64_t> shape = {-1, 0, 4294967296};
  EXPECT_EQ(joined(std::span(shape), ", "), "-1, 0, 4294967296");
  EXPECT_EQ(joined(std::array<std::uint64_t, 1>{18446744073709551615U}, ","),
            "18446744073709551615");
}

}  // namespace
}  // namespace sicmir
