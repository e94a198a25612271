// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Many inputs in one run: `predict --inputs`.

#include <functional>
#include <string>
#include <vector>

#include "cli/parser.hpp"

namespace sicmir::cli {

struct BatchItem {
  std::string id;    ///< names the output
  std::string path;  ///< of the input, as it stands in the list
};

/// Lines `id<TAB>path` or `path`, whose id is then the name of the file or folder without its
/// endings; empty lines and lines that start with # do not count. Throws Error(usage) for a list
/// that cannot be read or is empty, ids that cannot name a file, and ids that stand there twice.
[[nodiscard]] std::vector<BatchItem> read_batch(const std::string& list);

struct BatchOptions {
  std::string folder;       ///< outputs go here; made if it is missing
  std::string ending;       ///< of the outputs, ".h5ad"
  bool resume = false;      ///< leave out what is done
  bool verify = false;      ///< go by the content of inputs, not by their size and time
  std::string fingerprint;  ///< of everything but the input that determines a result
};

/// Calls `work(item, output, settings)` for each item, in order and each in a process of its own
/// (see supervised()), so that no file can stop the others. A record of what an output was made of
/// is kept in `folder`/.sicmir. Throws Error(bad_input) at the end, naming the inputs that failed;
/// at once if outputs cannot be written.
void run_batch(const std::vector<BatchItem>& items, const BatchOptions& options,
               const std::function<void(const BatchItem&, const std::string& output,
                                        const RunSettings& settings)>& work);

}  // namespace sicmir::cli
