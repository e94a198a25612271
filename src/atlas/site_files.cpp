// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/site_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <Eigen/Core>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "atlas/seal.hpp"
#include "base/digest.hpp"
#include "base/output_file.hpp"
#include "sicmir/error.hpp"

namespace sicmir::atlas {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "bundles are little-endian");

namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& reason) {
  throw Error(ExitCode::not_written,
              fmt::format("{}: cannot be written: {}", path.string(), reason));
}

void pad(std::string& text) {
  text.resize((text.size() + 7) / 8 * 8, '\0');
}

std::string hash_of(std::string_view content) {
  Digest digest;
  digest.add(content);
  return digest.hex().substr(0, 16);
}

bool is_hash(std::string_view name) {
  return name.size() == 16 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string path_of(const std::string& hash) {
  return fmt::format("d/{}/{}.bin", hash.substr(0, 2), hash);
}

}  // namespace

std::uint16_t stored_position(std::int64_t position) noexcept {
  return position < 0 || position >= stored_none ? stored_none
                                                 : static_cast<std::uint16_t>(position);
}

void SiteBundle::add(std::string_view name, const char* type, std::size_t length,
                     std::span<const std::byte> bytes) {
  Json array;
  array["name"] = name;
  array["type"] = type;
  array["offset"] = body_.size();
  array["length"] = length;
  arrays_.push_back(std::move(array));
  body_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  pad(body_);
}

void SiteBundle::add_bytes(std::string_view name, std::span<const std::uint8_t> values) {
  add(name, "u8", values.size(), std::as_bytes(values));
}

void SiteBundle::add_uint16(std::string_view name, std::span<const std::uint16_t> values) {
  add(name, "u16", values.size(), std::as_bytes(values));
}

void SiteBundle::add_float32(std::string_view name, std::span<const float> values) {
  add(name, "f32", values.size(), std::as_bytes(values));
}

void SiteBundle::add_float16(std::string_view name, std::span<const float> values) {
  std::vector<std::uint16_t> halves;
  halves.reserve(values.size());
  for (const float value : values) {
    halves.push_back(Eigen::numext::bit_cast<std::uint16_t>(Eigen::half(value)));
  }
  add(name, "f16", values.size(), std::as_bytes(std::span<const std::uint16_t>(halves)));
}

std::string SiteBundle::text() const {
  Json header = header_;
  header["arrays"] = arrays_;
  const std::string words = json_text(header);
  const auto length = static_cast<std::uint32_t>(words.size());
  std::string result = "SMA1";
  result.append(reinterpret_cast<const char*>(&length), sizeof length);
  result += words;
  pad(result);
  return result += body_;
}

SiteFiles::SiteFiles(fs::path site) : site_(std::move(site)) {
  for (const char* folder : {"d", "assets", "downloads"}) make_folder(site_ / folder);
  for (int first = 0; first < 256; ++first) make_folder(site_ / "d" / fmt::format("{:02x}", first));
}

std::string SiteFiles::put(std::string_view content, GzipMember& gzip) {
  std::vector<char> packed;
  gzip.compress(content, packed);
  const std::string_view bytes(packed.data(), packed.size());
  std::string hash = hash_of(bytes);
  write(path_of(hash), bytes);
  return hash;
}

std::string SiteFiles::put_named(std::string_view folder, std::string_view stem,
                                 std::string_view ending, std::string_view content) {
  std::string path = fmt::format("{}/{}-{}{}", folder, stem, hash_of(content), ending);
  write(path, content);
  return path;
}

void SiteFiles::put_as(std::string_view path, std::string_view content) {
  write(std::string(path), content);
}

bool SiteFiles::keep(const std::string& name) {
  if (!is_hash(name) || !fs::is_regular_file(fs::symlink_status(site_ / path_of(name)))) {
    return false;
  }
  const std::scoped_lock lock(mutex_);
  kept_.insert(path_of(name));
  return true;
}

std::string SiteFiles::build() const {
  const std::scoped_lock lock(mutex_);
  Digest digest;
  for (const std::string& path : kept_) digest.add(path);
  return digest.hex().substr(0, 16);
}

void SiteFiles::write(const std::string& path, std::string_view content) {
  {
    const std::scoped_lock lock(mutex_);
    if (!kept_.insert(path).second) return;
  }
  const fs::path target = site_ / path;
  struct stat there {};
  // A name stands for one content, and files come under their names complete.
  if (::lstat(target.c_str(), &there) == 0 && S_ISREG(there.st_mode) &&
      static_cast<std::size_t>(there.st_size) == content.size()) {
    return;
  }
  const std::string part = target.string() + ".part";
  const Descriptor file(
      ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!file) fail(part, std::strerror(errno));
  for (std::string_view rest = content; !rest.empty();) {
    const ssize_t n = ::write(file.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(part, std::strerror(errno));
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::rename(part.c_str(), target.c_str()) != 0) fail(target, std::strerror(errno));
}

/// One call for all files: syncing 20,000 one by one takes minutes.
void SiteFiles::sync() const {
  const Descriptor folder(::open(site_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::syncfs(folder.get()) != 0) fail(site_, std::strerror(errno));
}

void SiteFiles::remove_others() const {
  for (const char* folder : {"d", "assets", "downloads"}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(site_ / folder)) {
      if (entry.is_directory() && !entry.is_symlink()) continue;
      if (kept_.contains(entry.path().lexically_relative(site_).generic_string())) continue;
      std::error_code ignored;  // a file that stays costs space alone
      fs::remove(entry.path(), ignored);
    }
  }
}

void SiteFiles::finish(std::string_view index_html, std::string_view manifest) {
  sync();
  for (const auto& [name, text] :
       {std::pair("index.html", index_html), std::pair("manifest.json", manifest)}) {
    OutputFile file((site_ / name).string());
    file.create();
    file.write(std::span(text.data(), text.size()));
    file.commit();
  }
  remove_others();
}

std::string site_tsv_field(std::string_view text) {
  std::string result;
  if (!text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos) {
    result = "'";
  }
  for (const char c : text) result += c == '\t' || c == '\n' || c == '\r' ? ' ' : c;
  return result;
}

}  // namespace sicmir::atlas
