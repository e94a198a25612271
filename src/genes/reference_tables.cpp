// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/reference_tables.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <unordered_set>

#include "base/joined.hpp"
#include "base/own_files.hpp"
#include "bundle/bundled_files.hpp"

namespace sicmir {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0;;) {
    const auto end = text.find(separator, at);
    parts.emplace_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return parts;
    at = end + 1;
  }
}

std::vector<std::string> split_list(std::string_view text) {
  return text.empty() ? std::vector<std::string>{} : split(text, '|');
}

/// A small tab-separated table with a header, read line by line.
class Table {
 public:
  /// `optional`: a column that need not be there; the number behind those of `columns`.
  Table(const fs::path& path, const std::vector<std::string>& columns,
        const std::string& optional = {})
      : path_(path), file_(bundle::open_text(path)) {
    if (!file_) {
      throw Error(ExitCode::bad_input, fmt::format("{}: cannot be opened", path.string()));
    }
    if (!read_line()) fail("the file is empty; expected a header line");
    const std::vector<std::string> header = fields_;
    n_fields_ = header.size();
    for (const std::string& column : columns) {
      const auto at = std::find(header.begin(), header.end(), column);
      if (at == header.end()) {
        fail(fmt::format("no column \"{}\" in the header; expected {}", column,
                         joined(columns, ", ")));
      }
      positions_.push_back(static_cast<std::size_t>(at - header.begin()));
    }
    const auto at = std::find(header.begin(), header.end(), optional);
    if (at != header.end()) positions_.push_back(static_cast<std::size_t>(at - header.begin()));
  }

  /// False at the end of the file.
  bool next() {
    if (!read_line()) return false;
    if (fields_.size() != n_fields_) {
      fail(fmt::format("{} fields, but the header has {}", fields_.size(), n_fields_));
    }
    return true;
  }

  [[nodiscard]] bool has(std::size_t column) const { return column < positions_.size(); }

  /// Field of the column that was given as number `column` to the constructor.
  [[nodiscard]] const std::string& operator[](std::size_t column) const {
    return fields_[positions_[column]];
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ExitCode::bad_input,
                fmt::format("{}, line {}: {}", path_.string(), line_number_, what));
  }

  /// Fails if `value` stood in an earlier line of the same kind.
  void require_new(const std::string& kind, const std::string& value) {
    const auto [at, is_new] = seen_[kind].try_emplace(value, line_number_);
    if (!is_new) {
      fail(fmt::format("{} \"{}\" again; line {} has it already", kind, value, at->second));
    }
  }

 private:
  bool read_line() {
    std::string line;
    if (!std::getline(*file_, line)) return false;
    ++line_number_;
    if (line_number_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    if (line.ends_with('\r')) line.pop_back();
    fields_ = split(line, '\t');
    for (std::string& field : fields_) {
      const auto first = field.find_first_not_of(' ');
      field = first == std::string::npos
                  ? std::string{}
                  : field.substr(first, field.find_last_not_of(' ') - first + 1);
    }
    return true;
  }

  fs::path path_;
  std::unique_ptr<std::istream> file_;
  std::vector<std::string> fields_;
  std::vector<std::size_t> positions_;
  std::size_t n_fields_ = 0;
  Index line_number_ = 0;
  std::unordered_map<std::string, std::unordered_map<std::string, Index>> seen_;
};

bool is_accession(std::string_view text, std::string_view prefix, std::size_t n_digits) {
  return text.size() == prefix.size() + n_digits && text.starts_with(prefix) &&
         text.find_first_not_of("0123456789", prefix.size()) == std::string_view::npos;
}

void check_ensembl_id(const Table& table, const std::string& id) {
  if (!is_accession(id, "ENSG", 11)) {
    table.fail(
        fmt::format("\"{}\" is not an Ensembl gene id (ENSG and 11 digits, no version)", id));
  }
}

}  // namespace

GenePanel read_gene_panel(const fs::path& path) {
  enum : std::size_t { symbol, current_symbol, entrez_id, ensembl_id, older_ids, aliases };
  Table table(path, {"symbol", "current_symbol", "entrez_id", "ensembl_id", "older_ensembl_ids",
                     "aliases"});
  GenePanel panel;
  while (table.next()) {
    PanelGene gene;
    gene.symbol = table[symbol];
    gene.current_symbol = table[current_symbol];
    gene.entrez_id = table[entrez_id];
    gene.ensembl_id = table[ensembl_id];
    gene.older_ensembl_ids = split_list(table[older_ids]);
    gene.aliases = split_list(table[aliases]);
    if (gene.symbol.empty()) table.fail("the symbol is empty");
    if (gene.current_symbol.empty()) gene.current_symbol = gene.symbol;
    table.require_new("symbol", gene.symbol);
    table.require_new("current symbol", gene.current_symbol);
    if (!gene.entrez_id.empty()) {
      if (gene.entrez_id.find_first_not_of("0123456789") != std::string::npos) {
        table.fail(fmt::format("\"{}\" is not an Entrez id (a number)", gene.entrez_id));
      }
      table.require_new("Entrez id", gene.entrez_id);
    }
    if (!gene.ensembl_id.empty()) {
      check_ensembl_id(table, gene.ensembl_id);
      table.require_new("Ensembl id", gene.ensembl_id);
    }
    for (const std::string& id : gene.older_ensembl_ids) {
      check_ensembl_id(table, id);
      table.require_new("Ensembl id", id);
    }
    for (const std::string& alias : gene.aliases) {
      if (alias.empty()) table.fail("an alias is empty");
      table.require_new("alias", alias);
    }
    panel.genes.push_back(std::move(gene));
  }
  if (panel.genes.empty()) table.fail("no gene behind the header");
  return panel;
}

std::vector<ReferenceMirna> read_mirna_table(const fs::path& path) {
  enum : std::size_t { name, accession, v21_name, precursors, well_predicted, sequence };
  Table table(path, {"name", "accession", "name_in_v21", "precursors", "well_predicted"},
              "sequence");
  std::vector<ReferenceMirna> mirnas;
  while (table.next()) {
    ReferenceMirna mirna;
    mirna.name = table[name];
    mirna.accession = table[accession];
    mirna.v21_name = table[v21_name];
    mirna.precursors = split_list(table[precursors]);
    if (mirna.name.empty()) table.fail("the name is empty");
    table.require_new("name", mirna.name);
    if (!mirna.v21_name.empty()) table.require_new("name", mirna.v21_name);
    if (!is_accession(mirna.accession, "MIMAT", 7)) {
      table.fail(fmt::format("\"{}\" is not an accession (MIMAT and 7 digits)", mirna.accession));
    }
    table.require_new("accession", mirna.accession);
    if (mirna.precursors.empty()) table.fail(fmt::format("{} has no precursor", mirna.name));
    const std::string& flag = table[well_predicted];
    if (flag != "0" && flag != "1") {
      table.fail(fmt::format("well_predicted is \"{}\"; expected 0 or 1", flag));
    }
    mirna.well_predicted = flag == "1";
    if (table.has(sequence)) {
      mirna.sequence = table[sequence];
      if (mirna.sequence.size() < 8 ||
          mirna.sequence.find_first_not_of("ACGU") != std::string::npos) {
        table.fail(fmt::format("\"{}\" is not the sequence of a miRNA (A, C, G and U, 8 or more)",
                               mirna.sequence));
      }
    }
    mirnas.push_back(std::move(mirna));
  }
  if (mirnas.empty()) table.fail("no miRNA behind the header");
  return mirnas;
}

void add_old_names(const fs::path& path, std::vector<ReferenceMirna>& mirnas) {
  enum : std::size_t { name, accession };
  Table table(path, {"name", "accession"});
  std::unordered_map<std::string, ReferenceMirna*> by_accession;
  std::unordered_set<std::string> taken;
  for (ReferenceMirna& mirna : mirnas) {
    by_accession.emplace(mirna.accession, &mirna);
    taken.insert(mirna.name);
    taken.insert(mirna.v21_name);
    taken.insert(mirna.precursors.begin(), mirna.precursors.end());
  }
  while (table.next()) {
    if (table[name].empty()) table.fail("the name is empty");
    table.require_new("name", table[name]);
    if (taken.contains(table[name])) {
      table.fail(fmt::format("\"{}\" is a current name or a stem-loop", table[name]));
    }
    const auto found = by_accession.find(table[accession]);
    if (found == by_accession.end()) {
      table.fail(fmt::format("no miRNA has the accession \"{}\"", table[accession]));
    }
    found->second->old_names.push_back(table[name]);
  }
}

std::vector<ReferenceMirna> reference_mirnas() {
  std::vector<ReferenceMirna> mirnas = read_mirna_table(find_data_file("mirnas.tsv"));
  add_old_names(find_data_file("mirna_old_names.tsv"), mirnas);
  return mirnas;
}

GenePanel mirna_panel(std::span<const ReferenceMirna> mirnas) {
  GenePanel panel;
  panel.genes.reserve(mirnas.size());
  for (const ReferenceMirna& mirna : mirnas) {
    PanelGene gene;
    gene.symbol = mirna.name;
    gene.current_symbol = mirna.name;
    gene.ensembl_id = mirna.accession;
    if (!mirna.v21_name.empty()) gene.aliases.push_back(mirna.v21_name);
    gene.aliases.insert(gene.aliases.end(), mirna.old_names.begin(), mirna.old_names.end());
    panel.genes.push_back(std::move(gene));
  }
  return panel;
}

fs::path find_data_file(const std::string& name) {
  std::vector<fs::path> candidates;
  const char* chosen = std::getenv("SICMIR_DATA");
  if (chosen != nullptr && *chosen != '\0') {
    candidates.push_back(fs::path(chosen) / name);
  } else {
    if (const auto bundled = bundle::path_of(name)) return *bundled;
    if (const auto folder = folder_of_program()) {
      candidates.push_back(*folder / ".." / SICMIR_INSTALL_DATADIR / "sicmir" / name);
    }
    candidates.push_back(fs::path(SICMIR_SOURCE_DIR) / "data" / name);
  }
  std::vector<std::string> places;
  for (const fs::path& candidate : candidates) {
    std::error_code error;
    if (fs::is_regular_file(candidate, error)) return candidate.lexically_normal();
    places.push_back(candidate.lexically_normal().string());
  }
  throw Error(
      ExitCode::bad_input,
      fmt::format("{} belongs to sicmir but was not found; looked for {}. Set SICMIR_DATA to "
                  "the folder that holds it.",
                  name, joined(places, " and ")));
}

}  // namespace sicmir
