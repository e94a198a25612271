// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <memory>
#include <string>

#include "atlas/atlas_folder.hpp"
#include "atlas/serve.hpp"
#include "base/log.hpp"
#include "cli/commands.hpp"
#include "parallel/threads.hpp"

extern char** environ;

namespace sicmir::cli {
namespace {

struct ServeCommand {
  CommonOptions common;
  std::string folder;
  int port = 8731;
  bool open = false;
};

/// The desktop's own opener; a page that does not open is no error.
void open_page(const std::string& address) {
  std::string program = "xdg-open", argument = address;
  std::array<char*, 3> arguments = {program.data(), argument.data(), nullptr};
  pid_t child = 0;
  if (::posix_spawnp(&child, program.c_str(), nullptr, nullptr, arguments.data(), environ) != 0) {
    log_warning("xdg-open could not be run; open {} yourself", address);
  }
}

void run_serve(const ServeCommand& command) {
  // Threads inherit the mask, so that these signals come to sigwait() alone.
  sigset_t ends;
  sigemptyset(&ends);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ends, signal);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  const atlas::SiteServer server(atlas::AtlasFolder(command.folder).site(),
                                 static_cast<std::uint16_t>(command.port),
                                 thread_count(command.common.threads));
  const std::string address = fmt::format("http://127.0.0.1:{}/", server.port());
  print(address + "\n");
  log_info("serving {} to this machine; end with Ctrl+C", command.folder);
  if (command.open) open_page(address);
  int signal = 0;
  sigwait(&ends, &signal);
}

}  // namespace

void bind_atlas_serve(Command& sub) {
  const auto owned = std::make_shared<ServeCommand>();
  sub.add_option("ATLAS", owned->folder, "Folder of the atlas").required();
  sub.add_option("--port", owned->port, "Port; 0: one that is free [default: 8731]")
      .range(0, 65535)
      .main();
  sub.add_flag("--open", owned->open, "Open the site in the browser").main();
  bind_common(sub, owned->common);
  on_run(sub, owned->common, [owned] { run_serve(*owned); });
  sub.describe(
      "Shows the site of an atlas to browsers on this machine, and to no others. For everyone "
      "else, copy the folder ATLAS/site to any web host.");
  sub.add_example("sicmir atlas serve ATLAS --open", "Browse an atlas");
}

}  // namespace sicmir::cli
