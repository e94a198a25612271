// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Options of the commands that compare profiles: markers and compare.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/differences.hpp"
#include "analysis/markers.hpp"
#include "cli/profiles_or_matrix.hpp"
#include "cli/table_output.hpp"

namespace sicmir::cli {

struct TestingOptions {
  std::string covariates;
  std::string mirnas;
  bool not_robust = false;
};

struct DifferenceCommand : TestingOptions {
  CommonOptions common;
  ProfilesOrMatrix cells;
  std::string output = "-";
  TableFormat format = TableFormat::automatic;
};

/// How much profiles and outliers weigh.
void bind_weighting(Command& sub, TestingOptions& command, double& weight_cells);
/// The miRNAs that are tested.
void bind_mirnas(Command& sub, TestingOptions& command);
/// How differences are tested: all of it.
void bind_testing(Command& sub, TestingOptions& command, DifferenceOptions& options);
void bind_labels_from(Command& sub, LabelsFrom& labels_from);
/// Where the table goes.
void bind_table(Command& sub, DifferenceCommand& command);
/// Fills what `options` takes from other files. `file`: of the profiles, for messages. Throws
/// Error.
void settle_testing(const TestingOptions& command, const Profiles& profiles,
                    const std::string& file, DifferenceOptions& options);

/// All files that are read, for check_outputs().
[[nodiscard]] std::vector<std::string> files_read(const DifferenceCommand& command,
                                                  const ChosenInput& chosen);

/// Positions in `known` of the miRNAs that `option` names, each once, in its order. `file`: where
/// `known` is from. Throws Error(usage) for a name that is not there.
[[nodiscard]] std::vector<Index> mirna_positions(const std::vector<std::string>& wanted,
                                                 std::span<const ProfileMirna> known,
                                                 const std::string& file, std::string_view option);

/// How profiles weigh, and from what that is known, for the log.
[[nodiscard]] std::string weight_words(const CellWeights& weights);

/// "d0 = 4.2, s0 = 0.31" for the log.
[[nodiscard]] std::string prior_words(const PriorFigures& prior);

}  // namespace sicmir::cli
