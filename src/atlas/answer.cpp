// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/joined.hpp"
#include "base/json.hpp"
#include "base/printable.hpp"
#include "parallel/thread_pool.hpp"

namespace sicmir::atlas {
namespace {

void append_text(std::string& line, const std::string& text) {
  const bool is_formula =
      !text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos;
  if (is_formula) line += '\'';
  const bool is_plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (is_plain) {
    line += text;
    return;
  }
  std::string field = printable(text);
  std::replace_if(
      field.begin(), field.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  line += field;
}

constexpr int n_digits = 6;  // of %.6g

/// The digits and the exponent of a number of 0.0001 to 999999, rounded to six digits; false: what
/// was multiplied is too near to the middle between two numbers to tell which one is nearer.
bool six_digits(double size, std::array<char, n_digits>& digits, int& exponent) {
  constexpr std::array tens = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};  // exact
  constexpr std::array starts = {1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5};
  exponent = -4;
  for (const double start : starts) exponent += size >= start ? 1 : 0;
  const double scaled = size * tens.at(static_cast<std::size_t>(n_digits - 1 - exponent));
  auto whole = static_cast<std::int32_t>(scaled);
  const double rest = scaled - whole;
  constexpr double unsure = 1e-6;  // the product is right to 1e-10
  if (std::fabs(rest - 0.5) < unsure) return false;
  if (rest > 0.5) ++whole;
  if (whole == 1'000'000) {
    whole = 100'000;
    ++exponent;
  }
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, whole /= 10) {
    *digit = static_cast<char>('0' + whole % 10);
  }
  return exponent < n_digits;
}

/// As %.6g, several times as fast.
void append_number(std::string& line, double number) {
  const double size = std::fabs(number);
  std::array<char, n_digits> digits{};
  int exponent = 0;
  if (!(size >= 1e-4 && size < 1e6) || !six_digits(size, digits, exponent)) {
    line += std::isnan(number) ? "NaN" : fmt::format("{:.6g}", number);
    return;
  }
  int n = n_digits;
  while (n > 1 && digits.at(static_cast<std::size_t>(n - 1)) == '0') --n;
  if (number < 0) line += '-';
  if (exponent < 0) {
    line.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0');
    line.append(digits.data(), static_cast<std::size_t>(n));
    return;
  }
  line.append(digits.data(), static_cast<std::size_t>(exponent) + 1);
  if (n <= exponent + 1) return;
  line += '.';
  line.append(digits.data() + exponent + 1, static_cast<std::size_t>(n - exponent - 1));
}

void append(std::string& line, const Field& field) {
  if (const auto* text = std::get_if<std::string>(&field)) {
    append_text(line, *text);
  } else if (const auto* count = std::get_if<std::int64_t>(&field)) {
    line += fmt::format_int(*count).c_str();
  } else {
    append_number(line, std::get<double>(field));
  }
}

Json json_of(const Field& field) {
  if (const auto* text = std::get_if<std::string>(&field)) return *text;
  if (const auto* count = std::get_if<std::int64_t>(&field)) return *count;
  const double number = std::get<double>(field);
  return std::isfinite(number) ? Json(number) : Json(nullptr);
}

}  // namespace

void Lines::add(std::size_t n, Make make) {
  if (n > 0) parts_.push_back({n, std::move(make)});
}

void Lines::keep_first(std::size_t n, const std::function<bool(const Line&)>& kept) {
  for (Part& part : parts_) part.n = std::min(part.n, n);
  std::vector<Line> left;
  for (Line& line : made_) {
    if (kept(line)) left.push_back(std::move(line));
  }
  made_ = std::move(left);
}

std::size_t Lines::size() const {
  std::size_t n = made_.size();
  for (const Part& part : parts_) n += part.n;
  return n;
}

Lines::Line Lines::operator[](std::size_t i) const {
  for (const Part& part : parts_) {
    if (i < part.n) return part.make(i);
    i -= part.n;
  }
  return made_.at(i);
}

std::vector<std::string> answer_pieces(const Answer& answer, int threads) {
  constexpr std::size_t per_piece = 1024;
  const std::size_t n_lines = answer.lines.size();
  std::vector<std::string> pieces((n_lines + per_piece - 1) / per_piece + 1);
  pieces.front() = joined(answer.columns, "\t") + "\n";
  ThreadPool pool(pieces.size() > 2 ? std::max(1, threads) : 1);
  pool.run(static_cast<Index>(pieces.size()) - 1, [&](Index number, int) {
    std::string& text = pieces[static_cast<std::size_t>(number) + 1];
    const std::size_t first = static_cast<std::size_t>(number) * per_piece;
    for (std::size_t at = first; at < std::min(first + per_piece, n_lines); ++at) {
      const Lines::Line line = answer.lines[at];
      for (std::size_t i = 0; i < line.size(); ++i) {
        if (i > 0) text += '\t';
        append(text, line[i]);
      }
      text += '\n';
    }
  });
  return pieces;
}

std::string answer_tsv(const Answer& answer) {
  return joined(answer_pieces(answer, 1), "");
}

std::string answer_json(const Answer& answer) {
  Json about = Json::object();
  for (const auto& [key, value] : answer.about) about[key] = value;
  Json lines = Json::array();
  for (const Lines::Line& line : answer.lines) {
    Json one = Json::object();
    for (std::size_t i = 0; i < line.size(); ++i) one[answer.columns[i]] = json_of(line[i]);
    lines.push_back(std::move(one));
  }
  return json_text(Json{{"about", about}, {"notes", answer.notes}, {"lines", lines}}, 1) + "\n";
}

}  // namespace sicmir::atlas
