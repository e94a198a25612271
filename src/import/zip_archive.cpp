// SPDX-License-Identifier: BSD-3-Clause
#include "import/zip_archive.hpp"

#include <fmt/core.h>
#include <zip.h>

#include <filesystem>
#include <utility>

#include "sicmir/types.hpp"

namespace sicmir {
namespace {

/// Weights do not pack well: what unpacks to more than this is made to fill memory.
constexpr std::uint64_t most_unpacked = 20;
constexpr std::uint64_t small_member = 65536;  // of which texts may pack better
constexpr std::int64_t most_members = 65536;

bool leads_outside(const std::string& name) {
  if (name.empty() || name.front() == '/' || name.find('\\') != std::string::npos ||
      name.find('\0') != std::string::npos) {
    return true;
  }
  const std::filesystem::path path(name);
  for (const auto& part : path) {
    if (part == "..") return true;
  }
  return false;
}

}  // namespace

void ZipArchive::Close::operator()(::zip* archive) const noexcept {
  zip_discard(archive);
}

void ZipArchive::fail(const std::string& what) const {
  throw Error(ExitCode::bad_model, fmt::format("{}: {}", path_, what));
}

ZipArchive::ZipArchive(std::string path) : path_(std::move(path)) {
  int code = 0;
  archive_.reset(zip_open(path_.c_str(), ZIP_RDONLY, &code));
  if (!archive_) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    fail(fmt::format("the zip archive cannot be read ({}); it is damaged or incomplete.", reason));
  }
  const std::int64_t n_members = zip_get_num_entries(archive_.get(), 0);
  if (n_members > most_members) {
    fail(fmt::format("holds {} members; a network has less than {}.", n_members, most_members));
  }
  std::error_code ignored;
  const std::uint64_t file_size = std::filesystem::file_size(path_, ignored);
  std::uint64_t packed = 0;
  for (std::int64_t i = 0; i < n_members; ++i) {
    const auto index = static_cast<std::uint64_t>(i);
    zip_stat_t facts;
    zip_stat_init(&facts);
    constexpr std::uint64_t needed =
        ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_ENCRYPTION_METHOD;
    // Names as stored, without guessing their code page.
    if (zip_stat_index(archive_.get(), index, ZIP_FL_ENC_RAW, &facts) != 0 ||
        (facts.valid & needed) != needed) {
      fail(fmt::format("member {} of the zip archive is damaged.", i));
    }
    const std::string name = facts.name;
    if (leads_outside(name)) {
      fail(fmt::format("member '{}' points outside the archive; PyTorch writes no such name.",
                       name));
    }
    if (facts.encryption_method != ZIP_EM_NONE) fail(fmt::format("'{}' is encrypted.", name));
    if (facts.comp_size > file_size || (packed += facts.comp_size) > file_size) {
      fail(fmt::format("'{}' claims more bytes than the file has.", name));
    }
    if (facts.size > small_member && facts.size / most_unpacked > facts.comp_size) {
      fail(fmt::format("'{}' would unpack {} bytes to {}: weights do not compress that well.", name,
                       facts.comp_size, facts.size));
    }
    if (!members_.try_emplace(name, Member{index, facts.size}).second) {
      fail(fmt::format("contains '{}' twice.", name));
    }
  }
}

const ZipArchive::Member& ZipArchive::member(const std::string& name) const {
  const auto found = members_.find(name);
  if (found == members_.end()) fail(fmt::format("has no member '{}'.", name));
  return found->second;
}

std::uint64_t ZipArchive::size(const std::string& name) const {
  return member(name).size;
}

std::vector<std::string> ZipArchive::names() const {
  std::vector<std::string> names;
  for (const auto& entry : members_) names.push_back(entry.first);
  return names;
}

std::string ZipArchive::read(const std::string& name) const {
  const Member& wanted = member(name);
  struct CloseMember {
    void operator()(zip_file_t* file) const noexcept { zip_fclose(file); }
  };
  const std::unique_ptr<zip_file_t, CloseMember> file(
      zip_fopen_index(archive_.get(), wanted.index, 0));
  if (!file) fail(fmt::format("'{}' cannot be opened: {}.", name, zip_strerror(archive_.get())));
  std::string bytes(wanted.size, '\0');
  std::uint64_t filled = 0;
  while (filled < bytes.size()) {
    const zip_int64_t got = zip_fread(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (got <= 0) fail(fmt::format("'{}' is damaged or incomplete.", name));
    filled += static_cast<std::uint64_t>(got);
  }
  char more = 0;  // reading to the end also verifies the checksum
  if (zip_fread(file.get(), &more, 1) != 0) {
    fail(fmt::format("'{}' is damaged: its checksum or size does not match.", name));
  }
  return bytes;
}

}  // namespace sicmir
