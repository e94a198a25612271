// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Where in the file system an output is made.

#include <string>

namespace sicmir {

/// What has to be open to writing for `path` to become an output: the folder that it lies in, links
/// followed, or, where folders are missing, the nearest that exists; `path` itself if it is a
/// folder, a device or a pipe. Empty: nothing, since it is a descriptor of this process.
[[nodiscard]] std::string place_of_output(const std::string& path);

}  // namespace sicmir
