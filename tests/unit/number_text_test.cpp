#include "input/number_text.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>

namespace sicmir {
namespace {

FieldKind kind_of(std::string_view field) {
  double value = 0;
  return read_number(field, '.', value);
}

double value_of(std::string_view field, char decimal = '.') {
  double value = 0;
  EXPECT_EQ(read_number(field, decimal, value), FieldKind::number) << field;
  return value;
}

TEST(ReadNumber, ReadsTheFormsOfTables) {
  EXPECT_EQ(value_of("0"), 0.0);
  EXPECT_EQ(value_of("-2.5"), -2.5);
  EXPECT_EQ(value_of("+3"), 3.0);
  EXPECT_EQ(value_of(" 7 "), 7.0);
  EXPECT_EQ(value_of("\"12\""), 12.0);
  EXPECT_EQ(value_of("1e-05"), 1e-05);
  EXPECT_EQ(value_of("1.5E+3"), 1500.0);
  EXPECT_EQ(value_of(".5"), 0.5);
  EXPECT_EQ(value_of("5."), 5.0);
  EXPECT_EQ(value_of("0,25", ','), 0.25);
  EXPECT_EQ(value_of("inf"), HUGE_VAL);
  EXPECT_EQ(value_of("-Inf"), -HUGE_VAL);
  EXPECT_EQ(value_of("1e400"), HUGE_VAL);
  EXPECT_EQ(value_of("1e-400"), 0.0);
  EXPECT_TRUE(std::isnan(value_of("NaN")));
}

TEST(ReadNumber, TakesMissingValuesForNaN) {
  for (const char* field : {"", "NA", "\"NA\"", " ", "null", "NULL", "N/A", "\"\""}) {
    double value = 0;
    EXPECT_EQ(read_number(field, '.', value), FieldKind::missing) << field;
    EXPECT_TRUE(std::isnan(value)) << field;
  }
}

TEST(ReadNumber, RefusesText) {
  for (const char* field : {"abc", "1x", "--1", "+-1", "1,5", "0x10", "1 2", "-", ".", "e5", "TRUE",
                            "nan(1)", "1.2.3", "\"", "1e", "1-Sep"}) {
    EXPECT_EQ(kind_of(field), FieldKind::text) << field;
  }
}

/// strtod() of the C library is the reference.
void expect_like_strtod(const std::string& text) {
  const double expected = std::strtod(text.c_str(), nullptr);
  const std::string line = text + "\n";
  double value = 0;
  const char* stop = read_short_number(line.data(), '.', value);
  if (stop == nullptr || *stop != '\n') value = value_of(text);
  EXPECT_EQ(std::memcmp(&value, &expected, sizeof value), 0) << text;
}

TEST(ReadShortNumber, RoundsAsStrtodDoes) {
  for (const char* text : {"9007199254740993", "9007199254740992", "0.1", "123456789012345678",
                           "18446744073709551616", "99999999999999999999", "0.30000000000000004",
                           "1234567.8901234567", "-0", "-0.0", "0.00000000000000000000001", "4.35",
                           "2.2250738585072011e-308", "0.000000000000000000001"}) {
    expect_like_strtod(text);
  }
  std::mt19937_64 random(20250726);
  for (int i = 0; i < 200000; ++i) {
    const std::string digits = std::to_string(random() >> (random() % 60));
    const std::size_t point = random() % (digits.size() + 1);
    expect_like_strtod((random() % 2 != 0 ? "-" : "") + digits.substr(0, point) + "." +
                       digits.substr(point) + (point == 0 && digits.empty() ? "0" : ""));
  }
}

TEST(ReadShortNumber, StopsAtTheEndOfTheNumber) {
  const char text[] = "12\t";
  double value = 0;
  EXPECT_EQ(read_short_number(text, '.', value), text + 2);
  EXPECT_EQ(value, 12.0);
}

TEST(ReadShortNumber, LeavesOtherFormsAlone) {
  double value = 0;
  for (const char* text : {"\n", "-\n", ".\n", "NA\n", "12345678901234567890\n"}) {
    EXPECT_EQ(read_short_number(text, '.', value), nullptr) << text;
  }
}

/// `text` and what may stand behind it, long enough for read_word_number().
void expect_word_like_strtod(const std::string& text, const std::string& behind, char decimal) {
  std::string line = text + behind;
  std::replace(line.begin(), line.end(), '.', decimal);
  const double expected = std::strtod(text.c_str(), nullptr);
  double value = 0;
  const char* const stop = read_word_number(line.data(), decimal, value);
  ASSERT_NE(stop, nullptr) << line;
  EXPECT_EQ(stop - line.data(), static_cast<std::ptrdiff_t>(text.size())) << line;
  EXPECT_EQ(std::memcmp(&value, &expected, sizeof value), 0) << line;
}

TEST(ReadWordNumber, RoundsAsStrtodDoesWhateverStandsBehind) {
  std::mt19937_64 random(20261124);
  for (int i = 0; i < 200000; ++i) {
    std::string text = std::to_string(random() % 10000000 + 10000000).substr(1 + random() % 7);
    const std::size_t point = random() % (text.size() + 3);
    if (text.size() < 7 && point <= text.size()) text.insert(point, ".");
    if (random() % 3 == 0) text.insert(0, "-");
    std::string behind = "\t";
    for (int k = 0; k < 9; ++k) behind += static_cast<char>(random() % 256);
    expect_word_like_strtod(text, behind, random() % 2 != 0 ? '.' : ',');
  }
}

TEST(ReadWordNumber, LeavesOtherFormsAlone) {
  double value = 0;
  for (const char* text : {"12345678\t9", "-1234567.8\t", "123.4567\t", ".\t1234567", "-.\t123456",
                           "--1\t234567", "\t12345678", "NA\t123456", "+1\t234567"}) {
    EXPECT_EQ(read_word_number(text, '.', value), nullptr) << text;
  }
}

TEST(SplitFields, KeepsSeparatorsWithinQuotes) {
  EXPECT_THAT(split_fields("a,\"b,c\",\"d\"\"e\",", {',', '.'}),
              ::testing::ElementsAre("a", "\"b,c\"", "\"d\"\"e\"", ""));
}

TEST(SplitFields, TakesRunsOfBlanksForOneSeparator) {
  EXPECT_THAT(split_fields("  \"a b\"  1 \t2 ", {' ', '.'}),
              ::testing::ElementsAre("\"a b\"", "1", "2"));
}

TEST(SplitFields, MakesOneEmptyFieldOfAnEmptyLine) {
  EXPECT_THAT(split_fields("", {',', '.'}), ::testing::ElementsAre(""));
}

TEST(Unquoted, FollowsRfc4180) {
  EXPECT_EQ(unquoted("\"a\"\"b\""), "a\"b");
  EXPECT_EQ(unquoted(" \"a\" "), "a");
  EXPECT_EQ(unquoted("5' end"), "5' end");
  EXPECT_EQ(unquoted("\""), "\"");
}

}  // namespace
}  // namespace sicmir
