// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Pictures as SVG 1.1 (www.w3.org/TR/SVG11): a small writer for charts. Lengths are in pixels,
/// from the top left. The same calls give the same bytes.

#include <string>
#include <string_view>
#include <vector>

namespace sicmir::svg {

/// Colours that people with any common kind of colour blindness tell apart (Okabe and Ito 2008,
/// jfly.uni-koeln.de/color).
inline constexpr std::string_view vermilion = "#d55e00";
inline constexpr std::string_view blue = "#0072b2";
inline constexpr std::string_view ink = "#222222";
inline constexpr std::string_view grey = "#666666";
inline constexpr std::string_view pale = "#dddddd";

/// Between white (0) and a colour (1), "#rrggbb"; `share` is brought into 0 .. 1.
[[nodiscard]] std::string tint(std::string_view colour, double share);

/// `text` for between tags and in quotes: &, <, > and quotes as entities, what is not UTF-8 or
/// steers terminals as \xNN.
[[nodiscard]] std::string escaped(std::string_view text);

/// How wide `text` is, roughly, in a common sans-serif font: for margins.
[[nodiscard]] double text_width(std::string_view text, double size);

/// `text`, or its beginning and an ellipsis where it is wider than `most`.
[[nodiscard]] std::string shortened(const std::string& text, double size, double most);

/// Up to about `n` round numbers (1, 2 or 5 times a power of ten apart) from `low` to `high`.
[[nodiscard]] std::vector<double> ticks(double low, double high, int n = 5);

/// A number at an axis: "0.05", "-2".
[[nodiscard]] std::string tick_text(double value);

enum class Anchor { start, middle, end };

struct TextStyle {
  double size = 12;
  Anchor anchor = Anchor::start;
  std::string_view colour = ink;
  bool bold = false;
  double rotate = 0;  ///< degrees, clockwise, around the text's place
};

/// One picture.
class Picture {
 public:
  /// `title` and `description` are what screen readers say.
  Picture(double width, double height, std::string_view title, std::string_view description);

  /// `tip`: shown when the pointer rests on it; empty: nothing.
  void rectangle(double x, double y, double width, double height, std::string_view fill,
                 std::string_view tip = "");
  void circle(double x, double y, double radius, std::string_view fill, double opacity = 1,
              std::string_view stroke = "none", std::string_view tip = "");
  void line(double x1, double y1, double x2, double y2, std::string_view colour, double width = 1);
  void text(double x, double y, std::string_view text, const TextStyle& style = {});

  /// The whole file.
  [[nodiscard]] std::string finish() const;

 private:
  std::string head_, body_;
};

}  // namespace sicmir::svg
