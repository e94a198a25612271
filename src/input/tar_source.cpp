// SPDX-License-Identifier: BSD-3-Clause
#include "input/tar_source.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/joined.hpp"
#include "cells/spool.hpp"
#include "input/mtx_files.hpp"
#include "input/sources.hpp"
#include "text/archive_input.hpp"

namespace sicmir {
namespace {

// What is kept may be larger than the archive, which is compressed, but within limits.
constexpr std::uint64_t most_inflated = 64;
constexpr std::uint64_t most_from_a_pipe = std::uint64_t{1} << 38;

std::string_view word_of(ArchiveKind kind) {
  return kind == ArchiveKind::tar ? "tar" : "zip";
}

/// The regular files of an archive (tar: ustar, pax, GNU; zip), front to back, by libarchive's
/// functions that read: nothing of it that writes to disk is called, and compression around it is
/// ByteInput's.
class ArchiveReader {
 public:
  struct Member {
    std::string name;
    std::uint64_t bytes = 0;
  };

  ArchiveReader(ByteInput& input, ArchiveKind kind)
      : input_(input), kind_(kind), archive_([&input] { return input.next(); }) {
    if (archive_.get() == nullptr ||
        (kind == ArchiveKind::tar
             ? archive_read_support_format_tar(archive_.get())
             : archive_read_support_format_zip_streamable(archive_.get())) != ARCHIVE_OK ||
        !archive_.open()) {
      fail(archive_.why());
    }
  }

  /// The next regular file; nullopt: none is left.
  std::optional<Member> next() {
    for (;;) {
      archive_entry* entry = nullptr;
      const int done = archive_read_next_header(archive_.get(), &entry);
      if (done == ARCHIVE_EOF) {
        // libarchive also accepts an archive that was cut off between two members.
        if (kind_ == ArchiveKind::tar &&
            archive_read_header_position(archive_.get()) >= archive_.n_served()) {
          fail("it ends too early");
        }
        return std::nullopt;
      }
      // A warning is about a name in another encoding or an attribute that is not used here.
      if (done != ARCHIVE_OK && done != ARCHIVE_WARN) fail(archive_.why());
      const char* const name = archive_entry_pathname(entry);
      const bool is_file = archive_entry_filetype(entry) == AE_IFREG &&
                           archive_entry_hardlink(entry) == nullptr &&
                           archive_entry_sparse_count(entry) == 0;
      if (!is_file || name == nullptr) continue;
      if (archive_entry_is_encrypted(entry) != 0) fail("a member is encrypted");
      if (archive_entry_size(entry) < 0) fail("a size is damaged");
      return Member{name, static_cast<std::uint64_t>(archive_entry_size(entry))};
    }
  }

  /// The next bytes of the member; empty: its end.
  std::span<const char> read() {
    const auto bytes = archive_.read();
    if (!bytes) fail(archive_.why());
    return *bytes;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(
        ExitCode::bad_input,
        fmt::format("{}: this {} archive cannot be read: {} (in the member at byte {} of "
                    "the uncompressed archive). Was it copied or downloaded completely?",
                    input_.name(), word_of(kind_), what,
                    archive_.get() != nullptr ? archive_read_header_position(archive_.get()) : 0));
  }

 private:
  ByteInput& input_;
  ArchiveKind kind_;
  ArchiveInput archive_;
};

enum class Part : std::uint8_t { matrix, genes, cells, other };

/// nullopt: what systems and people add.
std::optional<Part> part_of(std::string_view name) {
  std::string_view base = name.substr(name.rfind('/') + 1);
  const bool is_added = base.starts_with("._") || base.starts_with(".DS_Store") || base.empty() ||
                        name.starts_with("__MACOSX/");
  if (is_added) return std::nullopt;
  if (base.ends_with(".gz")) base.remove_suffix(3);
  const auto is_one_of = [base](std::initializer_list<std::string_view> endings) {
    return std::any_of(endings.begin(), endings.end(),
                       [base](std::string_view ending) { return base.ends_with(ending); });
  };
  if (is_one_of({".mtx"})) return Part::matrix;
  if (is_one_of({"features.tsv", "genes.tsv", "features.txt", "genes.txt"})) return Part::genes;
  if (is_one_of({"barcodes.tsv", "barcodes.txt", "cells.tsv", "cells.txt"})) return Part::cells;
  return Part::other;
}

std::string folder_of(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string::npos ? std::string() : name.substr(0, slash);
}

struct Kept {
  Part part;
  std::string name;
  std::unique_ptr<TemporaryFile> file;
};

/// The one of this part; of lists, the one beside the matrix.
const Kept& the_one(const std::vector<Kept>& kept, Part part, const std::string& archive,
                    ArchiveKind kind, const std::string& folder) {
  std::vector<const Kept*> found;
  std::vector<std::string> names;
  for (const Kept& each : kept) {
    if (each.part != part) continue;
    if (part != Part::matrix && folder_of(each.name) != folder) continue;
    found.push_back(&each);
    names.push_back(each.name);
  }
  constexpr std::array parts = {"matrix (.mtx)", "list of genes (features.tsv, genes.tsv)",
                                "list of cells (barcodes.tsv)"};
  if (found.size() != 1) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: this {} archive holds {} {}{}{}; one matrix with one list of "
                            "genes and one of cells beside it is read. Unpack it, and specify "
                            "one of its directories.",
                            archive, word_of(kind), found.empty() ? "no" : "more than one",
                            parts.at(static_cast<std::size_t>(part)), names.empty() ? "" : ": ",
                            joined(names, ", ")));
  }
  return *found.front();
}

/// An Excel workbook and NumPy's arrays are zip archives, too.
void refuse_office(const std::string& archive, const std::string& member) {
  const auto refuse = [&](const char* what) {
    throw Error(ExitCode::bad_input, fmt::format("{}: this is {}", archive, what));
  };
  if (member == "[Content_Types].xml" || member.starts_with("xl/")) {
    refuse(
        "an Excel workbook (.xlsx), which may have changed gene names into dates. Save the "
        "sheet as CSV, best from the program that made the table.");
  }
  if (member == "mimetype" || member.starts_with("META-INF/")) {
    refuse("an office document (.ods) or a Java archive. Save the sheet as CSV.");
  }
  if (member.ends_with(".npy")) {
    refuse(
        "an archive of NumPy arrays (.npz), which names neither genes nor cells. Save the "
        "matrix from Python as .h5ad (anndata.AnnData(...).write_h5ad) or as CSV.");
  }
}

/// Messages name the member, not the temporary file.
void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

bool is_tar(std::string_view head) noexcept {
  constexpr std::size_t magic_at = 257;
  return head.size() > magic_at && head.substr(magic_at).starts_with("ustar");
}

bool is_zip(std::string_view head) noexcept {
  return head.starts_with("PK\x03\x04");
}

std::unique_ptr<CellSource> open_archive_source(std::unique_ptr<ByteInput> archive,
                                                ArchiveKind kind, const SourceOptions& options,
                                                const OpenMember& open_member) {
  const std::string name = archive->name();
  constexpr std::size_t most_members = 64;  // that are kept
  std::uint64_t allowed =
      archive->file_size() ? *archive->file_size() * most_inflated + (1U << 28) : most_from_a_pipe;
  std::vector<Kept> kept;
  std::vector<std::string> others;
  ArchiveReader reader(*archive, kind);
  const auto refuse_size = [&](const std::string& member) {
    reader.fail(
        fmt::format("'{}' is larger than an archive of this size can hold, or one of "
                    "too many",
                    member));
  };
  while (const std::optional<ArchiveReader::Member> member = reader.next()) {
    const std::optional<Part> part = part_of(member->name);
    if (!part) continue;
    refuse_office(name, member->name);
    if (*part == Part::other) {
      others.push_back(member->name);
      // The first may be the only one, a table.
      if (others.size() > 1 || !kept.empty()) continue;
    }
    if (kept.size() == most_members || member->bytes > allowed) refuse_size(member->name);
    kept.push_back({*part, member->name, std::make_unique<TemporaryFile>()});
    for (std::span<const char> bytes = reader.read(); !bytes.empty(); bytes = reader.read()) {
      if (bytes.size() > allowed) refuse_size(member->name);
      allowed -= bytes.size();
      kept.back().file->append({bytes.data(), bytes.size()});
    }
    (void)kept.back().file->descriptor();
  }
  const bool is_only = kept.size() == 1 && (others.size() == 1) == (kept[0].part == Part::other);
  if (is_only) {
    const Kept& only = kept.front();
    return open_member(ByteInput::open_as(only.file->path(), archive->path(),
                                          fmt::format("{}: {}", name, only.name), options.threads));
  }
  const bool has_matrix = std::any_of(kept.begin(), kept.end(),
                                      [](const Kept& each) { return each.part == Part::matrix; });
  if (!has_matrix && others.size() > 1) {
    constexpr std::size_t most_shown = 6;
    const std::size_t n_others = others.size();
    others.resize(std::min(n_others, most_shown));
    throw Error(ExitCode::bad_input,
                fmt::format("{}: this {} archive holds {} files ({}{}); one table, or one matrix "
                            "with its lists of genes and cells, is read. Unpack it, and specify "
                            "one of its files.",
                            name, word_of(kind), n_others, joined(others, ", "),
                            n_others > most_shown ? ", ..." : ""));
  }
  const Kept& matrix = the_one(kept, Part::matrix, name, kind, "");
  const std::string folder = folder_of(matrix.name);
  const Kept& genes = the_one(kept, Part::genes, name, kind, folder);
  const Kept& cells = the_one(kept, Part::cells, name, kind, folder);
  const auto base = [](const Kept& each) { return each.name.substr(each.name.rfind('/') + 1); };
  MtxSiblings lists;
  lists.genes = genes.file->path();
  lists.cells = cells.file->path();
  lists.genes_name = base(genes);
  try {
    auto input = ByteInput::open_as(matrix.file->path(), archive->path(),
                                    fmt::format("{}: {}", name, matrix.name), options.threads);
    return open_mtx_files(std::move(input), lists, options);
  } catch (const Error& error) {
    std::string message = error.what();
    for (const Kept* each : {&genes, &cells}) {
      replace_all(message, each->file->path(), fmt::format("{}: {}", name, each->name));
    }
    throw Error(error.code(), message, error.remedies());
  }
}

}  // namespace sicmir
