// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Options of the commands that make profiles of cells: profile, and those that follow it where
/// they are given a matrix (profiles_or_matrix.hpp).

#include <string>
#include <vector>

#include "analysis/make_profiles.hpp"
#include "cli/commands.hpp"

namespace sicmir::cli {

struct ProfileInput {
  InputOptions input;
  ProfileGrouping grouping;
  std::string inputs;
  ProfileFloor floor;
  /// Names the column of conditions.
  std::string condition_option = "--condition";
};

/// An input, and what the list says of all its cells.
struct ListedInput {
  std::string path;
  ProfileGrouping grouping;
};

/// Everything but outputs and the common options. INPUT is then not required.
void bind_profile_input(Command& sub, ProfileInput& command);

/// INPUT, or those of the list. Throws Error(usage): both or none, a list that cannot be read, no
/// groups.
[[nodiscard]] std::vector<ListedInput> inputs_of(const ProfileInput& command);

/// Every file that is read, for check_outputs().
[[nodiscard]] std::vector<std::string> files_read(const ProfileInput& command,
                                                  const std::vector<ListedInput>& inputs);

/// How sources of cells are opened for profiles.
[[nodiscard]] SourceOptions opening_of(const ProfileInput& command, const CommonOptions& common);

/// Opens, adds up, joins and predicts. `described`: if not null, receives what each input is.
[[nodiscard]] Profiles make_profiles(const ProfileInput& command,
                                     const std::vector<ListedInput>& inputs,
                                     const CommonOptions& common, const PreparedModel& model,
                                     const GeneIndex& index,
                                     std::vector<SourceDescription>* described = nullptr);

}  // namespace sicmir::cli
