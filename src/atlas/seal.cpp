// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/seal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <vector>

#include "atlas/json_place.hpp"
#include "base/output_file.hpp"
#include "sicmir/error.hpp"

namespace sicmir::atlas {
namespace {

struct Free {
  void operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }
};

std::string hex_of(XXH3_state_t& state) {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state);
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, hash);
  std::string text;
  for (const unsigned char byte : bytes.digest) text += fmt::format("{:02x}", byte);
  return text;
}

/// The files of a folder, or those whose names begin with that of `path`, sorted (bytes).
std::vector<std::filesystem::path> files_of(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    for (fs::recursive_directory_iterator at(path, error), end; !error && at != end;
         at.increment(error)) {
      if (at->is_regular_file(error)) files.push_back(at->path());
    }
  } else {
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      const bool is_one = at->path().filename().string().starts_with(path.filename().string());
      if (is_one && at->is_regular_file(error)) files.push_back(at->path());
    }
  }
  if (error) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: cannot be read: {}.", path.string(), error.message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

FileSeal seal_of(const std::filesystem::path& file) {
  const auto fail = [&] {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: cannot be read: {}.", file.string(), std::strerror(errno)));
  };
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor) fail();
  const std::unique_ptr<XXH3_state_t, Free> state(XXH3_createState());
  XXH3_128bits_reset(state.get());
  std::vector<char> piece(std::size_t{1} << 20);
  FileSeal seal;
  for (;;) {
    const ssize_t count = ::read(descriptor.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail();
    if (count == 0) break;
    XXH3_128bits_update(state.get(), piece.data(), static_cast<std::size_t>(count));
    seal.bytes += static_cast<std::uint64_t>(count);
  }
  seal.digest = hex_of(*state);
  return seal;
}

FileSeal seal_of_input(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) return seal_of(path);
  const std::unique_ptr<XXH3_state_t, Free> state(XXH3_createState());
  XXH3_128bits_reset(state.get());
  FileSeal seal;
  const std::filesystem::path top(path);
  for (const std::filesystem::path& file : files_of(top)) {
    const FileSeal one = seal_of(file);
    const std::string line =
        fmt::format("{}  {}\n", one.digest, file.lexically_relative(top).string());
    XXH3_128bits_update(state.get(), line.data(), line.size());
    seal.bytes += one.bytes;
  }
  seal.digest = hex_of(*state);
  return seal;
}

void write_seals(const Seals& seals, const std::filesystem::path& file) {
  Json files = Json::object();
  for (const auto& [name, seal] : seals) {
    files[name] = {{"bytes", seal.bytes}, {"xxh3_128", seal.digest}};
  }
  OutputFile output(file.string());
  output.create();
  output.write(json_text(Json{{"format", 1}, {"files", files}}, 2) + "\n");
  output.commit();
}

Seals read_seals(const std::filesystem::path& file) {
  const JsonPlace root = JsonPlace::open(file);
  Seals seals;
  const JsonPlace files = root.at("files");
  for (const std::string& name : files.keys()) {
    const JsonPlace one = files.at(name);
    seals[name] = {static_cast<std::uint64_t>(one.at("bytes").integer(0, most_bytes)),
                   one.at("xxh3_128").text()};
  }
  return seals;
}

void sync(const std::filesystem::path& path) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  // Some file systems cannot sync folders, and say so.
  if (!descriptor || (::fsync(descriptor.get()) != 0 && errno != EINVAL && errno != ENOTSUP)) {
    throw Error(ExitCode::not_written, fmt::format("{}: cannot be written to disk: {}.",
                                                   path.string(), std::strerror(errno)));
  }
}

void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    throw Error(ExitCode::not_written, fmt::format("{}: the folder cannot be created: {}.",
                                                   path.string(), error.message()));
  }
}

}  // namespace sicmir::atlas
