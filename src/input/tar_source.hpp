// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Archives: a Matrix Market matrix with its lists, as 10x folders are passed on, or one table.

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "sicmir/cell_source.hpp"
#include "text/byte_input.hpp"

namespace sicmir {

/// True for the first bytes of a tar archive (after decompression).
[[nodiscard]] bool is_tar(std::string_view head) noexcept;

/// The same for a zip archive that is not empty.
[[nodiscard]] bool is_zip(std::string_view head) noexcept;

enum class ArchiveKind : std::uint8_t { tar, zip };

/// Opens the only file of an archive.
using OpenMember = std::function<std::unique_ptr<CellSource>(std::unique_ptr<ByteInput>)>;

/// Reads the archive from front to back, so that pipes will do. Nothing is unpacked by name: the
/// matrix and its two lists go to temporary files without names, everything else is passed over;
/// the only file of an archive goes to `open_member` in the same way. Throws Error(bad_input) if
/// the archive is damaged, holds no matrix, several, or lists that cannot be told apart; and for
/// office documents and NumPy's archives, saying what they are.
[[nodiscard]] std::unique_ptr<CellSource> open_archive_source(std::unique_ptr<ByteInput> archive,
                                                              ArchiveKind kind,
                                                              const SourceOptions& options,
                                                              const OpenMember& open_member);

}  // namespace sicmir
