// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Drives a sink as the program does, and asks Python what it wrote.

#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "sicmir/matrix_sink.hpp"

namespace sicmir::test {

struct Table {
  OutputHeader header;
  std::vector<std::string> cells;
  std::vector<Index> input_cells;  ///< empty: 0, 1, 2...
  Matrix values;                   ///< features x cells
};

/// Writes `table` in blocks of `block_cells`, the last ones encoded first: encode() comes in any
/// order, write() in input order.
inline void drive(const Table& table, const std::string& path, const SinkOptions& options,
                  Index block_cells = 2) {
  const auto sink = open_sink(path, options);
  sink->begin(table.header);
  const auto n_cells = static_cast<Index>(table.cells.size());
  std::vector<EncodedBlock> blocks;
  for (Index first = 0; first < n_cells; first += block_cells) {
    EncodedBlock block;
    block.first = first;
    for (Index c = first; c < std::min(first + block_cells, n_cells); ++c) {
      const auto cell = static_cast<std::size_t>(c);
      block.cells.push_back(table.cells[cell]);
      block.input_cells.push_back(table.input_cells.empty() ? c : table.input_cells[cell]);
    }
    blocks.push_back(std::move(block));
  }
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    sink->encode(table.values.middleCols(block->first, static_cast<Index>(block->cells.size())),
                 *block);
  }
  for (EncodedBlock& block : blocks) sink->write(std::move(block));
  sink->finish();
}

/// Exit status of Debian's python3 running a script of tests/data.
inline int run_python(const std::string& script, const std::vector<std::string>& arguments) {
  std::string command =
      "PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 '" SICMIR_TEST_DATA "/" + script + "'";
  for (const std::string& argument : arguments) command += " '" + argument + "'";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Checks of check_sinks.py, gathered so that Python starts once.
class Checks {
 public:
  void add(const std::vector<std::string>& check) {
    if (!arguments_.empty()) arguments_.emplace_back("--");
    arguments_.insert(arguments_.end(), check.begin(), check.end());
  }
  /// Exit status: 0 if all hold.
  [[nodiscard]] int run() const { return run_python("check_sinks.py", arguments_); }

 private:
  std::vector<std::string> arguments_;
};

inline bool python_has(const std::string& module) {
  return std::system(("/usr/bin/python3 -c 'import " + module + "' 2> /dev/null").c_str()) == 0;
}

}  // namespace sicmir::test
