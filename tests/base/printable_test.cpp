// SPDX-License-Identifier: BSD-3-Clause
#include "base/printable.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sicmir {
namespace {

using namespace std::string_literals;

TEST(Printable, ControlCharactersAreSpelled) {
  EXPECT_EQ(printable("1,2\t3\n"), "1,2\t3\n");
  EXPECT_EQ(printable("a\0b"s), "a\\x00b");
  EXPECT_EQ(printable("\x1b[2J\x07\x7f\r"), "\\x1b[2J\\x07\\x7f\\x0d");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\x9b31m");  // U+009B, a control sequence in one character
}

TEST(Printable, WordsOfAnyLanguageStay) {
  EXPECT_EQ(printable("\xc3\xa9\xc2\xb5\xe4\xb8\xad"),
            "\xc3\xa9\xc2\xb5\xe4\xb8\xad");  // e acute, micro, 中
}

TEST(Printable, BytesThatAreNoUtf8AreSpelled) {
  EXPECT_EQ(printable("\xc2"), "\\xc2");
  EXPECT_EQ(printable("caf\xe9 1"), "caf\\xe9 1");               // Latin-1
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");       // a surrogate
  EXPECT_EQ(printable("\xf0\x9f\xa7\xac"), "\xf0\x9f\xa7\xac");  // U+1F9EC
}

}  // namespace
}  // namespace sicmir
