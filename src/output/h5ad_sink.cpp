// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "anndata/h5ad_carry.hpp"
#include "hdf5/h5_output.hpp"
#include "output/chunk_encoder.hpp"
#include "output/h5ad_fields.hpp"
#include "output/h5ad_pools.hpp"
#include "output/sinks.hpp"
#include "parallel/thread_pool.hpp"

namespace sicmir {
namespace {

/// Cells of a chunk of X: a power of two near 512 KB, so that h5py's own chunk cache (1 MB) holds
/// one. It depends on nothing but the number of features.
Index cells_per_chunk(Index n_features) {
  const auto floats = static_cast<std::uint64_t>((Index{1} << 17) / n_features);
  return static_cast<Index>(std::bit_floor(std::clamp<std::uint64_t>(floats, 64, 8192)));
}

class H5adSink final : public MatrixSink {
 public:
  H5adSink(const std::string& path, const SinkOptions& options, std::vector<CellColumn> pools = {},
           std::vector<std::pair<std::string, std::string>> facts = {})
      : out_(path),
        pool_columns_(std::move(pools)),
        facts_(std::move(facts)),
        carry_from_(options.carry_from),
        encoder_(options.compression, options.dtype),
        pool_(encoder_.is_plain() ? 1 : std::max(options.threads, 1)) {}

  void begin(const OutputHeader& header) override {
    n_features_ = static_cast<Index>(header.features.size());
    if (n_features_ == 0) {
      throw Error(ExitCode::usage, fmt::format("{}: no feature is left to write.", out_.path()));
    }
    const h5::Lock lock;
    out_.create();
    set_encoding(out_, out_.id(), "anndata", "0.1.0");
    chunk_cells_ = cells_per_chunk(n_features_);
    create_matrix(x_, out_.id(), "X");
    write_features(header);
    for (const char* name : {"layers", "varm", "varp"}) {
      const h5::Handle group = create_group(out_, out_.id(), name, "dict", "0.1.0");
      if (std::string_view(name) == "layers" && !header.layer.empty()) {
        create_matrix(layer_, group.get(), header.layer);
      }
    }
    fields_ = header.fields;
    for (const auto& fact : header.facts) {
      const bool is_there = std::any_of(facts_.begin(), facts_.end(), [&](const auto& known) {
        return known.first == fact.first;
      });
      if (!is_there) facts_.push_back(fact);
    }
  }

  void encode(const Eigen::Ref<const Matrix>& values, EncodedBlock& block) const override {
    block.text.clear();
    copy_cells(values, block.values);
  }

  void encode_layer(const Eigen::Ref<const Matrix>& values, EncodedBlock& block) const override {
    copy_cells(values, block.layer);
  }

  void write(EncodedBlock&& block) override {
    for (const std::string& name : block.cells) {
      names_.append(is_utf8(name) ? std::string_view(name) : std::string_view(as_utf8(name)));
    }
    for (const Index cell : block.input_cells) kept_.append(cell);
    append(x_, block.values);
    if (layer_.dataset) append(layer_, block.layer);
  }

  void finish() override {
    const h5::Lock lock;
    complete(x_);
    if (layer_.dataset) complete(layer_);
    if (pool_columns_.empty()) {
      carry_over(carry_from_, out_, names_, kept_);
    } else {
      write_pool_table(out_, names_, kept_, pool_columns_);
    }
    write_facts();
    out_.commit();
  }

 private:
  /// A data set of cells x features on its way to the file.
  struct Stream {
    h5::Handle dataset;
    std::vector<float> pending;  // less than is written at once
    hsize_t written_cells = 0;   // of whole chunks
  };

  static void copy_cells(const Eigen::Ref<const Matrix>& values, std::vector<float>& to) {
    to.clear();
    to.reserve(static_cast<std::size_t>(values.size()));
    for (Index cell = 0; cell < values.cols(); ++cell) {
      const float* first = values.col(cell).data();
      to.insert(to.end(), first, first + values.rows());
    }
  }

  [[nodiscard]] std::size_t chunk_floats() const {
    return static_cast<std::size_t>(chunk_cells_ * n_features_);
  }
  /// Chunks that are encoded at the same time.
  [[nodiscard]] std::size_t chunks_at_once() const {
    return encoder_.is_plain() ? 1 : 4 * static_cast<std::size_t>(pool_.size());
  }

  void append(Stream& stream, std::span<const float> values) {
    const std::size_t whole = chunk_floats() * chunks_at_once();
    while (!values.empty()) {
      if (stream.pending.empty() && values.size() >= whole) {
        write_chunks(stream, values.first(whole));
        values = values.subspan(whole);
        continue;
      }
      const std::size_t take = std::min(values.size(), whole - stream.pending.size());
      stream.pending.insert(stream.pending.end(), values.begin(),
                            values.begin() + static_cast<std::ptrdiff_t>(take));
      values = values.subspan(take);
      if (stream.pending.size() == whole) {
        write_chunks(stream, stream.pending);
        stream.pending.clear();
      }
    }
  }

  void complete(Stream& stream) {
    if (!stream.pending.empty()) {
      const std::size_t chunk = chunk_floats();
      stream.pending.resize((stream.pending.size() + chunk - 1) / chunk * chunk, 0.0F);
      write_chunks(stream, stream.pending);
      stream.pending = {};
    }
    set_cells(stream, names_.size());
    out_.close(std::move(stream.dataset));
  }

  void create_matrix(Stream& stream, hid_t parent, const std::string& name) {
    const auto features = static_cast<hsize_t>(n_features_);
    const std::array<hsize_t, 2> extent = {0, features};
    // Always open-ended: whether the number of cells is known beforehand depends on how the input
    // was given (file or pipe), and the bytes of the output must not.
    const std::array<hsize_t, 2> most = {H5S_UNLIMITED, features};
    const std::array<hsize_t, 2> chunk = {static_cast<hsize_t>(chunk_cells_), features};
    const h5::Handle space = out_.checked(H5Screate_simple(2, extent.data(), most.data()));
    const h5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
    out_.check(H5Pset_chunk(creation.get(), 2, chunk.data()));
    out_.check(H5Pset_obj_track_times(creation.get(), false));
    out_.check(encoder_.set_filters(creation.get()));
    // Chunks are written whole, so nothing has to be filled in first.
    out_.check(H5Pset_fill_time(creation.get(), H5D_FILL_TIME_NEVER));
    // Native, because chunks are written past HDF5's conversion; little-endian wherever this runs.
    const h5::Handle type = encoder_.type();
    if (!type) out_.fail();
    stream.dataset = out_.checked(H5Dcreate2(parent, name.c_str(), type.get(), space.get(),
                                             H5P_DEFAULT, creation.get(), H5P_DEFAULT));
    set_encoding(out_, stream.dataset.get(), "array", "0.2.0");
  }

  void set_cells(const Stream& stream, hsize_t n_cells) const {
    const std::array<hsize_t, 2> extent = {n_cells, static_cast<hsize_t>(n_features_)};
    out_.check(H5Dset_extent(stream.dataset.get(), extent.data()));
  }

  /// `values`: whole chunks.
  void write_chunks(Stream& stream, std::span<const float> values) {
    const std::size_t chunk = chunk_floats();
    if (encoder_.is_plain()) {
      for (; !values.empty(); values = values.subspan(chunk)) {
        write_chunk(stream, chunk * sizeof(float), values.data());
      }
      return;
    }
    encoded_.resize(std::max(encoded_.size(), values.size() / chunk));
    const auto n_chunks = static_cast<Index>(values.size() / chunk);
    pool_.run(n_chunks, [&](Index number, int) {
      const auto at = static_cast<std::size_t>(number);
      encoder_.encode(values.subspan(at * chunk, chunk), encoded_[at]);
    });
    for (std::size_t at = 0; at < static_cast<std::size_t>(n_chunks); ++at) {
      write_chunk(stream, encoded_[at].size(), encoded_[at].data());
    }
  }

  void write_chunk(Stream& stream, std::size_t bytes, const void* chunk) {
    const h5::Lock lock;
    const std::array<hsize_t, 2> at = {stream.written_cells, 0};
    stream.written_cells += static_cast<hsize_t>(chunk_cells_);
    set_cells(stream, stream.written_cells);
    out_.check(H5Dwrite_chunk(stream.dataset.get(), H5P_DEFAULT, 0, at.data(), bytes, chunk));
  }

  void write_features(const OutputHeader& header) const {
    const h5::Handle table = create_group(out_, out_.id(), "var", "dataframe", "0.2.0");
    const auto write_texts = [&](const std::string& name, const std::vector<std::string>& values) {
      TextList texts;
      for (const std::string& value : values) texts.append(as_utf8(value));
      write_string_array(out_, table.get(), name, texts);
    };
    write_texts("_index", header.features);
    set_text(out_, table.get(), "_index", "_index");
    std::vector<std::string> columns;
    for (const FeatureAnnotation& column : header.annotations) {
      columns.push_back(column.name);
      if (const auto* texts = std::get_if<std::vector<std::string>>(&column.values)) {
        write_texts(column.name, *texts);
      } else {
        write_double_array(out_, table.get(), column.name,
                           std::get<std::vector<double>>(column.values));
      }
    }
    set_texts(out_, table.get(), "column-order", columns);
  }

  void write_facts() const {
    const h5::Handle uns = out_.checked(H5Gopen2(out_.id(), "uns", H5P_DEFAULT));
    const h5::Handle ours = create_group(out_, uns.get(), "sicmir", "dict", "0.1.0");
    for (const auto& [key, value] : facts_) write_string(out_, ours.get(), key, value);
    write_fields(out_, ours.get(), fields_);
  }

  H5Output out_;
  std::vector<CellColumn> pool_columns_;  // obs; empty: of cells
  std::vector<std::pair<std::string, std::string>> facts_;
  std::vector<Field> fields_;
  AnnotationPlace carry_from_;
  ChunkEncoder encoder_;
  ThreadPool pool_;
  std::vector<std::vector<std::uint8_t>> encoded_;
  Stream x_, layer_;
  Index n_features_ = 0;
  Index chunk_cells_ = 0;
  TextList names_;  // of all cells: about 30 bytes each
  KeptCells kept_;
};

}  // namespace

std::unique_ptr<MatrixSink> make_h5ad_sink(const std::string& path, const SinkOptions& options) {
  return std::make_unique<H5adSink>(path, options);
}

std::unique_ptr<MatrixSink> open_pool_sink(const std::string& path, const SinkOptions& options,
                                           std::vector<CellColumn> columns,
                                           std::vector<std::pair<std::string, std::string>> facts) {
  std::unique_ptr<MatrixSink> sink = open_sink(path, options);
  if (resolve_output_format(path, options.format) != OutputFormat::h5ad) return sink;
  return std::make_unique<H5adSink>(path, options, std::move(columns), std::move(facts));
}

}  // namespace sicmir
