#include <spdlog/fmt/fmt.h>

#include <algorithm>
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

const CLI::App& command_of(const CLI::App& app, const std::string& name) {
  if (name.empty()) return app;
  std::vector<std::string> known;
  for (const CLI::App* command : visible_commands(app)) {
    if (command->get_name() == name) return *command;
    known.push_back(command->get_name());
  }
  throw Error(ExitCode::usage,
              fmt::format("help: there is no subcommand '{}'.{}", name, did_you_mean(name, known)));
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  OutputFile output(path.string());
  output.create();
  output.write(text);
  output.commit();
}

/// Everything that is installed beside the program.
void write_files(const CLI::App& app, const std::filesystem::path& folder) {
  const auto make = [&](const std::string& name) {
    std::error_code error;
    std::filesystem::create_directories(folder / name, error);  // OutputFile says what is wrong
    return folder / name;
  };
  const std::filesystem::path man = make("man1");
  write_file(man / "sicmir.1", man_page(app, app));
  for (const CLI::App* command : visible_commands(app)) {
    write_file(man / fmt::format("sicmir-{}.1", command->get_name()), man_page(app, *command));
  }
  write_file(make("bash") / "sicmir", bash_completion(app));
  write_file(make("zsh") / "_sicmir", zsh_completion(app));
}

void run(const CLI::App& app, const HelpCommand& command) {
  if (!command.folder.empty()) {
    write_files(app, command.folder);
    return;
  }
  const CLI::App& wanted = command_of(app, command.command);
  if (command.completion == "bash") {
    std::cout << bash_completion(app);
  } else if (command.completion == "zsh") {
    std::cout << zsh_completion(app);
  } else if (command.man) {
    std::cout << man_page(app, wanted);
  } else {
    // Not wanted.help(), which would show the subcommand that is running: this one.
    const std::string name =
        &app == &wanted ? app.get_name() : fmt::format("{} {}", app.get_name(), wanted.get_name());
    std::cout << wanted.get_formatter()->make_help(&wanted, name, CLI::AppFormatMode::Normal);
  }
  std::cout.flush();
  if (!std::cout) {
    if (errno == EPIPE) throw BrokenPipe();
    throw Error(ExitCode::not_written, "standard output cannot be written.");
  }
}

}  // namespace

void add_help(CLI::App& app) {
  CLI::App& sub = *app.add_subcommand("help", "Show what a subcommand does and its options");
  const auto owned = std::make_shared<HelpCommand>();
  sub.add_option("COMMAND", owned->command, "Subcommand; none: what there is");
  sub.add_flag("--man", owned->man, "As a manual page: sicmir help --man predict | man -l -");
  sub.add_option("--completion", owned->completion, "Completion script for a shell: bash or zsh")
      ->check(CLI::IsMember({"bash", "zsh"}))
      ->type_name("SHELL");
  sub.add_option("--write", owned->folder, "Write all manual pages and scripts into a folder")
      ->group("");  // for installing
  sub.callback([&app, owned] { run(app, *owned); });
}

}  // namespace sicmir::cli
