// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/h5_arrays.hpp"

#include <fmt/format.h>

#include <array>

#include "base/joined.hpp"
#include "base/text_list.hpp"

namespace sicmir::atlas::arrays {
namespace {

using h5::Handle;

template <class T>
void write_plain(const H5Output& out, hid_t parent, const std::string& name, hid_t stored,
                 hid_t memory, std::span<const hsize_t> extent, const T* values) {
  const h5::Lock lock;
  Handle dataset = create_dataset(out, parent, name, stored, extent);
  hsize_t count = 1;
  for (const hsize_t length : extent) count *= length;
  if (count > 0) write_lines(out, dataset.get(), memory, 0, extent.front(), values);
  out.close(std::move(dataset));
}

Handle open_plain(const h5::File& file, const std::string& path,
                  std::span<const hsize_t> expected) {
  if (h5::kind_of(file.id(), path) != h5::ObjectKind::dataset) {
    file.fail(path, "is missing; the file is damaged or was changed.");
  }
  Handle dataset = h5::open_dataset(file, file.id(), path);
  const Handle creation(H5Dget_create_plist(dataset.get()));
  const H5D_layout_t layout = H5Pget_layout(creation.get());
  if ((layout != H5D_CONTIGUOUS && layout != H5D_COMPACT) || H5Pget_nfilters(creation.get()) != 0) {
    file.fail(path, "is not stored as plain numbers; the file was changed.");
  }
  const std::vector<hsize_t> extent = h5::shape(file, dataset.get());
  if (!std::equal(extent.begin(), extent.end(), expected.begin(), expected.end())) {
    file.fail(path, fmt::format("has the shape {}; expected {}.",
                                extent.empty() ? "of one value" : joined(extent, " x "),
                                joined(expected, " x ")));
  }
  const std::uint64_t count = h5::check_claim(file, dataset.get());
  const Handle type(H5Dget_type(dataset.get()));
  if (count > 0 && file.bytes() / count < H5Tget_size(type.get())) {
    file.fail(path, fmt::format("claims {} values, more than the file holds.", count));
  }
  return dataset;
}

template <class T>
std::vector<T> read_plain(const h5::File& file, const std::string& path, h5::TypeClass type,
                          hid_t memory, std::span<const hsize_t> expected) {
  const h5::Lock lock;
  const Handle dataset = open_plain(file, path, expected);
  if (h5::type_class(dataset.get()) != type) {
    file.fail(path, "holds another kind of values than expected; the file was changed.");
  }
  hsize_t count = 1;
  for (const hsize_t length : expected) count *= length;
  std::vector<T> values(static_cast<std::size_t>(count));
  if (count > 0 &&
      H5Dread(dataset.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    file.fail(path, "cannot be read; the file is damaged or incomplete.");
  }
  return values;
}

}  // namespace

void write(const H5Output& out, hid_t parent, const std::string& name,
           std::span<const hsize_t> extent, const float* values) {
  write_plain(out, parent, name, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, extent, values);
}

void write(const H5Output& out, hid_t parent, const std::string& name,
           std::span<const float> values) {
  const std::array<hsize_t, 1> extent = {values.size()};
  write(out, parent, name, extent, values.data());
}

void write(const H5Output& out, hid_t parent, const std::string& name,
           std::span<const double> values) {
  const std::array<hsize_t, 1> extent = {values.size()};
  write_plain(out, parent, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, extent, values.data());
}

void write(const H5Output& out, hid_t parent, const std::string& name,
           std::span<const std::int32_t> values) {
  const std::array<hsize_t, 1> extent = {values.size()};
  write_plain(out, parent, name, H5T_STD_I32LE, H5T_NATIVE_INT32, extent, values.data());
}

void write(const H5Output& out, hid_t parent, const std::string& name,
           std::span<const std::string> values) {
  TextList list;
  for (const std::string& value : values) list.append(as_utf8(value));
  write_string_array(out, parent, name, list);
}

std::size_t length(const h5::File& file, const std::string& path) {
  const h5::Lock lock;
  if (h5::kind_of(file.id(), path) != h5::ObjectKind::dataset) {
    file.fail(path, "is missing; the file is damaged or was changed.");
  }
  const Handle dataset = h5::open_dataset(file, file.id(), path);
  const std::vector<hsize_t> extent = h5::shape(file, dataset.get());
  if (extent.size() != 1) file.fail(path, "is no list; the file is damaged or was changed.");
  return static_cast<std::size_t>(extent.front());
}

std::vector<float> floats(const h5::File& file, const std::string& path,
                          std::span<const hsize_t> extent) {
  return read_plain<float>(file, path, h5::TypeClass::real, H5T_NATIVE_FLOAT, extent);
}

std::vector<float> floats(const h5::File& file, const std::string& path, std::size_t length) {
  const std::array<hsize_t, 1> extent = {length};
  return floats(file, path, extent);
}

std::vector<double> doubles(const h5::File& file, const std::string& path, std::size_t length) {
  const std::array<hsize_t, 1> extent = {length};
  return read_plain<double>(file, path, h5::TypeClass::real, H5T_NATIVE_DOUBLE, extent);
}

std::vector<std::int32_t> integers(const h5::File& file, const std::string& path,
                                   std::size_t length, std::int32_t low, std::int32_t high) {
  const std::array<hsize_t, 1> extent = {length};
  std::vector<std::int32_t> values =
      read_plain<std::int32_t>(file, path, h5::TypeClass::integer, H5T_NATIVE_INT32, extent);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] < low || values[i] > high) {
      file.fail(path,
                fmt::format("number {} is {}; expected {} to {}.", i + 1, values[i], low, high));
    }
  }
  return values;
}

std::vector<std::string> texts(const h5::File& file, const std::string& path, std::size_t length) {
  const h5::Lock lock;
  const std::array<hsize_t, 1> extent = {length};
  (void)open_plain(file, path, extent);
  return h5::read_texts(file, file.id(), path);
}

}  // namespace sicmir::atlas::arrays
