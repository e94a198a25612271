// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The pages of an atlas (web/atlas), compiled into the program.

#include <span>
#include <string_view>

namespace sicmir::web {

struct AtlasFile {
  std::string_view path;  ///< within the site: "index.html", "assets/NAME-HASH.js"
  std::string_view text;
};

/// By path.
[[nodiscard]] std::span<const AtlasFile> atlas_files();

}  // namespace sicmir::web
