// SPDX-License-Identifier: BSD-3-Clause
#include "text/tsv_field.hpp"

#include <fmt/format.h>

#include <cmath>

namespace sicmir::tsv {

std::string number(double value) {
  return std::isnan(value) ? "NaN" : fmt::format("{:.6g}", value);
}

std::string field(std::string text) {
  for (char& c : text) {
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace sicmir::tsv
