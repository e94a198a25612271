// SPDX-License-Identifier: BSD-3-Clause
#include "input/star_counts.hpp"

#include <filesystem>

#include "genes/feature_kinds.hpp"
#include "text/number_text.hpp"

namespace sicmir {

std::optional<StarStrand> choose_star_strand(std::span<const double, 3> sums) {
  const double stranded = sums[1] + sums[2];
  if (stranded <= 0.0) return std::nullopt;
  constexpr double clear = 0.8;
  constexpr double even = 0.6;
  const double first = sums[1] / stranded;
  if (first >= clear) return StarStrand{2, "first strand (column 3)"};
  if (first <= 1.0 - clear) return StarStrand{3, "second strand (column 4)"};
  if (first <= even && first >= 1.0 - even) return StarStrand{1, "unstranded (column 2)"};
  return std::nullopt;
}

std::string star_sample_name(const std::string& path) {
  const std::filesystem::path whole(path);
  std::string name = whole.filename().string();
  const auto at = name.find("ReadsPerGene");
  if (at != std::string::npos) {
    name.resize(at);
  } else {
    name = whole.stem().string();
  }
  while (!name.empty() && (name.back() == '_' || name.back() == '.' || name.back() == '-')) {
    name.pop_back();
  }
  if (name.empty()) name = whole.parent_path().filename().string();
  return name.empty() || name == "." ? "sample" : name;
}

std::optional<std::array<double, 3>> star_sums(std::span<const TableLine> lines) {
  constexpr std::size_t n_columns = 4;
  constexpr std::size_t n_summaries = 4;
  std::array<double, 3> sums{};
  std::size_t n_genes = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const TableLine& line = lines[i];
    const bool is_summary = is_summary_line(unquoted(line.fields.front()));
    if (line.fields.size() != n_columns || (i < n_summaries && !is_summary)) return std::nullopt;
    for (std::size_t c = 1; c < n_columns; ++c) {
      double value = 0;
      if (read_number(line.fields[c], '.', value) != FieldKind::number) return std::nullopt;
      if (!is_summary) sums[c - 1] += value;
    }
    n_genes += is_summary ? 0 : 1;
  }
  if (n_genes == 0) return std::nullopt;
  return sums;
}

}  // namespace sicmir
