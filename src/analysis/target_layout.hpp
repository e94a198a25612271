// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The columns of tables of targets, and what their words mean.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/targets.hpp"

namespace sicmir::targets {

enum class Format : std::uint8_t {
  mirtarbase,
  tarbase,
  encori,
  targetscan_sites,     ///< context scores: a miRNA a line
  targetscan_seeds,     ///< summary counts: the seed a line
  targetscan_families,  ///< predicted targets: miR-103-3p/107
  mirdb,
  multimir,
  motifs,
  plain,
};

constexpr std::size_t no_column = static_cast<std::size_t>(-1);

/// Where in a line things stand; no_column: nowhere.
struct Layout {
  Format format = Format::plain;
  std::string name = {};  ///< of the format
  std::size_t mirna = no_column;
  std::size_t accession = no_column;
  std::size_t symbol = no_column;  ///< may hold ids, too
  std::size_t ensembl = no_column;
  std::size_t entrez = no_column;
  std::size_t species = no_column;
  std::size_t target_species = no_column;
  std::size_t kind = no_column;        ///< support type, or a word of evidence
  std::size_t experiment = no_column;  ///< methods
  std::size_t database = no_column;    ///< multiMiR
  std::size_t type = no_column;        ///< multiMiR: validated, predicted
  std::size_t positive = no_column;    ///< TarBase 7, 8
  std::size_t direct = no_column;      ///< TarBase 8
  std::size_t direction = no_column;   ///< TarBase: UP, DOWN; 9: Negative, Positive
};

/// The layout of a header; nullopt: none that is known. `unquoted`: its fields.
[[nodiscard]] std::optional<Layout> layout_of(std::span<const std::string> header);

/// miRDB's own file has no header: miRNA, transcript, score.
[[nodiscard]] bool is_mirdb_line(std::span<const std::string> fields);
[[nodiscard]] Layout mirdb_layout();

/// The names that headers may have, for messages.
[[nodiscard]] std::string expected_headers();

struct Judgement {
  std::optional<Evidence> evidence = std::nullopt;
  LeftOut reason = LeftOut::no_kind;
  bool unstated = false;  ///< the line does not say; `evidence` is empty
  std::string what = {};  ///< the word that was not understood
};

/// What the pair of a line rests on. `field`: text of a column, empty for no_column.
class LineView {
 public:
  LineView(std::span<const std::string_view> fields, std::size_t shift)
      : fields_(fields), shift_(shift) {}
  [[nodiscard]] std::string_view operator[](std::size_t column) const;

 private:
  std::span<const std::string_view> fields_;
  std::size_t shift_;
};
[[nodiscard]] Judgement judge(const Layout& layout, const LineView& line);

/// Whether a column of species says another one than Homo sapiens; empty says nothing.
[[nodiscard]] bool is_other_species(std::string_view text);

}  // namespace sicmir::targets
