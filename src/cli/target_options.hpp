// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Options of the commands that take a table of targets: network and crosstalk.

#include <cstdint>
#include <string>

#include "analysis/targets.hpp"
#include "cli/commands.hpp"

namespace sicmir::cli {

enum class EvidenceChoice : std::uint8_t { best, strong, weak, predicted };

struct TargetInput {
  std::string targets;  ///< empty: the bundled table
  TargetOptions options;
  EvidenceChoice evidence = EvidenceChoice::best;
};

void bind_targets(Command& sub, TargetInput& command);

/// Reads the table and says in the log what it took.
[[nodiscard]] TargetTable read_target_table(const TargetInput& command, const Profiles& profiles);

/// The kind of evidence that is used of `table`.
[[nodiscard]] Evidence evidence_of(const TargetInput& command, const TargetTable& table);

}  // namespace sicmir::cli
