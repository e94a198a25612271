// SPDX-License-Identifier: BSD-3-Clause
/// Each chunk is inflated once in a pass; every way to cut a matrix gives the same cells.

#include "input/h5_matrix.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <string>

#include "hdf5/h5_window.hpp"
#include "support/h5_fixture.hpp"

namespace sicmir {
namespace {

using test::Scratch;

constexpr Index n_cells = 61;
constexpr Index n_genes = 37;

/// A filter of the range that HDF5 keeps for tests: changes nothing, counts readings.
constexpr H5Z_filter_t counting_filter = 300;
std::atomic<int> n_filtered{0};

std::size_t count_reading(unsigned flags, std::size_t, const unsigned*, std::size_t n_bytes,
                          std::size_t*, void**) {
  if ((flags & H5Z_FLAG_REVERSE) != 0) ++n_filtered;
  return n_bytes;
}

void register_counting_filter() {
  H5Z_class2_t filter{};
  filter.version = H5Z_CLASS_T_VERS;
  filter.id = counting_filter;
  filter.encoder_present = 1;
  filter.decoder_present = 1;
  filter.name = "counting";
  filter.filter = count_reading;
  H5Zregister(&filter);
}

enum class Compression : std::uint8_t { gzip, counted };

/// Chunked data set; returns its number of chunks.
Index write(hid_t parent, const char* name, hid_t type, const std::vector<hsize_t>& extent,
            const std::vector<hsize_t>& chunk, Compression compression, const void* data) {
  const h5::Handle space(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr));
  const h5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
  std::vector<hsize_t> fitting = chunk;  // a data set of fixed size takes no larger chunk
  Index n_chunks = 1;
  for (std::size_t d = 0; d < chunk.size(); ++d) {
    fitting[d] = std::min(chunk[d], extent[d]);
    n_chunks *= static_cast<Index>((extent[d] + fitting[d] - 1) / fitting[d]);
  }
  H5Pset_chunk(creation.get(), static_cast<int>(fitting.size()), fitting.data());
  if (compression == Compression::gzip) {
    H5Pset_deflate(creation.get(), 4);
  } else {
    H5Pset_filter(creation.get(), counting_filter, 0, 0, nullptr);
  }
  const h5::Handle dataset(
      H5Dcreate2(parent, name, type, space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT));
  EXPECT_GE(H5Dwrite(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), 0);
  return n_chunks;
}

float value_of(Index cell, Index gene) {
  const Index mixed = (cell * 7919 + gene * 104729) % 11;
  return mixed < 7 ? 0.0f : static_cast<float>(mixed);
}

class H5Matrices : public testing::Test {
 protected:
  H5Matrices() {
    const h5::Lock lock;
    register_counting_filter();
    GenePanel panel;
    FeatureTable features;
    features.columns.push_back({"id", {}});
    for (Index gene = 0; gene < n_genes; ++gene) {
      PanelGene known;
      known.symbol = known.current_symbol =
          "GENE" + std::string(1, static_cast<char>('A' + gene % 26)) + std::to_string(gene / 26);
      if (gene % 3 == 0) panel.genes.push_back(known);
      features.columns[0].ids.push_back(known.symbol);
      for (Index cell = 0; cell < n_cells; ++cell) {
        dense_[static_cast<std::size_t>(cell * n_genes + gene)] = value_of(cell, gene);
      }
    }
    index_ = std::make_unique<GeneIndex>(panel);
    GeneMapOptions options;
    options.min_panel = 0;
    map_ = std::make_unique<GeneMap>(*index_, features, options, "test");
  }

  /// Chunks of data and indices together; those of indptr apart.
  struct Written {
    Index n_values = 0;
    Index n_pointers = 0;
  };

  Written write_sparse(const std::string& path, SparseMajor major, hsize_t data_chunk,
                       hsize_t index_chunk, hsize_t pointer_chunk, Compression compression) {
    const h5::Lock lock;
    const bool by_cell = major == SparseMajor::cells;
    std::vector<float> data;
    std::vector<std::int32_t> indices;
    std::vector<std::int64_t> indptr = {0};
    for (Index line = 0; line < (by_cell ? n_cells : n_genes); ++line) {
      for (Index at = 0; at < (by_cell ? n_genes : n_cells); ++at) {
        const float value = by_cell ? value_of(line, at) : value_of(at, line);
        if (value == 0.0f) continue;
        data.push_back(value);
        indices.push_back(static_cast<std::int32_t>(at));
      }
      indptr.push_back(static_cast<std::int64_t>(data.size()));
    }
    const h5::File file = h5::File::create(path);
    const h5::Handle group = h5::create_group(file, file.id(), "X");
    Written written;
    written.n_values = write(group.get(), "data", H5T_NATIVE_FLOAT, {data.size()}, {data_chunk},
                             compression, data.data()) +
                       write(group.get(), "indices", H5T_NATIVE_INT32, {indices.size()},
                             {index_chunk}, compression, indices.data());
    written.n_pointers = write(group.get(), "indptr", H5T_NATIVE_INT64, {indptr.size()},
                               {pointer_chunk}, compression, indptr.data());
    return written;
  }

  /// Reads all cells and compares them with value_of().
  void pass(H5Matrix& matrix, Index block_size) {
    std::vector<std::string> names;
    for (Index cell = 0; cell < n_cells; ++cell) names.push_back(std::to_string(cell));
    h5::TextReader reader(names);
    CellBlock block;
    std::unique_ptr<RawCells> raw;
    for (Index first = 0; first < n_cells; first += block_size) {
      const Index count = std::min(block_size, n_cells - first);
      matrix.fetch(raw, first, count, reader);
      matrix.decode(*raw, block);
      ASSERT_EQ(block.size(), count);
      for (Index c = 0; c < count; ++c) {
        double total = 0;
        std::vector<float> panel(static_cast<std::size_t>(index_->panel_size()), 0.0f);
        for (Index gene = 0; gene < n_genes; ++gene) {
          const float value = value_of(first + c, gene);
          total += static_cast<double>(value);
          if (gene % 3 == 0) panel[static_cast<std::size_t>(gene / 3)] = value;
        }
        std::vector<float> got(panel.size(), 0.0f);
        for (Index i = block.offsets[static_cast<std::size_t>(c)];
             i < block.offsets[static_cast<std::size_t>(c) + 1]; ++i) {
          got[static_cast<std::size_t>(block.genes[static_cast<std::size_t>(i)])] =
              block.values[static_cast<std::size_t>(i)];
        }
        ASSERT_EQ(got, panel) << "cell " << first + c;
        ASSERT_EQ(block.totals[static_cast<std::size_t>(c)], total) << "cell " << first + c;
      }
    }
  }

  Scratch folder_;
  std::vector<float> dense_ = std::vector<float>(static_cast<std::size_t>(n_cells * n_genes));
  std::unique_ptr<GeneIndex> index_;
  std::unique_ptr<GeneMap> map_;
};

/// Sizes that divide nothing, one value a chunk, everything in one chunk.
constexpr std::array<std::array<hsize_t, 3>, 4> sparse_chunks = {
    {{17, 23, 5}, {1, 1, 1}, {100000, 100000, 100000}, {64, 7, 62}}};

TEST_F(H5Matrices, SparseChunksAreInflatedOnceByOurselves) {
  for (const auto& chunks : sparse_chunks) {
    for (const SparseMajor major : {SparseMajor::cells, SparseMajor::genes}) {
      const std::string path = folder_ / "a.h5";
      const Written written =
          write_sparse(path, major, chunks[0], chunks[1], chunks[2], Compression::gzip);
      for (const Index block_size : {1, 7, 256}) {
        const h5::File file = h5::File::open_read(path);
        const auto matrix = open_sparse_matrix(file, "X", major, n_cells, n_genes);
        matrix->select(*map_, false);
        const auto before = matrix->n_inflated();
        pass(*matrix, block_size);
        const auto inflated = static_cast<Index>(matrix->n_inflated() - before);
        // Opening has looked at indptr: the window it holds is not read again.
        EXPECT_GE(inflated, written.n_values);
        EXPECT_LE(inflated, written.n_values + written.n_pointers);
      }
    }
  }
}

TEST_F(H5Matrices, SparseChunksAreInflatedOnceByHdf5) {
  for (const auto& chunks : sparse_chunks) {
    for (const SparseMajor major : {SparseMajor::cells, SparseMajor::genes}) {
      const std::string path = folder_ / "a.h5";
      const Written written =
          write_sparse(path, major, chunks[0], chunks[1], chunks[2], Compression::counted);
      for (const Index block_size : {1, 7, 256}) {
        const h5::File file = h5::File::open_read(path);
        const auto matrix = open_sparse_matrix(file, "X", major, n_cells, n_genes);
        matrix->select(*map_, false);
        n_filtered = 0;
        pass(*matrix, block_size);
        EXPECT_GE(n_filtered, written.n_values);
        EXPECT_LE(n_filtered, written.n_values + written.n_pointers);
      }
    }
  }
}

TEST_F(H5Matrices, DenseChunksAreInflatedOnce) {
  for (const Compression compression : {Compression::gzip, Compression::counted}) {
    for (const auto& [cells, genes] :
         {std::pair<hsize_t, hsize_t>{9, 5}, {61, 37}, {1, 37}, {61, 1}, {1, 1}, {40, 30}}) {
      const std::string path = folder_ / "a.h5";
      Index n_chunks = 0;
      {
        const h5::Lock lock;
        const h5::File file = h5::File::create(path);
        n_chunks = write(file.id(), "X", H5T_NATIVE_FLOAT, {n_cells, n_genes}, {cells, genes},
                         compression, dense_.data());
      }
      for (const Index block_size : {1, 7, 256}) {
        const h5::File file = h5::File::open_read(path);
        const auto matrix = open_dense_matrix(file, "X", n_cells, n_genes);
        matrix->select(*map_, false);
        n_filtered = 0;
        pass(*matrix, block_size);
        EXPECT_EQ(compression == Compression::gzip ? static_cast<Index>(matrix->n_inflated())
                                                   : static_cast<Index>(n_filtered),
                  n_chunks);
      }
    }
  }
}

TEST_F(H5Matrices, ChunksLargerThanAWindowAreInflatedOnce) {
  std::vector<std::int32_t> values(1000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int32_t>(3 * i);
  for (const Compression compression : {Compression::gzip, Compression::counted}) {
    const std::string path = folder_ / "a.h5";
    Index n_chunks = 0;
    {
      const h5::Lock lock;
      const h5::File file = h5::File::create(path);
      n_chunks = write(file.id(), "d", H5T_NATIVE_INT32, {values.size()}, {64}, compression,
                       values.data());
    }
    const h5::File file = h5::File::open_read(path);
    h5::NumberReader<std::int64_t> reader(file, h5::open_dataset(file, file.id(), "d"), 10);
    n_filtered = 0;
    for (hsize_t at = 0; at < values.size();) {
      const auto window = reader.from(at);
      ASSERT_LE(window.size(), 10u);
      for (const std::int64_t value : window) {
        ASSERT_EQ(value, values[at]);
        ++at;
      }
    }
    EXPECT_EQ(compression == Compression::gzip ? static_cast<Index>(reader.n_inflated())
                                               : static_cast<Index>(n_filtered),
              n_chunks);
  }
}

/// A chunk far larger than a tile: 3,000 cells x 2,000 genes of one chunk, cut without inflating it
/// again.
TEST_F(H5Matrices, OneLargeChunkIsCutButInflatedOnce) {
  constexpr Index cells = 3000;
  constexpr Index genes = 2000;
  std::vector<float> values(static_cast<std::size_t>(cells * genes));
  for (Index cell = 0; cell < cells; ++cell) {
    for (Index gene = 0; gene < n_genes; ++gene) {
      values[static_cast<std::size_t>(cell * genes + gene)] = value_of(cell, gene);
    }
  }
  FeatureTable features;
  features.columns.push_back({"id", std::vector<std::string>(genes, "other")});
  for (Index gene = 0; gene < index_->panel_size(); ++gene) {
    features.columns[0].ids[static_cast<std::size_t>(gene * 3)] =
        index_->panel().genes[static_cast<std::size_t>(gene)].symbol;
  }
  GeneMapOptions options;
  options.min_panel = 0;
  const GeneMap map(*index_, features, options, "test");
  for (const Compression compression : {Compression::gzip, Compression::counted}) {
    const std::string path = folder_ / "a.h5";
    {
      const h5::Lock lock;
      const h5::File file = h5::File::create(path);
      write(file.id(), "X", H5T_NATIVE_FLOAT, {cells, genes}, {cells, genes}, compression,
            values.data());
    }
    const h5::File file = h5::File::open_read(path);
    const auto matrix = open_dense_matrix(file, "X", cells, genes);
    matrix->select(map, false);
    n_filtered = 0;
    h5::TextReader names(std::vector<std::string>(cells, "c"));
    CellBlock block;
    std::unique_ptr<RawCells> raw;
    double total = 0;
    double panel = 0;
    for (Index first = 0; first < cells; first += 100) {
      matrix->fetch(raw, first, 100, names);
      matrix->decode(*raw, block);
      for (const double t : block.totals) total += t;
      for (const float v : block.values) panel += static_cast<double>(v);
    }
    double wanted = 0;
    double wanted_panel = 0;
    for (Index cell = 0; cell < cells; ++cell) {
      for (Index gene = 0; gene < n_genes; ++gene) {
        wanted += static_cast<double>(value_of(cell, gene));
        if (gene % 3 == 0) wanted_panel += static_cast<double>(value_of(cell, gene));
      }
    }
    EXPECT_EQ(total, wanted);
    EXPECT_EQ(panel, wanted_panel);
    EXPECT_EQ(compression == Compression::gzip ? static_cast<int>(matrix->n_inflated())
                                               : n_filtered.load(),
              1);
  }
}

}  // namespace
}  // namespace sicmir
