#pragma once
/// The numbers of one line of a text table.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "input/number_text.hpp"
#include "input/table_layout.hpp"

namespace sicmir {

/// Reads lines as a layout describes them. The layout outlives the reader.
class ValueLineReader {
 public:
  ValueLineReader(const TableLayout& layout, std::string file);

  /// Cuts the leading columns off `line` and puts them, as they stand in the file, into `leading`.
  /// Returns where the values begin. `line` loses blanks and separators at its end that open no
  /// field; it must have come from LineReader.
  const char* begin_line(std::string_view& line, std::uint64_t number,
                         std::vector<std::string_view>& leading) const;

  /// Calls `on_value(i, value)` for each of the layout's values from the left; zeros may be left
  /// out. (Asking each value whether it is one takes longer than most things done with it.)
  /// Throws Error(bad_input), naming line and column, for text and for too few or many fields.
  template <class OnValue>
  void read_values(const char* at, std::string_view line, std::uint64_t number,
                   OnValue&& on_value) const {
    const char* const end = line.data() + line.size();
    const char separator = layout_.rules.separator;
    const char decimal = layout_.rules.decimal;
    const bool blanks = layout_.rules.blanks();
    std::size_t i = 0;
    for (;;) {
      // Most single-cell values are zeros: four at a time.
      if (i + zeros_per_word < n_values_ && end - at >= word_bytes) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        if (word == zeros_) {
          i += zeros_per_word;
          at += word_bytes;
          continue;
        }
      }
      if (i == n_values_) fail_count(line, number);
      double value = 0;
      const char* stop =
          end - at >= number_word_bytes ? read_word_number(at, decimal, value) : nullptr;
      if (stop == nullptr || *stop != separator) {
        stop = read_short_number(at, decimal, value);
        if (stop == nullptr || (stop != end && *stop != separator)) {
          double long_value = 0;  // another, so that most values never leave their register
          stop = read_long_value(at, end, i, number, long_value);
          value = long_value;
        }
      }
      on_value(i, value);
      ++i;
      at = stop;
      if (at == end) break;
      ++at;
      while (blanks && at != end && (*at == ' ' || *at == '\t')) ++at;
    }
    if (i != n_values_) fail_count(line, number);
  }

 private:
  static constexpr std::size_t zeros_per_word = 4;
  static constexpr std::ptrdiff_t word_bytes = 8;

  const char* read_long_value(const char* at, const char* end, std::size_t i, std::uint64_t number,
                              double& value) const;
  [[noreturn]] void fail_count(std::string_view line, std::uint64_t number) const;

  const TableLayout& layout_;
  std::string file_;
  std::size_t n_values_;
  std::uint64_t zeros_ = 0;  // "0,0,0,0," with the layout's separator
};

}  // namespace sicmir
