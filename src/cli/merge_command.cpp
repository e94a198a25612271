// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <memory>

#include "base/counted.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/commands.hpp"
#include "output/merge_parts.hpp"

namespace sicmir::cli {
namespace {

struct MergeCommand {
  CommonOptions common;
  std::vector<std::string> parts;
  std::string output;
  MergeOptions merge;
};

void check(const MergeCommand& command) {
  for (const std::string& part : command.parts) {
    if (same_file(part, command.output)) {
      throw Error(ExitCode::usage, part + ": is a part; name another output.");
    }
  }
}

void run_merge(const MergeCommand& command) {
  check(command);
  if (!command.output.ends_with(".h5ad")) {
    throw Error(ExitCode::usage,
                fmt::format("-o {}: parts are joined to an .h5ad. Text parts of shards are joined "
                            "by concatenating them (from the second on without their first line).",
                            command.output));
  }
  merge_parts(command.parts, command.output, command.merge);
}

void run_merge_stats(const MergeCommand& command) {
  check(command);
  (void)OutputFile(command.output);
  const MomentsFile merged = merge_moments(command.parts);
  write_moments(merged, command.output);
  log_info("moments of {} over {} of {} written to {}", counted(merged.genes.size(), "gene"),
           counted(merged.moments.n_cells(), "cell"), counted(command.parts.size(), "part"),
           command.output);
}

void bind_parts(Command& sub, MergeCommand& command, const std::string& output) {
  sub.add_option("PART", command.parts, "Outputs of the shards, in any order").required();
  sub.add_option("-o,--output", command.output, output).required().value_name("FILE").main();
  bind_common(sub, command.common, false);
}

}  // namespace

void bind_merge(Command& sub) {
  const auto owned = std::make_shared<MergeCommand>();
  bind_parts(sub, *owned, "All cells (.h5ad)");
  sub.add_flag("--virtual", owned->merge.refer,
               "Refer to the parts (by relative paths) instead of copying their predictions")
      .group("Writing");
  on_run(sub, owned->common, [owned] { run_merge(*owned); });
  sub.describe("Joins the .h5ad files that predict --shard wrote, in the order of the cells.");
  sub.add_example("sicmir merge part*.h5ad -o all.h5ad", "Join the parts");
}

void bind_merge_stats(Command& sub) {
  const auto owned = std::make_shared<MergeCommand>();
  bind_parts(sub, *owned, "Moments file (HDF5) for `predict --moments`");
  on_run(sub, owned->common, [owned] { run_merge_stats(*owned); });
  sub.describe("Merges the moments files that stats --shard wrote.");
  sub.add_example("sicmir merge-stats part*.moments -o cells.moments", "Merge the parts");
}

}  // namespace sicmir::cli
