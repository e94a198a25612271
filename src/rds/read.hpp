// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// R's serialisation, as saveRDS() writes it. (Format: R Internals, "Serialization Formats", for
/// versions 2 and 3 in XDR; the forms of ALTREP objects: the same, and R's own classes of them.)

#include <cstdint>
#include <span>
#include <string_view>

#include "rds/graph.hpp"
#include "text/byte_input.hpp"

namespace sicmir::rds {

/// Where numbers go that are too many to be held. Each vector is begun, filled and ended before
/// the next.
class NumberStore {
 public:
  virtual ~NumberStore() = default;
  NumberStore() = default;
  NumberStore(const NumberStore&) = delete;
  NumberStore& operator=(const NumberStore&) = delete;
  /// A vector of `length` numbers begins; returns its number, 0 or more.
  virtual std::int64_t begin_integers(std::uint64_t length) = 0;
  virtual std::int64_t begin_reals(std::uint64_t length) = 0;
  virtual void add(std::span<const std::int32_t> values) = 0;
  virtual void add(std::span<const double> values) = 0;
};

struct Limits {
  std::uint64_t nodes = 1'000'000;               ///< values that are kept
  std::uint64_t texts = std::uint64_t{1} << 27;  ///< elements of character vectors, likewise;
                                                 ///< of a file at most 4 a byte and a million
  std::uint64_t stored_vectors = 20'000;
  std::uint64_t held_bytes = std::uint64_t{1} << 26;  ///< of numbers that are not stored
  std::uint64_t held_length = 1024;                   ///< vectors up to this are held
  int depth = 400;                                    ///< values within values
};

/// True if `head` begins as a serialisation: XDR ("X\n"), or text and native binary ("A\n", "B\n"),
/// which read() refuses.
[[nodiscard]] bool is_rds(std::string_view head) noexcept;

/// Reads all of `input`, which stands at the beginning. What no reader of matrices looks at
/// (graphs, images, commands, tools, scaled data) is passed over. Throws Error(bad_input),
/// beginning with the input's name: damage with its place, forms that are not read, a limit.
[[nodiscard]] Graph read(ByteInput& input, NumberStore& store, const Limits& limits = {});

}  // namespace sicmir::rds
