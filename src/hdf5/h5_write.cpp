// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>

#include "hdf5/h5.hpp"
#include "hdf5/h5_path_driver.hpp"

namespace sicmir::h5 {
namespace {

constexpr std::string_view cannot_write =
    "could not be written. Check the space left and the permissions.";

[[noreturn]] void fail_as(int system_error, const File& file, std::string_view where) {
  if (system_error == 0) file.fail(where, cannot_write);
  throw Error(ExitCode::not_written,
              fmt::format("{}: cannot be written: {}.", file.path(), std::strerror(system_error)));
}

/// Of the driver, which does not tell HDF5.
int error_of(const File& file) {
  const std::shared_ptr<DriverState> state = state_of(file.id());
  return state == nullptr ? 0 : state->error;
}

Handle written(const File& file, std::string_view where, hid_t id) {
  Handle handle(id);
  const int error = error_of(file);
  if (id < 0 || error != 0) fail_as(error, file, where);
  return handle;
}

void written(const File& file, std::string_view where, herr_t status) {
  const int error = error_of(file);
  if (status < 0 || error != 0) fail_as(error, file, where);
}

Handle text_type() {
  Handle type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

void set_attribute(const File& file, hid_t object, const std::string& name, hid_t type, hid_t space,
                   const void* data) {
  const Handle attribute =
      written(file, name, H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT));
  written(file, name, H5Awrite(attribute.get(), type, data));
}

}  // namespace

File File::create(const std::string& path) {
  const Lock lock;
  File file;
  file.place_ = path;
  file.code_ = ExitCode::not_written;
  const Handle access(H5Pcreate(H5P_FILE_ACCESS));
  written(file, "/", use_path_driver(access.get()));
  const Handle creation(H5Pcreate(H5P_FILE_CREATE));
  file.handle_ = Handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()));
  if (!file.handle_) fail_as(why_not_opened(), file, "/");
  return file;
}

void File::close() {
  const Lock lock;
  if (!handle_) return;
  const std::shared_ptr<DriverState> state = state_of(handle_.get());
  const herr_t flushed = H5Fflush(handle_.get(), H5F_SCOPE_GLOBAL);
  const herr_t closed = H5Fclose(handle_.release());
  const int error = state == nullptr ? 0 : state->error;
  if (flushed < 0 || closed < 0 || error != 0) fail_as(error, *this, "/");
}

Handle create_group(const File& file, hid_t parent, const std::string& name) {
  const Lock lock;
  return written(file, name,
                 H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}

void write_array(const File& file, hid_t parent, const std::string& name, hid_t stored,
                 hid_t memory, std::span<const hsize_t> extent, const void* data) {
  const Lock lock;
  const Handle space(
      extent.empty() ? H5Screate(H5S_SCALAR)
                     : H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr));
  // No modification times: equal content makes equal bytes.
  const Handle creation(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(creation.get(), false);
  const Handle dataset = written(file, name,
                                 H5Dcreate2(parent, name.c_str(), stored, space.get(), H5P_DEFAULT,
                                            creation.get(), H5P_DEFAULT));
  const bool empty = std::find(extent.begin(), extent.end(), hsize_t{0}) != extent.end();
  if (empty) return;
  written(file, name, H5Dwrite(dataset.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
}

void write_texts(const File& file, hid_t parent, const std::string& name,
                 std::span<const std::string> values) {
  const Lock lock;
  const Handle type = text_type();
  std::vector<const char*> pointers;
  pointers.reserve(values.size());
  for (const std::string& value : values) pointers.push_back(value.c_str());
  const std::array<hsize_t, 1> extent = {values.size()};
  write_array(file, parent, name, type.get(), type.get(), extent, pointers.data());
}

void write_text(const File& file, hid_t parent, const std::string& name, std::string_view value) {
  const Lock lock;
  const Handle type = text_type();
  const std::string text(value);
  const char* pointer = text.c_str();
  write_array(file, parent, name, type.get(), type.get(), {}, &pointer);
}

void write_doubles(const File& file, hid_t parent, const std::string& name,
                   std::span<const double> values) {
  const std::array<hsize_t, 1> extent = {values.size()};
  write_array(file, parent, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, extent, values.data());
}

void write_integers(const File& file, hid_t parent, const std::string& name,
                    std::span<const std::int64_t> values) {
  const std::array<hsize_t, 1> extent = {values.size()};
  write_array(file, parent, name, H5T_STD_I64LE, H5T_NATIVE_INT64, extent, values.data());
}

void set_text_attribute(const File& file, hid_t object, const std::string& name,
                        std::string_view value) {
  const Lock lock;
  const Handle type = text_type();
  const Handle space(H5Screate(H5S_SCALAR));
  const std::string text(value);
  const char* pointer = text.c_str();
  set_attribute(file, object, name, type.get(), space.get(), &pointer);
}

void set_texts_attribute(const File& file, hid_t object, const std::string& name,
                         std::span<const std::string> values) {
  const Lock lock;
  const Handle type = text_type();
  const hsize_t count = values.size();
  const Handle space(H5Screate_simple(1, &count, nullptr));
  std::vector<const char*> pointers;
  for (const std::string& value : values) pointers.push_back(value.c_str());
  const Handle attribute =
      written(file, name,
              H5Acreate2(object, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT));
  if (count > 0) {
    written(file, name, H5Awrite(attribute.get(), type.get(), pointers.data()));
  }
}

void set_integer_attribute(const File& file, hid_t object, const std::string& name,
                           std::int64_t value) {
  const Lock lock;
  const Handle space(H5Screate(H5S_SCALAR));
  set_attribute(file, object, name, H5T_NATIVE_INT64, space.get(), &value);
}

void set_double_attribute(const File& file, hid_t object, const std::string& name, double value) {
  const Lock lock;
  const Handle space(H5Screate(H5S_SCALAR));
  set_attribute(file, object, name, H5T_NATIVE_DOUBLE, space.get(), &value);
}

}  // namespace sicmir::h5
