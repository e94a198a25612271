// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Checksums of files, and what makes files last.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace sicmir::atlas {

struct FileSeal {
  std::uint64_t bytes = 0;
  std::string digest;  ///< XXH3, 128 bits, of the bytes: what `xxhsum -H2` prints

  bool operator==(const FileSeal&) const = default;
};

/// Reads the whole file. Throws Error(bad_input).
[[nodiscard]] FileSeal seal_of(const std::filesystem::path& file);

/// Of an input: a file, or a folder, or the beginning of the names of several files in one, whose
/// seal is made of the names and seals of its files. Throws Error(bad_input).
[[nodiscard]] FileSeal seal_of_input(const std::string& path);

/// By the files' names.
using Seals = std::map<std::string, FileSeal>;

/// Writes and reads a checksums.json. read_seals() throws Error(bad_input).
void write_seals(const Seals& seals, const std::filesystem::path& file);
[[nodiscard]] Seals read_seals(const std::filesystem::path& file);

/// Waits until what was written to a file, or renamed in a folder, is on the disk. Throws
/// Error(not_written).
void sync(const std::filesystem::path& path);

/// Makes a folder, and those above it, where they are missing. Throws Error(not_written).
void make_folder(const std::filesystem::path& path);

}  // namespace sicmir::atlas
