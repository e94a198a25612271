// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What a user may have meant.

#include <span>
#include <string>
#include <string_view>

namespace sicmir {

/// Insertions, deletions, replacements and swaps of neighbours that make `b` of `a`, regardless of
/// case (optimal string alignment distance; Damerau 1964).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The first of `known` that goes on with a dash where `given` ends (hsa-mir-21: hsa-miR-21-5p is
/// meant, not hsa-miR-217); else the nearest, the first among equals, if it is near: at most one
/// edit per three characters. Empty otherwise.
[[nodiscard]] std::string nearest(std::string_view given, std::span<const std::string> known);

/// " Did you mean 'NAME'?", to be put behind a message, or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view given, std::span<const std::string> known);

}  // namespace sicmir
