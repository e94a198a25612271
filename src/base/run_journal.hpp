// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What a run has said and found so far, kept where the process that watches over it can still read
/// it if the run ends suddenly.

#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"

namespace sicmir {

struct JournalMessage {
  LogLevel level = LogLevel::warning;
  std::string text;
};

/// From here on, warnings and errors that are logged, and what note_facts() is given, stand in
/// memory that child processes share. To be called before they start; until then, nothing is kept.
void share_run_journal();

/// Forgets all messages and facts. No other process writes meanwhile.
void clear_run_journal();

/// Keeps a warning or an error; one that finds no room (1 MiB for all) is dropped.
void note_message(LogLevel level, std::string_view text) noexcept;

/// In the order in which they came.
[[nodiscard]] std::vector<JournalMessage> noted_messages();

/// Replaces what is known of the run, a text of the caller's. Whenever the process ends, a whole
/// text stands there: this one or the one before. Texts beyond 1 MiB are dropped.
void note_facts(std::string_view text) noexcept;

/// The latest; empty: none.
[[nodiscard]] std::string noted_facts();

}  // namespace sicmir
