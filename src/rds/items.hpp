// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The word before each value: its type and what comes with it.

#include <cstdint>

namespace sicmir::rds {

/// Types of values (R Internals, "SEXPTYPEs"), and those that exist only when they are serialised.
enum Type : std::uint32_t {
  symbol_type = 1,
  pairlist_type = 2,
  closure_type = 3,
  environment_type = 4,
  promise_type = 5,
  language_type = 6,
  special_type = 7,
  builtin_type = 8,
  char_type = 9,
  logical_type = 10,
  integer_type = 13,
  real_type = 14,
  complex_type = 15,
  text_type = 16,
  dots_type = 17,
  list_type = 19,
  expression_type = 20,
  bytecode_type = 21,
  pointer_type = 22,
  weak_reference_type = 23,
  raw_type = 24,
  s4_type = 25,
  altrep_type = 238,
  attributed_pairlist_type = 239,
  attributed_language_type = 240,
  base_environment_type = 241,
  empty_environment_type = 242,
  bytecode_reference_type = 243,
  bytecode_definition_type = 244,
  persistent_type = 247,
  package_type = 248,
  namespace_type = 249,
  base_namespace_type = 250,
  missing_argument_type = 251,
  unbound_type = 252,
  global_environment_type = 253,
  null_type = 254,
  reference_type = 255,
};

/// The parts of that word.
struct Flags {
  std::uint32_t type = 0;
  bool has_attributes = false;
  bool has_tag = false;
  std::uint32_t levels = 0;
  std::uint32_t packed_reference = 0;

  explicit Flags(std::uint32_t bits)
      : type(bits & 0xFFU),
        has_attributes((bits & 0x200U) != 0),
        has_tag((bits & 0x400U) != 0),
        levels(bits >> 12U),
        packed_reference(bits >> 8U) {}
};

/// Among the levels of a CHARSXP.
inline constexpr std::uint32_t is_latin1 = 1U << 2U;

}  // namespace sicmir::rds
