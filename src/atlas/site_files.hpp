// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Files of a site: named by their content, written once, and all in place before anything names
/// them (docs/atlas-site.md).

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "sicmir/types.hpp"
#include "text/text_output.hpp"

namespace sicmir::atlas {

/// A header and arrays in one file: the bytes SMA1, the length of the header (uint32), the header
/// (JSON), zeros up to a multiple of 8, the arrays, each padded likewise. All little-endian.
class SiteBundle {
 public:
  explicit SiteBundle(Json header) : header_(std::move(header)) {}

  void add_bytes(std::string_view name, std::span<const std::uint8_t> values);
  void add_uint16(std::string_view name, std::span<const std::uint16_t> values);
  void add_float32(std::string_view name, std::span<const float> values);
  /// IEEE 754 binary16, rounded to nearest even. Exact for values that were float16 before.
  void add_float16(std::string_view name, std::span<const float> values);

  [[nodiscard]] std::string text() const;

 private:
  void add(std::string_view name, const char* type, std::size_t length,
           std::span<const std::byte> bytes);

  Json header_;
  Json arrays_ = Json::array();
  std::string body_;
};

/// `position` as the site stores it: none, and what does not fit, is 65535.
[[nodiscard]] std::uint16_t stored_position(std::int64_t position) noexcept;
inline constexpr std::uint16_t stored_none = 65535;

class SiteFiles {
 public:
  /// Creates the folders that are missing. Throws Error(not_written).
  explicit SiteFiles(std::filesystem::path site);

  /// Writes `content`, gzipped, unless it is there, and returns the 16 hexadecimal digits that name
  /// it: d/HH/HHHHHHHHHHHHHHHH.bin. Threads may call it at once, each with its own `gzip`.
  std::string put(std::string_view content, GzipMember& gzip);
  std::string put(std::string_view content) { return put(content, gzip_); }
  std::string put_json(const Json& json) { return put(json_text(json)); }
  /// Writes FOLDER/STEM-HASH.ENDING as it is and returns that path.
  std::string put_named(std::string_view folder, std::string_view stem, std::string_view ending,
                        std::string_view content);
  /// Writes `path` as it is; for files whose names hold a checksum already.
  void put_as(std::string_view path, std::string_view content);
  /// Keeps d/... of this name if it is there; false if it is not.
  bool keep(const std::string& name);

  /// A checksum of the names of everything that was put.
  [[nodiscard]] std::string build() const;
  [[nodiscard]] Index n_files() const { return static_cast<Index>(kept_.size()); }
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return site_; }

  /// Syncs what was written, replaces index.html and then manifest.json, and removes the files of
  /// older builds.
  void finish(std::string_view index_html, std::string_view manifest);

 private:
  void write(const std::string& path, std::string_view content);
  void sync() const;
  void remove_others() const;

  std::filesystem::path site_;
  GzipMember gzip_;
  mutable std::mutex mutex_;
  std::set<std::string> kept_;  // paths within the site; guarded by mutex_
};

/// One field of a TSV: without tabs and line ends; with an apostrophe before what a spreadsheet
/// would run as a formula (= + - @).
[[nodiscard]] std::string site_tsv_field(std::string_view text);

}  // namespace sicmir::atlas
