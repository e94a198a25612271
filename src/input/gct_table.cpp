// SPDX-License-Identifier: BSD-3-Clause
/// Version 1.2: `#1.2`; numbers of genes and of samples; the header Name, Description, samples; a
/// line per gene. Version 1.3 (clue.io, "GCT format"): the second line has two numbers more, of
/// columns that describe genes and stand before the values, and of lines that describe samples and
/// stand between header and values; the header begins with id. Fields are cut by tabs.

#include "input/gct_table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "base/printable.hpp"
#include "text/number_text.hpp"

namespace sicmir {
namespace {

constexpr std::size_t longest_line = std::size_t{1} << 30;
constexpr std::size_t piece_bytes = std::size_t{1} << 16;
constexpr Index most_annotation = 10000;  // columns of genes, lines of samples
constexpr Index sampled_genes = 200;
constexpr std::size_t sampled_bytes = std::size_t{1} << 24;

class GctBytes final : public ByteStage {
 public:
  GctBytes(std::unique_ptr<PeekedBytes> bytes, std::string name, const GeneIndex& genes)
      : bytes_(std::move(bytes)), name_(std::move(name)) {
    read_head();
    choose_names(genes);
  }

  [[nodiscard]] std::span<const char> next() override {
    if (!head_.empty()) {
      text_ = std::exchange(head_, {});
      return text_;
    }
    text_.clear();
    std::string line;
    while (text_.size() < piece_bytes && next_line(line)) append_gene(line, text_);
    if (text_.empty() && n_seen_ < n_genes_) {
      fail(fmt::format("ends after {} of {} genes; it is incomplete.", n_seen_, n_genes_));
    }
    return text_;
  }

  [[nodiscard]] std::size_t memory_bytes() const override {
    return bytes_->memory_bytes() + pending_.capacity() + text_.capacity() + head_.capacity();
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ExitCode::bad_input, fmt::format("{}: this GCT file {}", name_, what));
  }

  /// Without its end.
  bool next_line(std::string& line) {
    for (std::size_t searched = at_;;) {
      const std::size_t end = pending_.find('\n', searched);
      if (end != std::string::npos) {
        line.assign(pending_, at_, end - at_);
        at_ = end + 1;
        break;
      }
      pending_.erase(0, at_);
      at_ = 0;
      searched = pending_.size();
      if (searched > longest_line) fail("has a line of more than 1 GB.");
      const std::span<const char> more = bytes_->next();
      if (more.empty()) {
        if (pending_.empty()) return false;
        line = std::exchange(pending_, {});
        break;
      }
      pending_.append(more.data(), more.size());
    }
    if (line.ends_with('\r')) line.pop_back();
    return true;
  }

  std::string expect_line(const char* what) {
    std::string line;
    if (!next_line(line)) fail(fmt::format("ends before {}.", what));
    return line;
  }

  void read_head() {
    const std::string version = expect_line("its version");
    const bool has_annotation = version.find("#1.3") != std::string::npos;
    const std::string sizes = expect_line("its sizes");
    std::vector<Index> numbers;
    for (const std::string_view field : split_fields(sizes, FieldRules{})) {
      Index number = -1;
      const std::string digits = unquoted(field);
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (error != std::errc() || end != digits.data() + digits.size() || number < 0) break;
      numbers.push_back(number);
    }
    const std::size_t wanted = has_annotation ? 4 : 2;
    if (numbers.size() < wanted) {
      fail(fmt::format(
          "has '{}' in line 2, where {} numbers (of genes, of samples{}) were "
          "expected.",
          printable(sizes.substr(0, 80)), wanted, has_annotation ? " and of annotation" : ""));
    }
    n_genes_ = numbers[0];
    n_leading_ = 2;
    Index sample_lines = 0;
    if (has_annotation) {
      if (numbers[2] > most_annotation || numbers[3] > most_annotation) {
        fail(fmt::format("claims {} and {} fields of annotation.", numbers[2], numbers[3]));
      }
      n_leading_ = static_cast<std::size_t>(numbers[2]) + 1;
      sample_lines = numbers[3];
    }
    header_ = expect_line("its header");
    const auto fields = split_fields(header_, FieldRules{});
    const std::size_t n_fields = fields.size();
    // GTEx's files of single tissues have a number of the line before the names.
    const bool has_line_numbers = !has_annotation && unquoted(fields.front()) == "id" &&
                                  n_fields == 3 + static_cast<std::size_t>(numbers[1]);
    if (has_line_numbers) n_leading_ = 3;
    if (n_fields != n_leading_ + static_cast<std::size_t>(numbers[1])) {
      fail(
          fmt::format("has {} fields in its header; {} samples and {} columns before them were "
                      "expected.",
                      n_fields, numbers[1], n_leading_));
    }
    for (Index i = 0; i < sample_lines; ++i) (void)expect_line("its values");
    blank_lines_ = sample_lines;
  }

  /// Looks at the first genes: which of the leading columns names them?
  void choose_names(const GeneIndex& genes) {
    std::vector<std::string> lines;
    std::size_t bytes = 0;
    std::string line;
    while (static_cast<Index>(lines.size()) < sampled_genes && bytes < sampled_bytes &&
           next_line(line)) {
      bytes += line.size();
      lines.push_back(line);
    }
    std::vector<Index> found(n_leading_, 0);
    for (const std::string& gene : lines) {
      const auto fields = split_fields(gene, FieldRules{}, n_leading_);
      for (std::size_t i = 0; i < fields.size(); ++i) {
        if (genes.find_exact(unquoted(fields[i]))) ++found[i];
      }
    }
    names_at_ =
        static_cast<std::size_t>(std::max_element(found.begin(), found.end()) - found.begin());
    head_ = "\n\n";
    append(header_, head_);
    head_.append(static_cast<std::size_t>(blank_lines_), '\n');
    for (const std::string& gene : lines) append_gene(gene, head_);
  }

  void append_gene(const std::string& line, std::string& text) {
    if (line.find_first_not_of(" \t") == std::string::npos) {
      text += '\n';
      return;
    }
    ++n_seen_;
    append(line, text);
  }

  /// The field that names the gene, and what follows the leading ones.
  void append(std::string_view line, std::string& text) const {
    std::string_view rest = line;
    std::string_view name;
    for (std::size_t i = 0; i < n_leading_; ++i) {
      const std::size_t tab = rest.find('\t');
      if (i == names_at_) name = rest.substr(0, tab);
      if (tab == std::string_view::npos) {
        fail(fmt::format("has a line of fewer than {} fields: '{}'.", n_leading_,
                         printable(line.substr(0, 80))));
      }
      rest.remove_prefix(tab + 1);
    }
    text += name;
    text += '\t';
    text += rest;
    text += '\n';
  }

  std::unique_ptr<PeekedBytes> bytes_;
  std::string name_;
  std::string pending_;  // from at_ on: not served yet
  std::size_t at_ = 0;
  std::string header_;
  std::string head_;  // what the constructor read, as a table
  std::string text_;  // served last
  Index n_genes_ = 0;
  Index n_seen_ = 0;
  Index blank_lines_ = 0;
  std::size_t n_leading_ = 2;
  std::size_t names_at_ = 0;
};

}  // namespace

bool is_gct(std::string_view head) noexcept {
  const bool known = head.starts_with("#1.2") || head.starts_with("#1.3");
  return known && (head.size() == 4 || head[4] == '\n' || head[4] == '\r' || head[4] == '\t');
}

std::unique_ptr<ByteInput> gct_as_table(std::unique_ptr<ByteInput> input, const GeneIndex& genes) {
  const std::string name = input->name();
  return ByteInput::through(std::move(input), [&](std::unique_ptr<PeekedBytes> bytes) {
    return std::make_unique<GctBytes>(std::move(bytes), name, genes);
  });
}

}  // namespace sicmir
