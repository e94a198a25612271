// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/cell_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "atlas/atlas_folder.hpp"
#include "atlas/data_set.hpp"
#include "atlas/h5_arrays.hpp"
#include "atlas/write_cells.hpp"
#include "hdf5/h5.hpp"
#include "hdf5/h5_chunks.hpp"
#include "hdf5/h5_storage.hpp"
#include "output/chunk_encoder.hpp"
#include "parallel/thread_pool.hpp"

namespace sicmir::atlas {
namespace {

using h5::Handle;

constexpr Index most_cells = 2'000'000'000;
constexpr Index cells_per_chunk = 16384;

/// The smallest and the largest number among a miRNA's values; 0, 0: there is none.
ByteRange range_of(std::span<const float> values) {
  ByteRange range{INFINITY, -INFINITY};
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  }
  return range.low <= range.high ? range : ByteRange{};
}

std::uint8_t byte_of(float value, const ByteRange& range) {
  if (!std::isfinite(value)) return missing_byte;
  if (range.high <= range.low) return 0;
  const double share = (static_cast<double>(value) - static_cast<double>(range.low)) /
                       (static_cast<double>(range.high) - static_cast<double>(range.low));
  return static_cast<std::uint8_t>(std::lround(254.0 * std::clamp(share, 0.0, 1.0)));
}

/// miRNAs of a chunk, which HDF5 wants no larger than the whole.
Index band_of(Index n_mirnas) {
  return std::min(CellValues::mirnas_per_chunk, n_mirnas);
}

Handle create_bytes(const H5Output& out, Index n_mirnas, Index n_cells) {
  const std::array extent = {static_cast<hsize_t>(n_mirnas), static_cast<hsize_t>(n_cells)};
  const std::array chunk = {static_cast<hsize_t>(band_of(n_mirnas)),
                            static_cast<hsize_t>(std::min(n_cells, cells_per_chunk))};
  const Handle space = out.checked(H5Screate_simple(2, extent.data(), nullptr));
  const Handle creation(H5Pcreate(H5P_DATASET_CREATE));
  out.check(H5Pset_chunk(creation.get(), 2, chunk.data()));
  out.check(H5Pset_obj_track_times(creation.get(), false));
  out.check(H5Pset_fill_time(creation.get(), H5D_FILL_TIME_NEVER));
  out.check(set_shuffle_and_deflate(creation.get()));
  return out.checked(H5Dcreate2(out.id(), "mirnas", H5T_STD_U8LE, space.get(), H5P_DEFAULT,
                                creation.get(), H5P_DEFAULT));
}

/// Sixteen miRNAs at a time: `spool` holds all cells of each.
std::vector<ByteRange> write_bytes(const H5Output& out, CellSpool& spool, Index n_mirnas,
                                   int threads) {
  const Index n_cells = spool.n_cells();
  Handle dataset = create_bytes(out, n_mirnas, n_cells);
  const Index width = std::min(n_cells, cells_per_chunk);
  const Index n_chunks = (n_cells + width - 1) / width;
  const Index band = band_of(n_mirnas);
  ThreadPool pool(std::max(threads, 1));
  std::vector<std::vector<std::uint8_t>> encoded(static_cast<std::size_t>(n_chunks));
  std::vector<ByteRange> ranges;
  std::vector<float> values;
  for (Index first = 0; first < n_mirnas; first += band) {
    const Index count = std::min(band, n_mirnas - first);
    spool.read(first, count, values);
    const auto of = [&](Index mirna) {
      return std::span<const float>(values).subspan(static_cast<std::size_t>(mirna * n_cells),
                                                    static_cast<std::size_t>(n_cells));
    };
    for (Index i = 0; i < count; ++i) ranges.push_back(range_of(of(i)));
    pool.run(n_chunks, [&](Index number, int) {
      std::vector<std::uint8_t> bytes(static_cast<std::size_t>(band * width), 0);
      const Index from = number * width;
      const Index n = std::min(width, n_cells - from);
      for (Index i = 0; i < count; ++i) {
        const std::span<const float> all = of(i);
        const ByteRange& range = ranges[static_cast<std::size_t>(first + i)];
        for (Index cell = 0; cell < n; ++cell) {
          bytes[static_cast<std::size_t>(i * width + cell)] =
              byte_of(all[static_cast<std::size_t>(from + cell)], range);
        }
      }
      shuffle_and_deflate(bytes, 1, encoded[static_cast<std::size_t>(number)]);
    });
    for (Index number = 0; number < n_chunks; ++number) {
      const std::array corner = {static_cast<hsize_t>(first), static_cast<hsize_t>(number * width)};
      const std::vector<std::uint8_t>& chunk = encoded[static_cast<std::size_t>(number)];
      out.check(
          H5Dwrite_chunk(dataset.get(), H5P_DEFAULT, 0, corner.data(), chunk.size(), chunk.data()));
    }
  }
  out.close(std::move(dataset));
  return ranges;
}

}  // namespace

void write_cells(const CellTable& cells, CellSpool& mirnas, Index n_mirnas,
                 const std::filesystem::path& folder, int threads) {
  const h5::Lock lock;
  H5Output out((folder / set_files::cells).string());
  out.create();
  arrays::write(out, out.id(), "names", std::span<const std::string>(cells.names));
  arrays::write(out, out.id(), "types", std::span<const std::int32_t>(cells.types));
  arrays::write(out, out.id(), "samples", std::span<const std::int32_t>(cells.samples));
  if (!cells.map_name.empty()) {
    const std::array extent = {static_cast<hsize_t>(cells.names.size()), hsize_t{2}};
    arrays::write(out, out.id(), "map", extent, cells.map.data());
    const Handle map = out.checked(H5Dopen2(out.id(), "map", H5P_DEFAULT));
    set_text(out, map.get(), "name", cells.map_name);
  }
  const std::vector<ByteRange> ranges = write_bytes(out, mirnas, n_mirnas, threads);
  std::vector<float> low;
  std::vector<float> high;
  for (const ByteRange& range : ranges) {
    low.push_back(range.low);
    high.push_back(range.high);
  }
  arrays::write(out, out.id(), "low", std::span<const float>(low));
  arrays::write(out, out.id(), "high", std::span<const float>(high));
  out.commit();
}

CellValues::CellValues(const std::filesystem::path& folder, Index n_types, Index n_samples,
                       Index n_mirnas)
    : file_(std::make_unique<h5::File>(h5::File::open_read((folder / set_files::cells).string()))),
      n_types_(n_types),
      n_samples_(n_samples) {
  const h5::Lock lock;
  n_cells_ = static_cast<Index>(arrays::length(*file_, "types"));
  if (n_cells_ < 1 || n_cells_ > most_cells) {
    file_->fail("types", fmt::format("lists {} cells; expected 1 to {}.", n_cells_, most_cells));
  }
  const auto n = static_cast<std::size_t>(n_mirnas);
  const std::vector<float> low = arrays::floats(*file_, "low", n);
  const std::vector<float> high = arrays::floats(*file_, "high", n);
  for (std::size_t i = 0; i < n; ++i) {
    if (!std::isfinite(low[i]) || !std::isfinite(high[i]) || low[i] > high[i]) {
      file_->fail("low", fmt::format("the range of miRNA {} is {} to {}.", i + 1, low[i], high[i]));
    }
    ranges_.push_back({low[i], high[i]});
  }
  if (h5::kind_of(file_->id(), "map") != h5::ObjectKind::absent) {
    const Handle dataset = h5::open_dataset(*file_, file_->id(), "map");
    map_name_ = h5::text_attribute(dataset.get(), "name").value_or("");
    if (map_name_.empty()) file_->fail("map", "has no attribute 'name'.");
  }
}

CellValues::CellValues(CellValues&&) noexcept = default;
CellValues& CellValues::operator=(CellValues&&) noexcept = default;
CellValues::~CellValues() = default;

std::vector<float> CellValues::map() const {
  if (map_name_.empty()) return {};
  const std::array extent = {static_cast<hsize_t>(n_cells_), hsize_t{2}};
  std::vector<float> values = arrays::floats(*file_, "map", extent);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isinf(values[i])) file_->fail("map", fmt::format("number {} is infinite.", i + 1));
  }
  return values;
}

std::vector<std::int32_t> CellValues::types() const {
  return arrays::integers(*file_, "types", static_cast<std::size_t>(n_cells_), none,
                          static_cast<std::int32_t>(n_types_ - 1));
}

std::vector<std::int32_t> CellValues::samples() const {
  return arrays::integers(*file_, "samples", static_cast<std::size_t>(n_cells_), none,
                          static_cast<std::int32_t>(n_samples_ - 1));
}

std::vector<std::string> CellValues::names() const {
  return arrays::texts(*file_, "names", static_cast<std::size_t>(n_cells_));
}

std::vector<std::uint8_t> CellValues::bytes(Index first, Index count) const {
  const h5::Lock lock;
  if (h5::kind_of(file_->id(), "mirnas") != h5::ObjectKind::dataset) {
    file_->fail("mirnas", "is missing; the file is damaged or was changed.");
  }
  const Handle dataset = h5::open_dataset(*file_, file_->id(), "mirnas");
  const std::vector<hsize_t> expected = {static_cast<hsize_t>(n_mirnas()),
                                         static_cast<hsize_t>(n_cells_)};
  auto codec = h5::ChunkCodec::of(*file_, dataset.get());
  const Handle type(H5Dget_type(dataset.get()));
  if (h5::shape(*file_, dataset.get()) != expected || !codec ||
      h5::type_class(dataset.get()) != h5::TypeClass::integer || H5Tget_size(type.get()) != 1) {
    file_->fail("mirnas",
                fmt::format("is no matrix of {} x {} bytes in chunks.", n_mirnas(), n_cells_));
  }
  (void)h5::check_claim(*file_, dataset.get());
  const std::vector<hsize_t> chunk = h5::chunk_shape(dataset.get());
  h5::ChunkReader chunks(std::move(*codec), dataset.get(), H5T_NATIVE_UINT8);
  std::vector<std::uint8_t> values(static_cast<std::size_t>(count * n_cells_));
  const hsize_t last = static_cast<hsize_t>(first) + static_cast<hsize_t>(count);
  for (hsize_t top = static_cast<hsize_t>(first) / chunk[0] * chunk[0]; top < last;
       top += chunk[0]) {
    for (hsize_t left = 0; left < expected[1]; left += chunk[1]) {
      const std::array corner = {top, left};
      const auto* from = static_cast<const std::uint8_t*>(chunks.at(dataset.get(), corner));
      const hsize_t width = std::min(chunk[1], expected[1] - left);
      for (hsize_t i = std::max(top, static_cast<hsize_t>(first));
           i < std::min(top + chunk[0], last); ++i) {
        std::memcpy(values.data() + (i - static_cast<hsize_t>(first)) * expected[1] + left,
                    from + (i - top) * chunk[1], width);
      }
    }
  }
  return values;
}

}  // namespace sicmir::atlas
