// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/h5_driver.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>

namespace sicmir::h5 {
namespace {

constexpr haddr_t max_address = (haddr_t{1} << 62) - 1;
constexpr std::uint64_t writeback_bytes = std::uint64_t{1} << 25;

/// HDF5 fills in `base` and casts; it must come first.
struct OpenFile {
  H5FD_t base{};
  haddr_t end_of_allocation = 0;
  haddr_t end_of_file = 0;
  DriverState* state = nullptr;
};

OpenFile& as_open(H5FD_t* file) {
  return *reinterpret_cast<OpenFile*>(file);
}
const OpenFile& as_open(const H5FD_t* file) {
  return *reinterpret_cast<const OpenFile*>(file);
}

herr_t fail(DriverState& state) {
  state.error = errno;
  state.discard = true;
  return -1;
}

H5FD_t* open_file(const char*, unsigned, hid_t access, haddr_t) {
  const auto* info = static_cast<DriverState* const*>(H5Pget_driver_info(access));
  if (info == nullptr) return nullptr;
  struct stat status {};
  if (fstat((*info)->descriptor, &status) != 0) {
    fail(**info);
    return nullptr;
  }
  auto file = std::make_unique<OpenFile>();
  file->state = *info;
  file->end_of_file = static_cast<haddr_t>(status.st_size);
  return reinterpret_cast<H5FD_t*>(file.release());
}

herr_t close_file(H5FD_t* file) {
  const std::unique_ptr<OpenFile> closed(&as_open(file));  // the descriptor stays its owner's
  return 0;
}

/// Two outputs are never one file, even if one's inode has become the other's.
int compare(const H5FD_t* a, const H5FD_t* b) {
  if (a == b) return 0;
  return a < b ? -1 : 1;
}

herr_t query(const H5FD_t*, unsigned long* features) {
  if (features != nullptr) {
    *features = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA |
                H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_AGGREGATE_SMALLDATA;
  }
  return 0;
}

haddr_t get_end_of_allocation(const H5FD_t* file, H5FD_mem_t) {
  return as_open(file).end_of_allocation;
}

herr_t set_end_of_allocation(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  as_open(file).end_of_allocation = address;
  return 0;
}

haddr_t get_end_of_file(const H5FD_t* file, H5FD_mem_t) {
  return as_open(file).end_of_file;
}

herr_t read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, std::size_t size, void* buffer) {
  OpenFile& open = as_open(file);
  auto* at = static_cast<char*>(buffer);
  while (size > 0) {
    const ssize_t got = pread(open.state->descriptor, at, size, static_cast<off_t>(address));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(*open.state);
    if (got == 0) {
      std::memset(at, 0, size);  // beyond the end: allocated but not yet written
      return 0;
    }
    at += got;
    address += static_cast<haddr_t>(got);
    size -= static_cast<std::size_t>(got);
  }
  return 0;
}

herr_t write(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, std::size_t size,
             const void* buffer) {
  OpenFile& open = as_open(file);
  DriverState& state = *open.state;
  const auto* at = static_cast<const char*>(buffer);
  while (size > 0 && !state.discard) {
    const ssize_t written = pwrite(state.descriptor, at, std::min(size, std::size_t{1} << 30),
                                   static_cast<off_t>(address));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(state);
    at += written;
    address += static_cast<haddr_t>(written);
    size -= static_cast<std::size_t>(written);
    state.since_writeback += static_cast<std::uint64_t>(written);
  }
  open.end_of_file = std::max(open.end_of_file, address + size);
  if (state.since_writeback >= writeback_bytes && !state.discard) {
    // Start now, so that the sync at the end waits less.
    sync_file_range(state.descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
    state.since_writeback = 0;
  }
  return 0;
}

herr_t truncate(H5FD_t* file, hid_t, hbool_t) {
  OpenFile& open = as_open(file);
  if (open.end_of_allocation != open.end_of_file && !open.state->discard &&
      ftruncate(open.state->descriptor, static_cast<off_t>(open.end_of_allocation)) != 0) {
    return fail(*open.state);
  }
  open.end_of_file = open.end_of_allocation;
  return 0;
}

hid_t driver() {
  static const hid_t id = [] {
    H5FD_class_t description{};
#ifdef H5FD_CLASS_VERSION
    description.version = H5FD_CLASS_VERSION;
    description.value = static_cast<H5FD_class_value_t>(600);  // of the range for private use
#endif
    description.name = "sicmir";
    description.maxaddr = max_address;
    description.fc_degree = H5F_CLOSE_WEAK;
    description.fapl_size = sizeof(std::uintptr_t);  // a pointer to the state
    description.open = open_file;
    description.close = close_file;
    description.cmp = compare;
    description.query = query;
    description.get_eoa = get_end_of_allocation;
    description.set_eoa = set_end_of_allocation;
    description.get_eof = get_end_of_file;
    description.read = read;
    description.write = write;
    description.truncate = truncate;
    constexpr std::array<H5FD_mem_t, H5FD_MEM_NTYPES> kinds = H5FD_FLMAP_DICHOTOMY;
    std::copy(kinds.begin(), kinds.end(), std::begin(description.fl_map));
    return H5FDregister(&description);
  }();
  return id;
}

}  // namespace

herr_t use_driver(hid_t access, DriverState& state) {
  DriverState* pointer = &state;
  return H5Pset_driver(access, driver(), static_cast<const void*>(&pointer));
}

}  // namespace sicmir::h5
