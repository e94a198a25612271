// SPDX-License-Identifier: BSD-3-Clause
/// Decides by content which reader a path gets.

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

#include "hdf5/h5.hpp"
#include "input/gct_table.hpp"
#include "input/mtx_files.hpp"
#include "input/sources.hpp"
#include "input/tar_source.hpp"
#include "rds/read.hpp"
#include "sicmir/cell_source.hpp"
#include "text/byte_input.hpp"
#include "zarr/store.hpp"

namespace sicmir {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& name, const std::string& what) {
  throw Error(ExitCode::bad_input, fmt::format("{}: {}", name, what));
}

/// A kind of file that people try, with the way out.
struct Stranger {
  std::string_view magic;
  std::string_view what;
  std::string_view remedy;
};

using namespace std::string_view_literals;

constexpr std::string_view from_r =
    "Save the one object that holds the counts, in R: saveRDS(object, \"object.rds\").";
constexpr std::string_view from_python =
    "Save the matrix from Python as .h5ad (anndata.AnnData(...).write_h5ad) or as CSV "
    "(DataFrame.to_csv).";
constexpr std::string_view unpack = "Unpack it first.";
constexpr std::string_view other_files =
    "Expected a CSV or TSV table, a 10x folder or HDF5 file, a Matrix Market file or an .h5ad.";

constexpr std::array strangers = {
    Stranger{"PK\x05\x06", "an empty zip archive", other_files},
    Stranger{"\xd0\xcf\x11\xe0", "an Excel .xls workbook", "Save the sheet as CSV."},
    Stranger{"7z\xbc\xaf", "a 7-Zip archive", unpack},
    Stranger{"Rar!", "a RAR archive", unpack},
    Stranger{"RDX2\n", "an R workspace (.RData)", from_r},
    Stranger{"RDX3\n", "an R workspace (.RData)", from_r},
    Stranger{"\x93NUMPY", "a NumPy array (.npy), which names neither genes nor cells", from_python},
    Stranger{"\x80\x02", "a Python pickle", from_python},
    Stranger{"\x80\x03", "a Python pickle", from_python},
    Stranger{"\x80\x04\x95", "a Python pickle", from_python},
    Stranger{"\x80\x05\x95", "a Python pickle", from_python},
    Stranger{"PAR1", "a Parquet file", from_python},
    Stranger{"ARROW1", "a Feather/Arrow file", from_python},
    Stranger{"FEA1", "a Feather file", from_python},
    Stranger{"SQLite format 3", "an SQLite database", other_files},
    Stranger{"BAM\1", "a BAM file of alignments", "Count reads per gene first."},
    Stranger{"\x89PNG", "a PNG picture", other_files},
    Stranger{"\xff\xd8\xff", "a JPEG picture", other_files},
    Stranger{"%PDF", "a PDF document", other_files},
    Stranger{"<!DOCTYPE", "a web page, not data (a download that failed?)",
             "Fetch the file again."},
    Stranger{"<!doctype", "a web page, not data (a download that failed?)",
             "Fetch the file again."},
    Stranger{"<html", "a web page, not data (a download that failed?)", "Fetch the file again."},
    Stranger{"<?xml", "an XML file", other_files},
    Stranger{"version https://git-lfs", "a pointer of Git LFS, not the file itself",
             "Fetch the file: git lfs pull."},
    Stranger{"{", "JSON, not a table (a download that failed?)", "Fetch the file again."},
    Stranger{"[", "JSON, not a table (a download that failed?)", "Fetch the file again."},
    Stranger{"\xff\xfe", "UTF-16 text", "Convert it: iconv -f UTF-16 -t UTF-8 IN > OUT."},
    Stranger{"\xfe\xff", "UTF-16 text", "Convert it: iconv -f UTF-16 -t UTF-8 IN > OUT."},
};

void refuse_strangers(const ByteInput& input, std::string_view head) {
  const std::string packed =
      input.compression().empty() ? "" : fmt::format(", compressed with {}", input.compression());
  if (head.empty()) {
    fail(input.name(), "the file is empty. Was it copied or downloaded completely?");
  }
  std::string_view text = head;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  for (const Stranger& stranger : strangers) {
    if (!head.starts_with(stranger.magic) && !text.starts_with(stranger.magic)) continue;
    fail(input.name(), fmt::format("this is {}{}. {}", stranger.what, packed, stranger.remedy));
  }
  const auto zero = head.find('\0');
  if (zero != std::string_view::npos) {
    fail(input.name(), fmt::format("this is no text table (byte {} is zero) and no format that is "
                                   "known here. {}",
                                   zero, other_files));
  }
}

/// What cannot be read in an archive: HDF5 has to move about in its file, and an archive may hold
/// itself.
void refuse_in_archive(ByteInput& member) {
  constexpr std::size_t head_bytes = 4096;
  const std::string_view head = member.peek(head_bytes);
  if (h5::has_signature(head)) {
    fail(member.name(), "this is an HDF5 file (.h5ad, .h5, .loom) in an archive. Unpack it first.");
  }
  if (is_tar(head) || is_zip(head)) {
    fail(member.name(), "this is an archive in an archive. Unpack it first.");
  }
}

std::unique_ptr<CellSource> open_input(std::unique_ptr<ByteInput> input,
                                       const SourceOptions& options, const GeneIndex& genes) {
  if (h5::has_signature(input->raw_head())) {
    if (!input->is_regular_file()) {
      fail(input->name(),
           "this is an HDF5 file (.h5ad, .h5, .loom), which cannot be read from a pipe: HDF5 has "
           "to move about in it. Give the file's path instead.");
    }
    return open_h5_source(input->path(), options, genes);
  }
  constexpr std::size_t head_bytes = 4096;
  const std::string_view head = input->peek(head_bytes);
  if (!input->compression().empty() && h5::has_signature(head)) {
    fail(input->name(), fmt::format("this is a {0}-compressed HDF5 file. Unpack it first{1}.",
                                    input->compression(), input->is_gzip() ? ": gunzip" : ""));
  }
  if (is_zip(head) && input->is_regular_file() && zarr::is_zarr_zip(input->path())) {
    return open_zarr_source(input->path(), true, options, genes);
  }
  if (rds::is_rds(head)) return open_rds_source(std::move(input), options, genes);
  if (options.layer != "auto") {
    throw Error(
        ExitCode::usage,
        fmt::format(
            "{}: only AnnData and loom files and R objects have layers, so the matrix '{}' cannot "
            "be read from this one.",
            input->name(), options.layer));
  }
  if (is_tar(head) || is_zip(head)) {
    const ArchiveKind kind = is_tar(head) ? ArchiveKind::tar : ArchiveKind::zip;
    return open_archive_source(std::move(input), kind, options,
                               [&](std::unique_ptr<ByteInput> member) {
                                 refuse_in_archive(*member);
                                 return open_input(std::move(member), options, genes);
                               });
  }
  refuse_strangers(*input, head);
  std::string_view text = head;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  // The words of the banner are read without regard to case.
  constexpr std::string_view banner = "%%matrixmarket";
  const bool is_mtx =
      std::equal(banner.begin(), banner.end(), text.begin(),
                 text.begin() + static_cast<std::ptrdiff_t>(std::min(text.size(), banner.size())),
                 [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
  if (is_mtx) {
    return open_mtx_source(std::move(input), options, genes);
  }
  if (is_gct(text)) {
    SourceOptions as_table = options;
    as_table.orientation = Orientation::genes_as_lines;
    return open_delimited_source(gct_as_table(std::move(input), genes), as_table, genes);
  }
  return open_delimited_source(std::move(input), options, genes);
}

}  // namespace

std::unique_ptr<CellSource> open_source(const std::string& path, const SourceOptions& options,
                                        const GeneIndex& genes) {
  if (path == "-" && ::isatty(STDIN_FILENO) != 0) {
    throw Error(ExitCode::usage,
                "standard input is a terminal. Give a file, or send a table through a pipe.");
  }
  if (path == "-") return open_input(ByteInput::open(path, options.threads), options, genes);
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    const fs::path matrix = find_mtx_by_prefix(path);
    if (matrix.empty()) {
      fail(path, fmt::format("there is no such file or folder, nor is it the beginning of a Matrix "
                             "Market file's name (\"{}_matrix.mtx.gz\").",
                             path));
    }
    return open_input(ByteInput::open(matrix.string(), options.threads), options, genes);
  }
  if (status.type() == fs::file_type::directory) {
    if (zarr::is_zarr_folder(path)) return open_zarr_source(path, false, options, genes);
    return open_input(ByteInput::open(find_mtx_in_folder(path).string(), options.threads), options,
                      genes);
  }
  return open_input(ByteInput::open(path, options.threads), options, genes);
}

}  // namespace sicmir
