#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <memory>

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
  spdlog::info("moments of {} genes over {} cells of {} parts written to {}", merged.genes.size(),
               merged.moments.n_cells(), command.parts.size(), command.output);
}

CLI::App& add(CLI::App& app, const std::string& name, const std::string& description,
              const std::shared_ptr<MergeCommand>& command, const std::string& output) {
  CLI::App& sub = *app.add_subcommand(name, description);
  sub.add_option("PART", command->parts, "What the shards wrote, in any order")->required();
  sub.add_option("-o,--output", command->output, output)->required()->group("Writing");
  bind_common(sub, command->common, false);
  return sub;
}

}  // namespace

void add_merge(CLI::App& app) {
  const auto owned = std::make_shared<MergeCommand>();
  CLI::App& sub =
      add(app, "merge", "Join the predictions of shards to one h5ad", owned, "All cells (.h5ad)");
  sub.add_flag("--virtual", owned->merge.refer,
               "Refer to the parts (by relative paths) instead of copying their predictions")
      ->group("Writing");
  on_run(sub, owned->common, [owned] { run_merge(*owned); });
}

void add_merge_stats(CLI::App& app) {
  const auto owned = std::make_shared<MergeCommand>();
  CLI::App& sub = add(app, "merge-stats", "Add up the moments of shards, to the bits of one run",
                      owned, "Moments file (HDF5) for `predict --moments`");
  on_run(sub, owned->common, [owned] { run_merge_stats(*owned); });
}

}  // namespace sicmir::cli
