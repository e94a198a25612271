// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/target_layout.hpp"

#include <algorithm>
#include <initializer_list>

#include "base/ascii.hpp"
#include "genes/id_kinds.hpp"

namespace sicmir::targets {
namespace {

using ascii::lower;

/// Letters and digits in lower case: "Target Gene (Entrez ID)", and what R makes of it,
/// "Target.Gene..Entrez.ID.", are both targetgeneentrezid.
std::string plain_name(std::string_view text) {
  std::string result;
  for (const char c : lower(text)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) result += c;
  }
  return result;
}

class Columns {
 public:
  explicit Columns(std::span<const std::string> header) {
    for (const std::string& name : header) names_.push_back(plain_name(name));
  }
  /// The first of these that is there.
  [[nodiscard]] std::size_t find(std::initializer_list<std::string_view> wanted) const {
    for (const std::string_view name : wanted) {
      const auto at = std::find(names_.begin(), names_.end(), name);
      if (at != names_.end()) return static_cast<std::size_t>(at - names_.begin());
    }
    return no_column;
  }
  [[nodiscard]] bool has(std::initializer_list<std::string_view> wanted) const {
    return std::all_of(wanted.begin(), wanted.end(),
                       [&](std::string_view name) { return find({name}) != no_column; });
  }

 private:
  std::vector<std::string> names_;
};

Layout mirtarbase(const Columns& columns) {
  Layout layout{.format = Format::mirtarbase, .name = "miRTarBase"};
  layout.mirna = columns.find({"mirna"});
  layout.symbol = columns.find({"targetgene"});
  layout.entrez = columns.find({"targetgeneentrezid", "targetgeneentrezgeneid"});
  layout.species = columns.find({"speciesmirna"});
  layout.target_species = columns.find({"speciestargetgene"});
  layout.kind = columns.find({"supporttype"});
  return layout;
}

Layout multimir(const Columns& columns) {
  Layout layout{.format = Format::multimir, .name = "multiMiR"};
  layout.mirna = columns.find({"maturemirnaid"});
  layout.accession = columns.find({"maturemirnaacc"});
  layout.symbol = columns.find({"targetsymbol"});
  layout.entrez = columns.find({"targetentrez"});
  layout.ensembl = columns.find({"targetensembl"});
  layout.kind = columns.find({"supporttype"});
  layout.experiment = columns.find({"experiment"});
  layout.database = columns.find({"database"});
  layout.type = columns.find({"type"});
  return layout;
}

Layout tarbase(const Columns& columns) {
  Layout layout{.format = Format::tarbase, .name = "TarBase"};
  layout.mirna = columns.find({"mirnaname", "mirna"});
  layout.accession = columns.find({"mirnaid"});
  layout.symbol = columns.find({"genename"});
  layout.ensembl = columns.find({"geneid"});
  layout.species = columns.find({"species"});
  layout.experiment = columns.find({"experimentalmethod", "method"});
  layout.positive = columns.find({"positivenegative"});
  layout.direct = columns.find({"directindirect"});
  layout.direction = columns.find({"regulation", "updown"});
  return layout;
}

Layout encori(const Columns& columns) {
  Layout layout{.format = Format::encori, .name = "ENCORI"};
  layout.mirna = columns.find({"mirnaname"});
  layout.accession = columns.find({"mirnaid"});
  layout.symbol = columns.find({"genename"});
  layout.ensembl = columns.find({"geneid"});
  return layout;
}

Layout targetscan(const Columns& columns, Format format, std::string_view mirna) {
  Layout layout{.format = format, .name = "TargetScan"};
  layout.mirna = columns.find({mirna});
  layout.symbol = columns.find({"genesymbol", "targetgene"});
  layout.ensembl = columns.find({"geneid"});
  layout.species = columns.find({"speciesid", "genetaxid"});
  return layout;
}

std::optional<Layout> plain(const Columns& columns) {
  Layout layout{.format = Format::plain, .name = "plain table"};
  layout.accession = columns.find({"mirnaaccession", "mimataccession", "mimat", "accession"});
  layout.mirna = columns.find(
      {"mirna", "mirnaname", "mirnaid", "microrna", "mir", "maturemirna", "maturename", "name"});
  layout.symbol = columns.find({"targetsymbol", "genesymbol", "symbol", "targetgene", "targetname",
                                "genename", "target", "gene"});
  layout.ensembl =
      columns.find({"targetensembl", "targetensemblid", "ensemblid", "ensemblgeneid", "ensembl"});
  layout.entrez = columns.find(
      {"targetentrezid", "targetentrez", "entrezid", "entrezgeneid", "entrez", "geneid"});
  layout.species = columns.find({"species"});
  layout.kind = columns.find({"supporttype", "evidencekind", "kind", "evidence"});
  const bool has_mirna = layout.mirna != no_column || layout.accession != no_column;
  const bool has_gene =
      layout.symbol != no_column || layout.ensembl != no_column || layout.entrez != no_column;
  if (!has_mirna || !has_gene) return std::nullopt;
  if (layout.mirna == no_column) std::swap(layout.mirna, layout.accession);
  return layout;
}

/// miRTarBase counts these as strong: reporter assays, Western blots and qPCR.
bool is_strong_method(std::string_view text) {
  const std::string method = lower(text);
  for (const std::string_view word :
       {"reporter", "luciferase", "western", "qpcr", "q-pcr", "rt-pcr", "rtpcr"}) {
    if (method.find(word) != std::string::npos) return true;
  }
  return false;
}

Judgement by_support_type(std::string_view text) {
  const std::string word = lower(trim_id(text));
  if (word == "functional mti") return {.evidence = Evidence::strong};
  if (word == "functional mti (weak)") return {.evidence = Evidence::weak};
  if (word.starts_with("non-functional mti")) return {.reason = LeftOut::not_functional};
  return {.what = std::string(trim_id(text))};
}

Judgement by_word(std::string_view text) {
  const std::string word = lower(trim_id(text));
  if (word.empty() || word == "na") return {.unstated = true};
  if (word == "strong") return {.evidence = Evidence::strong};
  if (word == "weak" || word == "validated" || word == "experimental") {
    return {.evidence = Evidence::weak};
  }
  if (word == "predicted") return {.evidence = Evidence::predicted};
  return by_support_type(text);
}

Judgement by_method(std::string_view text) {
  return {.evidence = is_strong_method(text) ? Evidence::strong : Evidence::weak};
}

Judgement of_tarbase(const Layout& layout, const LineView& line) {
  const std::string direction = lower(trim_id(line[layout.direction]));
  // Version 8 tells where the target went (UP, DOWN), version 9 what the miRNA does to it.
  const bool lowered = direction != "up" && direction != "positive";
  if (!lowered || lower(trim_id(line[layout.positive])) == "negative") {
    return {.reason = LeftOut::not_functional};
  }
  if (lower(trim_id(line[layout.direct])) == "indirect") return {.evidence = Evidence::weak};
  return by_method(line[layout.experiment]);
}

Judgement of_multimir(const Layout& layout, const LineView& line) {
  const std::string database = lower(trim_id(line[layout.database]));
  const std::string type = lower(trim_id(line[layout.type]));
  if (type == "predicted") return {.evidence = Evidence::predicted};
  if (database == "mirtarbase") return by_support_type(line[layout.kind]);
  if (database == "tarbase" || database == "mirecords") {
    if (lower(trim_id(line[layout.kind])) == "negative") {
      return {.reason = LeftOut::not_functional};
    }
    return by_method(line[layout.experiment]);
  }
  return {.what = database + " " + type};
}

}  // namespace

std::string_view LineView::operator[](std::size_t column) const {
  if (column == no_column || column + shift_ >= fields_.size()) return {};
  return fields_[column + shift_];
}

std::optional<Layout> layout_of(std::span<const std::string> header) {
  const Columns columns(header);
  if (columns.has({"mirna", "targetgene", "supporttype"})) return mirtarbase(columns);
  if (columns.has({"maturemirnaid", "targetsymbol", "type"})) return multimir(columns);
  if (columns.has({"mirna", "genename", "positivenegative"}) ||
      columns.has({"mirnaname", "genename", "experimentalmethod"})) {
    return tarbase(columns);
  }
  if (columns.has({"mirnaname", "genename", "clipexpnum"})) return encori(columns);
  if (columns.has({"mirna", "genesymbol", "sitetype"})) {
    return targetscan(columns, Format::targetscan_sites, "mirna");
  }
  if (columns.has({"mirnafamily", "genesymbol", "representativemirna"})) {
    return targetscan(columns, Format::targetscan_seeds, "mirnafamily");
  }
  if (columns.has({"mirfamily", "genesymbol"})) {
    return targetscan(columns, Format::targetscan_families, "mirfamily");
  }
  if (columns.has({"targetgene", "representativemirna"})) {
    return targetscan(columns, Format::targetscan_sites, "representativemirna");
  }
  if (columns.has({"mirnaname", "genesymbol", "targetscore"})) {
    Layout layout{.format = Format::mirdb, .name = "miRDB"};
    layout.mirna = columns.find({"mirnaname"});
    layout.symbol = columns.find({"genesymbol"});
    return layout;
  }
  if (columns.has({"motif", "mirnas", "genes"})) {
    Layout layout{.format = Format::motifs, .name = "seed motifs"};
    layout.mirna = columns.find({"mirnas"});
    layout.symbol = columns.find({"genes"});
    return layout;
  }
  return plain(columns);
}

bool is_mirdb_line(std::span<const std::string> fields) {
  if (fields.size() != 3) return false;
  const std::string& name = fields[0];
  const bool mirna = name.size() > 8 && name[3] == '-' &&
                     (name.compare(4, 4, "miR-") == 0 || name.compare(4, 4, "let-") == 0);
  return mirna && guess_id_kind(fields[1]).kind == IdKind::transcript;
}

Layout mirdb_layout() {
  Layout layout{.format = Format::mirdb, .name = "miRDB"};
  layout.mirna = 0;
  layout.symbol = 1;
  return layout;
}

std::string expected_headers() {
  return "miRTarBase (miRNA, Target Gene, Support Type), TarBase (mirna, geneName, "
         "positive_negative, or mirna_name, gene_name, experimental_method), ENCORI (miRNAname, "
         "geneName, clipExpNum), TargetScan (miRNA, Gene Symbol, Site Type, or miRNA family, or "
         "miR Family), miRDB, multiMiR (mature_mirna_id, target_symbol, type), GMT (in a file "
         "named .gmt), or a header with mirna, target and perhaps evidence";
}

bool is_other_species(std::string_view text) {
  const std::string species = lower(trim_id(text));
  return !species.empty() && species != "na" && species != "hsa" && species != "human" &&
         species != "9606" && species != "homo sapiens" && species != "homo_sapiens";
}

Judgement judge(const Layout& layout, const LineView& line) {
  switch (layout.format) {
    case Format::mirtarbase:
      return by_support_type(line[layout.kind]);
    case Format::tarbase:
      return of_tarbase(layout, line);
    case Format::multimir:
      return of_multimir(layout, line);
    case Format::encori:
      return {.evidence = Evidence::weak};
    case Format::targetscan_sites:
    case Format::targetscan_seeds:
    case Format::targetscan_families:
    case Format::mirdb:
    case Format::motifs:
      return {.evidence = Evidence::predicted};
    case Format::plain:
      break;
  }
  return by_word(line[layout.kind]);
}

}  // namespace sicmir::targets
