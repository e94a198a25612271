// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A checksum over named fields, for telling whether two models (or parts of a run) are the same.

#include <xxhash.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sicmir/types.hpp"

namespace sicmir {

/// XXH3, 64 bits.
[[nodiscard]] inline std::uint64_t short_digest(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

/// XXH3, 128 bits (xxhash.com). It finds damage and tells versions apart; it is no signature.
class Digest {
 public:
  Digest() : state_(XXH3_createState()) { XXH3_128bits_reset(state_.get()); }

  void add(std::string_view text) {
    add_size(text.size());
    XXH3_128bits_update(state_.get(), text.data(), text.size());
  }
  template <class T>
  requires std::is_arithmetic_v<T>
  void add(std::span<const T> values) {
    add_size(values.size());
    XXH3_128bits_update(state_.get(), values.data(), values.size_bytes());
  }
  void add(double value) { add(std::span<const double>(&value, 1)); }

  /// 32 hexadecimal digits.
  [[nodiscard]] std::string hex() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, hash);
    std::string text;
    for (const unsigned char byte : bytes.digest) {
      text += "0123456789abcdef"[byte >> 4];
      text += "0123456789abcdef"[byte & 15];
    }
    return text;
  }

 private:
  void add_size(std::size_t size) {
    const auto wide = static_cast<std::uint64_t>(size);
    XXH3_128bits_update(state_.get(), &wide, sizeof wide);
  }
  struct Free {
    void operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_;
};

}  // namespace sicmir
