// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/output_file.hpp"
#include "base/run_journal.hpp"
#include "base/suggest.hpp"
#include "cli/command_table.hpp"
#include "cli/commands.hpp"
#include "cli/confinement.hpp"
#include "cli/heap.hpp"
#include "cli/reference_text.hpp"
#include "cli/run_report.hpp"
#include "cli/supervisor.hpp"
#include "sicmir/error.hpp"
#include "sicmir/version.hpp"

namespace {

using namespace sicmir;

extern "C" void tidy_up_and_die(int signal) {
  remove_unfinished_outputs();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

/// `sicmir`, `sicmir --help`, `sicmir --version`, and what is neither that nor a command.
void run_without_command(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    throw Error(ExitCode::usage, "a command is required; `sicmir --help` lists them.");
  }
  const std::string& first = arguments.front();
  if (first == "--help" || first == "-h") return cli::print(cli::program_help(cli::text_width()));
  if (first == "--version") return cli::print(fmt::format("sicmir {}\n", version));
  const bool is_option = first.starts_with('-');
  throw Error(
      ExitCode::usage,
      fmt::format("'{}' is not {} of sicmir; `sicmir --help` lists them.{}", first,
                  is_option ? "an option" : "a command",
                  did_you_mean(first, is_option ? cli::program_options() : cli::command_names())));
}

/// `atlas add` is the command `atlas-add`.
std::vector<std::string> with_joined_verb(std::vector<std::string> arguments) {
  if (arguments.size() < 2 || arguments[0] != "atlas") return arguments;
  const std::string joined = "atlas-" + arguments[1];
  if (cli::find_command(joined) == nullptr) return arguments;
  arguments.erase(arguments.begin());
  arguments.front() = joined;
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write(), answered with 141
  std::signal(SIGXFSZ, SIG_IGN);  // so is a file that may not grow, answered with 5
  cli::set_up_heap();
  cli::end_when_memory_is_short();
  cli::start_log({});
  const std::vector<std::string> arguments = with_joined_verb({argv + 1, argv + argc});
  const cli::CommandEntry* entry =
      arguments.empty() ? nullptr : cli::find_command(arguments.front());
  std::unique_ptr<cli::Command> command;
  bool is_parsed = false;
  const int code = cli::exit_code_of([&] {
    if (entry == nullptr) return run_without_command(arguments);
    command = cli::make_command(*entry);
    is_parsed = command->parse(std::span(arguments).subspan(1));
    if (!is_parsed) cli::print(cli::command_help(*command, cli::text_width()));
  });
  if (!is_parsed) return code;
  command->start();
  share_run_journal();
  const auto work = [&](const cli::RunSettings& settings) {
    cli::explain_terminate();
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, tidy_up_and_die);
    if (entry->opens_untrusted_files) cli::confine(cli::written_paths(*command));
    return cli::exit_code_of([&] { command->run(settings); });
  };
  if (!entry->opens_untrusted_files) return work({});
  const cli::RunEnding ending = cli::supervise(work);
  if (ending.code != 0 || ending.signal != 0) cli::write_failed_report(ending);
  return cli::end_as(ending);
}
