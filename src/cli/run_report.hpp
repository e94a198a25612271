// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The --report file: everything about a run that its output must not depend on (times, host,
/// threads, paths, peak memory) beside what was found and decided. JSON; docs/batch.md
/// describes its members. It is written however the run ends.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/commands.hpp"
#include "cli/supervisor.hpp"
#include "sicmir/pool.hpp"
#include "sicmir/predict.hpp"
#include "sicmir/smooth.hpp"

namespace sicmir::cli {

/// What is known of a run before it begins.
struct RunStart {
  std::string report;  ///< the --report file; empty: none
  std::vector<std::string> command_line;
  std::string id;  ///< of one of several inputs; empty: of the only one
  std::string input;
  std::string output;
};

/// What a run has found so far. Each addition goes to the run's journal, so that the process that
/// watches over the run can report it if it fails.
class RunRecord {
 public:
  explicit RunRecord(RunStart start);

  void add_model(const Model& model);
  /// `platform`: as the options name it.
  void add_source(const CellSource& source, const std::string& platform);
  /// As far as `report` is filled.
  void add_findings(const RunReport& report);
  /// Of a run on pools, whose numbers of cells are then numbers of pools.
  void add_pools(const PoolReport& pools);
  void add_smoothing(const SmoothReport& smoothing);
  /// Writes the --report of a run that succeeded, if one was asked for. Throws Error(not_written).
  void finish(int threads);

 private:
  void note() const;
  void add_notes(const Json& more);

  std::string report_;
  std::string platform_;
  Json json_;
};

/// What the journal holds of the run that has just ended, with its status, exit code, reason and
/// warnings. Null if no run has begun.
[[nodiscard]] Json ended_run(const RunEnding& ending);

/// Writes the --report of a run that failed or was interrupted, if one was asked for; logs what
/// stands in its way.
void write_failed_report(const RunEnding& ending);

}  // namespace sicmir::cli
