#include "input/table_layout.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <unordered_set>

#include "genes/id_kinds.hpp"
#include "sicmir/types.hpp"

namespace sicmir {
namespace {

constexpr std::size_t most_sampled_lines = 20000;           // for names
constexpr std::size_t most_counted_lines = 50;              // for numbers of fields
constexpr std::size_t enough_bytes = std::size_t{1} << 18;  // of long lines, for either
constexpr std::size_t most_leading_columns = 10;

struct Line {
  std::uint64_t number;
  std::string_view text;
  std::vector<std::string_view> fields;  // of the first lines all, of the others the first ten
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// Complete lines only; blank ones are left out.
std::vector<Line> cut_lines(std::string_view head, bool whole) {
  if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
  std::vector<Line> lines;
  std::uint64_t number = 0;
  while (!head.empty()) {
    const auto end = head.find('\n');
    if (end == std::string_view::npos && !whole) break;
    std::string_view text = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 1);
    ++number;
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.find_first_not_of(" \t\r") != std::string_view::npos) {
      lines.push_back({number, text, {}});
    }
  }
  return lines;
}

/// The number of fields that most lines have; of several, that of the earliest line.
std::size_t usual_count(const std::vector<std::size_t>& counts) {
  std::map<std::size_t, std::size_t> times;
  for (const std::size_t count : counts) ++times[count];
  std::size_t best = counts.front();
  for (const std::size_t count : counts) {
    if (times[count] > times[best]) best = count;
  }
  return best;
}

/// How much like numbers the fields of the lines are under `rules`: 0 .. 1, 0 for a single field.
double score(std::span<const Line> lines, const FieldRules& rules) {
  std::vector<std::size_t> counts;
  std::size_t n_numbers = 0;
  std::size_t n_fields = 0;
  for (const Line& line : lines) {
    const auto fields = split_fields(line.text, rules);
    counts.push_back(fields.size());
    // A sample of a long line will do.
    const std::size_t step = std::max<std::size_t>(1, fields.size() / 500);
    for (std::size_t i = 1; i < fields.size(); i += step, ++n_fields) {
      double value = 0;
      n_numbers += read_number(fields[i], rules.decimal, value) != FieldKind::text ? 1 : 0;
    }
  }
  const std::size_t usual = usual_count(counts);
  if (usual < 2 || n_fields == 0) return 0.0;
  const auto n_usual = std::count(counts.begin(), counts.end(), usual);
  return static_cast<double>(n_numbers) / static_cast<double>(n_fields) *
         static_cast<double>(n_usual) / static_cast<double>(counts.size());
}

std::optional<FieldRules> find_rules(std::span<const Line> lines) {
  std::optional<FieldRules> best;
  double best_score = 0.0;
  const auto try_rules = [&](const FieldRules& rules) {
    const double s = score(lines, rules);
    if (s > best_score) {
      best_score = s;
      best = rules;
    }
  };
  for (const char separator : {'\t', ',', ';', ' '}) try_rules({separator, '.'});
  for (const char separator : {'\t', ';', ' '}) try_rules({separator, ','});
  if (best) return best;
  // No line of numbers: take what cuts the header into most pieces.
  std::size_t most = 1;
  for (const char separator : {'\t', ',', ';', ' '}) {
    const std::size_t n = split_fields(lines.front().text, {separator, '.'}).size();
    if (n > most) {
      most = n;
      best = FieldRules{separator, '.'};
    }
  }
  return best;
}

bool holds(std::span<const std::string_view> list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

/// Columns of numbers that gene tables put before the samples (featureCounts, StringTie, GDC...).
bool names_annotation(std::string_view header) {
  static constexpr std::array<std::string_view, 19> known = {"chr",
                                                             "chrom",
                                                             "chromosome",
                                                             "start",
                                                             "end",
                                                             "strand",
                                                             "length",
                                                             "gene_length",
                                                             "effective_length",
                                                             "gene_type",
                                                             "biotype",
                                                             "gene_biotype",
                                                             "transcript_type",
                                                             "description",
                                                             "reference",
                                                             "coverage",
                                                             "txstart",
                                                             "txend",
                                                             "exonic.gene.sizes"};
  return holds(known, lower(header));
}

bool names_entrez(std::string_view header) {
  const std::string name = lower(header);
  return name.find("entrez") != std::string::npos || name == "ncbi_gene_id" ||
         name == "ncbi.gene.id" || name == "geneid" || name == "locuslink";
}

/// Several quantities of one sample, where a table of samples is expected.
bool names_quantity(std::string_view header) {
  static constexpr std::array<std::string_view, 17> known = {"expected_count",
                                                             "tpm",
                                                             "fpkm",
                                                             "isopct",
                                                             "est_counts",
                                                             "numreads",
                                                             "eff_length",
                                                             "effectivelength",
                                                             "unstranded",
                                                             "stranded_first",
                                                             "stranded_second",
                                                             "tpm_unstranded",
                                                             "fpkm_unstranded",
                                                             "fpkm_uq_unstranded",
                                                             "posterior_mean_count",
                                                             "rpkm",
                                                             "basemean"};
  return holds(known, lower(header));
}

/// How well an axis matches the panel.
struct AxisMatch {
  Index n_exact = 0;
  Index n_any_case = 0;
  Index n_gene_like = 0;
  std::size_t n_names = 0;
};

/// Ids that nobody gives to a cell.
bool looks_like_gene_id(std::string_view name) {
  static constexpr std::array<IdKind, 7> kinds = {
      IdKind::ensembl_gene, IdKind::other_species, IdKind::transcript, IdKind::protein,
      IdKind::probe,        IdKind::mature_mirna,  IdKind::stem_loop};
  return std::find(kinds.begin(), kinds.end(), guess_id_kind(name).kind) != kinds.end();
}

AxisMatch match_axis(std::span<const std::string> names, const GeneIndex& genes) {
  AxisMatch match;
  match.n_names = names.size();
  // Numbered cells, not Entrez ids.
  if (are_running_numbers(names)) return match;
  match.n_exact = genes.coverage(names);
  std::unordered_set<PanelPosition> any_case;
  for (const std::string& name : names) {
    if (const auto found = genes.find(name)) any_case.insert(found->gene);
    match.n_gene_like += looks_like_gene_id(name) ? 1 : 0;
  }
  match.n_any_case = static_cast<Index>(any_case.size());
  return match;
}

/// True if `a` matches so much better than `b` that the matches of `b` are accidents: a sample
/// named like a gene, a handful of lines that happened to be seen.
bool clearly_better(Index a, std::size_t names_a, Index b, std::size_t names_b) {
  constexpr double clear = 20.0;
  const double density_a =
      static_cast<double>(a) / static_cast<double>(std::max(names_a, std::size_t{1}));
  const double density_b =
      static_cast<double>(b) / static_cast<double>(std::max(names_b, std::size_t{1}));
  return a > 0 && (b == 0 || static_cast<double>(a) >= clear * static_cast<double>(b) ||
                   density_a >= clear * density_b);
}

class LayoutFinder {
 public:
  LayoutFinder(const std::string& file, const GeneIndex& genes) : file_(file), genes_(genes) {}

  TableLayout find(std::string_view head, bool whole, Orientation orientation) {
    lines_ = cut_lines(head, whole);
    check_any_lines(head);
    skip_gct_preamble();
    find_separator();
    find_header();
    find_trailing_separator();
    complete_header();
    skip_text_lines();
    find_leading_columns();
    check_header_is_no_data();
    find_orientation(orientation);
    check_cells_have_names();
    check_columns_are_samples();
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
    std::vector<Line> sample;
    std::size_t n_bytes = 0;
    for (const Line& line : lines_) {
      if (sample.size() > 20 || (sample.size() > 3 && n_bytes > enough_bytes)) break;
      if (line.text.starts_with('#')) continue;
      sample.push_back(line);
      n_bytes += line.text.size();
    }
    if (sample.empty()) sample.push_back(lines_.front());
    const std::span<const Line> all = sample;
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
    // Lines that begin with # are comments unless they have a header's number of fields.
    std::size_t at = 0;
    while (at + 1 < lines_.size() && lines_[at].text.starts_with('#') &&
           lines_[at].fields.size() + 1 < layout_.n_fields) {
      ++at;
    }
    lines_.erase(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(at));
    header_ = lines_.front();
    header_.fields = split_fields(header_.text, layout_.rules);
    lines_.erase(lines_.begin());
    layout_.header_line = header_.number;
    layout_.first_data_line = header_.number + 1;
  }

  void find_trailing_separator() {
    if (lines_.empty() || layout_.rules.blanks() || layout_.n_fields < 3) return;
    const bool in_header = header_.fields.back().empty();
    const bool blank_corner =
        header_.fields.size() + 1 == layout_.n_fields && unquoted(header_.fields.front()).empty();
    if (!in_header && !blank_corner) return;
    for (const Line& line : lines_) {
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

  FieldKind kind(const Line& line, std::size_t column) const {
    double value = 0;
    if (column >= line.fields.size()) return FieldKind::missing;
    return read_number(line.fields[column], layout_.rules.decimal, value);
  }

  bool has_number(const Line& line) const {
    for (std::size_t c = 1; c < line.fields.size(); ++c) {
      if (kind(line, c) == FieldKind::number) return true;
    }
    return false;
  }

  bool is_all_text(const Line& line) const {
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
    layout_.warnings.push_back(fmt::format("{}: {} of text below the header (\"{}\") passed over.",
                                           file_, n == 1 ? "a line" : fmt::format("{} lines", n),
                                           excerpt(lines_[0].text)));
    layout_.first_data_line = lines_[n - 1].number + 1;
    lines_.erase(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(n));
  }

  void find_leading_columns() {
    layout_.leading = {LeadingColumn::names};
    for (std::size_t c = 1; c < std::min(layout_.n_fields, most_leading_columns); ++c) {
      const std::string& name = layout_.header[c];
      const bool is_gene = genes_.find_exact(name).has_value();
      bool any_text = false;
      bool any_number = false;
      for (const Line& line : lines_) {
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
    if (layout_.n_values() > 0) return;
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
    for (std::size_t c = layout_.leading.size(); c < layout_.header.size(); ++c) {
      double value = 0;
      if (read_number(header_.fields[c], layout_.rules.decimal, value) != FieldKind::number) return;
      fractions =
          fractions ||
          value != static_cast<double>(static_cast<std::int64_t>(std::clamp(value, -1e15, 1e15)));
    }
    if (fractions || genes_.find(first) || looks_like_gene_id(first)) {
      fail(
          fmt::format("line {} looks like data, not like a header (\"{}\"). Put a line with the "
                      "names of the samples above it.",
                      header_.number, excerpt(header_.text)));
    }
  }

  std::vector<std::string> line_names() const {
    // The column of names that matches best speaks for the lines.
    std::vector<std::string> best;
    Index best_coverage = -1;
    for (std::size_t c = 0; c < layout_.leading.size(); ++c) {
      if (layout_.leading[c] != LeadingColumn::names) continue;
      std::vector<std::string> names;
      for (const Line& line : lines_) {
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
      fail(
          fmt::format("genes of the panel stand in the header ({} of {} names) and at the "
                      "beginning of lines ({} of the first {}). Say which it is: --orientation "
                      "genes or --orientation cells.",
                      in_header.n_exact, in_header.n_names, in_lines.n_exact, in_lines.n_names));
    }
    const bool guessed = decide(in_header.n_any_case, in_lines.n_any_case) ||
                         decide(in_header.n_gene_like, in_lines.n_gene_like);
    if (!guessed) layout_.cells_as_lines = false;  // the custom of most tables
    layout_.warnings.push_back(fmt::format(
        "{}: neither the header nor the first {} lines name a gene of the panel; taken as a table "
        "with {} as lines. --orientation says otherwise.",
        file_, in_lines.n_names, layout_.cells_as_lines ? "cells" : "genes"));
  }

  /// pandas without its index: the first column is a gene, not the cells' names.
  void check_cells_have_names() const {
    if (!layout_.cells_as_lines || !genes_.find_exact(layout_.header.front())) return;
    for (const Line& line : lines_) {
      if (kind(line, 0) == FieldKind::text) return;
    }
    fail(
        fmt::format("cells are lines, but they have no names: the first column is the gene {}. "
                    "Write the table with its index (a first column of cell names).",
                    layout_.header.front()));
  }

  void check_columns_are_samples() const {
    if (layout_.cells_as_lines) return;
    std::size_t n = 0;
    std::size_t example = 0;
    for (std::size_t c = layout_.leading.size(); c < layout_.n_fields; ++c) {
      if (!names_quantity(layout_.header[c])) continue;
      ++n;
      example = c;
    }
    if (n < 2 || n + 2 < layout_.n_values()) return;
    fail(
        fmt::format("its columns are quantities of one sample (\"{}\" and others), not samples. "
                    "Keep the names and one quantity, e.g. `cut -f 1,{}`, and call the column by "
                    "the sample's name.",
                    layout_.header[example], example + 1));
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
  Line header_{};
  std::size_t n_counted_ = 0;  // lines that are cut into all their fields
  std::vector<Line> lines_;
};

}  // namespace

TableLayout find_layout(std::string_view head, bool whole, const std::string& file,
                        Orientation orientation, const GeneIndex& genes) {
  return LayoutFinder(file, genes).find(head, whole, orientation);
}

bool is_summary_line(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 9> known = {"__no_feature",
                                                            "__ambiguous",
                                                            "__too_low_aQual",
                                                            "__not_aligned",
                                                            "__alignment_not_unique",
                                                            "N_unmapped",
                                                            "N_multimapping",
                                                            "N_noFeature",
                                                            "N_ambiguous"};
  return holds(known, name);
}

}  // namespace sicmir
