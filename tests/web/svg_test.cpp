// SPDX-License-Identifier: BSD-3-Clause
#include "web/svg.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sicmir::svg {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Svg, NamesFromFilesCannotLeaveTheirPlace) {
  EXPECT_EQ(escaped("a<b> & \"c\""), "a&lt;b&gt; &amp; &quot;c&quot;");
  EXPECT_EQ(escaped(std::string("a\0b\xff", 4)), "a\\x00b\\xff");
  Picture picture(100, 50, "</title><script>", "d");
  picture.text(1, 2, "<x>");
  EXPECT_THAT(picture.finish(), Not(HasSubstr("<script>")));
  EXPECT_THAT(picture.finish(), HasSubstr("&lt;x&gt;</text>"));
}

TEST(Svg, TintsGoFromWhiteToTheColour) {
  EXPECT_EQ(tint("#d55e00", 0), "#ffffff");
  EXPECT_EQ(tint("#d55e00", 1), "#d55e00");
  EXPECT_EQ(tint("#000000", 0.5), "#808080");
  EXPECT_EQ(tint("#000000", 7), "#000000");
}

TEST(Svg, TicksAreRound) {
  EXPECT_THAT(ticks(-0.013, 0.031, 5),
              ElementsAre(DoubleNear(-0.01, 1e-12), DoubleNear(0, 1e-12), DoubleNear(0.01, 1e-12),
                          DoubleNear(0.02, 1e-12), DoubleNear(0.03, 1e-12)));
  EXPECT_THAT(ticks(0, 10, 5), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(ticks(2, 2), ElementsAre(2));
  EXPECT_LT(ticks(1e17, 1e17 + 64).size(), 20U);  // ends
  EXPECT_EQ(tick_text(0.15), "0.15");
  EXPECT_EQ(tick_text(-0.0), "0");
}

TEST(Svg, LongNamesAreCutBetweenCharacters) {
  EXPECT_EQ(shortened("T", 10, 100), "T");
  EXPECT_EQ(shortened("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4", 10, 22), "\xC3\xA4\xC3\xA4\xE2\x80\xA6");
}

}  // namespace
}  // namespace sicmir::svg
