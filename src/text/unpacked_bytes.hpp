// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// xz, bzip2, Zstandard and LZ4, decompressed on the way by libarchive.

#include <memory>
#include <string>
#include <string_view>

#include "text/byte_input.hpp"

namespace sicmir {

/// How a file that starts with `head` is compressed, as people call it: "gzip", "xz", "bzip2",
/// "Zstandard", "LZ4"; empty: it is not.
[[nodiscard]] std::string_view compression_of(std::string_view head) noexcept;

/// The bytes that `stage` delivers, decompressed. `compression`: what compression_of() said, but
/// for gzip (text/gzip_bytes.hpp). No other program is started. Errors name the file, `name`, and
/// the place in what is decompressed.
[[nodiscard]] std::unique_ptr<ByteStage> unpacked(std::unique_ptr<ByteStage> stage,
                                                  std::string_view compression,
                                                  const std::string& name);

}  // namespace sicmir
