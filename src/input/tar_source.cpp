/// POSIX.1-2017, pax, "ustar Interchange Format": blocks of 512 bytes, a header of each member and
/// its content; size in octal at 124, checksum at 148, type at 156, prefix of the name at 345.
/// Longer names and sizes: extended headers of type x (pax), or GNU tar's type L and numbers in
/// base 256.

#include "input/tar_source.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cells/spool.hpp"
#include "input/mtx_files.hpp"
#include "input/sources.hpp"

namespace sicmir {
namespace {

constexpr std::size_t block_bytes = 512;
constexpr std::size_t longest_extension = std::size_t{1} << 20;
// What is kept may be larger than the archive, which is compressed, but not without end.
constexpr std::uint64_t most_inflated = 64;
constexpr std::uint64_t most_from_a_pipe = std::uint64_t{1} << 38;

std::string_view text_at(std::string_view block, std::size_t at, std::size_t size) {
  const std::string_view field = block.substr(at, size);
  return field.substr(0, field.find('\0'));
}

/// Octal digits within blanks, or GNU's base 256; nullopt: neither.
std::optional<std::uint64_t> number_at(std::string_view block, std::size_t at, std::size_t size) {
  const std::string_view field = block.substr(at, size);
  constexpr unsigned char base_256 = 0x80;
  if ((static_cast<unsigned char>(field[0]) & base_256) != 0) {
    std::uint64_t value = static_cast<unsigned char>(field[0]) & 0x7FU;
    for (const char c : field.substr(1)) {
      if (value >> 54 != 0) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
  }
  const std::size_t first = field.find_first_not_of(' ');
  if (first == std::string_view::npos) return std::uint64_t{0};
  std::uint64_t value = 0;
  const char* const begin = field.data() + first;
  const auto [end, error] = std::from_chars(begin, field.data() + size, value, 8);
  if (error == std::errc::result_out_of_range) return std::nullopt;
  return end == begin && *begin != '\0' ? std::nullopt : std::optional(value);
}

bool has_checksum(std::string_view block) {
  constexpr std::size_t at = 148;
  constexpr std::size_t size = 8;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    sum += i >= at && i < at + size ? std::uint64_t{' '} : static_cast<unsigned char>(block[i]);
  }
  return number_at(block, at, size) == sum;
}

class TarReader {
 public:
  struct Member {
    std::string name;
    std::uint64_t bytes = 0;
  };

  explicit TarReader(ByteInput& input) : input_(input) {}

  /// The next regular file; nullopt: none is left.
  std::optional<Member> next() {
    skip(left_);
    std::string long_name;
    std::optional<std::uint64_t> long_size;
    for (;;) {
      skip(padding_);
      padding_ = 0;
      const std::string block = take(block_bytes);
      if (block.find_first_not_of('\0') == std::string::npos) return std::nullopt;  // the end
      const std::optional<std::uint64_t> size = number_at(block, 124, 12);
      if (!size || !has_checksum(block)) fail("a header is damaged");
      const char type = block[156];
      Member member{std::string(text_at(block, 0, 100)), *size};
      if (text_at(block, 257, 5) == "ustar" && !text_at(block, 345, 155).empty()) {
        member.name = fmt::format("{}/{}", text_at(block, 345, 155), member.name);
      }
      if (type == 'x' || type == 'L') {
        if (*size > longest_extension) fail("an extended header is too long");
        padding_ = padding_of(*size);
        const std::string extension = take(static_cast<std::size_t>(*size));
        if (type == 'L') {
          long_name = extension.substr(0, extension.find('\0'));
        } else {
          read_extension(extension, long_name, long_size);
        }
        continue;
      }
      if (!long_name.empty()) member.name = std::exchange(long_name, {});
      if (long_size) member.bytes = *std::exchange(long_size, std::nullopt);
      left_ = member.bytes;
      padding_ = padding_of(left_);
      const bool is_file = type == '0' || type == '\0' || type == '7';
      if (is_file) return member;
      skip(left_);
    }
  }

  /// The next bytes of the member; empty: its end.
  std::span<const char> read() {
    if (left_ == 0) return {};
    if (at_.empty()) refill();
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, at_.size()));
    const std::span<const char> bytes = at_.first(count);
    at_ = at_.subspan(count);
    left_ -= count;
    return bytes;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: this tar archive cannot be read: {} near byte {} of what it "
                            "unpacks to. Was it copied or downloaded completely?",
                            input_.name(), what, n_read_ - at_.size()));
  }

 private:
  static std::uint64_t padding_of(std::uint64_t bytes) {
    return (block_bytes - bytes % block_bytes) % block_bytes;
  }

  void refill() {
    at_ = input_.next();
    n_read_ += at_.size();
    if (at_.empty()) fail("it ends too early");
  }

  /// `count` may be a member of this object: it is 0 afterwards.
  void skip(std::uint64_t& count) {
    while (count > 0) {
      if (at_.empty()) refill();
      const auto here = std::min<std::uint64_t>(count, at_.size());
      at_ = at_.subspan(static_cast<std::size_t>(here));
      count -= here;
    }
  }

  std::string take(std::size_t count) {
    std::string bytes;
    while (bytes.size() < count) {
      if (at_.empty()) refill();
      const std::size_t here = std::min(count - bytes.size(), at_.size());
      bytes.append(at_.data(), here);
      at_ = at_.subspan(here);
    }
    return bytes;
  }

  /// Records "LENGTH KEY=VALUE\n".
  void read_extension(std::string_view records, std::string& name,
                      std::optional<std::uint64_t>& size) const {
    while (!records.empty()) {
      std::size_t length = 0;
      const auto [end, error] =
          std::from_chars(records.data(), records.data() + records.size(), length);
      const auto digits = static_cast<std::size_t>(end - records.data());
      if (error != std::errc() || length > records.size() || length < digits + 3) {
        fail("an extended header is damaged");
      }
      const std::string_view record = records.substr(digits + 1, length - digits - 2);
      if (record.starts_with("path=")) name = record.substr(5);
      if (record.starts_with("size=")) {
        std::uint64_t value = 0;
        const std::string_view number = record.substr(5);
        const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
        if (result.ec != std::errc() || value >> 62 != 0) fail("a size is damaged");
        size = value;
      }
      records.remove_prefix(length);
    }
  }

  ByteInput& input_;
  std::span<const char> at_;
  std::uint64_t n_read_ = 0;
  std::uint64_t left_ = 0;     // of the member
  std::uint64_t padding_ = 0;  // behind it
};

enum class Part : std::uint8_t { matrix, genes, cells };

std::optional<Part> part_of(std::string_view name) {
  std::string_view base = name.substr(name.rfind('/') + 1);
  if (base.starts_with("._")) return std::nullopt;  // what macOS adds
  if (base.ends_with(".gz")) base.remove_suffix(3);
  const auto is_one_of = [base](std::initializer_list<std::string_view> endings) {
    return std::any_of(endings.begin(), endings.end(),
                       [base](std::string_view ending) { return base.ends_with(ending); });
  };
  if (is_one_of({".mtx"})) return Part::matrix;
  if (is_one_of({"features.tsv", "genes.tsv", "features.txt", "genes.txt"})) return Part::genes;
  if (is_one_of({"barcodes.tsv", "barcodes.txt", "cells.tsv", "cells.txt"})) return Part::cells;
  return std::nullopt;
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
                    const std::string& folder) {
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
                fmt::format("{}: this tar archive holds {} {}{}{}; one matrix with one list of "
                            "genes and one of cells beside it is read. Unpack it, and give the "
                            "folder that is wanted.",
                            archive, found.empty() ? "no" : "more than one",
                            parts.at(static_cast<std::size_t>(part)), names.empty() ? "" : ": ",
                            fmt::join(names, ", ")));
  }
  return *found.front();
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

std::unique_ptr<CellSource> open_tar_source(std::unique_ptr<ByteInput> archive,
                                            const SourceOptions& options) {
  const std::string name = archive->name();
  constexpr std::size_t most_members = 64;  // that are kept
  std::uint64_t allowed =
      archive->file_size() ? *archive->file_size() * most_inflated + (1U << 28) : most_from_a_pipe;
  std::vector<Kept> kept;
  TarReader reader(*archive);
  while (const std::optional<TarReader::Member> member = reader.next()) {
    const std::optional<Part> part = part_of(member->name);
    if (!part) continue;
    if (kept.size() == most_members || member->bytes > allowed) {
      reader.fail(
          fmt::format("'{}' is larger than an archive of this size can hold, or one of "
                      "too many",
                      member->name));
    }
    allowed -= member->bytes;
    kept.push_back({*part, member->name, std::make_unique<TemporaryFile>()});
    for (std::span<const char> bytes = reader.read(); !bytes.empty(); bytes = reader.read()) {
      kept.back().file->append({bytes.data(), bytes.size()});
    }
    if (member->bytes == 0) kept.back().file->append("");
  }
  const Kept& matrix = the_one(kept, Part::matrix, name, "");
  const std::string folder = folder_of(matrix.name);
  const Kept& genes = the_one(kept, Part::genes, name, folder);
  const Kept& cells = the_one(kept, Part::cells, name, folder);
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
    throw Error(error.code(), message);
  }
}

}  // namespace sicmir
