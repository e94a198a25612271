// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What is found out about an input and should be known: a sentence for people, and the same as
/// fields for programs.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sicmir {

using FieldValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>,
                                std::vector<double>>;

/// A named value: a number, a text or a list. Fields that belong together have names such as
/// "scale/taken" and "scale/by".
struct Field {
  Field(std::string its_name, FieldValue its_value)
      : name(std::move(its_name)), value(std::move(its_value)) {}
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) Field(std::string its_name, Number number)
      : name(std::move(its_name)), value(static_cast<std::int64_t>(number)) {}

  std::string name;
  FieldValue value;
};

struct Note {
  std::string_view kind;  ///< such as "columns_left_out"; docs/batch.md lists all
  std::string text;       ///< for the log
  std::vector<Field> fields;
};

}  // namespace sicmir
