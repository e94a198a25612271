// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// --help, manual pages and shell completions, made from the tables of commands and options, so
/// that they cannot differ from what the program accepts.

#include <string>
#include <vector>

#include "cli/command_table.hpp"

namespace sicmir::cli {

/// Columns for text on standard output: of $COLUMNS or the terminal, from 40 to 100; else 80.
[[nodiscard]] int text_width();

/// What `sicmir --help` and `sicmir COMMAND --help` print, wrapped at `width` columns.
[[nodiscard]] std::string program_help(int width);
[[nodiscard]] std::string command_help(const Command& command, int width);

/// Manual pages (man(7)) of the program and of a command.
[[nodiscard]] std::string program_man_page();
[[nodiscard]] std::string man_page(const Command& command);

/// A script for bash's `complete` and one for zsh's compsys.
[[nodiscard]] std::string bash_completion();
[[nodiscard]] std::string zsh_completion();

/// Names of the program's options and commands, as did_you_mean() wants them.
[[nodiscard]] const std::vector<std::string>& program_options();
[[nodiscard]] std::vector<std::string> command_names();

}  // namespace sicmir::cli
