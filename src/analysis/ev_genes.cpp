// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/ev_genes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "analysis/targets.hpp"
#include "base/joined.hpp"
#include "sicmir/reference_tables.hpp"
#include "text/list_file.hpp"

namespace sicmir {
namespace {

enum Field : std::size_t { set, term, symbol, ensembl_id, old_symbols, n_fields };

std::array<std::string, n_fields> fields_of(const std::string& line, const std::string& path) {
  std::array<std::string, n_fields> fields;
  std::size_t start = 0;
  for (std::size_t i = 0; i < n_fields; ++i) {
    const std::size_t end = i + 1 < n_fields ? line.find('\t', start) : line.size();
    if (end == std::string::npos) {
      throw Error(
          ExitCode::bad_input,
          fmt::format("{}: '{}': expected {} fields, separated by tabs. The file comes with "
                      "the program and was changed.",
                      path, line, static_cast<std::size_t>(n_fields)));
    }
    fields[i] = line.substr(start, end - start);
    start = end + 1;
  }
  return fields;
}

std::int32_t find(const GeneFinder& finder, const std::array<std::string, n_fields>& gene) {
  std::int32_t found = finder.find(TargetGene{gene[symbol], gene[ensembl_id], {}});
  if (found < 0 && !gene[old_symbols].empty()) found = finder.find(gene[old_symbols]);
  return found;
}

void check(const GeneSetHere& genes) {
  if (genes.genes.size() >= genes.n_needed) return;
  throw Error(ExitCode::bad_input,
              fmt::format("only {} of the {} genes of {} ({}) are among the genes of the profiles; "
                          "{} are needed. Not found: {}. Profiles must be summed over all genes, "
                          "not over the model's alone.",
                          genes.genes.size(), genes.size(), genes.name, genes.term, genes.n_needed,
                          joined(genes.not_here, ", ")));
}

}  // namespace

EvGenes find_ev_genes(const Profiles& profiles) {
  constexpr std::size_t biogenesis_needed = 15;
  constexpr std::size_t risc_needed = 8;
  const std::string path = find_data_file("ev_genes.tsv").string();
  const GeneFinder finder(profiles.genes);
  EvGenes found;
  found.biogenesis.name = "extracellular vesicle biogenesis";
  found.biogenesis.n_needed = biogenesis_needed;
  found.risc.name = "the RISC complex";
  found.risc.n_needed = risc_needed;
  const std::vector<std::string> lines = read_text_lines(path);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    const auto gene = fields_of(lines[i], path);
    GeneSetHere& genes = gene[set] == "risc" ? found.risc : found.biogenesis;
    genes.term = gene[term];
    const std::int32_t position = find(finder, gene);
    if (position >= 0) {
      genes.genes.push_back(position);
    } else {
      genes.not_here.push_back(gene[symbol]);
    }
  }
  check(found.biogenesis);
  check(found.risc);
  return found;
}

}  // namespace sicmir
