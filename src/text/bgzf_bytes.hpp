// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// BGZF (SAM specification, section 4.1): gzip in independent blocks of at most 64 KiB, whose
/// headers tell their sizes.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "text/byte_input.hpp"

namespace sicmir {

/// Bytes of a block, header and trailer included, from its first 18 bytes; 0: it is none.
[[nodiscard]] std::size_t bgzf_block_bytes(std::string_view head);

/// The decompressed bytes of BGZF blocks, in their order, decompressed by `threads` threads (below
/// 1: all CPUs) some blocks ahead. From anything else on, a plain gzip member or damage, the bytes
/// go through gunzipped(), which says what is wrong where something is.
[[nodiscard]] std::unique_ptr<ByteStage> gunzipped_in_parallel(std::unique_ptr<ByteStage> stage,
                                                               std::string name, int threads);

}  // namespace sicmir
