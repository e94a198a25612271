// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Zip archives, read with suspicion. (Format: PKWARE's APPNOTE; read by libzip.)

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct zip;

namespace sicmir {

class ZipArchive {
 public:
  /// Opens the archive and checks its list. Throws Error(bad_model) for damage, two members of one
  /// name, names that point outside the archive, encryption, and sizes that the file cannot
  /// contain: members together may not take more than the file, nor unpack to more than 20 times
  /// their size.
  explicit ZipArchive(std::string path);

  /// The one member of that name, or Error(bad_model).
  [[nodiscard]] std::string read(const std::string& name) const;
  [[nodiscard]] bool has(const std::string& name) const { return members_.contains(name); }
  /// Unpacked, in bytes.
  [[nodiscard]] std::uint64_t size(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  struct Close {
    void operator()(::zip* archive) const noexcept;
  };
  struct Member {
    std::uint64_t index = 0;
    std::uint64_t size = 0;
  };
  [[noreturn]] void fail(const std::string& what) const;
  [[nodiscard]] const Member& member(const std::string& name) const;

  std::string path_;
  std::unique_ptr<::zip, Close> archive_;
  std::map<std::string, Member> members_;
};

}  // namespace sicmir
