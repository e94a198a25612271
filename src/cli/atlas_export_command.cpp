// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <memory>
#include <string>

#include "atlas/atlas_folder.hpp"
#include "atlas/export_site.hpp"
#include "base/counted.hpp"
#include "base/log.hpp"
#include "cli/commands.hpp"
#include "cli/difference_options.hpp"
#include "parallel/threads.hpp"

namespace sicmir::cli {
namespace {

struct ExportCommand {
  CommonOptions common;
  std::string folder;
  std::string to;
  std::string mirnas;
  atlas::SiteExcerpt excerpt;
};

void run(ExportCommand& command) {
  const atlas::AtlasFolder folder(command.folder);
  const atlas::Catalogue catalogue = atlas::Catalogue::open(folder.catalogue());
  if (!command.mirnas.empty()) {
    command.excerpt.mirnas =
        mirna_positions(mirna_list(command.mirnas), catalogue.mirnas(), command.folder, "--mirnas");
    std::sort(command.excerpt.mirnas.begin(), command.excerpt.mirnas.end());
  }
  const atlas::SiteReport report = atlas::export_site(
      folder, catalogue, command.excerpt, command.to, thread_count(command.common.threads));
  log_info("{}: {}, {}, {} on maps; {}, {:.1f} MB", command.to, counted(report.n_sets, "data set"),
           counted(report.n_mirnas, "miRNA"), counted(report.n_cells, "cell"),
           counted(report.n_files, "file"), static_cast<double>(report.bytes) / 1e6);
}

}  // namespace

void bind_atlas_export(Command& sub) {
  const auto owned = std::make_shared<ExportCommand>();
  sub.add_option("ATLAS", owned->folder, "Folder of the atlas").required();
  sub.add_option("--to", owned->to,
                 "Folder of the copy: a new one, or an empty one; it appears when it is complete")
      .value_name("DIR")
      .required()
      .main();
  sub.add_option("--max-cells", owned->excerpt.max_cells,
                 "At most so many cells of each data set, drawn in proportion to its groups; 0: "
                 "all [default: 0]")
      .value_name("N")
      .range(Index{0}, Index{1'000'000'000})
      .main();
  sub.add_option("--mirnas", owned->mirnas,
                 "These miRNAs alone: names, former names or MIMAT accessions, separated by commas "
                 "or blanks; or a file of them [default: all]")
      .value_name("LIST")
      .main();
  sub.add_option("--seed", owned->excerpt.seed, "Of the draw of cells [default: 1]").main();
  bind_common(sub, owned->common);
  on_run(sub, owned->common, [owned] { run(*owned); });
  sub.describe(
      "Writes a smaller copy of the web site of an atlas, for hosts with little space. All pages "
      "work on it. Means, markers and contrasts are still of all cells; maps show those that were "
      "drawn. The atlas itself stays as it is.");
  sub.add_example("sicmir atlas export ATLAS --to www --max-cells 20000",
                  "A copy whose maps have 20,000 cells at most");
  sub.add_example("sicmir atlas export ATLAS --to www --mirnas hsa-miR-122-5p,hsa-miR-21-5p",
                  "A copy of two miRNAs");
}

}  // namespace sicmir::cli
