// SPDX-License-Identifier: BSD-3-Clause
#include "bundle/bundled_files.hpp"

#include <fstream>
#include <sstream>

namespace sicmir::bundle {
namespace {

constexpr std::string_view prefix = ":bundled:/";

}  // namespace

std::optional<std::string> path_of(std::string_view name) {
  std::string path = std::string(prefix) + std::string(name);
  if (!bytes_of(path)) return std::nullopt;
  return path;
}

std::optional<std::string_view> bytes_of(std::string_view path) {
  if (!path.starts_with(prefix)) return std::nullopt;
  for (const BundledFile& file : bundled_files()) {
    if (file.name == path.substr(prefix.size())) return std::string_view(file.bytes, file.size);
  }
  return std::nullopt;
}

std::unique_ptr<std::istream> open_text(const std::filesystem::path& path) {
  if (const auto bytes = bytes_of(path.native())) {
    return std::make_unique<std::istringstream>(std::string(*bytes));
  }
  auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!*file) return nullptr;
  // Else a stream takes a failed allocation or read for the end of the file.
  file->exceptions(std::ios::badbit);
  return file;
}

}  // namespace sicmir::bundle
