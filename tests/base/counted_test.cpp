// SPDX-License-Identifier: BSD-3-Clause
#include "base/counted.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace sicmir {
namespace {

TEST(Counted, SaysOneThingInTheSingular) {
  EXPECT_EQ(counted(0, "cell"), "0 cells");
  EXPECT_EQ(counted(1, "cell"), "1 cell");
  EXPECT_EQ(counted(std::size_t{2}, "cell"), "2 cells");
  EXPECT_EQ(counted(std::int64_t{1}, "name is", "names are"), "1 name is");
  EXPECT_EQ(counted(std::int64_t{21}, "name is", "names are"), "21 names are");
  EXPECT_EQ(by_number(1, "is", "are"), "is");
  EXPECT_EQ(by_number(std::size_t{0}, "is", "are"), "are");
}

}  // namespace
}  // namespace sicmir
