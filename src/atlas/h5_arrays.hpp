// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Plain arrays in the HDF5 files of an atlas: contiguous, without filters. Others are refused, for
/// HDF5 trusts what filters make of damaged bytes.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hdf5/h5.hpp"
#include "hdf5/h5_output.hpp"

namespace sicmir::atlas::arrays {

void write(const H5Output& out, hid_t parent, const std::string& name,
           std::span<const hsize_t> extent, const float* values);
void write(const H5Output& out, hid_t parent, const std::string& name,
           std::span<const float> values);
void write(const H5Output& out, hid_t parent, const std::string& name,
           std::span<const double> values);
void write(const H5Output& out, hid_t parent, const std::string& name,
           std::span<const std::int32_t> values);
void write(const H5Output& out, hid_t parent, const std::string& name,
           std::span<const std::string> values);

/// The only length of a one-dimensional data set.
[[nodiscard]] std::size_t length(const h5::File& file, const std::string& path);

/// All values; the shape must be the one that is expected.
[[nodiscard]] std::vector<float> floats(const h5::File& file, const std::string& path,
                                        std::span<const hsize_t> extent);
[[nodiscard]] std::vector<float> floats(const h5::File& file, const std::string& path,
                                        std::size_t length);
[[nodiscard]] std::vector<double> doubles(const h5::File& file, const std::string& path,
                                          std::size_t length);
/// Each from `low` to `high`.
[[nodiscard]] std::vector<std::int32_t> integers(const h5::File& file, const std::string& path,
                                                 std::size_t length, std::int32_t low,
                                                 std::int32_t high);
[[nodiscard]] std::vector<std::string> texts(const h5::File& file, const std::string& path,
                                             std::size_t length);

}  // namespace sicmir::atlas::arrays
