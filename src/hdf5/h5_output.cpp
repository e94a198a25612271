// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/h5_output.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace sicmir {
namespace {

h5::Handle make_links() {
  h5::Handle creation(H5Pcreate(H5P_LINK_CREATE));
  H5Pset_create_intermediate_group(creation.get(), 1);
  H5Pset_char_encoding(creation.get(), H5T_CSET_UTF8);
  return creation;
}

void set_attribute(const H5Output& out, hid_t object, const char* name, hid_t type, hid_t space,
                   const void* value) {
  const h5::Handle attribute =
      out.checked(H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
  if (value != nullptr) out.check(H5Awrite(attribute.get(), type, value));
}

}  // namespace

H5Output::~H5Output() {
  if (!handle_) return;
  const h5::Lock lock;
  state_.discard = true;
  // Objects that are still open would keep the file open beyond this point.
  constexpr unsigned kinds = H5F_OBJ_DATASET | H5F_OBJ_GROUP | H5F_OBJ_ATTR | H5F_OBJ_LOCAL;
  const ssize_t open = H5Fget_obj_count(handle_.get(), kinds);
  if (open > 0) {
    std::vector<hid_t> ids(static_cast<std::size_t>(open));
    const ssize_t got = H5Fget_obj_ids(handle_.get(), kinds, ids.size(), ids.data());
    for (ssize_t i = 0; i < got; ++i) H5Idec_ref(ids[static_cast<std::size_t>(i)]);
  }
  H5Fclose(handle_.release());
}

void H5Output::create(std::string_view user_block) {
  constexpr hsize_t user_block_bytes = 512;  // the least that HDF5 allows
  const h5::Lock lock;
  if (file_) file_->create();
  state_.descriptor = file_ ? file_->descriptor() : temporary_;
  const h5::Handle access(H5Pcreate(H5P_FILE_ACCESS));
  check(h5::use_driver(access.get(), state_));
  const h5::Handle creation(H5Pcreate(H5P_FILE_CREATE));
  check(H5Pset_obj_track_times(creation.get(), false));
  if (!user_block.empty()) {
    if (user_block.size() > user_block_bytes) {
      throw Error(ExitCode::internal, "The user block is too long.");
    }
    check(H5Pset_userblock(creation.get(), user_block_bytes));
    user_block_ = user_block;
    user_block_.resize(user_block_bytes, '\0');
  }
  const std::string path = file_ ? file_->temporary_path() : name_;  // the driver looks at neither
  handle_ = checked(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()));
}

void H5Output::create_copy(const std::string& input) {
  const h5::Lock lock;
  file_->create();
  const Descriptor from(::open(input.c_str(), O_RDONLY | O_CLOEXEC));
  const auto refuse = [&] {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: cannot be copied: {}.", input, std::strerror(errno)));
  };
  if (!from) refuse();
  std::vector<char> piece(std::size_t{1} << 22);
  for (;;) {
    const ssize_t got = ::read(from.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse();
    if (got == 0) break;
    file_->write({piece.data(), static_cast<std::size_t>(got)});
  }
  state_.descriptor = file_->descriptor();
  const h5::Handle access(H5Pcreate(H5P_FILE_ACCESS));
  check(h5::use_driver(access.get(), state_));
  const hid_t opened = H5Fopen(file_->temporary_path().c_str(), H5F_ACC_RDWR, access.get());
  if (opened < 0) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: HDF5 cannot open a copy of it for writing; it may have been left "
                            "open by a program that was killed (h5clear -s mends that).",
                            input));
  }
  handle_ = h5::Handle(opened);
}

void H5Output::commit() {
  const h5::Lock lock;
  check(H5Fflush(handle_.get(), H5F_SCOPE_GLOBAL));
  if (H5Fget_obj_count(handle_.get(), H5F_OBJ_ALL) != 1) {
    throw Error(ExitCode::internal, fmt::format("{}: an object was left open.", path()));
  }
  check(H5Fclose(handle_.release()));
  // The driver writes at addresses of its own, so that the descriptor still stands at the
  // beginning.
  if (!file_) return;
  if (!user_block_.empty()) file_->write(user_block_);
  file_->commit();
}

void H5Output::fail() const {
  if (state_.error != 0 && file_) file_->fail(state_.error);
  if (state_.error != 0) {
    throw Error(ExitCode::not_written,
                fmt::format("{}: the temporary file that it is translated to cannot be written: "
                            "{}. Set TMPDIR to a directory with more space.",
                            name_, std::strerror(state_.error)));
  }
  throw Error(ExitCode::not_written, fmt::format("{}: HDF5 refused to write it.", path()));
}

h5::Handle utf8_type() {
  h5::Handle type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

h5::Handle create_group(const H5Output& out, hid_t parent, const std::string& name,
                        std::string_view encoding, std::string_view version) {
  const h5::Lock lock;
  const h5::Handle links = make_links();
  const h5::Handle creation(H5Pcreate(H5P_GROUP_CREATE));
  out.check(H5Pset_obj_track_times(creation.get(), false));
  h5::Handle group =
      out.checked(H5Gcreate2(parent, name.c_str(), links.get(), creation.get(), H5P_DEFAULT));
  set_encoding(out, group.get(), encoding, version);
  return group;
}

h5::Handle create_dataset(const H5Output& out, hid_t parent, const std::string& name, hid_t type,
                          std::span<const hsize_t> extent) {
  const h5::Lock lock;
  const h5::Handle links = make_links();
  const h5::Handle space = out.checked(
      extent.empty() ? H5Screate(H5S_SCALAR)
                     : H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr));
  const h5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
  out.check(H5Pset_obj_track_times(creation.get(), false));
  return out.checked(H5Dcreate2(parent, name.c_str(), type, space.get(), links.get(),
                                creation.get(), H5P_DEFAULT));
}

void set_encoding(const H5Output& out, hid_t object, std::string_view encoding,
                  std::string_view version) {
  if (encoding.empty()) return;
  set_text(out, object, "encoding-type", encoding);
  set_text(out, object, "encoding-version", version);
}

void set_text(const H5Output& out, hid_t object, const char* name, std::string_view value) {
  const h5::Lock lock;
  const h5::Handle type = utf8_type();
  const h5::Handle space(H5Screate(H5S_SCALAR));
  const std::string text(value);
  const char* pointer = text.c_str();
  set_attribute(out, object, name, type.get(), space.get(), static_cast<const void*>(&pointer));
}

void set_texts(const H5Output& out, hid_t object, const char* name,
               std::span<const std::string> values) {
  const h5::Lock lock;
  const h5::Handle type = utf8_type();
  const hsize_t count = values.size();
  const h5::Handle space(H5Screate_simple(1, &count, nullptr));
  std::vector<const char*> pointers;
  for (const std::string& value : values) pointers.push_back(value.c_str());
  set_attribute(out, object, name, type.get(), space.get(),
                pointers.empty() ? nullptr : static_cast<const void*>(pointers.data()));
}

void set_integers(const H5Output& out, hid_t object, const char* name,
                  std::span<const std::int64_t> values) {
  const h5::Lock lock;
  const hsize_t count = values.size();
  const h5::Handle space(H5Screate_simple(1, &count, nullptr));
  set_attribute(out, object, name, H5T_NATIVE_INT64, space.get(), values.data());
}

void set_integer(const H5Output& out, hid_t object, const char* name, std::int64_t value) {
  const h5::Lock lock;
  const h5::Handle space(H5Screate(H5S_SCALAR));
  set_attribute(out, object, name, H5T_NATIVE_INT64, space.get(), &value);
}

h5::Handle bool_type(const H5Output& out) {
  const h5::Lock lock;
  h5::Handle type(H5Tenum_create(H5T_NATIVE_INT8));
  const std::int8_t no = 0;
  const std::int8_t yes = 1;
  out.check(H5Tenum_insert(type.get(), "FALSE", &no));
  out.check(H5Tenum_insert(type.get(), "TRUE", &yes));
  return type;
}

void set_bool(const H5Output& out, hid_t object, const char* name, bool value) {
  const h5::Lock lock;
  const h5::Handle type = bool_type(out);
  const h5::Handle space(H5Screate(H5S_SCALAR));
  const std::int8_t stored = value ? 1 : 0;
  set_attribute(out, object, name, type.get(), space.get(), &stored);
}

void write_lines(const H5Output& out, hid_t dataset, hid_t memory, hsize_t first, hsize_t count,
                 const void* values) {
  const h5::Lock lock;
  const h5::Handle space = out.checked(H5Dget_space(dataset));
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank == 0) {
    out.check(H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
    return;
  }
  std::vector<hsize_t> extent(static_cast<std::size_t>(rank));
  out.check(H5Sget_simple_extent_dims(space.get(), extent.data(), nullptr));
  extent[0] = count;
  if (std::find(extent.begin(), extent.end(), hsize_t{0}) != extent.end()) return;
  std::vector<hsize_t> start(extent.size(), 0);
  start[0] = first;
  out.check(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, extent.data(),
                                nullptr));
  const h5::Handle memory_space = out.checked(H5Screate_simple(rank, extent.data(), nullptr));
  out.check(H5Dwrite(dataset, memory, memory_space.get(), space.get(), H5P_DEFAULT, values));
}

namespace {

/// `type`: in the file and in memory.
void write_scalar(const H5Output& out, hid_t parent, const std::string& name, hid_t type,
                  const void* value) {
  const h5::Lock lock;
  h5::Handle dataset = create_dataset(out, parent, name, type, {});
  write_lines(out, dataset.get(), type, 0, 1, value);
  set_encoding(out, dataset.get(), "numeric-scalar", "0.2.0");
  out.close(std::move(dataset));
}

}  // namespace

void write_integer(const H5Output& out, hid_t parent, const std::string& name, std::int64_t value) {
  write_scalar(out, parent, name, H5T_NATIVE_INT64, &value);
}

void write_double(const H5Output& out, hid_t parent, const std::string& name, double value) {
  write_scalar(out, parent, name, H5T_NATIVE_DOUBLE, &value);
}

void write_bool(const H5Output& out, hid_t parent, const std::string& name, bool value) {
  const h5::Handle type = bool_type(out);
  const std::int8_t stored = value ? 1 : 0;
  write_scalar(out, parent, name, type.get(), &stored);
}

void write_string(const H5Output& out, hid_t parent, const std::string& name,
                  std::string_view value) {
  const h5::Lock lock;
  const h5::Handle type = utf8_type();
  h5::Handle dataset = create_dataset(out, parent, name, type.get(), {});
  const std::string text = as_utf8(value);
  const char* pointer = text.c_str();
  write_lines(out, dataset.get(), type.get(), 0, 1, static_cast<const void*>(&pointer));
  set_encoding(out, dataset.get(), "string", "0.2.0");
  out.close(std::move(dataset));
}

void write_string_array(const H5Output& out, hid_t parent, const std::string& name,
                        const TextList& values) {
  const h5::Lock lock;
  const h5::Handle type = utf8_type();
  const std::array<hsize_t, 1> extent = {values.size()};
  h5::Handle dataset = create_dataset(out, parent, name, type.get(), extent);
  constexpr std::size_t piece = std::size_t{1} << 16;
  std::vector<const char*> pointers;
  for (std::size_t first = 0; first < values.size(); first += piece) {
    pointers.clear();
    for (std::size_t i = first; i < std::min(first + piece, values.size()); ++i) {
      pointers.push_back(values.c_str(i));
    }
    write_lines(out, dataset.get(), type.get(), first, pointers.size(),
                static_cast<const void*>(pointers.data()));
  }
  set_encoding(out, dataset.get(), "string-array", "0.2.0");
  out.close(std::move(dataset));
}

void write_double_array(const H5Output& out, hid_t parent, const std::string& name,
                        std::span<const double> values) {
  const h5::Lock lock;
  const std::array<hsize_t, 1> extent = {values.size()};
  h5::Handle dataset = create_dataset(out, parent, name, H5T_IEEE_F64LE, extent);
  write_lines(out, dataset.get(), H5T_NATIVE_DOUBLE, 0, values.size(), values.data());
  set_encoding(out, dataset.get(), "array", "0.2.0");
  out.close(std::move(dataset));
}

}  // namespace sicmir
