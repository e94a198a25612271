// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <memory>
#include <string>

#include "cli/batch_summary.hpp"
#include "cli/commands.hpp"

namespace sicmir::cli {
namespace {

struct MergeSummariesCommand {
  CommonOptions common;
  std::string folder;
};

}  // namespace

void bind_merge_summaries(Command& sub) {
  const auto owned = std::make_shared<MergeSummariesCommand>();
  sub.add_option("DIR", owned->folder, "The --output-dir of all parts").required();
  bind_common(sub, owned->common, false);
  on_run(sub, owned->common, [owned] {
    const int code = merge_summaries(owned->folder);
    if (code == 0) return;
    throw Error(static_cast<ExitCode>(code),
                fmt::format("{}: some inputs could not be predicted; summary.tsv lists them with "
                            "the reasons.",
                            owned->folder));
  });
  sub.describe(
      "Joins the summaries that predict --inputs --shard wrote, one for each part of the list, to "
      "summary.tsv, summary.json and sicmir_mqc.json of the whole list. The exit code is that of "
      "one run over the whole list.");
  sub.add_example("sicmir merge-summaries predictions", "Join the summaries of a job array");
}

}  // namespace sicmir::cli
