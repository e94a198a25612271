// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The input of the commands that follow `sicmir profile`: its profiles, or a matrix with the
/// options of `profile`, of which profiles are made first.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/profile_options.hpp"

namespace sicmir::cli {

struct ProfilesOrMatrix : ProfileInput {
  /// Those that profiles do not take.
  std::vector<const Option*> options_of_matrix;

  /// INPUT, or the list of inputs, for messages.
  [[nodiscard]] const std::string& name() const { return inputs.empty() ? input.input : inputs; }
};

/// The options of `sicmir profile`, but for outputs and the common ones. `formats`: of profiles,
/// for --help. `also_for_profiles`: an option that is taken with profiles, too; empty: none.
void bind_profiles_or_matrix(Command& sub, ProfilesOrMatrix& command, std::string_view formats,
                             std::string_view also_for_profiles = {});

/// Which of the two the input is, by its content.
struct ChosenInput {
  bool is_matrix = false;
  std::vector<ListedInput> matrices;  ///< empty for profiles
  std::vector<std::string> files;     ///< all that are read, for check_outputs()
};

/// Throws Error(usage): there is no input, profiles with options of a matrix, a matrix without
/// groups, or as inputs_of(); Error(bad_input) for a file that cannot be opened.
[[nodiscard]] ChosenInput choose_input(const ProfilesOrMatrix& command);

struct TakenProfiles {
  Profiles profiles;
  /// Of a matrix: what predicted it, and what each input is. Profiles need none of these.
  std::unique_ptr<PreparedModel> model;
  std::unique_ptr<GeneIndex> index;
  std::vector<SourceDescription> sources;
};

/// Reads the profiles, or makes them as `sicmir profile` does: both give the same values.
[[nodiscard]] TakenProfiles take_profiles(const ProfilesOrMatrix& command,
                                          const ChosenInput& chosen, const CommonOptions& common);

/// Runs `work`; its errors about the input get the name of that in front.
template <class Work>
auto with_name(const ProfilesOrMatrix& command, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    if (error.code() != ExitCode::usage && error.code() != ExitCode::bad_input) throw;
    throw Error(error.code(), command.name() + ": " + error.what(), error.remedies());
  }
}

}  // namespace sicmir::cli
