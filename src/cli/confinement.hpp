// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Takes from the process that reads files what reading does not need.

#include <string>
#include <vector>

#include "cli/parser.hpp"

namespace sicmir::cli {

/// What the user named for `command` to write: files, folders, "-". After parse().
[[nodiscard]] std::vector<std::string> written_paths(const Command& command);

/// From here on this process, with its threads and children, can open no sockets, start no programs
/// and trace no processes (seccomp), and write only what `outputs` name and in the folders for
/// temporary files (Landlock, from Linux 5.19 on). A file that makes a library run foreign code
/// then gains little. What this kernel does not have is left out; log_debug() says so.
///
/// `outputs`: files and folders as the user named them, there already or not. Symbolic links in
/// such a folder are taken as the user's own: where they lead is writable, too.
void confine(const std::vector<std::string>& outputs);

}  // namespace sicmir::cli
