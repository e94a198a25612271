// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// STAR's ReadsPerGene.out.tab: no header, three columns of counts of one sample.

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "input/table_lines.hpp"

namespace sicmir {

/// Which of a gene's columns (1 to 3) of STAR's ReadsPerGene.out.tab holds the counts, by their
/// sums over the genes; nullopt: they do not tell.
struct StarStrand {
  std::size_t column;
  std::string_view name;
};
[[nodiscard]] std::optional<StarStrand> choose_star_strand(std::span<const double, 3> sums);

/// The sample's name in the path of such a file: "S1" of S1_ReadsPerGene.out.tab.gz.
[[nodiscard]] std::string star_sample_name(const std::string& path);

/// The sums of the three columns over the genes; nullopt: the lines are no such file. `lines`: cut
/// into their fields.
[[nodiscard]] std::optional<std::array<double, 3>> star_sums(std::span<const TableLine> lines);

}  // namespace sicmir
