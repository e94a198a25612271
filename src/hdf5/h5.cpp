// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/h5.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "base/own_files.hpp"
#include "bundle/bundled_files.hpp"
#include "hdf5/h5_chunks.hpp"
#include "hdf5/h5_input_driver.hpp"
#include "hdf5/h5_storage.hpp"
#include "hdf5/lzf_filter.hpp"
#include "hdf5/memory_limit.hpp"
#include "hdf5/text_arena.hpp"
#include "hdf5/text_references.hpp"

namespace sicmir::h5 {
namespace {

std::recursive_mutex& the_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

Handle checked(const File& file, std::string_view where, std::string_view what, hid_t id) {
  if (id < 0) file.fail(where, what);
  return Handle(id);
}

void checked(const File& file, std::string_view where, std::string_view what, herr_t status) {
  if (status < 0) file.fail(where, what);
}

herr_t refuse_external_link(const char*, const char*, const char*, const char*, unsigned*, hid_t,
                            void*) {
  return -1;
}

/// Access list for whatever is opened by name: an external link is never followed, not even where
/// a soft link leads to one.
Handle no_external_links(hid_t list_class) {
  Handle access(H5Pcreate(list_class));
  H5Pset_elink_cb(access.get(), refuse_external_link, nullptr);
  return access;
}

/// `parent`/`name` without following external links anywhere on the way.
bool resolvable(hid_t parent, const std::string& name) {
  const Handle access = no_external_links(H5P_LINK_ACCESS);
  std::size_t start = 0;
  if (name.empty() || name == "/" || name == ".") return true;
  while (start <= name.size()) {
    const std::size_t slash = std::min(name.find('/', start), name.size());
    if (slash > start) {
      const std::string upto = name.substr(0, slash);
      if (H5Lexists(parent, upto.c_str(), access.get()) <= 0) return false;
      H5L_info_t info{};
      if (H5Lget_info(parent, upto.c_str(), &info, access.get()) < 0) return false;
      if (info.type == H5L_TYPE_EXTERNAL) return false;
    }
    start = slash + 1;
  }
  return H5Oexists_by_name(parent, name.c_str(), access.get()) > 0;
}

constexpr std::string_view unreadable_texts =
    "its texts cannot be read; the file is damaged or incomplete.";

/// Text of a fixed-length field of `size` bytes.
std::string fixed_text(const char* begin, std::size_t size, H5T_str_t padding) {
  std::size_t length = strnlen(begin, size);
  if (padding == H5T_STR_SPACEPAD) {
    while (length > 0 && begin[length - 1] == ' ') --length;
  }
  return {begin, length};
}

/// Beyond what a call of HDF5 honestly needs; also for what other threads do meanwhile.
constexpr std::uint64_t memory_room = std::uint64_t{1} << 29;

/// Reads `count` texts of any HDF5 string type through `read(memory type, buffer, transfer list)`;
/// `field`: the memory type is a compound of this one field. `space`: extent of the buffer.
/// `object`: whose texts they are.
template <class Read>
std::vector<std::string> read_texts_with(const File& file, hid_t object, const std::string& where,
                                         hid_t type, const std::string& field, hid_t space,
                                         std::size_t count, Read read) {
  std::vector<std::string> texts;
  if (count == 0) return texts;
  const bool variable = H5Tis_variable_str(type) > 0;
  const std::size_t size = variable ? sizeof(char*) : H5Tget_size(type);
  // A text longer than the whole file is a lie that would cost memory.
  if (!variable && file.bytes() > 0 && size * count / 1100 > file.bytes()) {
    file.fail(where, "claims longer texts than the file can hold; the file is damaged.");
  }
  Handle element(H5Tcopy(H5T_C_S1));
  if (variable) {
    H5Tset_size(element.get(), H5T_VARIABLE);
    H5Tset_cset(element.get(), H5Tget_cset(type));
  } else {
    element = Handle(H5Tcopy(type));
  }
  Handle memory;
  if (!field.empty()) {
    memory = Handle(H5Tcreate(H5T_COMPOUND, size));
    H5Tinsert(memory.get(), field.c_str(), 0, element.get());
  }
  const hid_t memory_type = field.empty() ? element.get() : memory.get();
  texts.reserve(count);
  if (variable) {
    std::vector<char*> pointers(count, nullptr);
    TextArena arena(file.bytes() + (std::size_t{1} << 20));  // texts are not compressed
    ReferenceCheck check(object);
    // HDF5 believes a text's length (up to 4 GiB) before it looks for the text.
    std::optional<MemoryLimit> limit;
    if (file.bytes() > 0) limit.emplace(file.bytes() + memory_room);
    if (check.during([&] {
          return read(memory_type, static_cast<void*>(pointers.data()), arena.transfer());
        }) < 0) {
      file.fail(where, unreadable_texts);
    }
    for (const char* text : pointers) texts.emplace_back(text == nullptr ? "" : text);
    if (arena.bytes() == 0) {  // read without the arena: an attribute
      H5Dvlen_reclaim(memory_type, space, H5P_DEFAULT, static_cast<void*>(pointers.data()));
    }
    return texts;
  }
  std::vector<char> bytes(size * count);
  if (read(memory_type, static_cast<void*>(bytes.data()), H5P_DEFAULT) < 0) {
    file.fail(where, unreadable_texts);
  }
  const H5T_str_t padding = H5Tget_strpad(type);
  for (std::size_t i = 0; i < count; ++i) {
    texts.push_back(fixed_text(bytes.data() + i * size, size, padding));
  }
  return texts;
}

/// Size of the file that an object belongs to; 0 if it cannot be told.
std::uint64_t bytes_of_file(hid_t object) {
  const Handle file(H5Iget_file_id(object));
  hsize_t bytes = 0;
  return H5Fget_filesize(file.get(), &bytes) >= 0 ? bytes : 0;
}

/// Number of elements of a one-dimensional or scalar data set, checked against what the file holds.
std::size_t checked_length(const File& file, hid_t dataset, const std::string& where) {
  const std::vector<hsize_t> extent = shape(file, dataset);
  if (extent.size() > 1) {
    file.fail(where, fmt::format("has {} dimensions; one was expected.", extent.size()));
  }
  const std::uint64_t count = check_claim(file, dataset);
  check_chunks(file, dataset);
  return static_cast<std::size_t>(count);
}

template <class T>
std::vector<T> read_numbers(const File& file, hid_t parent, const std::string& name, hid_t memory) {
  const Lock lock;
  const Handle dataset = open_dataset(file, parent, name);
  const std::string where = path_of(dataset.get());
  const TypeClass type = type_class(dataset.get());
  if (type != TypeClass::integer && type != TypeClass::real && type != TypeClass::boolean) {
    file.fail(where, "does not hold numbers.");
  }
  std::vector<T> values(checked_length(file, dataset.get(), where));
  if (!values.empty() &&
      H5Dread(dataset.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    file.fail(where,
              "cannot be read; the file is damaged, or compressed by a filter that this "
              "program lacks (rewrite it with gzip).");
  }
  return values;
}

}  // namespace

Lock::Lock() : lock_(the_mutex()) {
  enter_library();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Lock::~Lock() {
  leave_library();
}

Handle& Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    reset();
    id_ = other.release();
  }
  return *this;
}

void Handle::reset() noexcept {
  if (id_ < 0) return;
  const std::scoped_lock lock(the_mutex());
  if (H5Iis_valid(id_) > 0) H5Idec_ref(id_);
  id_ = H5I_INVALID_HID;
}

hid_t Handle::release() noexcept {
  return std::exchange(id_, H5I_INVALID_HID);
}

namespace {

constexpr std::size_t n_first_bytes = 520;  // as far as the signature behind MuData's user block

std::string first_bytes(const std::string& path, ExitCode code) {
  const int descriptor = open_input(path);
  if (descriptor < 0) {
    throw Error(code, fmt::format("{}: cannot be opened: {}.", path, std::strerror(errno)));
  }
  std::array<char, n_first_bytes> head{};
  const ssize_t n = ::pread(descriptor, head.data(), head.size(), 0);
  ::close(descriptor);
  return {head.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
}

/// HDF5 File Format Specification, version 3, superblock versions 2 and 3: the file consistency
/// flags, bit 0 of which says that a program has the file open for writing. The library checks them
/// only with its own file drivers.
void refuse_unfinished(const std::string& path, std::string_view start, ExitCode code) {
  constexpr std::size_t version_at = 8;
  constexpr std::size_t flags_at = 11;
  if (start.size() <= flags_at || !start.starts_with("\x89HDF") || start[version_at] < 2 ||
      (static_cast<unsigned char>(start[flags_at]) & 1U) == 0) {
    return;
  }
  throw Error(code, fmt::format("{}: is marked as open for writing: the program that wrote it has "
                                "not finished, or was killed. If no program is writing to it any "
                                "more, `h5clear -s {}` removes the mark.",
                                path, path));
}

}  // namespace

File File::open_read(const std::string& path, ExitCode code) {
  return open_place(path, code);
}

File File::open_read(const AnnotationPlace& place) {
  return open_place(place, ExitCode::bad_input);
}

File File::open_place(const AnnotationPlace& place, ExitCode code) {
  const Lock lock;
  const std::string& path = place.name;
  const auto bundled = bundle::bytes_of(place.file);
  const std::string start =
      bundled ? std::string(bundled->substr(0, n_first_bytes)) : first_bytes(place.file, code);
  refuse_unfinished(path, start, code);
  register_lzf_filter();
  register_reference_check();
  File file;
  file.place_ = place;
  file.code_ = code;
  const Handle access(H5Pcreate(H5P_FILE_ACCESS));
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(access.get(), false, true);
#endif
  if (bundled) {
    use_input_driver(access.get(), *bundled);
  } else {
    use_input_driver(access.get());
  }
  // What a damaged input did to the memory may show after it is closed: its note stays.
  if (code == ExitCode::bad_model) {
    file.open_ = ScopedWork(Work::reading_model, path);
  } else {
    note_work(Work::reading_input, path);
  }
  file.handle_ = Handle(H5Fopen(place.file.c_str(), H5F_ACC_RDONLY, access.get()));
  if (!file.handle_) {
    if (!has_signature(start) && start.find('\0') == std::string_view::npos) {
      throw Error(code, fmt::format("{}: this is text, not an HDF5 file.", path));
    }
    throw Error(code, fmt::format("{}: HDF5 cannot open this file; it is damaged or incomplete "
                                  "(compare its size with the original's).",
                                  path));
  }
  hsize_t bytes = 0;
  if (H5Fget_filesize(file.handle_.get(), &bytes) >= 0) file.bytes_ = bytes;
  if (!place.group.empty()) file.root_ = open_group(file, file.handle_.get(), place.group);
  return file;
}

bool File::outgrows_cache() const noexcept {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_bytes = sysconf(_SC_PAGESIZE);
  return pages > 0 && page_bytes > 0 &&
         bytes_ / static_cast<std::uint64_t>(page_bytes) > static_cast<std::uint64_t>(pages) / 2;
}

void File::release_cache() const noexcept {
  const Lock lock;
  void* descriptor = nullptr;
  if (H5Fget_vfd_handle(handle_.get(), H5P_DEFAULT, &descriptor) < 0 || descriptor == nullptr) {
    return;
  }
  ::posix_fadvise(*static_cast<const int*>(descriptor), 0, 0, POSIX_FADV_DONTNEED);
}

void File::fail(std::string_view where, std::string_view what) const {
  throw Error(code_, fmt::format("{}: {}: {}", path(), where, what));
}

bool has_signature(std::span<const char> first_bytes) {
  constexpr std::array<char, 8> signature = {'\x89', 'H', 'D', 'F', '\r', '\n', '\x1a', '\n'};
  for (std::size_t at = 0; at + signature.size() <= first_bytes.size();
       at = at == 0 ? 512 : at * 2) {
    if (std::memcmp(first_bytes.data() + at, signature.data(), signature.size()) == 0) return true;
  }
  return false;
}

ObjectKind kind_of(hid_t parent, const std::string& name) {
  const Lock lock;
  if (!resolvable(parent, name)) return ObjectKind::absent;
  const Handle access = no_external_links(H5P_LINK_ACCESS);
  H5O_info_t info{};
  if (H5Oget_info_by_name(parent, name.c_str(), &info, access.get()) < 0) return ObjectKind::absent;
  switch (info.type) {
    case H5O_TYPE_GROUP:
      return ObjectKind::group;
    case H5O_TYPE_DATASET:
      return ObjectKind::dataset;
    default:
      return ObjectKind::other;
  }
}

bool has_attribute(hid_t object, const std::string& name) {
  const Lock lock;
  return H5Aexists(object, name.c_str()) > 0;
}

std::vector<std::string> members(const File& file, hid_t group) {
  const Lock lock;
  H5G_info_t info{};
  checked(file, path_of(group), "cannot be listed.", H5Gget_info(group, &info));
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const ssize_t length =
        H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, nullptr, 0, H5P_DEFAULT);
    if (length < 0) file.fail(path_of(group), "cannot be listed.");
    std::string name(static_cast<std::size_t>(length) + 1, '\0');
    H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name.data(), name.size(),
                       H5P_DEFAULT);
    name.pop_back();
    names.push_back(std::move(name));
  }
  return names;
}

Handle open_group(const File& file, hid_t parent, const std::string& name) {
  const Lock lock;
  if (kind_of(parent, name) != ObjectKind::group) {
    file.fail(path_of(parent), fmt::format("has no group '{}'.", name));
  }
  const Handle access = no_external_links(H5P_GROUP_ACCESS);
  return checked(file, name, "cannot be opened.", H5Gopen2(parent, name.c_str(), access.get()));
}

Handle open_dataset(const File& file, hid_t parent, const std::string& name) {
  const Lock lock;
  if (kind_of(parent, name) != ObjectKind::dataset) {
    file.fail(path_of(parent), fmt::format("has no data set '{}'.", name));
  }
  const Handle access = no_external_links(H5P_DATASET_ACCESS);
  Handle dataset =
      checked(file, name, "cannot be opened.", H5Dopen2(parent, name.c_str(), access.get()));
  const Handle creation(H5Dget_create_plist(dataset.get()));
  if (H5Pget_external_count(creation.get()) > 0 || H5Pget_layout(creation.get()) == H5D_VIRTUAL) {
    file.fail(path_of(dataset.get()),
              "keeps its data in other files, which is refused. Copy the data into one file.");
  }
  check_filters(file, dataset.get());
  return dataset;
}

std::string path_of(hid_t object) {
  const Lock lock;
  const ssize_t length = H5Iget_name(object, nullptr, 0);
  if (length <= 0) return "/";
  std::string name(static_cast<std::size_t>(length) + 1, '\0');
  H5Iget_name(object, name.data(), name.size());
  name.pop_back();
  return name;
}

std::vector<hsize_t> shape(const File& file, hid_t dataset) {
  const Lock lock;
  const Handle space(H5Dget_space(dataset));
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 0 || H5Sget_simple_extent_type(space.get()) == H5S_NULL) {
    file.fail(path_of(dataset), "has no shape.");
  }
  std::vector<hsize_t> extent(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space.get(), extent.data(), nullptr);
  return extent;
}

std::uint64_t stored_bytes(hid_t dataset) {
  const Lock lock;
  return H5Dget_storage_size(dataset);
}

std::uint64_t check_claim(const File& file, hid_t dataset) {
  const Lock lock;
  std::uint64_t count = 1;
  for (const hsize_t length : shape(file, dataset)) {
    if (length != 0 && count > UINT64_MAX / length) {
      file.fail(path_of(dataset), "claims an impossible shape; the file is damaged.");
    }
    count *= length;
  }
  // gzip shrinks at most about a thousandfold; anything beyond is not data that somebody wrote but
  // a claim. Contiguous data sets "store" what they claim, hence the look at the file's size.
  const std::uint64_t stored = std::min(stored_bytes(dataset), file.bytes());
  constexpr std::uint64_t free_elements = 1u << 20;
  if (count > free_elements && count / 1100 > stored) {
    file.fail(path_of(dataset),
              fmt::format("claims {} elements but the file stores only {} bytes of it; the file is "
                          "damaged.",
                          count, stored));
  }
  return count;
}

std::optional<std::vector<std::string>> texts_attribute(hid_t object, const std::string& name) {
  const Lock lock;
  if (H5Aexists(object, name.c_str()) <= 0) return std::nullopt;
  const Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT));
  if (!attribute) return std::nullopt;
  const Handle type(H5Aget_type(attribute.get()));
  const Handle space(H5Aget_space(attribute.get()));
  const hssize_t count = H5Sget_simple_extent_npoints(space.get());
  // An object header holds 4,096 texts, dense attributes more; HDF5 believes any count and reads
  // beyond what it has.
  if (H5Tget_class(type.get()) != H5T_STRING || count < 0 || count > (1 << 16)) return std::nullopt;
  if (H5Tis_variable_str(type.get()) <= 0 && H5Tget_size(type.get()) > (std::size_t{1} << 20)) {
    return std::nullopt;
  }
  // All texts may point to the same bytes of the file, and H5Aread() takes no arena. Their sum is
  // honestly at most the size of the file, since texts are not compressed.
  const std::uint64_t most = bytes_of_file(object);
  std::optional<MemoryLimit> limit;
  if (most > memory_room / static_cast<std::uint64_t>(count + 1)) limit.emplace(most + memory_room);
  const File nameless;
  try {
    return read_texts_with(
        nameless, object, name, type.get(), {}, space.get(), static_cast<std::size_t>(count),
        [&](hid_t memory, void* out, hid_t) { return H5Aread(attribute.get(), memory, out); });
  } catch (const Error&) {
    if (!limit) return std::nullopt;
  } catch (const std::bad_alloc&) {
    if (!limit) throw;
  }
  // What was allocated before the failure is lost: not again.
  throw Error(ExitCode::bad_input,
              fmt::format("{}: attribute {} cannot be read, or claims more text than the file "
                          "holds; the file is damaged.",
                          path_of(object), name));
}

std::optional<std::string> text_attribute(hid_t object, const std::string& name) {
  const auto texts = texts_attribute(object, name);
  if (!texts || texts->size() != 1) return std::nullopt;
  return texts->front();
}

std::optional<std::vector<std::int64_t>> integer_attribute(hid_t object, const std::string& name) {
  const Lock lock;
  if (H5Aexists(object, name.c_str()) <= 0) return std::nullopt;
  const Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT));
  const Handle type(H5Aget_type(attribute.get()));
  const Handle space(H5Aget_space(attribute.get()));
  const hssize_t count = H5Sget_simple_extent_npoints(space.get());
  const H5T_class_t kind = H5Tget_class(type.get());
  if ((kind != H5T_INTEGER && kind != H5T_ENUM) || count < 0 || count > 1024) {
    return std::nullopt;
  }
  std::vector<std::int64_t> values(static_cast<std::size_t>(count));
  if (H5Aread(attribute.get(), H5T_NATIVE_INT64, values.data()) < 0) return std::nullopt;
  return values;
}

TypeClass type_class(hid_t dataset) {
  const Lock lock;
  const Handle type(H5Dget_type(dataset));
  switch (H5Tget_class(type.get())) {
    case H5T_INTEGER:
      return TypeClass::integer;
    case H5T_FLOAT:
      return TypeClass::real;
    case H5T_STRING:
      return TypeClass::text;
    case H5T_ENUM:
      return TypeClass::boolean;
    case H5T_COMPOUND:
      return TypeClass::compound;
    case H5T_REFERENCE:
      return TypeClass::reference;
    default:
      return TypeClass::other;
  }
}

std::vector<std::string> read_texts(const File& file, hid_t parent, const std::string& name) {
  const Lock lock;
  const Handle dataset = open_dataset(file, parent, name);
  const std::string where = path_of(dataset.get());
  const Handle type(H5Dget_type(dataset.get()));
  if (H5Tget_class(type.get()) != H5T_STRING) file.fail(where, "does not hold texts.");
  const std::size_t count = checked_length(file, dataset.get(), where);
  const Handle space(H5Dget_space(dataset.get()));
  return read_texts_with(file, dataset.get(), where, type.get(), {}, space.get(), count,
                         [&](hid_t memory, void* out, hid_t transfer) {
                           return H5Dread(dataset.get(), memory, H5S_ALL, H5S_ALL, transfer, out);
                         });
}

std::vector<std::string> read_text_slice(const File& file, hid_t dataset, hsize_t first,
                                         hsize_t count, const std::string& field) {
  const Lock lock;
  const std::string where = path_of(dataset);
  Handle type(H5Dget_type(dataset));
  if (!field.empty() && H5Tget_class(type.get()) == H5T_COMPOUND) {
    const int member = H5Tget_member_index(type.get(), field.c_str());
    if (member < 0) file.fail(where, fmt::format("has no field '{}'.", field));
    type = Handle(H5Tget_member_type(type.get(), static_cast<unsigned>(member)));
  }
  if (H5Tget_class(type.get()) != H5T_STRING) file.fail(where, "does not hold texts.");
  const Handle space(H5Dget_space(dataset));
  const Handle memory_space(H5Screate_simple(1, &count, nullptr));
  if (count > 0 &&
      H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, &first, nullptr, &count, nullptr) < 0) {
    file.fail(where, unreadable_texts);
  }
  return read_texts_with(
      file, dataset, where, type.get(), field, memory_space.get(), static_cast<std::size_t>(count),
      [&](hid_t memory, void* out, hid_t transfer) {
        return H5Dread(dataset, memory, memory_space.get(), space.get(), transfer, out);
      });
}

std::vector<double> read_doubles(const File& file, hid_t parent, const std::string& name) {
  return read_numbers<double>(file, parent, name, H5T_NATIVE_DOUBLE);
}

std::vector<std::int64_t> read_integers(const File& file, hid_t parent, const std::string& name) {
  return read_numbers<std::int64_t>(file, parent, name, H5T_NATIVE_INT64);
}

void read_slice(const File& file, hid_t dataset, hid_t memory, hsize_t first, hsize_t count,
                void* out) {
  if (count == 0) return;
  const Lock lock;
  const Handle space(H5Dget_space(dataset));
  const Handle memory_space(H5Screate_simple(1, &count, nullptr));
  if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, &first, nullptr, &count, nullptr) < 0 ||
      H5Dread(dataset, memory, memory_space.get(), space.get(), H5P_DEFAULT, out) < 0) {
    file.fail(path_of(dataset),
              fmt::format("elements {} to {} cannot be read; the file is damaged or incomplete, or "
                          "compressed by a filter that this program lacks (rewrite it with gzip).",
                          first, first + count - 1));
  }
}

}  // namespace sicmir::h5
