// SPDX-License-Identifier: BSD-3-Clause
#include "text/number_marks.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace sicmir {
namespace {

using ascii::is_digit;

constexpr std::size_t group_digits = 3;
constexpr std::size_t most_runs = 12;

bool is_mark(char c) noexcept {
  return c == '.' || c == ',' || c == '\'';
}

std::string_view bare(std::string_view field) noexcept {
  const auto is_around = [](char c) { return c == ' ' || c == '\t' || c == '"'; };
  while (!field.empty() && is_around(field.front())) field.remove_prefix(1);
  while (!field.empty() && is_around(field.back())) field.remove_suffix(1);
  if (!field.empty() && (field.front() == '-' || field.front() == '+')) field.remove_prefix(1);
  return field;
}

/// A number's runs of digits and the marks between them.
struct Runs {
  std::array<std::size_t, most_runs> digits{};
  std::array<char, most_runs> marks{};
  std::size_t n = 0;  // runs; one more than marks
  bool leading_zero = false;
  bool exponent = false;
};

bool cut(std::string_view number, Runs& runs) noexcept {
  runs.n = 1;
  runs.leading_zero = number.starts_with('0');
  for (std::size_t i = 0; i < number.size(); ++i) {
    const char c = number[i];
    if (is_digit(c)) {
      ++runs.digits[runs.n - 1];
    } else if (is_mark(c)) {
      if (runs.n == most_runs) return false;
      runs.marks[runs.n++ - 1] = c;
    } else if ((c == 'e' || c == 'E') && i > 0 && i + 1 < number.size()) {
      std::string_view power = number.substr(i + 1);
      if (power.front() == '-' || power.front() == '+') power.remove_prefix(1);
      runs.exponent = !power.empty() && std::all_of(power.begin(), power.end(), is_digit);
      return runs.exponent;
    } else {
      return false;
    }
  }
  return true;
}

/// The first `n` runs are a number in groups of three.
bool are_groups(const Runs& runs, std::size_t n) noexcept {
  if (n < 2 || runs.leading_zero || runs.digits[0] == 0 || runs.digits[0] > group_digits) {
    return false;
  }
  return std::all_of(runs.digits.begin() + 1, runs.digits.begin() + static_cast<std::ptrdiff_t>(n),
                     [](std::size_t digits) { return digits == group_digits; });
}

bool same_marks(const Runs& runs, std::size_t n_marks) noexcept {
  return std::all_of(runs.marks.begin(), runs.marks.begin() + static_cast<std::ptrdiff_t>(n_marks),
                     [&](char mark) { return mark == runs.marks[0]; });
}

void keep(std::string& example, std::string_view field) {
  if (example.empty()) example = field;
}

}  // namespace

MarkEvidence& NumberMarks::at(char mark) {
  return mark == '.' ? point_ : mark == ',' ? comma_ : apostrophe_;
}

const MarkEvidence& NumberMarks::of(char mark) const {
  return mark == '.' ? point_ : mark == ',' ? comma_ : apostrophe_;
}

void NumberMarks::add(std::string_view field) {
  const std::string_view number = bare(field);
  if (number.empty() || (!is_digit(number.front()) && !is_mark(number.front()))) return;
  Runs runs;
  if (!cut(number, runs)) return;
  ++n_numbers_;
  const std::size_t n_marks = runs.n - 1;
  if (n_marks == 0) {
    if (!runs.exponent && runs.digits[0] > group_digits) keep(plain_, number);
    return;
  }
  const char first = runs.marks[0];
  const char last = runs.marks[n_marks - 1];
  if (runs.exponent || !same_marks(runs, n_marks)) {
    // 1,234.5: groups beside a decimal mark. 1.2e-05: a decimal mark.
    if (n_marks == 1) {
      keep(at(first).decimal, number);
    } else if (last != first && same_marks(runs, n_marks - 1) && are_groups(runs, n_marks)) {
      keep(at(first).grouped, number);
      keep(at(last).decimal, number);
    }
    return;
  }
  const bool groups = are_groups(runs, runs.n);
  if (first == '\'') {
    if (groups) keep(apostrophe_.grouped, number);
  } else if (n_marks > 1) {
    if (groups) keep(at(first).grouped, number);
  } else {
    keep(groups ? at(first).ambiguous : at(first).decimal, number);
    at(first).n_ambiguous += groups ? 1 : 0;
  }
}

bool looks_grouped(std::string_view field) noexcept {
  const std::string_view number = bare(field);
  if (number.empty() || !is_digit(number.front())) return false;
  Runs runs;
  if (!cut(number, runs) || runs.exponent || runs.n < 2) return false;
  const std::size_t n_marks = runs.n - 1;
  if (same_marks(runs, n_marks)) return are_groups(runs, runs.n);
  return runs.marks[n_marks - 1] != runs.marks[0] && same_marks(runs, n_marks - 1) &&
         are_groups(runs, n_marks);
}

bool remove_thousands(std::string_view field, const FieldRules& rules, std::string& number) {
  number = field;
  const std::size_t first = field.find(rules.thousands);
  if (first == std::string_view::npos) return true;
  std::string_view whole = bare(field);
  const std::size_t point = whole.find(rules.decimal);
  if (point != std::string_view::npos) whole = whole.substr(0, point);
  Runs runs;
  if (!cut(whole, runs) || runs.exponent || !are_groups(runs, runs.n) ||
      runs.marks[0] != rules.thousands || !same_marks(runs, runs.n - 1) ||
      (point != std::string_view::npos &&
       field.find(rules.thousands, field.find(rules.decimal)) != std::string_view::npos)) {
    return false;
  }
  number.erase(std::remove(number.begin(), number.end(), rules.thousands), number.end());
  return true;
}

}  // namespace sicmir
