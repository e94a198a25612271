// SPDX-License-Identifier: BSD-3-Clause
#include "text/number_text.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>
#include <utility>

#include "text/number_run.hpp"

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

constexpr std::size_t window = 16;  // bytes that must be left of a line, see number_run.hpp

/// What read_numbers() makes of the line: its values, and where it stops.
std::pair<std::vector<double>, std::ptrdiff_t> run_through(const std::string& line,
                                                           const FieldRules& rules,
                                                           std::size_t most = 1000) {
  std::vector<double> values(most);
  NumberRun run{line.data(), line.data() + line.size(), values.data(), most};
  read_numbers(run, rules);
  values.resize(static_cast<std::size_t>(run.values - values.data()));
  EXPECT_EQ(values.size() + run.n, most);
  return {values, run.at - line.data()};
}

#ifdef __x86_64__
constexpr bool has_numbers_at_once = true;
#else
constexpr bool has_numbers_at_once = false;
#endif

/// A number of at most 15 characters: digits, in half of the cases with a point, in a third with a
/// sign.
std::string short_number(std::mt19937_64& random) {
  std::string text;
  for (auto left = 1 + random() % 13; left > 0; --left) {
    text += static_cast<char>('0' + random() % (random() % 3 == 0 ? 1 : 10));
  }
  if (random() % 2 == 0) text.insert(random() % (text.size() + 1), ".");
  if (random() % 3 == 0) text.insert(0, "-");
  return text;
}

TEST(ReadNumbers, RoundsAsStrtodDoesWhateverStandsBehind) {
  if (!has_numbers_at_once) GTEST_SKIP() << "only for x86-64";
  std::mt19937_64 random(20261127);
  for (int i = 0; i < 200000; ++i) {
    const std::string text = short_number(random);
    const FieldRules rules{random() % 2 != 0 ? '\t' : ';', random() % 2 != 0 ? '.' : ','};
    std::string line = text;
    std::replace(line.begin(), line.end(), '.', rules.decimal);
    line += rules.separator;
    for (std::size_t k = 0; k < window; ++k) line += static_cast<char>(random() % 256);
    const auto [values, stop] = run_through(line, rules, 1);
    ASSERT_EQ(values.size(), 1) << line;
    EXPECT_EQ(stop, static_cast<std::ptrdiff_t>(text.size()) + 1) << line;
    const double expected = std::strtod(text.c_str(), nullptr);
    EXPECT_EQ(std::memcmp(values.data(), &expected, sizeof expected), 0) << line;
  }
}

TEST(ReadNumbers, StopsAtOtherForms) {
  if (!has_numbers_at_once) GTEST_SKIP() << "only for x86-64";
  for (const char* text : {"", ".", "-", "-.", "--1", "1-2", "+1", "1.2.3", "NA", "1e3", "\"1\"",
                           " 1", "1 ", "0x10", "123456789.123456", "1234567890123456"}) {
    const std::string line = "1,0,0,0,0,2.5," + std::string(text) + ",3,4,5,6,7,8,9,10,11,12";
    const auto [values, stop] = run_through(line, {',', '.'});
    EXPECT_THAT(values, ::testing::ElementsAre(1, 0, 0, 0, 0, 2.5)) << text;
    EXPECT_EQ(stop, 14) << text;
  }
}

TEST(ReadNumbers, LeavesTheEndOfTheLineAndWhatIsTooMuch) {
  if (!has_numbers_at_once) GTEST_SKIP() << "only for x86-64";
  const std::string line = "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0";
  for (std::size_t most = 0; most < 20; ++most) {
    const auto [values, stop] = run_through(line, {',', '.'}, most);
    EXPECT_LE(values.size(), most);
    EXPECT_EQ(static_cast<std::size_t>(stop), 2 * values.size());
    EXPECT_EQ(values, std::vector<double>(values.size(), 0.0));
  }
  const auto [values, stop] = run_through(line, {',', '.'});
  EXPECT_EQ(static_cast<std::size_t>(stop), 2 * values.size());
  EXPECT_GT(line.size() - 2 * values.size(), window - 8);
}

TEST(ReadNumbers, TakesTwoLinesByTurns) {
  if (!has_numbers_at_once) GTEST_SKIP() << "only for x86-64";
  std::mt19937_64 random(2);
  std::array<std::string, 2> lines;
  std::array<std::vector<double>, 2> expected;
  for (std::size_t l = 0; l < lines.size(); ++l) {
    for (int i = 0; i < 1000; ++i) {
      const std::string text = short_number(random);
      lines[l] += text + ",";
      expected[l].push_back(std::strtod(text.c_str(), nullptr));
    }
    lines[l] += std::string(window, '9');
  }
  std::array<std::vector<double>, 2> values = {std::vector<double>(1000),
                                               std::vector<double>(1000)};
  std::array<NumberRun, 2> runs{};
  for (std::size_t l = 0; l < lines.size(); ++l) {
    runs[l] = {lines[l].data(), lines[l].data() + lines[l].size(), values[l].data(), 1000};
  }
  read_numbers(runs[0], runs[1], {',', '.'});
  EXPECT_EQ(runs[0].n, 0);
  read_numbers(runs[1], {',', '.'});
  EXPECT_EQ(runs[1].n, 0);
  EXPECT_EQ(values, expected);
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
