// SPDX-License-Identifier: BSD-3-Clause
#include "input/table_layout.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "base/joined.hpp"
#include "genes/id_kinds.hpp"
#include "input/axis_match.hpp"
#include "input/column_names.hpp"
#include "input/settled_marks.hpp"
#include "input/star_counts.hpp"
#include "input/table_lines.hpp"
#include "input/table_meaning.hpp"
#include "sicmir/types.hpp"

namespace sicmir {
namespace {

constexpr std::size_t most_sampled_lines = 20000;           // for names
constexpr std::size_t most_counted_lines = 50;              // for numbers of fields
constexpr std::size_t enough_bytes = std::size_t{1} << 18;  // of long lines, for either
constexpr std::size_t most_leading_columns = 10;

class LayoutFinder {
 public:
  LayoutFinder(const std::string& file, const GeneIndex& genes) : file_(file), genes_(genes) {}

  TableLayout find(std::string_view head, bool whole, const TableOptions& options) {
    lines_ = cut_lines(head, whole);
    check_any_lines(head);
    skip_gct_preamble();
    skip_series_matrix();
    find_separator();
    if (find_star_counts()) return std::move(layout_);
    find_header();
    settle_number_marks(options);
    find_trailing_separator();
    complete_header();
    skip_text_lines();
    find_pairs(options.take_pairs);
    if (layout_.pairs) return std::move(layout_);
    find_leading_columns();
    check_header_is_no_data();
    find_orientation(options.orientation);
    check_cells_have_names();
    check_columns_are_samples();
    judge_value_columns();
    return std::move(layout_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ExitCode::bad_input, fmt::format("{}: {}", file_, what));
  }

  void check_any_lines(std::string_view head) const {
    if (lines_.empty()) fail("there are only blank lines in it; expected a table with a header.");
    if (head.find('\n') == std::string_view::npos && head.find('\r') < head.size() - 1) {
      fail(
          "its lines end with CR alone, as on old Macs. Convert them: `tr '\\r' '\\n' < IN > "
          "OUT`.");
    }
  }

  /// Broad's GCT: "#1.2", then a line with the table's extent, then the table.
  void skip_gct_preamble() {
    if (lines_.size() > 2 && lines_[0].text.starts_with("#1.")) {
      lines_.erase(lines_.begin(), lines_.begin() + 2);
    }
  }

  void find_separator() {
    // The header is judged by its own rules; comments may be of any form.
    std::vector<TableLine> sample;
    std::size_t n_bytes = 0;
    for (const TableLine& line : lines_) {
      if (sample.size() > 20 || (sample.size() > 3 && n_bytes > enough_bytes)) break;
      if (line.text.starts_with('#')) continue;
      sample.push_back(line);
      n_bytes += line.text.size();
    }
    if (sample.empty()) sample.push_back(lines_.front());
    const std::span<const TableLine> all = sample;
    const auto rules = find_rules(all.size() > 1 ? all.subspan(1) : all);
    if (!rules) {
      fail(
          fmt::format("no separator was found: line {} is \"{}\". Expected a table of names and "
                      "numbers separated by tabs, commas, semicolons or blanks.",
                      sample.front().number, excerpt(sample.front().text)));
    }
    layout_.rules = *rules;
    if (lines_.size() > most_sampled_lines) lines_.resize(most_sampled_lines);
    n_bytes = 0;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      n_bytes += lines_[i].text.size();
      if (i < 5 || (i < most_counted_lines && n_bytes < enough_bytes)) n_counted_ = i + 1;
      lines_[i].fields = i < n_counted_
                             ? split_fields(lines_[i].text, layout_.rules)
                             : split_fields(lines_[i].text, layout_.rules, most_leading_columns);
    }
  }

  void find_header() {
    std::vector<std::size_t> counts;
    for (std::size_t i = 0; i < n_counted_; ++i) {
      if (!lines_[i].text.starts_with('#')) counts.push_back(lines_[i].fields.size());
    }
    if (counts.size() > 1) counts.erase(counts.begin());
    layout_.n_fields = counts.empty() ? lines_.front().fields.size() : usual_count(counts);
    drop_preamble();
    header_ = lines_.front();
    header_.fields = split_fields(header_.text, layout_.rules);
    lines_.erase(lines_.begin());
    layout_.header_line = header_.number;
    layout_.first_data_line = header_.number + 1;
  }

  /// Comments and titles above the header.
  void drop_preamble() {
    constexpr std::size_t most = 60;
    std::size_t at = 0;
    std::size_t title = lines_.size();  // the first line that is no comment
    while (at + 1 < lines_.size() && at < most && is_above_header(lines_[at], lines_[at + 1])) {
      if (title == lines_.size() && !lines_[at].text.starts_with('#')) title = at;
      ++at;
    }
    if (title < lines_.size()) {
      layout_.warnings.push_back(fmt::format("{}: text above the header (\"{}\") passed over.",
                                             file_, excerpt(lines_[title].text)));
    }
    lines_.erase(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  [[nodiscard]] bool is_above_header(const TableLine& line, const TableLine& next) const {
    const std::size_t n = line.fields.size();
    const bool next_is_text = !has_number(next) && next.fields.size() + 1 >= layout_.n_fields;
    if (line.text.starts_with('#')) {
      if (next.text.starts_with('#') || n + 1 < layout_.n_fields) return true;
      // One field short is R's header. "# " with a header below it is a comment.
      const bool is_remark = line.text.starts_with("# ") || line.text.starts_with("##");
      return n + 1 == layout_.n_fields && (next_is_text || is_remark);
    }
    const auto n_filled =
        std::count_if(line.fields.begin(), line.fields.end(), [](std::string_view field) {
          return field.find_first_not_of(" \t\"") != std::string_view::npos;
        });
    if (n_filled > 1 && n + 1 >= layout_.n_fields) return false;
    if (next_is_text && n_filled <= 1 && n <= layout_.n_fields) {
      return next.fields.size() > n || n_filled < static_cast<std::ptrdiff_t>(n);
    }
    // More text before the header comes, as in a spreadsheet's first lines.
    return n + 1 < layout_.n_fields && !has_number(next);
  }

  /// GEO's series matrix: lines of "!" around the table.
  void skip_series_matrix() {
    if (!lines_.front().text.starts_with('!') && !lines_.front().text.starts_with("\"!")) return;
    layout_.comment = '!';
    std::erase_if(lines_, [](const TableLine& line) { return line.text.starts_with('!'); });
    if (lines_.size() > 1) return;
    fail(
        "this is a GEO series matrix whose table is empty, as for most sequencing series. The "
        "counts are among the supplementary files of the series.");
  }

  /// STAR's ReadsPerGene.out.tab: no header, three columns of one sample.
  bool find_star_counts() {
    const auto found = star_sums(lines_);
    if (!found) return false;
    const auto& sums = *found;
    const auto strand = choose_star_strand(sums);
    if (!strand) {
      fail(fmt::format(
          "this is STAR's ReadsPerGene table of one sample, with counts for an unstranded library "
          "(column 2) and for either strand (columns 3 and 4). Their sums ({:.0f}, {:.0f}, {:.0f}) "
          "do not tell which column is right. Keep one, with a header above: (printf "
          "'gene\\tS1\\n'; tail -n +5 IN | cut -f 1,4) > OUT.",
          sums[0], sums[1], sums[2]));
    }
    constexpr std::size_t n_columns = 4;
    layout_.n_fields = n_columns;
    layout_.header_line = 0;
    layout_.first_data_line = lines_.front().number;
    layout_.leading = {LeadingColumn::names};
    layout_.left_out.assign(n_columns - 1, 1);
    layout_.left_out[strand->column - 1] = 0;
    layout_.header.assign(n_columns, star_sample_name(file_));
    layout_.header.front() = "first column";
    layout_.warnings.push_back(fmt::format(
        "{}: STAR's counts of one sample; by the sums of its three columns ({:.0f}, {:.0f}, "
        "{:.0f}), the counts are {}.",
        file_, sums[0], sums[1], sums[2], strand->name));
    return true;
  }

  void settle_number_marks(const TableOptions& options) {
    NumberMarks marks;
    for (const TableLine& line : lines_) {
      const auto fields = split_fields(line.text, layout_.rules);
      for (std::size_t c = 1; c < fields.size(); ++c) marks.add(fields[c]);
    }
    settle_marks(marks, options.decimal, options.thousands, layout_.rules, file_);
  }

  void find_trailing_separator() {
    if (lines_.empty() || layout_.rules.blanks() || layout_.n_fields < 3) return;
    const bool in_header = header_.fields.back().empty();
    const bool blank_corner =
        header_.fields.size() + 1 == layout_.n_fields && unquoted(header_.fields.front()).empty();
    if (!in_header && !blank_corner) return;
    for (const TableLine& line : lines_) {
      if (!line.text.ends_with(layout_.rules.separator)) return;
    }
    layout_.trailing_separator = true;
    --layout_.n_fields;
    if (in_header) header_.fields.pop_back();
  }

  void complete_header() {
    for (const std::string_view field : header_.fields) layout_.header.push_back(unquoted(field));
    if (layout_.header.size() + 1 == layout_.n_fields) {
      layout_.header.insert(layout_.header.begin(), "");  // as R's write.table() does it
    } else if (layout_.header.size() != layout_.n_fields) {
      fail(
          fmt::format("the header (line {}) has {} fields, but most lines have {}. Every line "
                      "needs one field per column of the header (R leaves out the header's first "
                      "one). Is a separator missing, or a file cut short?",
                      header_.number, layout_.header.size(), layout_.n_fields));
    }
  }

  FieldKind kind(const TableLine& line, std::size_t column) const {
    double value = 0;
    if (column >= line.fields.size()) return FieldKind::missing;
    return read_number(line.fields[column], layout_.rules, value);
  }

  bool has_number(const TableLine& line) const {
    for (std::size_t c = 1; c < line.fields.size(); ++c) {
      if (kind(line, c) == FieldKind::number) return true;
    }
    return false;
  }

  bool is_all_text(const TableLine& line) const {
    for (std::size_t c = 1; c < line.fields.size(); ++c) {
      if (kind(line, c) != FieldKind::text) return false;
    }
    return line.fields.size() > 1;
  }

  /// A second header line, e.g. of cell types or of Firehose's "normalized_count".
  void skip_text_lines() {
    constexpr std::size_t most = 3;
    std::size_t n = 0;
    while (n < most && n < lines_.size() && is_all_text(lines_[n])) ++n;
    if (n == 0 || n == lines_.size() || !has_number(lines_[n])) return;
    check_quantities_below_header();
    layout_.warnings.push_back(fmt::format("{}: {} of text below the header (\"{}\") passed over.",
                                           file_, n == 1 ? "a line" : fmt::format("{} lines", n),
                                           excerpt(lines_[0].text)));
    layout_.first_data_line = lines_[n - 1].number + 1;
    lines_.erase(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(n));
  }

  void check_quantities_below_header() const {
    std::vector<std::string> below;
    for (std::size_t c = 1; c < lines_.front().fields.size(); ++c) {
      below.push_back(unquoted(lines_.front().fields[c]));
    }
    const std::vector<std::string> quantities =
        quantities_below_header({layout_.header.begin() + 1, layout_.header.end()}, below);
    if (quantities.empty()) return;
    fail(
        fmt::format("line {} names several quantities of each sample ({}), which would be taken "
                    "for samples of their own. Keep the columns of one of them.",
                    lines_.front().number, joined(quantities, ", ")));
  }

  void find_leading_columns() {
    layout_.leading = {LeadingColumn::names};
    for (std::size_t c = 1; c < std::min(layout_.n_fields, most_leading_columns); ++c) {
      const std::string& name = layout_.header[c];
      const bool is_gene = genes_.find_exact(name).has_value();
      bool any_text = false;
      bool any_number = false;
      for (const TableLine& line : lines_) {
        const FieldKind found = kind(line, c);
        any_text = any_text || found == FieldKind::text;
        any_number = any_number || found == FieldKind::number;
      }
      if (names_annotation(name) && !is_gene) {
        layout_.leading.push_back(LeadingColumn::other);
      } else if ((any_text && !any_number) || (names_entrez(name) && !is_gene)) {
        layout_.leading.push_back(LeadingColumn::names);
      } else {
        break;
      }
    }
    if (layout_.n_value_fields() > 0) return;
    const std::size_t c = std::min<std::size_t>(1, layout_.n_fields - 1);
    fail(fmt::format(
        "there is no column of numbers; line {}, column {} holds \"{}\". Expected a "
        "table of expression values with genes and cells on its sides.",
        lines_.empty() ? header_.number : lines_.front().number, c + 1,
        lines_.empty()
            ? layout_.header[c]
            : excerpt(lines_.front().fields[std::min(c, lines_.front().fields.size() - 1)])));
  }

  /// A table without a header would lose its first gene and take numbers for sample names.
  void check_header_is_no_data() const {
    const std::string& first = layout_.header.front();
    if (first.empty() || lines_.empty()) return;
    bool fractions = false;
    bool repeat = false;
    std::unordered_set<std::string_view> seen;
    for (std::size_t c = layout_.leading.size(); c < header_.fields.size(); ++c) {
      double value = 0;
      const FieldKind kind = read_number(header_.fields[c], layout_.rules, value);
      if (kind == FieldKind::text) return;
      if (kind == FieldKind::missing) continue;
      repeat = repeat || !seen.insert(header_.fields[c]).second;
      fractions =
          fractions ||
          value != static_cast<double>(static_cast<std::int64_t>(std::clamp(value, -1e15, 1e15)));
    }
    if (seen.empty()) return;
    const bool is_gene = genes_.find(first) || looks_like_gene_id(first) || is_summary_line(first);
    if (fractions || is_gene || (!is_header_word(first) && (repeat || is_named_as_lines(first)))) {
      fail(
          fmt::format("line {} looks like data, not like a header (\"{}\"). Put a line with the "
                      "names of the samples above it.",
                      header_.number, excerpt(header_.text)));
    }
  }

  /// True if most lines begin with names of the same kind.
  [[nodiscard]] bool is_named_as_lines(std::string_view name) const {
    const IdKind kind = guess_id_kind(name).kind;
    const auto n = std::count_if(lines_.begin(), lines_.end(), [&](const TableLine& line) {
      return guess_id_kind(unquoted(line.fields.front())).kind == kind;
    });
    return static_cast<std::size_t>(n) * 2 > lines_.size();
  }

  [[nodiscard]] std::vector<std::string> column_texts(std::size_t column) const {
    std::vector<std::string> texts;
    texts.reserve(lines_.size());
    for (const TableLine& line : lines_) {
      texts.push_back(column < line.fields.size() ? unquoted(line.fields[column]) : std::string());
    }
    return texts;
  }

  /// Columns that may name what a line is of: of text, or called so.
  [[nodiscard]] std::vector<std::size_t> name_columns() const {
    std::vector<std::size_t> columns;
    for (std::size_t c = 0; c < layout_.n_fields; ++c) {
      const std::string name = normalised_name(layout_.header[c]);
      const bool is_called_so = names_entrez(layout_.header[c]) || names_sample_column(name);
      if (is_all_names(c) || (is_called_so && !names_value_column(name))) columns.push_back(c);
    }
    return columns;
  }

  [[nodiscard]] bool is_all_names(std::size_t column) const {
    bool any_text = false;
    for (const TableLine& line : lines_) {
      const FieldKind found = kind(line, column);
      if (found == FieldKind::number) return false;
      any_text = any_text || found == FieldKind::text;
    }
    return any_text;
  }

  /// A line per gene and cell is no table of lines and columns. One that tells genes, cells and
  /// values apart is read as such; any other is refused.
  void find_pairs(bool may_take) {
    constexpr std::size_t most_fields = 9;
    if (layout_.n_fields < 3 || layout_.n_fields > most_fields) return;
    const std::vector<std::size_t> candidates = name_columns();
    if (candidates.size() < 2 || candidates.size() == layout_.n_fields) return;
    std::vector<std::vector<std::string>> texts;
    texts.reserve(candidates.size());
    for (const std::size_t c : candidates) texts.push_back(column_texts(c));
    // Columns that say that they name samples come first.
    std::vector<std::size_t> order;
    for (const bool is_called_so : {true, false}) {
      for (std::size_t s = 0; s < candidates.size(); ++s) {
        const std::string name = normalised_name(layout_.header[candidates[s]]);
        if (names_sample_column(name) == is_called_so) order.push_back(s);
      }
    }
    for (std::size_t g = 0; g < candidates.size(); ++g) {
      if (!may_be_genes(texts[g])) continue;
      for (const std::size_t s : order) {
        if (s == g) continue;
        const bool is_first_cell = lists_one_cell(candidates, s, texts[g], texts[s]);
        if (!is_first_cell && !are_pairs(texts[g], texts[s])) continue;
        take_pairs(candidates, texts, g, s, may_take);
        return;
      }
    }
  }

  [[nodiscard]] bool may_be_genes(const std::vector<std::string>& texts) const {
    return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
      return looks_like_gene_id(text) || genes_.find_exact(text);
    });
  }

  /// The beginning of a long table that is sorted by cell, or a whole one of one sample.
  [[nodiscard]] bool lists_one_cell(const std::vector<std::size_t>& candidates, std::size_t column,
                                    const std::vector<std::string>& genes,
                                    const std::vector<std::string>& cells) const {
    constexpr std::size_t least_lines = 12;
    if (candidates.size() + 1 != layout_.n_fields || genes.size() < least_lines) return false;
    std::size_t value = 0;
    while (value < candidates.size() && candidates[value] == value) ++value;
    if (!names_sample_column(normalised_name(layout_.header[candidates[column]])) ||
        !names_value_column(normalised_name(layout_.header[value]))) {
      return false;
    }
    const std::unordered_set<std::string_view> distinct_cells(cells.begin(), cells.end());
    const std::unordered_set<std::string_view> distinct_genes(genes.begin(), genes.end());
    return distinct_cells.size() == 1 && distinct_genes.size() == genes.size();
  }

  void take_pairs(const std::vector<std::size_t>& candidates,
                  const std::vector<std::vector<std::string>>& texts, std::size_t g, std::size_t s,
                  bool may_take) {
    LongColumns pairs;
    pairs.cell = candidates[s];
    std::vector<std::size_t> values;
    std::string why;
    for (std::size_t c = 0; c < layout_.n_fields && why.empty(); ++c) {
      if (c == pairs.cell) continue;
      const auto found = std::find(candidates.begin(), candidates.end(), c);
      if (found == candidates.end()) {
        values.push_back(c);
      } else if (goes_with(texts[g], texts[static_cast<std::size_t>(found - candidates.begin())])) {
        pairs.genes.push_back(c);
      } else {
        why = fmt::format("\"{}\" differs between lines of one gene", layout_.header[c]);
      }
    }
    const std::string cell = normalised_name(layout_.header[pairs.cell]);
    if (!may_take) {
      why = "only as a table of genes";
    } else if (!why.empty()) {
      // the first reason will do
    } else if (!names_sample_column(cell)) {
      why = fmt::format("the name of column \"{}\" does not say that it names samples",
                        layout_.header[pairs.cell]);
    } else if (may_be_genes(texts[s]) && genes_.coverage(texts[s]) > 0) {
      why = fmt::format("\"{}\" holds names of genes, too", layout_.header[pairs.cell]);
    } else if (values.size() != 1) {
      why = fmt::format("there are {} columns of values", values.size());
    } else if (is_no_value(layout_.header[values.front()])) {
      why = fmt::format("\"{}\" is no expression value", layout_.header[values.front()]);
    }
    if (!why.empty()) {
      fail(long_table_message(layout_.header[candidates[g]], layout_.header[pairs.cell],
                              layout_.header.back(), why));
    }
    double number = 0;
    pairs.value = values.front();
    if (read_number(layout_.header[pairs.value], layout_.rules, number) == FieldKind::number) {
      fail(fmt::format("line {} looks like data, not like a header (\"{}\").", header_.number,
                       excerpt(header_.text)));
    }
    layout_.pairs = std::move(pairs);
  }

  [[nodiscard]] static bool is_no_value(const std::string& header) {
    const std::string name = normalised_name(header);
    return names_statistic(name) || names_size(name) || names_annotation(header);
  }

  /// Each gene has one text.
  [[nodiscard]] static bool goes_with(const std::vector<std::string>& genes,
                                      const std::vector<std::string>& texts) {
    std::unordered_map<std::string_view, std::string_view> text_of;
    for (std::size_t i = 0; i < std::min(genes.size(), texts.size()); ++i) {
      if (text_of.emplace(genes[i], texts[i]).first->second != texts[i]) return false;
    }
    return true;
  }

  std::vector<std::string> line_names() const {
    // The column of names that matches best speaks for the lines.
    std::vector<std::string> best;
    Index best_coverage = -1;
    for (std::size_t c = 0; c < layout_.leading.size(); ++c) {
      if (layout_.leading[c] != LeadingColumn::names) continue;
      std::vector<std::string> names;
      for (const TableLine& line : lines_) {
        if (c < line.fields.size()) names.push_back(unquoted(line.fields[c]));
      }
      const Index coverage = genes_.coverage(names);
      if (coverage > best_coverage) {
        best_coverage = coverage;
        best = std::move(names);
      }
    }
    return best;
  }

  void find_orientation(Orientation orientation) {
    if (orientation != Orientation::automatic) {
      layout_.cells_as_lines = orientation == Orientation::cells_as_lines;
      return;
    }
    const auto values = static_cast<std::ptrdiff_t>(layout_.leading.size());
    const std::vector<std::string> names = line_names();
    const AxisMatch in_header =
        match_axis({layout_.header.begin() + values, layout_.header.end()}, genes_);
    const AxisMatch in_lines = match_axis(names, genes_);
    const auto decide = [&](Index header, Index lines) {
      const bool for_header = clearly_better(header, in_header.n_names, lines, in_lines.n_names);
      const bool for_lines = clearly_better(lines, in_lines.n_names, header, in_header.n_names);
      layout_.cells_as_lines = for_header;
      return for_header != for_lines;
    };
    if (decide(in_header.n_exact, in_lines.n_exact)) return;
    if (in_header.n_exact > 0 && in_lines.n_exact > 0) {
      throw Error(
          ExitCode::bad_input,
          fmt::format("{}: genes of the panel stand in the header ({} of {} names) and at the "
                      "beginning of lines ({} of the first {}).",
                      file_, in_header.n_exact, in_header.n_names, in_lines.n_exact,
                      in_lines.n_names),
          {Remedy::choose_orientation});
    }
    const bool guessed = decide(in_header.n_any_case, in_lines.n_any_case) ||
                         decide(in_header.n_gene_like, in_lines.n_gene_like);
    if (!guessed) layout_.cells_as_lines = false;  // the custom of most tables
    layout_.warnings.push_back(fmt::format(
        "{}: neither the header nor the first {} lines name a gene of the panel; taken as a table "
        "with {} as lines. --orientation says otherwise.",
        file_, in_lines.n_names, layout_.cells_as_lines ? "cells" : "genes"));
    layout_.uncertain = true;
  }

  /// pandas without its index: the first column is a gene, not the cells' names.
  void check_cells_have_names() const {
    const std::string& first = layout_.header.front();
    if (!layout_.cells_as_lines || first.empty()) return;
    std::unordered_set<std::string_view> distinct;
    for (const TableLine& line : lines_) {
      if (kind(line, 0) == FieldKind::text) return;
      distinct.insert(line.fields.front());
    }
    const bool repeat = distinct.size() < lines_.size();
    if (!genes_.find_exact(first) && !(repeat && !is_header_word(first))) return;
    fail(
        fmt::format("cells are lines, but they have no names: the first column is the gene {}. "
                    "Write the table with its index (a first column of cell names).",
                    first));
  }

  void check_columns_are_samples() const {
    if (layout_.cells_as_lines) return;
    std::size_t n = 0;
    std::size_t best = 0;
    int preference = 0;
    for (std::size_t c = layout_.leading.size(); c < layout_.n_fields; ++c) {
      if (!names_quantity(layout_.header[c])) continue;
      ++n;
      if (preference_of_quantity(layout_.header[c]) <= preference) continue;
      preference = preference_of_quantity(layout_.header[c]);
      best = c;
    }
    if (n < 2 || n + 2 < layout_.n_value_fields()) return;
    fail(
        fmt::format("its columns are quantities of one sample (\"{}\" and others), not samples. "
                    "Keep the names and one quantity, e.g. `cut -f 1,{}`, and call the column by "
                    "the sample's name.",
                    layout_.header[best], best + 1));
  }

  void judge_value_columns() {
    const std::size_t n_leading = layout_.leading.size();
    std::vector<ColumnSample> columns(layout_.n_value_fields());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      columns[i].name = layout_.header[n_leading + i];
    }
    for (const TableLine& line : lines_) {
      if (line.fields.size() < layout_.n_fields) continue;  // not cut into all its fields
      for (std::size_t i = 0; i < columns.size(); ++i) {
        double value = std::numeric_limits<double>::quiet_NaN();
        const FieldKind found = read_number(line.fields[n_leading + i], layout_.rules, value);
        columns[i].n_text += found == FieldKind::text ? 1 : 0;
        columns[i].numbers.push_back(
            found == FieldKind::number ? value : std::numeric_limits<double>::quiet_NaN());
      }
    }
    const std::vector<ColumnMeaning> meanings =
        judge_columns(columns, layout_.cells_as_lines, file_, genes_);
    const std::string left_out = describe_left_out(columns, meanings, layout_.cells_as_lines);
    if (left_out.empty()) return;
    layout_.left_out.resize(columns.size());
    std::transform(meanings.begin(), meanings.end(), layout_.left_out.begin(),
                   [](ColumnMeaning meaning) { return meaning == ColumnMeaning::values ? 0 : 1; });
    layout_.warnings.push_back(fmt::format("{}: {}.", file_, left_out));
  }

  static std::string excerpt(std::string_view text) {
    constexpr std::size_t longest = 60;
    std::string shown(text.substr(0, longest));
    for (char& c : shown) {
      if (static_cast<unsigned char>(c) < ' ') c = ' ';
    }
    return text.size() > longest ? shown + "..." : shown;
  }

  const std::string& file_;
  const GeneIndex& genes_;
  TableLayout layout_;
  TableLine header_{};
  std::size_t n_counted_ = 0;  // lines that are cut into all their fields
  std::vector<TableLine> lines_;
};

}  // namespace

TableLayout find_layout(std::string_view head, bool whole, const std::string& file,
                        const TableOptions& options, const GeneIndex& genes) {
  return LayoutFinder(file, genes).find(head, whole, options);
}

std::size_t TableLayout::n_values() const {
  return n_value_fields() -
         static_cast<std::size_t>(std::count(left_out.begin(), left_out.end(), 1));
}

std::vector<std::string> TableLayout::value_names() const {
  std::vector<std::string> names;
  names.reserve(n_value_fields());
  for (std::size_t i = 0; i < n_value_fields(); ++i) {
    if (left_out.empty() || left_out[i] == 0) names.push_back(header[leading.size() + i]);
  }
  return names;
}

}  // namespace sicmir
