// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// gzip, decompressed on the way.

#include <cstdint>
#include <memory>
#include <string>

#include "text/byte_input.hpp"

namespace sicmir {

/// The bytes of the gzip members (RFC 1952) that `stage` delivers, any number of them, with zeros
/// allowed behind the last. Errors name the file, `name`, and the place in it, of which `offset`
/// bytes went before.
[[nodiscard]] std::unique_ptr<ByteStage> gunzipped(std::unique_ptr<ByteStage> stage,
                                                   const std::string& name,
                                                   std::uint64_t offset = 0);

}  // namespace sicmir
