#pragma once
/// Manual pages and shell completions, made of the parser's own tables so that they cannot differ
/// from what the program takes.

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace sicmir::cli {

/// The subcommands that users see, in the order of --help.
[[nodiscard]] std::vector<const CLI::App*> visible_commands(const CLI::App& app);

/// A man page (man(7)) of `command`, or of the program if it is `app` itself.
[[nodiscard]] std::string man_page(const CLI::App& app, const CLI::App& command);

/// A script for bash's `complete` and one for zsh's compsys.
[[nodiscard]] std::string bash_completion(const CLI::App& app);
[[nodiscard]] std::string zsh_completion(const CLI::App& app);

/// "Did you mean ...?" for the first argument that is no subcommand or option; empty if none is
/// near.
[[nodiscard]] std::string hint_for(const CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace sicmir::cli
