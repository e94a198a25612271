// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/h5_driver.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>

#include "base/output_file.hpp"
#include "hdf5/driver_class.hpp"
#include "hdf5/h5.hpp"
#include "hdf5/h5_path_driver.hpp"

namespace sicmir::h5 {
namespace {

thread_local int open_error = 0;  // HDF5 has no way to hand it on

constexpr std::uint64_t writeback_bytes = std::uint64_t{1} << 25;

struct OpenFile : DriverFile {
  DriverState* state = nullptr;
  std::shared_ptr<DriverState> own;  // of a file that was opened by its path
};

void note_failure(DriverState& state) {
  if (state.error == 0) state.error = errno;
  state.discard = true;
}

H5FD_t* open_file(const char* path, unsigned flags, hid_t access, haddr_t) {
  const auto* info = static_cast<DriverState* const*>(H5Pget_driver_info(access));
  if (info == nullptr) return nullptr;
  OpenFile file;
  file.state = *info;
  Descriptor opened;
  if (file.state == nullptr) {
    const int truncated = (flags & H5F_ACC_TRUNC) != 0 ? O_TRUNC : 0;
    do {
      opened = Descriptor(::open(path, O_RDWR | O_CREAT | O_CLOEXEC | truncated, 0666));
      open_error = opened ? 0 : errno;
    } while (open_error == EINTR);
    if (!opened) return nullptr;
    try {
      file.own = std::make_shared<DriverState>();
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
    file.own->descriptor = opened.get();
    file.state = file.own.get();
  }
  struct stat status {};
  if (fstat(file.state->descriptor, &status) != 0) {
    note_failure(*file.state);
    return nullptr;
  }
  (void)opened.release();
  file.end_of_file = static_cast<haddr_t>(status.st_size);
  return opened_file(file);
}

herr_t close_file(H5FD_t* file) {
  const std::unique_ptr<OpenFile> closed(&opened_as<OpenFile>(file));
  // Another descriptor stays its owner's. A network file system may tell of a lost write here.
  if (closed->own && ::close(closed->own->descriptor) != 0 && errno != EINTR) {
    closed->own->error = errno;
  }
  return 0;
}

herr_t get_handle(H5FD_t* file, hid_t, void** handle) {
  *handle = &opened_as<OpenFile>(file).own;
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

herr_t read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, std::size_t size, void* buffer) {
  DriverState& state = *opened_as<OpenFile>(file).state;
  // What lies beyond the end is allocated but not yet written.
  if (read_bytes(state.descriptor, address, size, buffer)) return 0;
  note_failure(state);
  return -1;
}

herr_t write(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, std::size_t size,
             const void* buffer) {
  auto& open = opened_as<OpenFile>(file);
  DriverState& state = *open.state;
  const auto* at = static_cast<const char*>(buffer);
  while (size > 0 && !state.discard) {
    const ssize_t written = pwrite(state.descriptor, at, std::min(size, std::size_t{1} << 30),
                                   static_cast<off_t>(address));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      note_failure(state);
      break;
    }
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
  auto& open = opened_as<OpenFile>(file);
  if (open.end_of_allocation != open.end_of_file && !open.state->discard &&
      ftruncate(open.state->descriptor, static_cast<off_t>(open.end_of_allocation)) != 0) {
    note_failure(*open.state);
  }
  open.end_of_file = open.end_of_allocation;
  return 0;
}

hid_t driver() {
  static const hid_t id = [] {
    H5FD_class_t description = driver_class("sicmir", 600);
    description.fapl_size = sizeof(std::uintptr_t);  // a pointer to the state
    description.open = open_file;
    description.close = close_file;
    description.cmp = compare;
    description.query = query;
    description.read = read;
    description.write = write;
    description.truncate = truncate;
    description.get_handle = get_handle;
    return H5FDregister(&description);
  }();
  return id;
}

}  // namespace

herr_t use_driver(hid_t access, DriverState& state) {
  DriverState* pointer = &state;
  return H5Pset_driver(access, driver(), static_cast<const void*>(&pointer));
}

herr_t use_path_driver(hid_t access) {
  DriverState* none = nullptr;
  return H5Pset_driver(access, driver(), static_cast<const void*>(&none));
}

int why_not_opened() noexcept {
  return open_error;
}

std::shared_ptr<DriverState> state_of(hid_t file) {
  const Handle access(H5Fget_access_plist(file));
  void* state = nullptr;
  if (H5Pget_driver(access.get()) != driver() || H5Fget_vfd_handle(file, H5P_DEFAULT, &state) < 0 ||
      state == nullptr) {
    return nullptr;
  }
  return *static_cast<std::shared_ptr<DriverState>*>(state);
}

}  // namespace sicmir::h5
