// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/h5_input_driver.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include "base/own_files.hpp"
#include "hdf5/driver_class.hpp"
#include "hdf5/h5.hpp"

namespace sicmir::h5 {
namespace {

constexpr std::string_view collection_signature("GCOL\x01\0\0\0", 8);
constexpr std::size_t header_bytes = collection_header_bytes;
constexpr std::uint64_t most_collection_bytes = std::uint64_t{1} << 31;

/// What HDF5 keeps in a file access list, byte by byte.
struct Image {
  const char* bytes = nullptr;  ///< null: the file is on the disk
  std::size_t size = 0;
};

struct InputFile : DriverFile {
  int descriptor = -1;
  Image image;
  dev_t device = 0;
  ino_t inode = 0;
  bool nameless = false;  // unlinked, or in memory
  bool checks = false;    // collections have the form that is_sound_collection() knows
};

/// As read_bytes() of driver_class.hpp.
bool read_from(const InputFile& file, haddr_t address, std::size_t size, void* buffer) {
  if (file.image.bytes == nullptr) return read_bytes(file.descriptor, address, size, buffer);
  const std::size_t first = std::min<haddr_t>(address, file.image.size);
  const std::size_t n = std::min(size, file.image.size - first);
  std::memcpy(buffer, file.image.bytes + first, n);
  std::memset(static_cast<char*>(buffer) + n, 0, size - n);
  return true;
}

/// True if the file has lengths of 8 bytes, as all but a few do (superblock versions 0 to 3).
bool has_long_lengths(const InputFile& file) {
  std::array<unsigned char, 16> start{};
  if (!read_from(file, 0, start.size(), start.data())) return false;
  constexpr std::size_t version_at = 8;
  const std::size_t lengths_at = start[version_at] < 2 ? 14 : 10;
  return std::memcmp(start.data(), "\x89HDF", 4) == 0 && start[lengths_at] == 8;
}

H5FD_t* open_image(const Image& image) {
  InputFile file;
  file.image = image;
  file.nameless = true;
  file.end_of_file = image.size;
  file.checks = has_long_lengths(file);
  return opened_file(file);
}

H5FD_t* open_input_file(const char* name, unsigned flags, hid_t access, haddr_t) {
  if ((flags & H5F_ACC_RDWR) != 0) return nullptr;
  const auto* image = static_cast<const Image*>(H5Pget_driver_info(access));
  if (image != nullptr && image->bytes != nullptr) return open_image(*image);
  const int descriptor = open_input(name);
  if (descriptor < 0) return nullptr;
  struct stat status {};
  if (fstat(descriptor, &status) != 0) {
    ::close(descriptor);
    return nullptr;
  }
  InputFile file;
  file.descriptor = descriptor;
  file.device = status.st_dev;
  file.inode = status.st_ino;
  file.end_of_file = static_cast<haddr_t>(status.st_size);
  file.nameless = status.st_nlink == 0;
  file.checks = has_long_lengths(file);
  H5FD_t* opened = opened_file(file);
  if (opened == nullptr) ::close(descriptor);
  return opened;
}

herr_t close_input(H5FD_t* file) {
  const std::unique_ptr<InputFile> closed(&opened_as<InputFile>(file));
  return closed->descriptor < 0 || ::close(closed->descriptor) == 0 ? 0 : -1;
}

int compare_inputs(const H5FD_t* a, const H5FD_t* b) {
  const auto& x = opened_as<InputFile>(a);
  const auto& y = opened_as<InputFile>(b);
  if (x.device != y.device) return x.device < y.device ? -1 : 1;
  if (x.inode != y.inode) return x.inode < y.inode ? -1 : 1;
  if (x.image.bytes != y.image.bytes) return x.image.bytes < y.image.bytes ? -1 : 1;
  return 0;
}

/// Without H5FD_FEAT_ACCUMULATE_METADATA, so that each collection is read by itself.
/// With H5FD_FEAT_POSIX_COMPAT_HANDLE, HDF5 asks where the name or a symbolic link of it leads; an
/// unlinked file, of which /proc/self/fd has such a link, and one in memory have no such place.
herr_t query_input(const H5FD_t* file, unsigned long* features) {
  if (features != nullptr) {
    *features = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_DATA_SIEVE |
                H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_POSIX_COMPAT_HANDLE |
                H5FD_FEAT_SUPPORTS_SWMR_IO;
    if (file != nullptr && static_cast<const InputFile&>(opened_as<InputFile>(file)).nameless) {
      *features &= ~static_cast<unsigned long>(H5FD_FEAT_POSIX_COMPAT_HANDLE);
    }
  }
  return 0;
}

herr_t input_handle(H5FD_t* file, hid_t, void** handle) {
  if (handle == nullptr) return -1;
  *handle = &opened_as<InputFile>(file).descriptor;
  return 0;
}

/// Collections of any file are known by their signature: HDF5 asks for them as raw data, not as
/// metadata.
herr_t read_input(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, std::size_t size,
                  void* buffer) {
  const InputFile& input = opened_as<InputFile>(file);
  if (!read_from(input, address, size, buffer)) return -1;
  const auto* bytes = static_cast<const unsigned char*>(buffer);
  if (!input.checks || size < header_bytes ||
      std::memcmp(bytes, collection_signature.data(), collection_signature.size()) != 0) {
    return 0;
  }
  // The library may ask for the first part of a collection, then for the rest.
  const std::uint64_t whole = little_endian(bytes + collection_signature.size(), 8);
  if (whole <= size) return is_sound_collection(bytes, whole) ? 0 : -1;
  if (whole > most_collection_bytes || address + whole > input.end_of_file) return -1;
  std::vector<unsigned char> collection;
  try {
    collection.resize(whole);
  } catch (const std::bad_alloc&) {
    return -1;  // HDF5 is C
  }
  return read_from(input, address, whole, collection.data()) &&
                 is_sound_collection(collection.data(), whole)
             ? 0
             : -1;
}

herr_t write_input(H5FD_t*, H5FD_mem_t, hid_t, haddr_t, std::size_t, const void*) {
  return -1;
}

hid_t input_driver() {
  static const hid_t id = [] {
    H5FD_class_t description = driver_class("sicmir_input", 601);
    description.open = open_input_file;
    description.close = close_input;
    description.cmp = compare_inputs;
    description.query = query_input;
    description.get_handle = input_handle;
    description.read = read_input;
    description.write = write_input;
    description.fapl_size = sizeof(Image);
    return H5FDregister(&description);
  }();
  return id;
}

}  // namespace

herr_t use_input_driver(hid_t access) {
  return H5Pset_driver(access, input_driver(), nullptr);
}

herr_t use_input_driver(hid_t access, std::string_view bytes) {
  const Image image{bytes.data(), bytes.size()};
  return H5Pset_driver(access, input_driver(), &image);
}

std::optional<int> input_descriptor(hid_t file) {
  const Handle access(H5Fget_access_plist(file));
  if (!access || H5Pget_driver(access.get()) != input_driver()) return std::nullopt;
  void* descriptor = nullptr;
  if (H5Fget_vfd_handle(file, H5P_DEFAULT, &descriptor) < 0 || descriptor == nullptr) {
    return std::nullopt;
  }
  const int found = *static_cast<const int*>(descriptor);
  return found < 0 ? std::nullopt : std::optional(found);
}

std::uint64_t collection_size(const unsigned char* header) {
  if (std::memcmp(header, collection_signature.data(), collection_signature.size()) != 0) return 0;
  return little_endian(header + collection_signature.size(), 8);
}

bool for_objects_of_collection(const unsigned char* bytes, std::size_t size,
                               const std::function<void(std::uint64_t, std::uint64_t)>& use) {
  constexpr std::size_t alignment = 8;
  std::size_t at = header_bytes;
  while (at + header_bytes <= size) {
    const std::uint64_t index = little_endian(bytes + at, 2);
    const std::uint64_t own = little_endian(bytes + at + 8, 8);
    if (own > size) return false;
    // Free space counts its header, other objects do not.
    const std::uint64_t step =
        index == 0 ? own : header_bytes + (own + alignment - 1) / alignment * alignment;
    if (step < header_bytes || at + step > size) return false;
    use(index, own);
    at += step;
  }
  return true;
}

bool is_sound_collection(const unsigned char* bytes, std::size_t size) {
  return for_objects_of_collection(bytes, size, [](std::uint64_t, std::uint64_t) {});
}

}  // namespace sicmir::h5
