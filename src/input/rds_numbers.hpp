// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The long vectors of an R object, in the temporary file that it is translated to.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hdf5/h5_output.hpp"
#include "rds/read.hpp"

namespace sicmir {

class RdsNumbers final : public rds::NumberStore {
 public:
  /// Vectors go to /vectors/NUMBER of `out`, which outlives this; at most `most_bytes` of them all:
  /// no data set shrinks further, and a small file must not fill a disk.
  RdsNumbers(const H5Output& out, std::uint64_t most_bytes);

  std::int64_t begin_integers(std::uint64_t length) override;
  std::int64_t begin_reals(std::uint64_t length) override;
  void add(std::span<const std::int32_t> values) override;
  void add(std::span<const double> values) override;
  /// No vector follows.
  void end();

  /// Numbers `first` .. `first + count - 1` of a vector, wherever they are. Integers and logicals;
  /// reals that are whole are none.
  [[nodiscard]] std::vector<std::int32_t> integers(const rds::Graph& graph, rds::NodeId id,
                                                   std::uint64_t first, std::uint64_t count) const;
  /// The same for any numbers; a missing integer becomes NaN.
  [[nodiscard]] std::vector<double> reals(const rds::Graph& graph, rds::NodeId id,
                                          std::uint64_t first, std::uint64_t count) const;
  /// Gives the whole vector a place in the file: the stored one without a copy.
  void place(const rds::Graph& graph, rds::NodeId id, hid_t parent, const std::string& name) const;

 private:
  std::int64_t begin(hid_t type, std::uint64_t length);
  void write(hid_t memory, const void* values, std::size_t count);
  void read(std::int64_t number, hid_t memory, std::uint64_t first, std::uint64_t count,
            void* values) const;

  const H5Output& out_;
  std::uint64_t bytes_left_;
  h5::Handle group_;
  h5::Handle current_;
  hsize_t written_ = 0;
  std::int64_t n_vectors_ = 0;
};

}  // namespace sicmir
