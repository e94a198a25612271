// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A Matrix Market matrix and its lists within a tar archive, as 10x folders are passed on.

#include <memory>
#include <string_view>

#include "sicmir/cell_source.hpp"
#include "text/byte_input.hpp"

namespace sicmir {

/// True for the first bytes of a tar archive (after decompression).
[[nodiscard]] bool is_tar(std::string_view head) noexcept;

/// Reads the archive from front to back, so that pipes will do. Nothing is unpacked by name: the
/// matrix and its two lists go to temporary files without names, everything else is passed over.
/// Throws Error(bad_input) if the archive is damaged, or holds no matrix, several, or lists that
/// cannot be told apart.
[[nodiscard]] std::unique_ptr<CellSource> open_tar_source(std::unique_ptr<ByteInput> archive,
                                                          const SourceOptions& options);

}  // namespace sicmir
