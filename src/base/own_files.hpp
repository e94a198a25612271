// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What a process knows of its own files, with and without /proc (chroots, some sandboxes).

#include <filesystem>
#include <optional>
#include <string>

#include "base/output_file.hpp"

namespace sicmir {

/// The folder that the program lies in, symbolic links followed.
[[nodiscard]] std::optional<std::filesystem::path> folder_of_program();

/// A path by which this process can open its descriptor once more, with open_input().
[[nodiscard]] std::string path_of_descriptor(int descriptor);

/// open(2) for reading; -1 and errno where that fails. Names of descriptors (/proc/self/fd/N,
/// /dev/fd/N) also work where /proc is not mounted; the descriptor then shares its position with
/// the other: read it with pread(2).
[[nodiscard]] int open_input(const std::string& path) noexcept;

/// A file without a name, which goes with the descriptor.
struct TemporaryPlace {
  Descriptor file;
  std::string folder;  ///< for messages
};

/// In $TMPDIR, else in /tmp, /var/tmp or the current directory, whichever is the first that takes a
/// file; if $TMPDIR does not, a warning says so. Where nothing can be written, in memory, with a
/// warning. Throws Error(not_written) with what was tried if even that fails.
[[nodiscard]] TemporaryPlace open_temporary();

}  // namespace sicmir
