// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <memory>

#include "base/output_file.hpp"
#include "base/suggest.hpp"
#include "cli/commands.hpp"
#include "cli/reference_text.hpp"

namespace sicmir::cli {
namespace {

struct HelpCommand {
  std::string command;
  bool man = false;
  std::string completion;
  std::string folder;
};

std::unique_ptr<Command> command_of(const std::string& name) {
  if (const CommandEntry* entry = find_command(name)) return make_command(*entry);
  throw Error(ExitCode::usage, fmt::format("help: there is no command '{}'.{}", name,
                                           did_you_mean(name, command_names())));
}

void write_manual_file(const std::filesystem::path& path, const std::string& text) {
  OutputFile output(path.string());
  output.create();
  output.write(text);
  output.commit();
}

/// Everything that is installed beside the program.
void write_files(const std::filesystem::path& folder) {
  const auto make = [&](const std::string& name) {
    std::error_code error;
    std::filesystem::create_directories(folder / name, error);  // OutputFile says what is wrong
    return folder / name;
  };
  const std::filesystem::path man = make("man1");
  write_manual_file(man / "sicmir.1", program_man_page());
  for (const CommandEntry& entry : command_table()) {
    write_manual_file(man / fmt::format("sicmir-{}.1", entry.name), man_page(*make_command(entry)));
  }
  write_manual_file(make("bash") / "sicmir", bash_completion());
  write_manual_file(make("zsh") / "_sicmir", zsh_completion());
}

std::string text_for(const HelpCommand& command) {
  if (command.completion == "bash") return bash_completion();
  if (command.completion == "zsh") return zsh_completion();
  if (command.command.empty()) {
    return command.man ? program_man_page() : program_help(text_width());
  }
  const std::unique_ptr<Command> wanted = command_of(command.command);
  return command.man ? man_page(*wanted) : command_help(*wanted, text_width());
}

void run(const HelpCommand& command) {
  if (!command.folder.empty()) {
    write_files(command.folder);
  } else {
    print(text_for(command));
  }
}

}  // namespace

void print(const std::string& text) {
  std::cout << text << std::flush;
  if (std::cout) return;
  if (errno == EPIPE) throw BrokenPipe();
  throw Error(ExitCode::not_written, "standard output cannot be written.");
}

void bind_help(Command& sub) {
  const auto owned = std::make_shared<HelpCommand>();
  sub.add_option("COMMAND", owned->command, "Command; without it, the commands are listed");
  sub.add_flag("--man", owned->man, "As a manual page: sicmir help --man predict | man -l -");
  sub.add_option("--completion", owned->completion, "Completion script for a shell: bash or zsh")
      .words({"bash", "zsh"})
      .value_name("SHELL");
  sub.add_option("--write", owned->folder, "Write all manual pages and scripts to a directory")
      .hidden();  // for installing
  sub.on_run([owned](const RunSettings&) { run(*owned); });
  sub.describe(
      "Lists the commands, or shows the options of one, as `sicmir COMMAND --help` does. Also "
      "writes the manual pages, and the scripts with which a shell completes commands, options and "
      "their words.");
  sub.add_example("sicmir help predict", "Show the options of a command");
  sub.add_example("sicmir help --man predict | man -l -", "Read its manual page");
  sub.add_example("source <(sicmir help --completion bash)", "Complete words in this shell");
}

}  // namespace sicmir::cli
