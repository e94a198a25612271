// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>

#include "base/output_file.hpp"
#include "output/sinks.hpp"

namespace sicmir {
namespace {

constexpr std::array<std::pair<std::string_view, OutputFormat>, 7> endings = {{
    {".csv", OutputFormat::csv},
    {".tsv", OutputFormat::tsv},
    {".txt", OutputFormat::tsv},
    {".csv.gz", OutputFormat::csv_gz},
    {".tsv.gz", OutputFormat::tsv_gz},
    {".txt.gz", OutputFormat::tsv_gz},
    {".h5ad", OutputFormat::h5ad},
}};

OutputFormat by_ending(const std::string& path) {
  std::string lower = path;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto& [ending, format] : endings) {
    if (lower.ends_with(ending)) return format;
  }
  return OutputFormat::automatic;
}

}  // namespace

OutputFormat resolve_output_format(const std::string& path, OutputFormat format) {
  if (format != OutputFormat::automatic) return format;
  if (path == "-") return OutputFormat::tsv;
  const OutputFormat named = by_ending(path);
  if (named != OutputFormat::automatic) return named;
  if (is_stream_path(path)) return OutputFormat::tsv;
  throw Error(
      ExitCode::usage,
      fmt::format("{}: the file name does not tell which format to write; known endings are "
                  ".h5ad, .csv, .tsv, .txt, .csv.gz, .tsv.gz and .txt.gz.",
                  path),
      {Remedy::choose_output_format});
}

void MatrixSink::encode_layer(const Eigen::Ref<const Matrix>& /*values*/,
                              EncodedBlock& /*block*/) const {
  throw Error(ExitCode::internal, "this format of output holds one matrix");
}

std::unique_ptr<MatrixSink> open_sink(const std::string& path, const SinkOptions& options) {
  const OutputFormat format = resolve_output_format(path, options.format);
  if (format != OutputFormat::h5ad) return make_text_sink(path, format, options);
  if (options.features_as_lines) {
    throw Error(
        ExitCode::usage,
        fmt::format("{}: only text can be transposed; AnnData stores one cell per line. Write "
                    ".csv or .tsv, or do not transpose.",
                    path));
  }
  if (OutputFile(path).is_direct()) {
    throw Error(
        ExitCode::usage,
        fmt::format("{}: an h5ad file cannot be written to a pipe, a device or standard "
                    "output, because HDF5 writes it in no fixed order. Specify a regular file, "
                    "or write text.",
                    path == "-" ? "standard output" : path),
        {Remedy::choose_output_format});
  }
  return make_h5ad_sink(path, options);
}

}  // namespace sicmir
