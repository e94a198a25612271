// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Many inputs in one run: `predict --inputs`.

#include <functional>
#include <string>
#include <vector>

#include "cli/batch_summary.hpp"
#include "cli/parser.hpp"
#include "cli/sample_sheet.hpp"

namespace sicmir::cli {

struct BatchOptions {
  std::string folder;      ///< outputs go here; made if it is missing
  std::string ending;      ///< of the outputs, ".h5ad"
  std::string reports;     ///< folder of the reports; empty: none
  bool resume = false;     ///< leave out what is done
  bool verify = false;     ///< go by the content of inputs, not by their size and time
  bool fail_fast = false;  ///< stop at the first input that fails
};

/// What a run over many inputs calls for each.
struct BatchWork {
  /// Of everything but the input that determines a result.
  std::function<std::string(const BatchItem&)> fingerprint;
  /// Messages are about this input from here on; empty: about all.
  std::function<void(const std::string& id)> name_subject;
  /// Predicts it. `report`: empty for none.
  std::function<void(const BatchItem&, const std::string& output, const std::string& report,
                     const RunSettings& settings)>
      predict;
};

/// The items that a shard of the list has: every N-th, beginning with the I-th.
[[nodiscard]] std::vector<BatchItem> items_of(std::vector<BatchItem> items,
                                              const std::optional<Shard>& shard);

/// Predicts each item, in order and each in a process of its own (see supervise()), so that no file
/// can stop the others, and writes the summary, whatever happens. A record of what an output was
/// made of is kept in `folder`/.sicmir. Throws Error at the end, naming the inputs that failed,
/// with their common_exit_code(); at once if an output cannot be written. Does not return if a
/// signal asked for an end.
void run_batch(const std::vector<BatchItem>& items, const BatchOptions& options, SummaryHead head,
               const BatchWork& work);

}  // namespace sicmir::cli
