// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What fuzz targets share. A target is one source, NAME_fuzz.cpp, that defines fuzz_one(): it
/// hands any bytes to one parser. The parser may refuse them with sicmir::Error; anything else
/// (another exception, a signal, a sanitizer's report, no end) is a fault.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "sicmir/cell_source.hpp"
#include "sicmir/gene_map.hpp"

namespace sicmir::fuzz {

/// Hands `bytes` to the parser. sicmir::Error may leave it.
void fuzz_one(std::string_view bytes);

/// A folder in memory (where the system has one) that goes with the process. Parsers open paths.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();
  /// Writes a file, replacing what it held. Returns its path.
  [[nodiscard]] std::string put(const std::string& name, std::string_view bytes) const;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// The one folder of this process.
[[nodiscard]] const Folder& folder();

/// The panel of the seeds, which make_seeds.py writes.
[[nodiscard]] const GeneIndex& index();

/// Opens a matrix, finds its genes and reads it to its end, as predict would; and once more with
/// all genes, as profile would.
void read_whole(const std::string& path);

/// `bytes` cut at the line `separator` into at most N parts; parts that are missing are empty.
template <std::size_t N>
[[nodiscard]] std::array<std::string_view, N> parts(std::string_view bytes,
                                                    std::string_view separator = "\n=====\n") {
  std::array<std::string_view, N> found;
  for (std::size_t i = 0; i < N; ++i) {
    const std::size_t end = i + 1 < N ? bytes.find(separator) : std::string_view::npos;
    found[i] = bytes.substr(0, end);
    bytes =
        end == std::string_view::npos ? std::string_view() : bytes.substr(end + separator.size());
  }
  return found;
}

}  // namespace sicmir::fuzz
