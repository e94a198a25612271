// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The answer to a question, as a table.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sicmir::atlas {

/// A text, a whole number, or a number (NaN: not to be had).
using Field = std::variant<std::string, std::int64_t, double>;

/// The lines of an answer: made already, or, where there may be tens of thousands, each when it is
/// asked for, so that they need not be in memory at once.
class Lines {
 public:
  using Line = std::vector<Field>;
  using Make = std::function<Line(std::size_t)>;

  Lines() = default;
  Lines(std::initializer_list<Line> lines) : made_(lines) {}

  void push_back(Line line) { made_.push_back(std::move(line)); }
  /// `n` lines that are ranked for themselves, make(0) .. make(n - 1). Several threads may call
  /// `make` at once; it owns what it refers to. Lines are all of this kind, or none.
  void add(std::size_t n, Make make);
  /// Keeps the first `n` of each add(); of lines that are made, those that `kept` says.
  void keep_first(std::size_t n, const std::function<bool(const Line&)>& kept);

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] Line operator[](std::size_t i) const;

  struct Iterator {
    const Lines* lines;
    std::size_t at;
    Line operator*() const { return (*lines)[at]; }
    Iterator& operator++() {
      ++at;
      return *this;
    }
    bool operator==(const Iterator&) const = default;
  };
  [[nodiscard]] Iterator begin() const { return {this, 0}; }
  [[nodiscard]] Iterator end() const { return {this, size()}; }

 private:
  struct Part {
    std::size_t n;
    Make make;
  };
  std::vector<Line> made_;
  std::vector<Part> parts_;
};

struct Answer {
  std::vector<std::string> columns;
  Lines lines;                                             ///< each as long as `columns`
  std::vector<std::string> notes;                          ///< sentences that belong to the figures
  std::vector<std::pair<std::string, std::string>> about;  ///< the question, for JSON
};

/// Numbers with 6 significant digits, "NaN" where there is none. Tabs and line ends in names become
/// blanks; a name that a spreadsheet would take for a formula (= + - @ in front) gets an apostrophe
/// in front.
/// In pieces that follow each other; the same whatever `threads`.
[[nodiscard]] std::vector<std::string> answer_pieces(const Answer& answer, int threads);
[[nodiscard]] std::string answer_tsv(const Answer& answer);

/// {"about", "notes", "lines": [{column: value}]}; null where there is no number.
[[nodiscard]] std::string answer_json(const Answer& answer);

}  // namespace sicmir::atlas
