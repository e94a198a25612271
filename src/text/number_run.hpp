// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Many numbers of a line at once, as far as they are short and plain.

#include <cstddef>

#include "text/number_text.hpp"

namespace sicmir {

/// Numbers of one line that are still to be read.
struct NumberRun {
  const char* at;     ///< where the next number begins
  const char* end;    ///< of the line
  double* values;     ///< where the next number goes
  std::size_t n = 0;  ///< how many may be read; each must have a separator behind it
};

/// Reads numbers as long as they have a sign, digits and a decimal point, 15 characters at most,
/// and 16 bytes of the line are left. `run` then stands at the first that is not so, or at whatever
/// else is there. Every number is rounded as strtod() does it, for the reason that
/// read_short_number() gives. Where the processor is none with SSE4.1, nothing is read.
void read_numbers(NumberRun& run, const FieldRules& rules);

/// The same of two lines by turns, until one of them has to stop: where a number begins is known
/// when the one before it has been read, and while the processor waits for that in one line, it
/// gets on with the other.
void read_numbers(NumberRun& first, NumberRun& second, const FieldRules& rules);

}  // namespace sicmir
