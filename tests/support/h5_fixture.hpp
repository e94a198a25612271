// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What the tests of HDF5 inputs share: the fixtures written by tests/data, and a reader that turns
/// a source into a table.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "input/sources.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/gene_map.hpp"
#include "support/scratch.hpp"

namespace sicmir::test {

/// Runs tests/data/`script` once per program, by Debian's python3, into a folder that goes with the
/// program.
class Fixtures {
 public:
  explicit Fixtures(const std::string& script) {
    const std::string command = "PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 '" SICMIR_TEST_DATA
                                "/" +
                                script + "' '" + std::string(folder_) + "' >&2";
    if (std::system(command.c_str()) != 0) throw std::runtime_error(script + " failed");
  }
  std::string operator/(const std::string& name) const { return folder_ / name; }

 private:
  Scratch folder_;
};

inline std::vector<std::vector<std::string>> table(const std::string& path) {
  std::vector<std::vector<std::string>> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> fields;
    std::size_t start = 0;
    for (std::size_t tab = 0; tab != std::string::npos; start = tab + 1) {
      tab = line.find('\t', start);
      fields.push_back(line.substr(start, tab == std::string::npos ? tab : tab - start));
    }
    lines.push_back(std::move(fields));
  }
  return lines;
}

/// Lines of symbol, Ensembl id, Entrez id.
inline GenePanel panel_of(const std::vector<std::vector<std::string>>& lines) {
  GenePanel panel;
  for (const auto& line : lines) {
    PanelGene gene;
    gene.symbol = gene.current_symbol = line.at(0);
    gene.ensembl_id = line.at(1);
    gene.entrez_id = line.at(2);
    panel.genes.push_back(std::move(gene));
  }
  return panel;
}

struct Cell {
  std::string name;
  double total = 0;
  double upper_quartile = 0;
  std::vector<float> values;  ///< per panel gene
};

/// Up to `limit` further cells by blocks of `block_size`.
inline std::vector<Cell> read_cells(CellSource& source, Index n_genes, Index block_size,
                                    Index limit = INT64_MAX) {
  std::vector<Cell> cells;
  CellBlock block;
  while (static_cast<Index>(cells.size()) < limit &&
         source.next(block, std::min(block_size, limit - static_cast<Index>(cells.size())))) {
    EXPECT_GT(block.size(), 0);
    EXPECT_LE(block.size(), block_size);
    for (Index c = 0; c < block.size(); ++c) {
      const auto at = static_cast<std::size_t>(c);
      Cell cell{block.cells[at], block.totals[at], 0, {}};
      if (!block.upper_quartiles.empty()) cell.upper_quartile = block.upper_quartiles[at];
      cell.values.assign(static_cast<std::size_t>(n_genes), 0.0f);
      for (Index i = block.offsets[at]; i < block.offsets[at + 1]; ++i) {
        const auto gene = static_cast<std::size_t>(block.genes[static_cast<std::size_t>(i)]);
        cell.values[gene] = block.values[static_cast<std::size_t>(i)];
      }
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

/// A source together with its map, which must outlive it.
struct Opened {
  std::unique_ptr<CellSource> source;
  std::unique_ptr<GeneMap> map;
};

inline Opened open_and_select(const std::string& path, const SourceOptions& options,
                              const GeneIndex& index) {
  Opened opened;
  opened.source = open_h5_source(path, options, index);
  GeneMapOptions map_options;
  map_options.min_panel = 0;
  opened.map = std::make_unique<GeneMap>(index, opened.source->features(), map_options, path);
  opened.source->select(*opened.map);
  return opened;
}

}  // namespace sicmir::test
