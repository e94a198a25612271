// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <memory>
#include <set>

#include "base/counted.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/profile_options.hpp"
#include "parallel/threads.hpp"

namespace sicmir::cli {
namespace {

enum class ProfileFormat : std::uint8_t { automatic, h5mu, h5ad };

struct ProfileCommand : ProfileInput {
  CommonOptions common;
  ProfileFormat format = ProfileFormat::automatic;
  std::string output;
};

ProfileFormat format_of(const ProfileCommand& command) {
  if (command.format != ProfileFormat::automatic) return command.format;
  if (command.output.ends_with(".h5mu")) return ProfileFormat::h5mu;
  if (command.output.ends_with(".h5ad")) return ProfileFormat::h5ad;
  throw Error(ExitCode::usage,
              fmt::format("-o {}: the file name does not tell which format to write; known endings "
                          "are .h5mu and .h5ad. Use one of them, or specify --export.",
                          command.output));
}

void check(const ProfileCommand& command, const std::vector<ListedInput>& inputs) {
  check_outputs(std::array{NamedOutput{"-o", command.output}}, files_read(command, inputs));
  if (OutputFile(command.output).is_direct()) {
    throw Error(
        ExitCode::usage,
        fmt::format("{}: profiles cannot be written to a pipe, a device or standard output, "
                    "because HDF5 writes them in no fixed order. Specify a regular file.",
                    command.output == "-" ? "standard output" : command.output));
  }
}

void run(ProfileCommand& command) {
  const auto start = std::chrono::steady_clock::now();
  const std::vector<ListedInput> inputs = inputs_of(command);
  const ProfileFormat format = format_of(command);
  check(command, inputs);
  const PreparedModel model(read_model(find_model(command.input.model)));
  const GeneIndex index(model.card().panel);
  const Profiles profiles = make_profiles(command, inputs, command.common, model, index);
  const int threads = thread_count(command.common.threads);
  if (format == ProfileFormat::h5mu) {
    write_profiles(profiles, command.output, threads);
  } else {
    write_profile_mirnas(profiles, command.output, threads);
  }
  std::set<std::string> samples;
  std::set<std::string> groups;
  for (const Profile& profile : profiles.profiles) {
    samples.insert(profile.sample);
    groups.insert(profile.group);
  }
  log_info("{} ({}, {}) x {} and {} written to {} in {:.1f} s", counted(profiles.size(), "profile"),
           counted(samples.size(), "sample"), counted(groups.size(), "group"),
           counted(profiles.n_genes(), "gene"), counted(profiles.mirnas.size(), "miRNA"),
           command.output,
           std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

}  // namespace

void bind_profile(Command& sub) {
  const auto owned = std::make_shared<ProfileCommand>();
  ProfileCommand& command = *owned;
  bind_profile_input(sub, command);
  sub.add_option("-o,--output", command.output,
                 "Profiles: .h5mu (MuData: counts and miRNAs) or .h5ad (AnnData: miRNAs alone)")
      .required()
      .main();
  sub.add_choice<ProfileFormat>("--export", command.format,
                                {{"h5mu", ProfileFormat::h5mu}, {"h5ad", ProfileFormat::h5ad}},
                                "h5mu or h5ad, whatever the name of the output")
      .group("Writing");
  bind_common(sub, command.common);
  on_run(sub, command.common, [owned] { run(*owned); });
  sub.describe(
      "Adds the counts of all genes up over the cells of each group of each sample, and predicts "
      "the miRNAs of each sum. Samples are the replicates of later comparisons; cells are not. "
      "Profiles of few cells or molecules are marked and left out of the means over profiles.");
  sub.add_example("sicmir profile cells.h5ad --group-by cell_type --sample sample -o profiles.h5mu",
                  "Profile each cell type of each sample");
  sub.add_example("sicmir profile --inputs inputs.tsv --group-by cell_type -o profiles.h5mu",
                  "Join several inputs, one sample each");
}

}  // namespace sicmir::cli
