// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The model and the tables that come with the program, where they are part of it
/// (SICMIR_EMBED_DATA). Their paths begin with ":bundled:/" and are no paths of the disk.

#include <cstdint>
#include <filesystem>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sicmir::bundle {

struct BundledFile {
  std::string_view name;  ///< without folder, e.g. "landmarks.tsv"
  const char* bytes = nullptr;
  std::uint64_t size = 0;
};

/// Those in the program; empty in an ordinary build, which finds them on the disk.
[[nodiscard]] std::vector<BundledFile> bundled_files();

/// ":bundled:/NAME" if a file of this name is in the program.
[[nodiscard]] std::optional<std::string> path_of(std::string_view name);

/// The bytes behind a path of path_of(), as long as the program lives; nullopt for any other path.
[[nodiscard]] std::optional<std::string_view> bytes_of(std::string_view path);

/// Opens such a path, or a file of the disk; null if it cannot be opened.
[[nodiscard]] std::unique_ptr<std::istream> open_text(const std::filesystem::path& path);

}  // namespace sicmir::bundle
