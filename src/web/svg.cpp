// SPDX-License-Identifier: BSD-3-Clause
#include "web/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/printable.hpp"

namespace sicmir::svg {
namespace {

/// With two decimals at most, and no "-0".
std::string number(double value) {
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

/// A byte of UTF-8 that does not begin a character.
bool is_within_character(char c) {
  return (static_cast<std::uint8_t>(c) & 0xc0U) == 0x80U;
}

std::string_view word(Anchor anchor) {
  switch (anchor) {
    case Anchor::start:
      return "start";
    case Anchor::middle:
      return "middle";
    case Anchor::end:
      return "end";
  }
  return "";
}

std::string closed(std::string_view tag, std::string_view tip) {
  if (tip.empty()) return "/>\n";
  return fmt::format("><title>{}</title></{}>\n", escaped(tip), tag);
}

}  // namespace

std::string tint(std::string_view colour, double share) {
  const double part = std::isnan(share) ? 0.0 : std::clamp(share, 0.0, 1.0);
  std::string text = "#";
  for (std::size_t i = 0; i < 3; ++i) {
    unsigned full = 0;
    const char* digits = colour.data() + 1 + 2 * i;
    std::from_chars(digits, digits + 2, full, 16);
    text += fmt::format(
        "{:02x}",
        static_cast<unsigned>(std::lround(255.0 + part * (static_cast<double>(full) - 255.0))));
  }
  return text;
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : printable(text)) {  // XML holds no other bytes
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

double text_width(std::string_view text, double size) {
  double ems = 0.0;
  for (const char c : text) {
    if (is_within_character(c)) continue;
    const bool is_narrow =
        std::string_view("iljtfrI.,:;|'!()[]- ").find(c) != std::string_view::npos;
    const bool is_wide = (c >= 'A' && c <= 'Z') || c == 'm' || c == 'w' || c == '%' || c == '@';
    ems += is_narrow ? 0.34 : is_wide ? 0.74 : 0.58;
  }
  return ems * size;
}

std::string shortened(const std::string& text, double size, double most) {
  if (text_width(text, size) <= most) return text;
  std::string part = text;
  while (!part.empty() && text_width(part, size) + size > most) {
    while (part.size() > 1 && is_within_character(part.back())) part.pop_back();
    part.pop_back();
  }
  return part + "\xE2\x80\xA6";
}

std::vector<double> ticks(double low, double high, int n) {
  if (!(high > low) || !std::isfinite(high - low)) return {low};
  const double raw = (high - low) / n;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double rest = raw / power;
  const double step = (rest <= 1.0 ? 1.0 : rest <= 2.0 ? 2.0 : rest <= 5.0 ? 5.0 : 10.0) * power;
  std::vector<double> places;
  const double first = std::ceil(low / step - 1e-9);
  const double last = std::floor(high / step + 1e-9);
  if (!(last - first <= 100.0)) return {low};  // so far off that steps are lost in rounding
  const int count = static_cast<int>(last - first);
  for (int i = 0; i <= count; ++i) places.push_back((first + i) * step);
  return places;
}

std::string tick_text(double value) {
  return fmt::format("{:.4g}", value == 0.0 ? 0.0 : value);
}

Picture::Picture(double width, double height, std::string_view title,
                 std::string_view description) {
  head_ = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
      "{1}\" role=\"img\" font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\">\n"
      "<title>{2}</title>\n<desc>{3}</desc>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
      number(width), number(height), escaped(title), escaped(description));
}

void Picture::rectangle(double x, double y, double width, double height, std::string_view fill,
                        std::string_view tip) {
  body_ += fmt::format(R"(<rect x="{}" y="{}" width="{}" height="{}" fill="{}"{})", number(x),
                       number(y), number(width), number(height), fill, closed("rect", tip));
}

void Picture::circle(double x, double y, double radius, std::string_view fill, double opacity,
                     std::string_view stroke, std::string_view tip) {
  body_ += fmt::format(
      R"(<circle cx="{}" cy="{}" r="{}" fill="{}" fill-opacity="{}" stroke="{}"{})", number(x),
      number(y), number(radius), fill, number(opacity), stroke, closed("circle", tip));
}

void Picture::line(double x1, double y1, double x2, double y2, std::string_view colour,
                   double width) {
  body_ += fmt::format(
      "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>\n",
      number(x1), number(y1), number(x2), number(y2), colour, number(width));
}

void Picture::text(double x, double y, std::string_view text, const TextStyle& style) {
  const std::string turned = style.rotate == 0.0
                                 ? ""
                                 : fmt::format(" transform=\"rotate({} {} {})\"",
                                               number(style.rotate), number(x), number(y));
  body_ += fmt::format(
      "<text x=\"{}\" y=\"{}\" font-size=\"{}\" text-anchor=\"{}\" fill=\"{}\"{}{}>{}</text>\n",
      number(x), number(y), number(style.size), word(style.anchor), style.colour,
      style.bold ? " font-weight=\"bold\"" : "", turned, escaped(text));
}

std::string Picture::finish() const {
  return head_ + body_ + "</svg>\n";
}

}  // namespace sicmir::svg
