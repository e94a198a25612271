// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "atlas/atlas_folder.hpp"
#include "base/log.hpp"
#include "cli/commands.hpp"
#include "cli/site_server.hpp"

namespace sicmir::cli {
namespace {

struct ServeCommand {
  CommonOptions common;
  std::string folder;
  int port = 8080;
  bool open = false;
};

/// Asks the desktop to show the address; if there is none, says so.
void open_browser(const std::string& address) {
  std::string program = "xdg-open";
  std::string argument = address;
  std::array<char*, 3> arguments = {program.data(), argument.data(), nullptr};
  pid_t child = 0;
  int status = 0;
  std::signal(SIGCHLD, SIG_DFL);  // where a launcher had it ignored, there is nothing to wait for
  const bool is_started =
      posix_spawnp(&child, program.c_str(), nullptr, nullptr, arguments.data(), environ) == 0;
  if (is_started && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
      WEXITSTATUS(status) == 0) {
    return;
  }
  log_warning("no browser could be started (xdg-open); open {} in one", address);
}

/// The site of an atlas, or the folder itself if it is a copy of one.
std::filesystem::path site_of(const std::string& folder) {
  std::error_code error;
  const std::filesystem::path site = atlas::AtlasFolder(folder).site();
  const bool is_copy =
      !std::filesystem::exists(site, error) &&
      std::filesystem::exists(std::filesystem::path(folder) / "manifest.json", error);
  return is_copy ? std::filesystem::path(folder) : site;
}

void run(const ServeCommand& command) {
  const std::filesystem::path site = site_of(command.folder);
  const SiteServer server(site, static_cast<std::uint16_t>(command.port));
  print(server.address() + "\n");
  log_info("serving {} to this machine alone; Ctrl-C ends it", site.string());
  if (command.open) open_browser(server.address());
  for (;;) ::pause();  // until a signal ends the program
}

}  // namespace

void bind_atlas_serve(Command& sub) {
  const auto owned = std::make_shared<ServeCommand>();
  sub.add_option("ATLAS", owned->folder, "Folder of the atlas, or of a copy of its site")
      .required();
  sub.add_option("--port", owned->port, "Port on 127.0.0.1; 0: any that is free [default: 8080]")
      .range(0, 65535)
      .main();
  sub.add_flag("--open", owned->open, "Open the site in a browser").main();
  bind_common(sub, owned->common, false);
  on_run(sub, owned->common, [owned] { run(*owned); });
  sub.describe(
      "Serves the folder site/ of an atlas, and nothing else, to browsers on this machine. The "
      "address is written to standard output.");
  sub.add_example("sicmir atlas serve ATLAS --open", "Browse an atlas");
}

}  // namespace sicmir::cli
