// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/h5_storage.hpp"

#include <fmt/core.h>

#include <array>
#include <string_view>
#include <utility>

#include "hdf5/lzf_filter.hpp"

namespace sicmir::h5 {
namespace {

/// Names of filters by their numbers (The HDF Group's list of registered filters).
std::string filter_name(const Filter& filter) {
  constexpr std::array<std::pair<H5Z_filter_t, std::string_view>, 18> known = {{
      {H5Z_FILTER_DEFLATE, "gzip"},
      {H5Z_FILTER_SHUFFLE, "shuffle"},
      {H5Z_FILTER_FLETCHER32, "Fletcher32"},
      {H5Z_FILTER_SZIP, "szip"},
      {H5Z_FILTER_NBIT, "n-bit"},
      {H5Z_FILTER_SCALEOFFSET, "scale-offset"},
      {305, "LZO"},
      {307, "bzip2"},
      {lzf_filter_number, "LZF"},
      {32001, "Blosc"},
      {32004, "LZ4"},
      {32008, "bitshuffle"},
      {32013, "ZFP"},
      {32015, "Zstandard"},
      {32017, "SZ"},
      {32018, "FCIDECOMP"},
      {32019, "JPEG"},
      {32026, "Blosc2"},
  }};
  for (const auto& [id, name] : known) {
    if (id == filter.id) return std::string(name);
  }
  return filter.name.empty() ? "unknown" : filter.name;
}

/// Bytes of an element in the file. H5Tget_size() tells those in memory, where texts of variable
/// length are pointers; in the file they are a length, an address and a number.
std::size_t stored_element_bytes(hid_t type, std::size_t address_bytes) {
  const std::size_t reference_bytes = 4 + address_bytes + 4;
  const std::size_t bytes = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_STRING:
      return H5Tis_variable_str(type) > 0 ? reference_bytes : bytes;
    case H5T_VLEN:
      return reference_bytes;
    case H5T_COMPOUND: {
      std::size_t stored = bytes;
      const int n_fields = H5Tget_nmembers(type);
      for (int i = 0; i < n_fields; ++i) {
        const Handle member(H5Tget_member_type(type, static_cast<unsigned>(i)));
        stored += stored_element_bytes(member.get(), address_bytes) - H5Tget_size(member.get());
      }
      return stored;
    }
    case H5T_ARRAY: {
      const Handle base(H5Tget_super(type));
      const std::size_t base_bytes = H5Tget_size(base.get());
      return base_bytes == 0 ? bytes
                             : bytes / base_bytes * stored_element_bytes(base.get(), address_bytes);
    }
    default:
      return bytes;
  }
}

}  // namespace

std::vector<Filter> filters_of(hid_t creation) {
  std::vector<Filter> filters;
  const int count = H5Pget_nfilters(creation);
  for (int i = 0; i < count; ++i) {
    Filter filter;
    std::array<unsigned, 32> parameters{};
    std::size_t n_parameters = parameters.size();
    std::array<char, 64> name{};
    unsigned config = 0;
    unsigned flags = 0;
    filter.id = H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &n_parameters,
                               parameters.data(), name.size(), name.data(), &config);
    if (filter.id < 0) continue;
    filter.parameters.assign(parameters.begin(),
                             parameters.begin() + static_cast<std::ptrdiff_t>(
                                                      std::min(n_parameters, parameters.size())));
    name.back() = '\0';
    for (const char* c = name.data(); *c != '\0'; ++c) {
      filter.name += *c >= ' ' && *c < '\x7f' ? *c : '?';
    }
    filters.push_back(std::move(filter));
  }
  return filters;
}

std::size_t chunk_bytes(const File& file, hid_t dataset) {
  const Lock lock;
  const Handle container(H5Iget_file_id(file.id()));
  const Handle creation(H5Fget_create_plist(container.get()));
  std::size_t address_bytes = 8;
  std::size_t length_bytes = 8;
  H5Pget_sizes(creation.get(), &address_bytes, &length_bytes);
  const Handle type(H5Dget_type(dataset));
  std::size_t bytes = stored_element_bytes(type.get(), address_bytes);
  for (const hsize_t length : chunk_shape(dataset)) bytes *= length;  // HDF5 bounds it by 2^32
  return bytes;
}

std::size_t check_chunk_claim(const File& file, hid_t dataset) {
  const std::size_t bytes = chunk_bytes(file, dataset);
  // A chunk is allocated whole, however little of it the data set fills.
  constexpr std::size_t free_bytes = std::size_t{64} << 20;
  if (bytes > free_bytes && bytes / 1100 > file.bytes()) {
    file.fail(path_of(dataset), fmt::format("claims chunks of {} bytes, more than the file can "
                                            "hold; the file is damaged.",
                                            bytes));
  }
  return bytes;
}

void check_filters(const File& file, hid_t dataset) {
  const Lock lock;
  const Handle creation(H5Dget_create_plist(dataset));
  for (const Filter& filter : filters_of(creation.get())) {
    if (H5Zfilter_avail(filter.id) <= 0) {
      file.fail(path_of(dataset),
                fmt::format("is compressed with {} (HDF5 filter {}), which this program cannot "
                            "undo. Rewrite the file with gzip, in Python: import hdf5plugin, "
                            "anndata; anndata.read_h5ad(IN).write_h5ad(OUT, compression=\"gzip\"). "
                            "Or install HDF5's plugin for this filter and set HDF5_PLUGIN_PATH.",
                            filter_name(filter), filter.id));
    }
    if (filter.id != lzf_filter_number) continue;
    const std::size_t bytes = chunk_bytes(file, dataset);
    if (filter.parameters.size() >= 3 && filter.parameters[2] != 0 &&
        filter.parameters[2] != bytes) {
      file.fail(path_of(dataset),
                fmt::format("is compressed with LZF, but the parameters stored for it contradict "
                            "its chunks of {} bytes; the file is damaged.",
                            bytes));
    }
  }
}

std::vector<hsize_t> chunk_shape(hid_t dataset) {
  const Lock lock;
  const Handle creation(H5Dget_create_plist(dataset));
  if (H5Pget_layout(creation.get()) != H5D_CHUNKED) return {};
  std::array<hsize_t, H5S_MAX_RANK> lengths{};
  const int rank = H5Pget_chunk(creation.get(), H5S_MAX_RANK, lengths.data());
  if (rank <= 0) return {};
  return {lengths.begin(), lengths.begin() + rank};
}

Handle reopen_with_cache(const File& file, Handle dataset, std::size_t bytes) {
  const Lock lock;
  const Handle access(H5Pcreate(H5P_DATASET_ACCESS));
  // 521 slots are plenty for one or a few chunks; preemption 1: fully read chunks go first.
  H5Pset_chunk_cache(access.get(), bytes == 0 ? 0 : 521, bytes, 1.0);
  const std::string name = path_of(dataset.get());
  dataset.reset();
  Handle reopened(H5Dopen2(file.id(), name.c_str(), access.get()));
  if (!reopened) file.fail(name, "cannot be opened.");
  return reopened;
}

std::string type_name(hid_t dataset) {
  const Lock lock;
  const Handle type(H5Dget_type(dataset));
  const std::size_t bits = 8 * H5Tget_size(type.get());
  switch (H5Tget_class(type.get())) {
    case H5T_INTEGER:
      return fmt::format("{}int{}", H5Tget_sign(type.get()) == H5T_SGN_NONE ? "u" : "", bits);
    case H5T_FLOAT:
      return fmt::format("float{}", bits);
    case H5T_ENUM:
      return "bool";
    case H5T_STRING:
      return "text";
    case H5T_COMPOUND:
      return "compound";
    default:
      return "other";
  }
}

std::string compression_name(hid_t dataset) {
  const Lock lock;
  const Handle creation(H5Dget_create_plist(dataset));
  std::string names;
  for (const Filter& filter : filters_of(creation.get())) {
    if (!names.empty()) names += ", ";
    names += filter_name(filter);
  }
  return names;
}

}  // namespace sicmir::h5
