// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// How a data set is stored: element type, chunks and filters.

#include <hdf5.h>

#include <string>
#include <vector>

#include "hdf5/h5.hpp"

namespace sicmir::h5 {

struct Filter {
  H5Z_filter_t id = 0;
  std::vector<unsigned> parameters;
  std::string name;  ///< as the file has it; often empty
};

/// Filters of a data set creation list, in the order in which they were applied in writing.
[[nodiscard]] std::vector<Filter> filters_of(hid_t creation);

/// Throws if the data set was written with a filter that this process cannot undo, naming the
/// filter and the remedy, or with LZF parameters that contradict the chunk (h5py always states the
/// chunk's size; a lie would have HDF5 read beyond its buffers).
void check_filters(const File& file, hid_t dataset);

/// Extent of a chunk, one number per dimension; empty: not chunked.
[[nodiscard]] std::vector<hsize_t> chunk_shape(hid_t dataset);

/// Bytes of a whole chunk as the filters see it (texts of variable length are references there).
[[nodiscard]] std::size_t chunk_bytes(const File& file, hid_t dataset);
/// The same, and throws if the file cannot hold what such a chunk would take.
std::size_t check_chunk_claim(const File& file, hid_t dataset);

/// Opens the data set again with a chunk cache of `bytes` (0: none, each read inflates what it
/// touches once and forgets it). HDF5 heeds a cache only where the data set is open nowhere else.
[[nodiscard]] Handle reopen_with_cache(const File& file, Handle dataset, std::size_t bytes);

/// For people: "float32", "uint8", "bool", "text", ...
[[nodiscard]] std::string type_name(hid_t dataset);
/// For people: "gzip", "LZF, shuffle"; empty: not compressed.
[[nodiscard]] std::string compression_name(hid_t dataset);

}  // namespace sicmir::h5
