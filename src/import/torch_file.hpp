// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Files of PyTorch's torch.save(), both formats: the zip archive of PyTorch 1.6 and later, and the
/// stream before it. (Formats: torch/serialization.py and torch/_utils.py.)

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "import/pickle.hpp"
#include "import/zip_archive.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// Numbers as float32, whatever they were stored as; row-major.
struct Tensor {
  std::vector<Index> shape;
  std::vector<float> values;
};

class TorchFile {
 public:
  /// Reads everything but the tensors. Throws Error(bad_model), naming the file.
  explicit TorchFile(const std::string& path);

  [[nodiscard]] const pickle::Graph& graph() const noexcept { return graph_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// "zip archive" or "legacy stream".
  [[nodiscard]] std::string_view format() const noexcept {
    return archive_ ? "zip archive" : "legacy stream";
  }

  [[nodiscard]] bool is_tensor(pickle::NodeId id) const { return view_of(id).has_value(); }
  /// Sizes per dimension, not yet checked against what is stored.
  [[nodiscard]] std::vector<Index> shape(pickle::NodeId id, const std::string& name) const;
  /// `name`: for messages. Throws Error(bad_model) unless it is a tensor of finite floating-point
  /// numbers that lies inside its storage.
  [[nodiscard]] Tensor tensor(pickle::NodeId id, const std::string& name);

  [[noreturn]] void fail(const std::string& what) const;

 private:
  struct View {  // how a tensor describes itself
    pickle::NodeId storage, offset, size, stride;
  };
  struct Storage {
    std::string_view type;  // e.g. "FloatStorage"
    std::string key;
    Index numbers = 0;
    Index offset = 0;  // of a view into the storage
  };
  struct Place {  // in a legacy stream
    Index offset = 0;
    Index numbers = 0;
  };

  void read_zip();
  void read_legacy();
  void place_storages(Index at, const std::vector<std::string>& keys);
  [[nodiscard]] std::optional<View> view_of(pickle::NodeId id) const;
  [[nodiscard]] Storage storage_of(pickle::NodeId id, const std::string& name) const;
  [[nodiscard]] std::vector<Index> sizes(pickle::NodeId id, const std::string& name) const;
  const std::string& bytes_of(const Storage& storage, Index width, const std::string& name);
  [[nodiscard]] std::string file_bytes(Index offset, Index count) const;

  std::string path_;
  Index file_size_ = 0;
  std::string pickled_;  // the graphs' texts point into it
  pickle::Graph graph_;
  std::optional<ZipArchive> archive_;
  std::string folder_;                   // in the archive
  std::map<std::string, Place> places_;  // of a legacy stream's storages
  std::string last_key_;                 // most storages are used in order
  std::string last_bytes_;
};

}  // namespace sicmir
