// SPDX-License-Identifier: BSD-3-Clause
#include "zarr/store.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/output_file.hpp"
#include "base/printable.hpp"
#include "sicmir/error.hpp"

namespace sicmir::zarr {
namespace {

namespace fs = std::filesystem;

// What marks the root of a hierarchy, in versions 2 and 3.
constexpr std::array<std::string_view, 2> roots = {".zgroup", "zarr.json"};

class FolderStore final : public Store {
 public:
  explicit FolderStore(const std::string& path) : path_(path) {
    name_ = path;
    std::error_code error;
    // Symbolic links to folders are not followed.
    for (auto entry = fs::recursive_directory_iterator(path_, error);
         !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
      std::error_code ignored;
      if (!entry->is_regular_file(ignored)) continue;
      const std::uintmax_t size = entry->file_size(ignored);
      if (ignored) continue;
      bytes_ += size;
      ++n_files_;
    }
    if (error) fail("", fmt::format("cannot be listed: {}.", error.message()));
  }

  [[nodiscard]] std::optional<std::string> read(const std::string& key,
                                                std::uint64_t most) const override {
    // O_NONBLOCK: a FIFO among the files must not be waited for.
    const Descriptor file(
        ::open((path_ / key).c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
    struct stat status {};
    if (!file || fstat(file.get(), &status) != 0) {
      fail(key, fmt::format("cannot be read: {}.", std::strerror(errno)));
    }
    if (S_ISDIR(status.st_mode)) return std::nullopt;
    if (!S_ISREG(status.st_mode)) fail(key, "is no file.");
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size > most) {
      fail(key, fmt::format("has {} bytes, more than it can have; it is damaged.", size));
    }
    std::string bytes(size, '\0');
    std::size_t filled = 0;
    while (filled < bytes.size()) {
      const ssize_t got = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) fail(key, "cannot be read to its end.");
      filled += static_cast<std::size_t>(got);
    }
    return bytes;
  }

  [[nodiscard]] std::vector<std::string> folders(const std::string& key) const override {
    std::set<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(path_ / key, error), end; !error && entry != end;
         entry.increment(error)) {
      std::error_code ignored;
      if (entry->is_directory(ignored)) names.insert(entry->path().filename().string());
    }
    return {names.begin(), names.end()};
  }

 private:
  fs::path path_;
};

struct CloseZip {
  void operator()(::zip* archive) const noexcept { zip_discard(archive); }
};
using Zip = std::unique_ptr<::zip, CloseZip>;

/// The folder of the root, with its slash, in an archive with these names; nullopt: none.
std::optional<std::string> root_in(const std::map<std::string, std::uint64_t>& names) {
  for (const std::string_view root : roots) {
    if (names.contains(std::string(root))) return "";
  }
  if (names.empty()) return std::nullopt;
  const std::string folder = names.begin()->first.substr(0, names.begin()->first.find('/') + 1);
  if (folder.empty()) return std::nullopt;
  for (const std::string_view root : roots) {
    if (names.contains(folder + std::string(root))) return folder;
  }
  return std::nullopt;
}

class ZipStore final : public Store {
 public:
  explicit ZipStore(const std::string& path) {
    name_ = path;
    int code = 0;
    archive_.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
    if (!archive_) fail("", "this zip archive cannot be read; it is damaged or incomplete.");
    const zip_int64_t n_members = zip_get_num_entries(archive_.get(), 0);
    for (zip_int64_t i = 0; i < n_members; ++i) {
      const auto index = static_cast<zip_uint64_t>(i);
      const char* const name = zip_get_name(archive_.get(), index, ZIP_FL_ENC_RAW);
      if (name == nullptr) fail("", fmt::format("member {} of the archive is damaged.", i));
      if (!members_.try_emplace(name, index).second) fail(printable(name), "is there twice.");
    }
    std::error_code ignored;
    bytes_ = fs::file_size(path, ignored);
    n_files_ = members_.size();
    folder_ = root_in(members_).value_or("");
  }

  [[nodiscard]] bool has_root() const { return root_in(members_).has_value(); }

  [[nodiscard]] std::optional<std::string> read(const std::string& key,
                                                std::uint64_t most) const override {
    const auto found = members_.find(folder_ + key);
    if (found == members_.end()) return std::nullopt;
    zip_stat_t facts;
    zip_stat_init(&facts);
    if (zip_stat_index(archive_.get(), found->second, 0, &facts) != 0 ||
        (facts.valid & ZIP_STAT_SIZE) == 0 || facts.size > most) {
      fail(key, "is damaged, or larger than it can be.");
    }
    struct CloseMember {
      void operator()(zip_file_t* file) const noexcept { zip_fclose(file); }
    };
    const std::unique_ptr<zip_file_t, CloseMember> file(
        zip_fopen_index(archive_.get(), found->second, 0));
    if (!file) {
      fail(key, fmt::format("cannot be read: {}.", zip_strerror(archive_.get())));
    }
    std::string bytes;
    constexpr std::size_t at_once = std::size_t{1} << 20;  // not all at once: the size is a claim
    for (;;) {
      const std::size_t before = bytes.size();
      bytes.resize(before + at_once);
      const zip_int64_t got = zip_fread(file.get(), bytes.data() + before, at_once);
      bytes.resize(before + static_cast<std::size_t>(std::max<zip_int64_t>(got, 0)));
      if (got < 0 || bytes.size() > most) fail(key, "is damaged.");
      if (got == 0) return bytes;
    }
  }

  [[nodiscard]] std::vector<std::string> folders(const std::string& key) const override {
    const std::string prefix = folder_ + key + (key.empty() ? "" : "/");
    std::set<std::string> names;
    for (auto entry = members_.lower_bound(prefix);
         entry != members_.end() && entry->first.starts_with(prefix); ++entry) {
      const std::size_t slash = entry->first.find('/', prefix.size());
      if (slash == std::string::npos) continue;
      const std::string name = entry->first.substr(prefix.size(), slash - prefix.size());
      if (!name.empty() && name != "." && name != "..") names.insert(name);
    }
    return {names.begin(), names.end()};
  }

 private:
  Zip archive_;
  std::map<std::string, std::uint64_t> members_;
  std::string folder_;
};

}  // namespace

void Store::fail(const std::string& where, const std::string& what) const {
  throw Error(ExitCode::bad_input,
              fmt::format("{}: {}{}{}", name_, printable(where), where.empty() ? "" : ": ", what));
}

std::unique_ptr<Store> Store::open_folder(const std::string& path) {
  return std::make_unique<FolderStore>(path);
}

std::unique_ptr<Store> Store::open_zip(const std::string& path) {
  return std::make_unique<ZipStore>(path);
}

bool is_zarr_folder(const std::string& path) {
  for (const std::string_view root : roots) {
    std::error_code ignored;
    if (fs::is_regular_file(fs::path(path) / root, ignored)) return true;
  }
  return false;
}

bool is_zarr_zip(const std::string& path) {
  try {
    return ZipStore(path).has_root();
  } catch (const Error&) {
    return false;
  }
}

}  // namespace sicmir::zarr
