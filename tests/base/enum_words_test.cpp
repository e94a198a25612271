// SPDX-License-Identifier: BSD-3-Clause
#include "base/enum_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sicmir {
namespace {

enum class Colour { red, green, none };
constexpr EnumWords<Colour, 2> colour_words = {{{{"green", Colour::green}, {"red", Colour::red}}}};

TEST(EnumWords, SpellEachValue) {
  EXPECT_EQ(colour_words.word(Colour::red), "red");
  EXPECT_EQ(colour_words.word(Colour::green), "green");
  EXPECT_EQ(colour_words.word(Colour::none), "");
}

TEST(EnumWords, AreReadAsTheyAreSpelled) {
  EXPECT_EQ(colour_words.parse("red"), Colour::red);
  EXPECT_EQ(colour_words.parse("green"), Colour::green);
  for (const char* other : {"", "Red", "re", "reds"}) {
    EXPECT_EQ(colour_words.parse(other), std::nullopt) << other;
  }
}

TEST(EnumWords, AreListedInTheirOrder) {
  EXPECT_THAT(colour_words.choices(), ::testing::ElementsAre("green", "red"));
}

}  // namespace
}  // namespace sicmir
