// SPDX-License-Identifier: BSD-3-Clause
#include "input/table_header.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <span>

#include "base/joined.hpp"
#include "input/column_names.hpp"
#include "input/settled_marks.hpp"
#include "input/star_counts.hpp"
#include "input/table_meaning.hpp"

namespace sicmir {
namespace {

constexpr std::size_t most_sampled_lines = 20000;           // for names
constexpr std::size_t most_counted_lines = 50;              // for numbers of fields
constexpr std::size_t enough_bytes = std::size_t{1} << 18;  // of long lines, for either

void check_any_lines(const TableDraft& draft, std::string_view head) {
  if (draft.lines.empty()) {
    draft.fail("there are only blank lines in it; expected a table with a header.");
  }
  if (head.find('\n') == std::string_view::npos && head.find('\r') < head.size() - 1) {
    draft.fail(
        "its lines end with CR alone, as on old Macs. Convert them: `tr '\\r' '\\n' < IN > "
        "OUT`.");
  }
}

/// Broad's GCT: "#1.2", then a line with the table's extent, then the table.
void skip_gct_preamble(TableDraft& draft) {
  if (draft.lines.size() > 2 && draft.lines[0].text.starts_with("#1.")) {
    draft.lines.erase(draft.lines.begin(), draft.lines.begin() + 2);
  }
}

void find_separator(TableDraft& draft) {
  // The header is judged by its own rules; comments may be of any form.
  std::vector<TableLine> sample;
  std::size_t n_bytes = 0;
  for (const TableLine& line : draft.lines) {
    if (sample.size() > 20 || (sample.size() > 3 && n_bytes > enough_bytes)) break;
    if (line.text.starts_with('#')) continue;
    sample.push_back(line);
    n_bytes += line.text.size();
  }
  if (sample.empty()) sample.push_back(draft.lines.front());
  const std::span<const TableLine> all = sample;
  const auto rules = find_rules(all.size() > 1 ? all.subspan(1) : all);
  if (!rules) {
    draft.fail(
        fmt::format("no separator was found: line {} is \"{}\". Expected a table of names and "
                    "numbers separated by tabs, commas, semicolons or blanks.",
                    sample.front().number, excerpt(sample.front().text)));
  }
  draft.layout.rules = *rules;
  if (draft.lines.size() > most_sampled_lines) draft.lines.resize(most_sampled_lines);
  n_bytes = 0;
  for (std::size_t i = 0; i < draft.lines.size(); ++i) {
    n_bytes += draft.lines[i].text.size();
    if (i < 5 || (i < most_counted_lines && n_bytes < enough_bytes)) draft.n_counted = i + 1;
    draft.lines[i].fields =
        i < draft.n_counted
            ? split_fields(draft.lines[i].text, draft.layout.rules)
            : split_fields(draft.lines[i].text, draft.layout.rules, most_leading_columns);
  }
}

std::size_t n_filled_fields(const TableLine& line) {
  return static_cast<std::size_t>(
      std::count_if(line.fields.begin(), line.fields.end(), [](std::string_view field) {
        return field.find_first_not_of(" \t\"") != std::string_view::npos;
      }));
}

constexpr std::size_t most_above_header = 60;

/// A spreadsheet's notes and merged cells: lines that are mostly empty, with a full line of text
/// below them.
bool is_mostly_empty_above_header(const TableDraft& draft, std::size_t at) {
  constexpr std::size_t least_fields = 4;
  if (draft.layout.n_fields < least_fields) return false;
  const std::size_t end = std::min(draft.lines.size(), at + most_above_header);
  for (std::size_t i = at; i < end; ++i) {
    const TableLine& line = draft.lines[i];
    const std::size_t n_filled = n_filled_fields(line);
    if (i > at && n_filled + 1 >= draft.layout.n_fields) return !draft.has_number(line);
    if (n_filled * 2 > line.fields.size()) return false;
  }
  return false;
}

bool is_above_header(const TableDraft& draft, const TableLine& line, const TableLine& next) {
  const std::size_t n = line.fields.size();
  const bool next_is_text =
      !draft.has_number(next) && next.fields.size() + 1 >= draft.layout.n_fields;
  if (line.text.starts_with('#')) {
    if (next.text.starts_with('#') || n + 1 < draft.layout.n_fields) return true;
    // One field short is R's header. "# " with a header below it is a comment.
    const bool is_remark = line.text.starts_with("# ") || line.text.starts_with("##");
    return n + 1 == draft.layout.n_fields && (next_is_text || is_remark);
  }
  const std::size_t n_filled = n_filled_fields(line);
  if (n_filled > 1 && n + 1 >= draft.layout.n_fields) return false;
  if (next_is_text && n_filled <= 1 && n <= draft.layout.n_fields) {
    return next.fields.size() > n || n_filled < n;
  }
  // More text before the header comes, as in a spreadsheet's first lines.
  return n + 1 < draft.layout.n_fields && !draft.has_number(next);
}

/// Comments and titles above the header.
void drop_preamble(TableDraft& draft) {
  std::size_t at = 0;
  std::size_t title = draft.lines.size();  // the first line that is no comment
  while (at + 1 < draft.lines.size() && at < most_above_header &&
         (is_above_header(draft, draft.lines[at], draft.lines[at + 1]) ||
          is_mostly_empty_above_header(draft, at))) {
    if (title == draft.lines.size() && !draft.lines[at].text.starts_with('#')) title = at;
    ++at;
  }
  if (title < draft.lines.size()) {
    const std::string text = excerpt(draft.lines[title].text);
    draft.layout.warnings.push_back(
        {"text_above_header",
         fmt::format("{}: text above the header (\"{}\") passed over.", draft.file, text),
         {{"line", draft.lines[title].number}, {"excerpt", text}}});
  }
  draft.lines.erase(draft.lines.begin(), draft.lines.begin() + static_cast<std::ptrdiff_t>(at));
}

void find_header(TableDraft& draft) {
  std::vector<std::size_t> counts;
  for (std::size_t i = 0; i < draft.n_counted; ++i) {
    if (!draft.lines[i].text.starts_with('#')) counts.push_back(draft.lines[i].fields.size());
  }
  if (counts.size() > 1) counts.erase(counts.begin());
  draft.layout.n_fields = counts.empty() ? draft.lines.front().fields.size() : usual_count(counts);
  drop_preamble(draft);
  draft.header = draft.lines.front();
  draft.header.fields = split_fields(draft.header.text, draft.layout.rules);
  draft.lines.erase(draft.lines.begin());
  draft.layout.header_line = draft.header.number;
  draft.layout.first_data_line = draft.header.number + 1;
}

/// GEO's series matrix: lines of "!" around the table.
void skip_series_matrix(TableDraft& draft) {
  const std::string_view first = draft.lines.front().text;
  if (!first.starts_with('!') && !first.starts_with("\"!")) return;
  draft.layout.comment = '!';
  std::erase_if(draft.lines, [](const TableLine& line) { return line.text.starts_with('!'); });
  if (draft.lines.size() > 1) return;
  draft.fail(
      "this is a GEO series matrix whose table is empty, as for most sequencing series. The "
      "counts are among the supplementary files of the series.");
}

/// STAR's ReadsPerGene.out.tab: no header, three columns of one sample.
bool find_star_counts(TableDraft& draft) {
  const auto found = star_sums(draft.lines);
  if (!found) return false;
  const auto& sums = *found;
  const auto strand = choose_star_strand(sums);
  if (!strand) {
    draft.fail(fmt::format(
        "this is STAR's ReadsPerGene table of one sample, with counts for an unstranded library "
        "(column 2) and for either strand (columns 3 and 4). Their sums ({:.0f}, {:.0f}, {:.0f}) "
        "do not tell which column is right. Keep one, with a header above: (printf "
        "'gene\\tS1\\n'; tail -n +5 IN | cut -f 1,4) > OUT.",
        sums[0], sums[1], sums[2]));
  }
  constexpr std::size_t n_columns = 4;
  draft.layout.n_fields = n_columns;
  draft.layout.header_line = 0;
  draft.layout.first_data_line = draft.lines.front().number;
  draft.layout.leading = {LeadingColumn::names};
  draft.layout.left_out.assign(n_columns - 1, 1);
  draft.layout.left_out[strand->column - 1] = 0;
  draft.layout.header.assign(n_columns, star_sample_name(draft.file));
  draft.layout.header.front() = "first column";
  draft.layout.warnings.push_back(
      {"star_column",
       fmt::format("{}: STAR's counts of one sample; by the sums of its three columns ({:.0f}, "
                   "{:.0f}, {:.0f}), the counts are {}.",
                   draft.file, sums[0], sums[1], sums[2], strand->name),
       {{"column", strand->column + 1},
        {"library", std::string(strand->name)},
        {"sums", std::vector<double>(sums.begin(), sums.end())}}});
  return true;
}

void settle_number_marks(TableDraft& draft, const TableOptions& options) {
  NumberMarks marks;
  for (const TableLine& line : draft.lines) {
    const auto fields = split_fields(line.text, draft.layout.rules);
    for (std::size_t c = 1; c < fields.size(); ++c) marks.add(fields[c]);
  }
  settle_marks(marks, options.decimal, options.thousands, draft.layout.rules, draft.file);
}

void find_trailing_separator(TableDraft& draft) {
  if (draft.lines.empty() || draft.layout.rules.blanks() || draft.layout.n_fields < 3) return;
  const bool in_header = draft.header.fields.back().empty();
  const bool blank_corner = draft.header.fields.size() + 1 == draft.layout.n_fields &&
                            unquoted(draft.header.fields.front()).empty();
  if (!in_header && !blank_corner) return;
  for (const TableLine& line : draft.lines) {
    if (!line.text.ends_with(draft.layout.rules.separator)) return;
  }
  draft.layout.trailing_separator = true;
  --draft.layout.n_fields;
  if (in_header) draft.header.fields.pop_back();
}

void complete_header(TableDraft& draft) {
  for (const std::string_view field : draft.header.fields) {
    draft.layout.header.push_back(unquoted(field));
  }
  if (draft.layout.header.size() + 1 == draft.layout.n_fields) {
    draft.layout.header.insert(draft.layout.header.begin(), "");  // as R's write.table() does it
  } else if (draft.layout.header.size() != draft.layout.n_fields) {
    draft.fail(
        fmt::format("the header (line {}) has {} fields, but most lines have {}. Every line "
                    "needs one field per column of the header (R leaves out the header's first "
                    "one). Is a separator missing, or a file cut short?",
                    draft.header.number, draft.layout.header.size(), draft.layout.n_fields));
  }
}

void check_quantities_below_header(const TableDraft& draft) {
  std::vector<std::string> below;
  for (std::size_t c = 1; c < draft.lines.front().fields.size(); ++c) {
    below.push_back(unquoted(draft.lines.front().fields[c]));
  }
  const std::vector<std::string> quantities =
      quantities_below_header({draft.layout.header.begin() + 1, draft.layout.header.end()}, below);
  if (quantities.empty()) return;
  draft.fail(
      fmt::format("line {} names several quantities of each sample ({}), which would be taken "
                  "for samples of their own. Keep the columns of one of them.",
                  draft.lines.front().number, joined(quantities, ", ")));
}

/// A second header line, e.g. of cell types or of Firehose's "normalized_count".
void skip_text_lines(TableDraft& draft) {
  constexpr std::size_t most = 3;
  std::size_t n = 0;
  while (n < most && n < draft.lines.size() && draft.is_all_text(draft.lines[n])) ++n;
  if (n == 0 || n == draft.lines.size() || !draft.has_number(draft.lines[n])) return;
  check_quantities_below_header(draft);
  const std::string text = excerpt(draft.lines[0].text);
  draft.layout.warnings.push_back(
      {"text_below_header",
       fmt::format("{}: {} of text below the header (\"{}\") passed over.", draft.file,
                   n == 1 ? "a line" : fmt::format("{} lines", n), text),
       {{"lines", n}, {"excerpt", text}}});
  draft.layout.first_data_line = draft.lines[n - 1].number + 1;
  draft.lines.erase(draft.lines.begin(), draft.lines.begin() + static_cast<std::ptrdiff_t>(n));
}

}  // namespace

bool read_header(TableDraft& draft, std::string_view head, bool whole,
                 const TableOptions& options) {
  draft.lines = cut_lines(head, whole);
  check_any_lines(draft, head);
  skip_gct_preamble(draft);
  skip_series_matrix(draft);
  find_separator(draft);
  if (find_star_counts(draft)) return false;
  find_header(draft);
  settle_number_marks(draft, options);
  find_trailing_separator(draft);
  complete_header(draft);
  skip_text_lines(draft);
  return true;
}

}  // namespace sicmir
