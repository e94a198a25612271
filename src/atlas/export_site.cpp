// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/export_site.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "atlas/seal.hpp"
#include "base/output_file.hpp"
#include "sicmir/error.hpp"

namespace sicmir::atlas {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, int error) {
  throw Error(ExitCode::not_written,
              fmt::format("{}: cannot be written: {}.", path.string(), std::strerror(error)));
}

bool is_within(const fs::path& path, const fs::path& folder) {
  const fs::path relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

/// Where the copy goes: absolute, links resolved, no slash at the end.
fs::path settled(const AtlasFolder& folder, const fs::path& to) {
  std::error_code error;
  fs::path path = fs::weakly_canonical(fs::absolute(to), error);
  if (error) fail(to, error.value());
  if (!path.has_filename()) path = path.parent_path();
  if (is_within(path, fs::weakly_canonical(fs::absolute(folder.root()), error))) {
    throw Error(ExitCode::usage, fmt::format("{}: stands within the atlas, whose folder holds what "
                                             "it makes itself. Name a folder elsewhere.",
                                             to.string()));
  }
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return path;
  if (!fs::is_directory(status)) {
    throw Error(ExitCode::usage, fmt::format("{}: is no folder.", to.string()));
  }
  const bool is_empty = fs::is_empty(path, error);
  if (error) fail(to, error.value());
  if (!is_empty) {
    throw Error(ExitCode::usage,
                fmt::format("{}: is not empty. An export is never mixed with other files, nor does "
                            "it replace an earlier one: name a new folder, or delete this one "
                            "first.",
                            to.string()));
  }
  return path;
}

/// What is public must be what the catalogue was made of; what was removed since is public no more.
void check_sets(const AtlasFolder& folder, const Catalogue& catalogue) {
  const std::vector<std::string> finished = finished_sets(folder);
  for (const CatalogueSet& set : catalogue.sets()) {
    if (set.is_public == PublicPart::no) continue;
    const fs::path path = folder.set(set.id);
    const bool is_there = std::binary_search(finished.begin(), finished.end(), set.id);
    if (is_there && seal_of(path / set_files::checksums).digest == set.seal) continue;
    throw Error(ExitCode::bad_input,
                fmt::format("{}: was {} after the catalogue was made. Make it again with `sicmir "
                            "atlas index`.",
                            path.string(), is_there ? "changed" : "removed"));
  }
}

/// A folder beside the target, gone again unless it was renamed.
class PartFolder {
 public:
  explicit PartFolder(const fs::path& target) : target_(target) {
    for (int number = 0;; ++number) {
      path_ = target.parent_path() /
              fmt::format(".{}.{}-{}.part", target.filename().string(), ::getpid(), number);
      if (::mkdir(path_.c_str(), 0777) == 0) return;
      if (errno != EEXIST) fail(target, errno);
    }
  }
  PartFolder(const PartFolder&) = delete;
  PartFolder& operator=(const PartFolder&) = delete;
  ~PartFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

  [[nodiscard]] const fs::path& path() const { return path_; }

  void commit() {
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail(target_, errno);
    path_.clear();
    const Descriptor parent(
        ::open(target_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent || ::fsync(parent.get()) != 0) fail(target_, errno);
  }

 private:
  fs::path target_, path_;
};

std::uint64_t bytes_below(const fs::path& folder) {
  std::uint64_t bytes = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

}  // namespace

SiteReport export_site(const AtlasFolder& folder, const Catalogue& catalogue,
                       const SiteExcerpt& excerpt, const fs::path& to, int threads) {
  PartFolder part(settled(folder, to));
  check_sets(folder, catalogue);
  SiteReport report = write_excerpt(folder, catalogue, excerpt, part.path(), threads);
  check_sets(folder, catalogue);  // nothing was removed or added again while it was read
  report.bytes = bytes_below(part.path());
  part.commit();
  return report;
}

}  // namespace sicmir::atlas
