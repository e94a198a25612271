// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Where a Zarr hierarchy keeps its bytes: a folder or a zip archive of files. Nothing is written.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sicmir::zarr {

class Store {
 public:
  virtual ~Store() = default;
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Throws Error(bad_input) if it cannot be listed.
  [[nodiscard]] static std::unique_ptr<Store> open_folder(const std::string& path);
  /// The hierarchy at the root of the archive, or in its only folder. Throws Error(bad_input) for
  /// a damaged archive, and names twice.
  [[nodiscard]] static std::unique_ptr<Store> open_zip(const std::string& path);

  /// All bytes of `key` ("obs/_index/0"); nullopt: there is no such file. Longer than `most`, or
  /// unreadable: Error(bad_input).
  [[nodiscard]] virtual std::optional<std::string> read(const std::string& key,
                                                        std::uint64_t most) const = 0;
  /// Names of the folders directly in `key` ("": the root), in name order.
  [[nodiscard]] virtual std::vector<std::string> folders(const std::string& key) const = 0;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Of all files together.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t n_files() const noexcept { return n_files_; }
  [[noreturn]] void fail(const std::string& where, const std::string& what) const;

 protected:
  std::string name_;
  std::uint64_t bytes_ = 0;
  std::uint64_t n_files_ = 0;
};

/// True for a folder that is the root of a hierarchy of Zarr 2 or 3.
[[nodiscard]] bool is_zarr_folder(const std::string& path);
/// The same for a zip archive. False for what is no archive.
[[nodiscard]] bool is_zarr_zip(const std::string& path);

}  // namespace sicmir::zarr
