// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/h5_join.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/log.hpp"
#include "base/nan.hpp"
#include "hdf5/h5_chunks.hpp"
#include "hdf5/h5_storage.hpp"
#include "hdf5/text_arena.hpp"
#include "hdf5/text_references.hpp"

namespace sicmir {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 23;

h5::Handle open_object(const JoinInput& input, const std::string& path) {
  return h5::Handle(H5Oopen(input.file->id(), path.c_str(), H5P_DEFAULT));
}

h5::Handle open_checked(const JoinInput& input, const std::string& path) {
  h5::Handle dataset = h5::open_dataset(*input.file, input.file->id(), path);
  (void)h5::check_claim(*input.file, dataset.get());
  h5::check_chunks(*input.file, dataset.get());
  return dataset;
}

std::size_t bytes_of_line(hid_t type, const std::vector<hsize_t>& extent) {
  return std::accumulate(extent.begin() + 1, extent.end(), H5Tget_size(type),
                         [](std::size_t bytes, hsize_t length) { return bytes * length; });
}

}  // namespace

void copy_attributes(const H5Output& out, hid_t from, hid_t to) {
  const h5::Lock lock;
  H5O_info_t info{};
  if (H5Oget_info2(from, &info, H5O_INFO_NUM_ATTRS) < 0) return;
  for (hsize_t i = 0; i < info.num_attrs; ++i) {
    const h5::Handle attribute(
        H5Aopen_by_idx(from, ".", H5_INDEX_NAME, H5_ITER_INC, i, H5P_DEFAULT, H5P_DEFAULT));
    std::string name(256, '\0');
    const ssize_t length = H5Aget_name(attribute.get(), name.size(), name.data());
    if (length <= 0 || static_cast<std::size_t>(length) >= name.size()) continue;
    name.resize(static_cast<std::size_t>(length));
    const h5::Handle space(H5Aget_space(attribute.get()));
    const std::vector<std::string> none;
    if (const auto texts = h5::texts_attribute(from, name)) {
      if (H5Sget_simple_extent_ndims(space.get()) == 0) {
        set_text(out, to, name.c_str(), texts->front());
      } else {
        set_texts(out, to, name.c_str(), *texts);
      }
      continue;
    }
    const h5::Handle type(H5Aget_type(attribute.get()));
    const hssize_t count = H5Sget_simple_extent_npoints(space.get());
    if (H5Tdetect_class(type.get(), H5T_VLEN) > 0 || count < 0 || count > (1 << 16)) continue;
    std::vector<std::byte> bytes(static_cast<std::size_t>(count) * H5Tget_size(type.get()));
    if (H5Aread(attribute.get(), type.get(), bytes.data()) < 0) continue;
    const h5::Handle copied = out.checked(
        H5Acreate2(to, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT));
    out.check(H5Awrite(copied.get(), type.get(), bytes.data()));
  }
}

CellJoiner::CellJoiner(std::vector<JoinInput> inputs, const H5Output& out)
    : inputs_(std::move(inputs)), out_(out) {
  for (const JoinInput& input : inputs_) n_cells_ += input.cells;
}

bool CellJoiner::is_joinable(const std::string& path) const {
  const h5::Handle first = open_checked(inputs_.front(), path);
  const h5::Handle type(H5Dget_type(first.get()));
  const std::vector<hsize_t> extent = h5::shape(*inputs_.front().file, first.get());
  return std::all_of(inputs_.begin(), inputs_.end(), [&](const JoinInput& input) {
    const h5::Handle dataset = open_checked(input, path);
    const h5::Handle its_type(H5Dget_type(dataset.get()));
    const std::vector<hsize_t> its = h5::shape(*input.file, dataset.get());
    return !its.empty() && its.size() == extent.size() && its.front() == input.cells &&
           std::equal(its.begin() + 1, its.end(), extent.begin() + 1) &&
           H5Tequal(type.get(), its_type.get()) > 0;
  });
}

h5::Handle CellJoiner::open_joinable(const std::string& path) const {
  if (!is_joinable(path)) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: {} differs in kind or shape between the parts.",
                            inputs_.front().file->path(), path));
  }
  return open_checked(inputs_.front(), path);
}

void CellJoiner::join(const std::string& path, hid_t parent, const std::string& name) {
  const h5::Lock lock;
  const h5::ObjectKind kind = h5::kind_of(inputs_.front().file->id(), path);
  for (const JoinInput& input : inputs_) {
    if (h5::kind_of(input.file->id(), path) == kind) continue;
    log_warning("{}: has no {} like {}; it is left out.", input.file->path(), path,
                inputs_.front().file->path());
    return;
  }
  if (kind == h5::ObjectKind::dataset) {
    join_lines(path, parent, name);
    return;
  }
  if (kind != h5::ObjectKind::group) return;
  const h5::Handle first = open_object(inputs_.front(), path);
  const std::string encoding = h5::text_attribute(first.get(), "encoding-type").value_or("");
  if (encoding == "categorical") {
    join_categorical(path, parent, name);
    return;
  }
  if (encoding == "csr_matrix" || encoding == "csc_matrix") {
    log_warning("{}: sparse elements are not joined; it is left out.", path);
    return;
  }
  const h5::Handle group =
      out_.checked(H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  copy_attributes(out_, first.get(), group.get());
  for (const std::string& member : h5::members(*inputs_.front().file, first.get())) {
    join(fmt::format("{}/{}", path, member), group.get(), member);
  }
}

void CellJoiner::join_categorical(const std::string& path, hid_t parent, const std::string& name) {
  const std::string categories = path + "/categories";
  const h5::File& file = *inputs_.front().file;
  // Each part of a run holds all categories of the input.
  const bool texts =
      h5::type_class(open_checked(inputs_.front(), categories).get()) == h5::TypeClass::text;
  const auto of = [&](const JoinInput& input) {
    std::vector<std::string> list;
    if (texts) return h5::read_texts(*input.file, input.file->id(), categories);
    for (const double value : h5::read_doubles(*input.file, input.file->id(), categories)) {
      list.push_back(std::to_string(value));
    }
    return list;
  };
  const std::vector<std::string> wanted = of(inputs_.front());
  for (const JoinInput& input : inputs_) {
    if (of(input) == wanted) continue;
    log_warning("{}: {} has other categories than in {}; it is left out.", input.file->path(), path,
                file.path());
    return;
  }
  const h5::Handle first = open_object(inputs_.front(), path);
  const h5::Handle group =
      out_.checked(H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  copy_attributes(out_, first.get(), group.get());
  join_lines(path + "/codes", group.get(), "codes");
  out_.check(
      H5Ocopy(file.id(), categories.c_str(), group.get(), "categories", H5P_DEFAULT, H5P_DEFAULT));
}

void CellJoiner::copy_lines(hid_t from, hid_t to, hsize_t first, hsize_t count) {
  const h5::Handle type(H5Dget_type(from));
  const h5::Handle space(H5Dget_space(from));
  std::vector<hsize_t> extent(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space.get())));
  H5Sget_simple_extent_dims(space.get(), extent.data(), nullptr);
  const std::size_t line_bytes = std::max<std::size_t>(bytes_of_line(type.get(), extent), 1);
  const hsize_t at_once = std::max<hsize_t>(1, piece_bytes / line_bytes);
  std::vector<std::byte> lines;
  h5::TextArena arena(std::numeric_limits<std::size_t>::max());
  h5::ReferenceCheck check(from);
  for (hsize_t done = 0; done < count; done += at_once) {
    const hsize_t now = std::min(at_once, count - done);
    std::vector<hsize_t> start(extent.size(), 0);
    std::vector<hsize_t> length = extent;
    start[0] = done;
    length[0] = now;
    H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, length.data(), nullptr);
    const h5::Handle memory(
        H5Screate_simple(static_cast<int>(length.size()), length.data(), nullptr));
    lines.assign(now * line_bytes, std::byte{0});
    arena.clear();
    if (check.during([&] {
          return H5Dread(from, type.get(), memory.get(), space.get(), arena.transfer(),
                         lines.data());
        }) < 0) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: cannot be read; a part is damaged.", h5::path_of(from)));
    }
    write_lines(out_, to, type.get(), first + done, now, lines.data());
  }
}

void CellJoiner::join_lines(const std::string& path, hid_t parent, const std::string& name) {
  if (!is_joinable(path)) {
    log_warning("{}: differs in kind or shape between the parts; it is left out.", path);
    return;
  }
  const h5::Handle first = open_checked(inputs_.front(), path);
  const h5::Handle type(H5Dget_type(first.get()));
  std::vector<hsize_t> extent = h5::shape(*inputs_.front().file, first.get());
  extent[0] = n_cells_;
  h5::Handle joined = create_dataset(out_, parent, name, type.get(), extent);
  copy_attributes(out_, first.get(), joined.get());
  hsize_t line = 0;
  for (const JoinInput& input : inputs_) {
    if (input.cells == 0) continue;
    copy_lines(open_checked(input, path).get(), joined.get(), line, input.cells);
    line += input.cells;
  }
  out_.close(std::move(joined));
}

void CellJoiner::join_matrix(const std::string& path, hid_t parent, const std::string& name) {
  const h5::Lock lock;
  const h5::Handle first = open_joinable(path);
  const h5::Handle type(H5Dget_type(first.get()));
  const std::vector<hsize_t> chunk = h5::chunk_shape(first.get());
  std::vector<hsize_t> extent = h5::shape(*inputs_.front().file, first.get());
  std::vector<hsize_t> most = extent;
  extent[0] = n_cells_;
  most[0] = H5S_UNLIMITED;
  const h5::Handle creation(H5Dget_create_plist(first.get()));
  // Chunks that are put together from two parts are filled first, so that no byte is left to
  // chance.
  H5Pset_fill_time(creation.get(), H5D_FILL_TIME_ALLOC);
  const h5::Handle space =
      out_.checked(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), most.data()));
  h5::Handle joined = out_.checked(H5Dcreate2(parent, name.c_str(), type.get(), space.get(),
                                              H5P_DEFAULT, creation.get(), H5P_DEFAULT));
  copy_attributes(out_, first.get(), joined.get());
  hsize_t line = 0;
  std::vector<std::uint8_t> stored;
  for (const JoinInput& input : inputs_) {
    const h5::Handle dataset = open_checked(input, path);
    const bool fits = chunk.size() == 2 && h5::chunk_shape(dataset.get()) == chunk &&
                      line % chunk[0] == 0 && chunk[1] == extent[1];
    for (hsize_t at = 0; fits && at < input.cells; at += chunk[0]) {
      const std::array<hsize_t, 2> from = {at, 0};
      const std::array<hsize_t, 2> to = {line + at, 0};
      hsize_t bytes = 0;
      std::uint32_t skipped = 0;
      const bool known = H5Dget_chunk_storage_size(dataset.get(), from.data(), &bytes) >= 0 &&
                         bytes <= input.file->bytes();
      stored.resize(known ? bytes : 0);
      if (!known ||
          H5Dread_chunk(dataset.get(), H5P_DEFAULT, from.data(), &skipped, stored.data()) < 0) {
        input.file->fail(path, "a chunk cannot be read; the part is damaged.");
      }
      out_.check(H5Dwrite_chunk(joined.get(), H5P_DEFAULT, skipped, to.data(), stored.size(),
                                stored.data()));
    }
    if (!fits && input.cells > 0) copy_lines(dataset.get(), joined.get(), line, input.cells);
    line += input.cells;
  }
  out_.close(std::move(joined));
}

void CellJoiner::refer_to_matrix(const std::string& path, hid_t parent, const std::string& name,
                                 const std::vector<std::string>& names) {
  const h5::Lock lock;
  const h5::Handle first = open_joinable(path);
  const h5::Handle type(H5Dget_type(first.get()));
  std::vector<hsize_t> extent = h5::shape(*inputs_.front().file, first.get());
  extent[0] = n_cells_;
  const auto rank = static_cast<int>(extent.size());
  const h5::Handle space = out_.checked(H5Screate_simple(rank, extent.data(), nullptr));
  const h5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
  const double missing = nan;
  out_.check(H5Pset_fill_value(creation.get(), H5T_NATIVE_DOUBLE, &missing));
  std::vector<hsize_t> start(extent.size(), 0);
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    std::vector<hsize_t> part = extent;
    part[0] = inputs_[i].cells;
    if (part[0] == 0) continue;
    const h5::Handle source = out_.checked(H5Screate_simple(rank, part.data(), nullptr));
    const h5::Handle target(H5Scopy(space.get()));
    H5Sselect_hyperslab(target.get(), H5S_SELECT_SET, start.data(), nullptr, part.data(), nullptr);
    out_.check(
        H5Pset_virtual(creation.get(), target.get(), names[i].c_str(), path.c_str(), source.get()));
    start[0] += part[0];
  }
  h5::Handle joined = out_.checked(H5Dcreate2(parent, name.c_str(), type.get(), space.get(),
                                              H5P_DEFAULT, creation.get(), H5P_DEFAULT));
  copy_attributes(out_, first.get(), joined.get());
  out_.close(std::move(joined));
}

}  // namespace sicmir
