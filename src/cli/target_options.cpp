// SPDX-License-Identifier: BSD-3-Clause
#include "cli/target_options.hpp"

#include "base/log.hpp"

namespace sicmir::cli {

void bind_targets(Command& sub, TargetInput& command) {
  const std::string group = "Targets";
  sub.add_option("--targets", command.targets,
                 "Table of targets: miRTarBase, TarBase, ENCORI, TargetScan, miRDB, multiMiR, GMT "
                 "or a plain table [default: the bundled conserved seed motifs, predicted]")
      .value_name("FILE")
      .main();
  sub.add_choice<EvidenceChoice>("--evidence", command.evidence,
                                 {{"best", EvidenceChoice::best},
                                  {"strong", EvidenceChoice::strong},
                                  {"weak", EvidenceChoice::weak},
                                  {"predicted", EvidenceChoice::predicted}},
                                 "The one kind of evidence to use: strong, weak or predicted, or "
                                 "the best that the table has [default: best]")
      .main();
  sub.add_choice<Evidence>("--unstated-evidence", command.options.unstated,
                           {{"strong", Evidence::strong},
                            {"weak", Evidence::weak},
                            {"predicted", Evidence::predicted}},
                           "What pairs rest on if the table does not say it [default: predicted]")
      .group(group);
  sub.add_option("--transcripts", command.options.transcripts,
                 "TSV of transcript and gene symbol, for tables of transcripts (miRDB)")
      .value_name("FILE")
      .group(group);
}

TargetTable read_target_table(const TargetInput& command, const Profiles& profiles) {
  TargetTable table = command.targets.empty()
                          ? bundled_targets(profiles.mirnas)
                          : read_targets(command.targets, profiles.mirnas, command.options);
  for (const std::string& sentence : describe(table)) log_info("{}: {}", table.source, sentence);
  return table;
}

Evidence evidence_of(const TargetInput& command, const TargetTable& table) {
  switch (command.evidence) {
    case EvidenceChoice::strong:
      return Evidence::strong;
    case EvidenceChoice::weak:
      return Evidence::weak;
    case EvidenceChoice::predicted:
      return Evidence::predicted;
    case EvidenceChoice::best:
      break;
  }
  return best_evidence(table);
}

}  // namespace sicmir::cli
