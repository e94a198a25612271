// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "anndata/h5ad_carry.hpp"
#include "anndata/h5ad_layout.hpp"
#include "hdf5/h5_output.hpp"
#include "output/cell_spool.hpp"
#include "output/sinks.hpp"

namespace sicmir {
namespace {

/// A table in obsm of a copy of the input. The copy is made byte by byte, so that everything in it
/// stays as it was; the table is added behind.
class ObsmSink final : public MatrixSink {
 public:
  ObsmSink(const std::string& path, std::string input, std::string name)
      : out_(path), input_(std::move(input)), name_(std::move(name)) {
    const bool is_plain = !name_.empty() && name_ != "." && name_ != ".." &&
                          name_.find('/') == std::string::npos && is_utf8(name_);
    if (!is_plain) {
      throw Error(ExitCode::usage,
                  fmt::format("obsm/{}: the name of a table in obsm must not be empty or contain "
                              "a slash.",
                              name_));
    }
    check_place();
  }

  void begin(const OutputHeader& header) override {
    features_ = header.features;
    facts_ = header.facts;
    spool_.emplace(static_cast<Index>(features_.size()));
    out_.create_copy(input_);
  }

  void encode(const Eigen::Ref<const Matrix>& values, EncodedBlock& block) const override {
    block.text.clear();
    block.values.assign(static_cast<std::size_t>(values.size()), 0.0F);
    Eigen::Map<Matrix>(block.values.data(), values.rows(), values.cols()) = values;
  }

  void write(EncodedBlock&& block) override {
    for (const std::string& name : block.cells) names_.append(as_utf8(name));
    for (const Index cell : block.input_cells) kept_.append(cell);
    spool_->append(block.values);
  }

  void finish() override {
    if (!kept_.are_all(n_cells_)) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: {} of {} cells have no prediction, but obsm has a line for each "
                              "cell.",
                              input_, n_cells_ - kept_.size(), n_cells_),
                  {Remedy::handle_empty_cells});
    }
    const h5::Lock lock;
    if (H5Lexists(out_.id(), "obsm", H5P_DEFAULT) <= 0) {
      (void)create_group(out_, out_.id(), "obsm", "dict", "0.1.0");
    }
    {
      const h5::Handle obsm = out_.checked(H5Gopen2(out_.id(), "obsm", H5P_DEFAULT));
      const h5::Handle table = create_group(out_, obsm.get(), name_, "dataframe", "0.2.0");
      write_string_array(out_, table.get(), "_index", names_);
      set_text(out_, table.get(), "_index", "_index");
      set_texts(out_, table.get(), "column-order", features_);
      // AnnData passes over them.
      for (const auto& [key, value] : facts_) set_text(out_, table.get(), key.c_str(), value);
      write_columns(table.get());
    }
    out_.commit();
  }

 private:
  /// That the table can be added is found before the work.
  void check_place() {
    const h5::File file = h5::File::open_read(input_);
    const h5::ObjectKind obsm = h5::kind_of(file.id(), "obsm");
    if (obsm != h5::ObjectKind::group && obsm != h5::ObjectKind::absent) {
      file.fail("obsm",
                "is of AnnData 0.6 or older, to which no table can be added; read the file "
                "with today's AnnData and write it again.");
    }
    if (h5::kind_of(file.id(), "obsm/" + name_) != h5::ObjectKind::absent) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: obsm/{} exists already; specify another name.", input_, name_));
    }
    n_cells_ = h5ad::Table(file, "obs").size();
  }

  void write_columns(hid_t table) {
    constexpr Index floats_at_once = Index{1} << 24;  // 64 MB
    const auto n_features = static_cast<Index>(features_.size());
    const Index at_once = std::max(Index{1}, floats_at_once / std::max(n_cells_, Index{1}));
    const std::vector<hsize_t> extent = {static_cast<hsize_t>(n_cells_)};
    std::vector<float> values;
    for (Index first = 0; first < n_features; first += at_once) {
      const Index count = std::min(at_once, n_features - first);
      spool_->read(first, count, values);
      for (Index i = 0; i < count; ++i) {
        h5::Handle column = create_dataset(
            out_, table, features_[static_cast<std::size_t>(first + i)], H5T_IEEE_F32LE, extent);
        set_encoding(out_, column.get(), "array", "0.2.0");
        write_lines(out_, column.get(), H5T_NATIVE_FLOAT, 0, extent[0],
                    values.data() + i * n_cells_);
        out_.close(std::move(column));
      }
    }
  }

  H5Output out_;
  std::string input_;
  std::string name_;
  Index n_cells_ = 0;
  std::vector<std::string> features_;
  std::vector<std::pair<std::string, std::string>> facts_;
  std::optional<CellSpool> spool_;
  TextList names_;
  KeptCells kept_;
};

}  // namespace

std::unique_ptr<MatrixSink> make_obsm_sink(const std::string& path, const std::string& input,
                                           const std::string& name) {
  return std::make_unique<ObsmSink>(path, input, name);
}

}  // namespace sicmir
