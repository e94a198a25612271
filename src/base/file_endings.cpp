// SPDX-License-Identifier: BSD-3-Clause
#include "base/file_endings.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace sicmir {
namespace {

constexpr std::array<std::string_view, 24> endings = {
    ".gz", ".bgz", ".xz", ".bz2", ".zst", ".lz4",    // compression
    ".tar", ".tgz", ".zip",                          // archives
    ".csv", ".tsv", ".tab", ".txt", ".mtx", ".gct",  // text
    // HDF5; GCTX is GCT in it
    ".gctx", ".h5", ".hdf5", ".h5ad", ".h5mu", ".h5seurat", ".loom", ".zarr", ".rds"  // Zarr, R
};

}  // namespace

std::span<const std::string_view> file_endings() {
  return endings;
}

std::string name_without_endings(const std::string& path) {
  const std::filesystem::path normal = std::filesystem::path(path).lexically_normal();
  std::string name = normal.filename().string();
  if (name.empty()) name = normal.parent_path().filename().string();
  for (;;) {
    const auto* const ending =
        std::find_if(endings.begin(), endings.end(), [&](std::string_view known) {
          return name.size() > known.size() && name.ends_with(known);
        });
    if (ending == endings.end()) return name;
    name.erase(name.size() - ending->size());
  }
}

}  // namespace sicmir
