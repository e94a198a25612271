// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What became of each of many inputs: summary.tsv, summary.json, sicmir_mqc.json.

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/sample_sheet.hpp"
#include "cli/supervisor.hpp"
#include "sicmir/shard.hpp"

namespace sicmir::cli {

/// The words of the column `status`.
enum class InputStatus : std::uint8_t {
  done,
  kept,  ///< done by an earlier run, and left as it was
  failed,
  interrupted,  ///< being predicted when the run was told to end
  not_run,      ///< not reached
};

/// The line of one input: an object with all members of a summary, null where not known.
[[nodiscard]] Json summary_line(const BatchItem& item, InputStatus status);
/// Adds what the run of this input found: see ended_run().
void add_run(Json& line, const Json& run, const RunEnding& ending, double seconds);
[[nodiscard]] InputStatus status_of(const Json& line);

/// The exit code of a run over many inputs: 0 if none failed; the exit code that all failed ones
/// share, or the smallest of theirs.
[[nodiscard]] int common_exit_code(const Json& lines);

/// What the lines of a summary have in common.
struct SummaryHead {  // NOLINT(bugprone-exception-escape): Json's move checks itself
  std::vector<std::string> command_line;
  Json model;                  ///< name and checksum
  std::string list;            ///< path of the list of inputs
  std::string ids;             ///< digest of all ids in it
  std::size_t n_listed = 0;    ///< inputs in it
  std::optional<Shard> shard;  ///< of the list
  int signal = 0;              ///< that ended the run; 0: none
};

/// Where a summary goes: FOLDER/summary.tsv and so on; of a shard of the list,
/// FOLDER/summary.2-of-8.tsv.
struct SummaryFiles {
  SummaryFiles(const std::string& folder, const std::optional<Shard>& shard);
  std::string tsv, json, multiqc;
};

/// Writes all three. `lines`: an array of summary lines. Throws Error(not_written).
void write_summary(const SummaryFiles& files, const SummaryHead& head, const Json& lines);

/// Joins the summaries of all shards of a list in `folder` to the three files of the whole list.
/// Returns the exit code that one run over the list would have had. Throws Error(bad_input) unless
/// each shard of one list has a summary.
int merge_summaries(const std::string& folder);

}  // namespace sicmir::cli
