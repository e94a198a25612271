// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The program's commands. A new one is a source with a bind function, and a row here.

#include <memory>
#include <span>
#include <string_view>

#include "cli/parser.hpp"

namespace sicmir::cli {

struct CommandEntry {
  std::string_view name;
  std::string_view group;      ///< heading in `sicmir --help`
  std::string_view summary;    ///< one line, without a full stop
  void (*bind)(Command&);      ///< adds its options and its work
  bool opens_untrusted_files;  ///< run under supervision: see supervisor.hpp
};

/// In the order of `sicmir --help`; entries of a group stand together.
[[nodiscard]] std::span<const CommandEntry> command_table();

/// The entry of this name; nullptr: none.
[[nodiscard]] const CommandEntry* find_command(std::string_view name);

/// The command with its options.
[[nodiscard]] std::unique_ptr<Command> make_command(const CommandEntry& entry);

}  // namespace sicmir::cli
