// SPDX-License-Identifier: BSD-3-Clause
#include "base/xml_text.hpp"

#include <gtest/gtest.h>

namespace sicmir {
namespace {

TEST(XmlText, EscapesWhatMeansSomethingAndReplacesWhatIsForbidden) {
  EXPECT_EQ(xml_text("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
  EXPECT_EQ(xml_text("a\x01"
                     "b\tc\x1b"),
            "a\xef\xbf\xbd"
            "b\tc\xef\xbf\xbd");
  EXPECT_EQ(xml_text("\xe9"), "\xc3\xa9");                  // Latin-1
  EXPECT_EQ(xml_text("x\xef\xbf\xbfy"), "x\xef\xbf\xbdy");  // U+FFFF
  EXPECT_EQ(xml_text("\xc3\xa9\xe2\x80\xa6"), "\xc3\xa9\xe2\x80\xa6");
}

}  // namespace
}  // namespace sicmir
