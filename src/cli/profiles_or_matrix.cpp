// SPDX-License-Identifier: BSD-3-Clause
#include "cli/profiles_or_matrix.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/joined.hpp"
#include "hdf5/h5.hpp"
#include "text/byte_input.hpp"

namespace sicmir::cli {
namespace {

bool has_groups(const ProfilesOrMatrix& command) {
  const GroupingOptions& groups = command.grouping.groups;
  return !groups.group_by.empty() || !groups.groups.empty();
}

/// Profiles are HDF5, perhaps behind the 512 bytes of MuData.
bool may_be_profiles(const std::string& path) {
  constexpr std::size_t n_bytes = 1024;
  std::array<char, n_bytes> start{};
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return true;
  stream.read(start.data(), start.size());
  return h5::has_signature(std::span(start).first(static_cast<std::size_t>(stream.gcount())));
}

/// The input is not known to be profiles and has no groups: what is wrong with it?
void refuse_ungrouped(const std::string& path) {
  std::error_code error;
  if (!is_read_once(path) && !std::filesystem::is_directory(path, error) && may_be_profiles(path)) {
    (void)h5::File::open_read(path);  // says why it cannot be opened
  }
  throw Error(ExitCode::usage,
              fmt::format("{}: holds no profiles of `sicmir profile`, and a matrix needs groups: "
                          "--group-by COLUMN of obs, or --groups FILE[:COLUMN].",
                          path == "-" ? "standard input" : path));
}

void refuse_options_of_matrix(const ProfilesOrMatrix& command) {
  std::vector<std::string> names;
  for (const Option* option : command.options_of_matrix) {
    if (option->given()) names.push_back(option->name());
  }
  if (names.empty()) return;
  const bool is_one = names.size() == 1;
  throw Error(
      ExitCode::usage,
      fmt::format("{}: holds profiles, and {} {} for a matrix. Leave {} out.", command.input.input,
                  joined(names, ", "), is_one ? "is" : "are", is_one ? "it" : "them"));
}

}  // namespace

void bind_profiles_or_matrix(Command& sub, ProfilesOrMatrix& command, std::string_view formats,
                             std::string_view also_for_profiles) {
  const std::size_t n_before = sub.options().size();
  bind_profile_input(sub, command);
  sub.option("INPUT").also(fmt::format(
      "Or the profiles that `sicmir profile` writes, {}, which need no groups.", formats));
  for (std::size_t i = n_before; i < sub.options().size(); ++i) {
    const Option& option = sub.options()[i];
    if (option.is_argument() || option.name() == also_for_profiles) continue;
    command.options_of_matrix.push_back(&option);
  }
}

ChosenInput choose_input(const ProfilesOrMatrix& command) {
  const std::string& path = command.input.input;
  if (path.empty() && command.inputs.empty()) {
    throw Error(ExitCode::usage, "INPUT is required. Run with --help for more.");
  }
  ChosenInput chosen;
  const bool is_profiles = command.inputs.empty() && !is_read_once(path) && is_profiles_file(path);
  if (is_profiles) {
    refuse_options_of_matrix(command);
    chosen.files = {path, command.input.model};
    return chosen;
  }
  if (command.inputs.empty() && !has_groups(command)) refuse_ungrouped(path);
  chosen.is_matrix = true;
  chosen.matrices = inputs_of(command);
  chosen.files = files_read(command, chosen.matrices);
  return chosen;
}

TakenProfiles take_profiles(const ProfilesOrMatrix& command, const ChosenInput& chosen,
                            const CommonOptions& common) {
  TakenProfiles taken;
  if (!chosen.is_matrix) {
    taken.profiles = read_profiles(command.input.input);
    return taken;
  }
  taken.model = std::make_unique<PreparedModel>(read_model(find_model(command.input.model)));
  taken.index = std::make_unique<GeneIndex>(taken.model->card().panel);
  taken.profiles =
      make_profiles(command, chosen.matrices, common, *taken.model, *taken.index, &taken.sources);
  return taken;
}

}  // namespace sicmir::cli
