// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What the tests of readers share: scratch folders, small panels, and reading a source whole.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "sicmir/cell_source.hpp"
#include "sicmir/gene_map.hpp"

namespace sicmir::testing {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "sicmir-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  std::string write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << content;
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

/// One gzip member.
inline std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline GenePanel panel_of(const std::vector<std::string>& symbols) {
  GenePanel panel;
  for (const std::string& symbol : symbols) panel.genes.push_back({symbol, symbol, "", "", {}, {}});
  return panel;
}

/// Every cell of a source, dense: values[cell][panel gene].
struct Cells {
  std::vector<std::string> names;
  std::vector<std::vector<float>> values;
  std::vector<double> totals;
  std::vector<double> quartiles;
  std::vector<Index> block_sizes;
};

inline Cells read_cells(CellSource& source, const GeneSelection& genes, Index block_cells) {
  Cells cells;
  CellBlock block;
  Index expected_first = 0;
  while (source.next(block, block_cells)) {
    EXPECT_EQ(block.first, expected_first);
    EXPECT_LE(block.size(), block_cells);
    EXPECT_GE(block.size(), 1);
    expected_first += block.size();
    cells.block_sizes.push_back(block.size());
    for (Index c = 0; c < block.size(); ++c) {
      const auto at = static_cast<std::size_t>(c);
      cells.names.push_back(block.cells[at]);
      cells.totals.push_back(block.totals[at]);
      if (!block.upper_quartiles.empty()) cells.quartiles.push_back(block.upper_quartiles[at]);
      std::vector<float> values(static_cast<std::size_t>(genes.size()), 0.0f);
      for (Index i = block.offsets[at]; i < block.offsets[at + 1]; ++i) {
        const auto k = static_cast<std::size_t>(i);
        values[static_cast<std::size_t>(block.genes[k])] = block.values[k];
        EXPECT_NE(block.values[k], 0.0f);
        if (i > block.offsets[at]) {
          EXPECT_LT(block.genes[k - 1], block.genes[k]);
        }
      }
      cells.values.push_back(std::move(values));
    }
  }
  EXPECT_TRUE(block.empty());
  return cells;
}

struct ReadOptions {
  SourceOptions source;
  Index block_cells = 7;
  Duplicates duplicates = Duplicates::automatic;
};

/// Opens, maps and reads a path whole; a tenth of the panel is enough.
inline Cells read_path(const std::string& path, const GeneIndex& index,
                       const ReadOptions& options = {}) {
  const auto source = open_source(path, options.source, index);
  const GeneMap map(index, source->features(), {0.01, options.duplicates}, path);
  source->select(map);
  return read_cells(*source, map, options.block_cells);
}

/// The message of the Error that `action` throws, with its exit code in front; "" if none.
template <class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return std::to_string(static_cast<int>(error.code())) + " " + error.what();
  }
  return "";
}

}  // namespace sicmir::testing
