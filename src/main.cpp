#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "base/output_file.hpp"
#include "cli/commands.hpp"
#include "cli/heap.hpp"
#include "cli/pool_options.hpp"
#include "cli/reference_text.hpp"
#include "cli/supervisor.hpp"
#include "sicmir/types.hpp"
#include "sicmir/version.hpp"

namespace {

extern "C" void tidy_up_and_die(int signal) {
  sicmir::remove_unfinished_outputs();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

int run(std::vector<std::string> arguments) {
  CLI::App app("Predicts mature miRNA expression of single cells and bulk samples from mRNA.",
               "sicmir");
  app.set_version_flag("--version", std::string("sicmir ") + sicmir::version);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  app.footer(
      "Exit codes: 0 done, 1 internal, 2 usage, 3 bad input, 4 bad model, 5 output not "
      "written, 141 closed pipe.");
  sicmir::cli::add_predict(app);
  sicmir::cli::add_assemble(app);
  sicmir::cli::add_train(app);
  sicmir::cli::add_evaluate(app);
  sicmir::cli::add_stats(app);
  sicmir::cli::add_pool(app);
  sicmir::cli::add_merge(app);
  sicmir::cli::add_merge_stats(app);
  sicmir::cli::add_inspect(app);
  sicmir::cli::add_import(app);
  sicmir::cli::add_export(app);
  sicmir::cli::add_help(app);
  const std::vector<std::string> given = arguments;
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes a vector
    app.parse(std::move(arguments));
    return 0;
  } catch (const CLI::ParseError& error) {
    const bool asked_for_help = error.get_exit_code() == 0;
    app.exit(error, std::cout, std::cerr);
    if (!asked_for_help) {
      const std::string hint = sicmir::cli::hint_for(app, given);
      if (!hint.empty()) std::cerr << hint << "\n";
    }
    return asked_for_help ? 0 : static_cast<int>(sicmir::ExitCode::usage);
  }
}

int run_and_report(std::vector<std::string> arguments) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, tidy_up_and_die);
  int code = 0;
  const int failure = sicmir::cli::exit_code_of([&] { code = run(std::move(arguments)); });
  return failure != 0 ? failure : code;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write(), answered with 141
  std::signal(SIGXFSZ, SIG_IGN);  // so is a file that may not grow, answered with 5
  sicmir::cli::set_up_heap();
  sicmir::cli::start_log({});
  return sicmir::cli::supervised({argv + 1, argv + argc}, run_and_report);
}
