// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "analysis/target_layout.hpp"
#include "analysis/target_names.hpp"
#include "analysis/targets.hpp"
#include "genes/id_kinds.hpp"
#include "text/line_reader.hpp"
#include "text/list_file.hpp"
#include "text/number_text.hpp"

namespace sicmir {
namespace {

using targets::Format;
using targets::Layout;
using targets::NamedMirnas;
using targets::no_column;

constexpr std::size_t longest_line = std::size_t{16} << 20;  // GMT has the genes of a set in one
constexpr std::size_t longest_name = 200;
constexpr std::size_t most_genes = 500'000;
constexpr std::size_t most_transcripts = 2'000'000;
constexpr std::size_t first_compaction = 1'000'000;

std::string shown(std::string_view text) {
  constexpr std::size_t most_shown = 60;
  return text.size() <= most_shown ? std::string(text)
                                   : std::string(text.substr(0, most_shown)) + "...";
}

bool is_missing(std::string_view text) {
  return text.empty() || text == "NA" || text == "-" || text == "NULL" || text == "nan";
}

std::string_view without_version(std::string_view id) {
  return id.substr(0, id.find('.'));
}

/// Adds up the pairs of one table.
class TargetReader {
 public:
  TargetReader(const std::string& path, std::span<const ProfileMirna> mirnas,
               const TargetOptions& options)
      : path_(path), finder_(mirnas), options_(options), n_mirnas_(mirnas.size()) {
    if (!options.transcripts.empty()) read_transcripts(options.transcripts);
  }

  TargetTable read() {
    const auto input = open_text(path_);
    table_.source = input->name();
    refuse_binary(*input);
    LineReader reader(*input, longest_line);
    reader_ = &reader;
    std::string_view line;
    if (!next(line)) refuse("is empty; expected a table of miRNAs and targets.");
    if (path_.ends_with(".gmt") || path_.ends_with(".gmt.gz")) {
      read_gmt(line);
    } else {
      read_table(line);
    }
    finish();
    return std::move(table_);
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ExitCode::bad_input, fmt::format("{}: {}", table_.source, what));
  }
  [[noreturn]] void refuse_line(const std::string& what) const {
    refuse(fmt::format("line {}: {}", reader_->number(), what));
  }

  void refuse_binary(ByteInput& input) const {
    const std::string_view head = input.peek(512);
    if (head.starts_with("PK")) {
      refuse(
          "is a zip archive or an Excel workbook. Unpack the archive, or save the sheet as CSV.");
    }
    if (head.find('\0') != std::string_view::npos) {
      refuse("is not text; expected a table of miRNAs and targets.");
    }
  }

  /// The next line that is neither empty nor a comment.
  bool next(std::string_view& line) {
    while (reader_->next(line)) {
      if (!line.empty() && line.front() != '#') return true;
    }
    return false;
  }

  void read_transcripts(const std::string& path) {
    const auto input = open_text(path);
    LineReader reader(*input, longest_line);
    std::string_view line;
    const FieldRules rules;
    while (reader.next(line)) {
      if (line.empty() || line.front() == '#') continue;
      const auto fields = split_fields(line, rules);
      if (fields.size() < 2 || trim_id(fields[0]).size() > longest_name ||
          trim_id(fields[1]).size() > longest_name || transcripts_.size() >= most_transcripts) {
        throw Error(ExitCode::bad_input,
                    fmt::format("{}: line {}: has '{}'; expected a transcript and the symbol of "
                                "its gene, with a tab between them, and at most {} lines.",
                                input->name(), reader.number(), shown(line), most_transcripts));
      }
      transcripts_.emplace(without_version(trim_id(fields[0])), trim_id(fields[1]));
    }
  }

  void leave_out(LeftOut reason, std::string_view what) {
    const auto place = static_cast<std::size_t>(reason);
    if (table_.left_out[place]++ == 0) table_.examples[place] = shown(what);
  }

  /// Position of a gene with these names, or -1.
  std::int32_t gene(std::string_view symbol, std::string_view ensembl, std::string_view entrez) {
    TargetGene gene;
    for (const std::string_view text : {ensembl, entrez, symbol}) {
      const std::string_view id = trim_id(text);
      if (is_missing(id)) continue;
      if (id.size() > longest_name) refuse_line("names a gene by more than 200 characters.");
      switch (guess_id_kind(id).kind) {
        case IdKind::ensembl_gene:
          gene.ensembl_id = without_version(id);
          break;
        case IdKind::number:
          gene.entrez_id = id;
          break;
        case IdKind::transcript: {
          const auto found = transcripts_.find(std::string(without_version(id)));
          if (found != transcripts_.end()) gene.symbol = found->second;
          n_transcripts_ += 1;
          break;
        }
        case IdKind::other_species:
          return -2;
        default:
          gene.symbol = id;
      }
    }
    if (gene.symbol.empty() && gene.ensembl_id.empty() && gene.entrez_id.empty()) return -1;
    const std::string key = gene.symbol + '\t' + gene.ensembl_id + '\t' + gene.entrez_id;
    const auto [place, is_new] =
        genes_.try_emplace(key, static_cast<std::int32_t>(table_.genes.size()));
    if (is_new) {
      if (table_.genes.size() >= most_genes) {
        refuse_line(fmt::format("names more than {} different targets; no genome has as many.",
                                most_genes));
      }
      table_.genes.push_back(std::move(gene));
    }
    return place->second;
  }

  void add(const NamedMirnas& mirnas, std::int32_t gene, Evidence evidence) {
    for (const std::int32_t mirna : mirnas.mirnas) table_.pairs.push_back({mirna, gene, evidence});
    if (table_.pairs.size() >= compact_at_) {
      compact();
      if (table_.pairs.size() > most_target_pairs) {
        refuse_line(fmt::format("there are more than {} different pairs; leave out the weakest.",
                                most_target_pairs));
      }
      compact_at_ = std::max(first_compaction, table_.pairs.size() * 3 / 2);
    }
  }

  void compact() {
    std::sort(table_.pairs.begin(), table_.pairs.end());
    const auto end = std::unique(table_.pairs.begin(), table_.pairs.end());
    table_.pairs.erase(end, table_.pairs.end());
  }

  void read_table(std::string_view first) {
    rules_.separator = separator_of(first);
    std::vector<std::string> header;
    for (const std::string_view field : split_fields(first, rules_)) {
      header.push_back(unquoted(field));
    }
    std::size_t n_fields = header.size();
    Layout layout;
    if (const auto known = targets::layout_of(header)) {
      layout = *known;
    } else if (targets::is_mirdb_line(header)) {
      layout = targets::mirdb_layout();
    } else {
      if (looks_like_gmt(first)) {
        read_gmt(first);
        return;
      }
      refuse_line(fmt::format("has '{}'; expected the header of one of these: {}.", shown(first),
                              targets::expected_headers()));
    }
    table_.format = layout.name;
    std::string_view line = first;
    std::size_t shift = 0;
    bool is_first = true;
    if (!targets::is_mirdb_line(header) && !next(line)) refuse("has a header, but no line.");
    do {
      const auto fields = split_fields(line, rules_);
      // R's write.table() names lines, but not their column.
      if (is_first && fields.size() == n_fields + 1) {
        shift = 1;
        ++n_fields;
      }
      is_first = false;
      if (fields.size() != n_fields) {
        refuse_line(
            fmt::format("has {} fields; expected {}, as in the header. The file may be "
                        "damaged or cut short.",
                        fields.size(), n_fields));
      }
      ++table_.n_lines;
      take(layout, targets::LineView(fields, shift));
    } while (next(line));
  }

  void take(const Layout& layout, const targets::LineView& line) {
    if (layout.format == Format::motifs) {
      take_motif(line[layout.mirna], line[layout.symbol]);
      return;
    }
    for (const std::size_t species : {layout.species, layout.target_species}) {
      if (targets::is_other_species(line[species])) {
        leave_out(LeftOut::other_species, trim_id(line[species]));
        return;
      }
    }
    const NamedMirnas& mirnas = named(layout, line);
    if (mirnas.mirnas.empty()) {
      leave_out(mirnas.reason, trim_id(line[layout.mirna]));
      return;
    }
    const targets::Judgement judgement = targets::judge(layout, line);
    if (!judgement.evidence && !judgement.unstated) {
      leave_out(judgement.reason, judgement.what.empty() ? line[layout.mirna] : judgement.what);
      return;
    }
    if (judgement.unstated) table_.kind_assumed = true;
    const std::int32_t target =
        gene(line[layout.symbol], line[layout.ensembl], line[layout.entrez]);
    if (target < 0) {
      leave_out(target == -2 ? LeftOut::other_species : LeftOut::no_gene,
                trim_id(line[layout.symbol]));
      return;
    }
    add(mirnas, target, judgement.evidence.value_or(options_.unstated));
  }

  const NamedMirnas& named(const Layout& layout, const targets::LineView& line) {
    const std::string_view text = line[layout.mirna];
    if (text.size() > longest_name) refuse_line("names a miRNA by more than 200 characters.");
    if (layout.format == Format::targetscan_seeds) return finder_.by_seed(text);
    if (layout.format == Format::targetscan_families) return finder_.by_family(text);
    const std::string_view accession = trim_id(line[layout.accession]);
    if (accession.starts_with("MIMAT") && accession.size() < longest_name) {
      const NamedMirnas& found = finder_.by_name(accession);
      if (!found.mirnas.empty() || is_missing(trim_id(text))) return found;
    }
    return finder_.by_name(text);
  }

  template <class Work>
  static void each_of(std::string_view list, char separator, Work&& work) {
    for (std::size_t start = 0; start <= list.size();) {
      const std::size_t end = std::min(list.find(separator, start), list.size());
      const std::string_view item = trim_id(list.substr(start, end - start));
      if (!item.empty()) work(item);
      start = end + 1;
    }
  }

  void take_motif(std::string_view mirnas, std::string_view genes) {
    NamedMirnas all;
    each_of(mirnas, ',', [&](std::string_view name) {
      if (name.size() > longest_name) refuse_line("names a miRNA by more than 200 characters.");
      const NamedMirnas& found = finder_.by_name(name);
      all.mirnas.insert(all.mirnas.end(), found.mirnas.begin(), found.mirnas.end());
      if (found.mirnas.empty()) leave_out(found.reason, name);
    });
    each_of(genes, ',', [&](std::string_view name) {
      const std::int32_t target = gene(name, {}, {});
      if (target >= 0) add(all, target, Evidence::predicted);
    });
  }

  static bool looks_like_gmt(std::string_view line) {
    const auto tab = line.find('\t');
    return tab != std::string_view::npos && line.substr(tab + 1).starts_with("http") &&
           line.find('\t', tab + 1) != std::string_view::npos;
  }

  void read_gmt(std::string_view line) {
    table_.format = "GMT";
    table_.kind_assumed = true;
    do {
      const auto fields = split_fields(line, FieldRules{});
      if (fields.size() < 3) {
        refuse_line(
            fmt::format("has {} fields; expected the name of a set, a description and "
                        "genes, with tabs between them (GMT).",
                        fields.size()));
      }
      ++table_.n_lines;
      if (fields[0].size() > longest_name) refuse_line("names a set by more than 200 characters.");
      const NamedMirnas& mirnas = finder_.by_set(fields[0]);
      if (mirnas.mirnas.empty()) {
        leave_out(mirnas.reason, trim_id(fields[0]));
        continue;
      }
      for (std::size_t i = 2; i < fields.size(); ++i) {
        if (trim_id(fields[i]).empty()) continue;
        const std::int32_t target = gene(fields[i], {}, {});
        if (target >= 0) add(mirnas, target, options_.unstated);
      }
    } while (next(line));
  }

  static char separator_of(std::string_view header) {
    if (header.find('\t') != std::string_view::npos) return '\t';
    const auto commas = std::count(header.begin(), header.end(), ',');
    const auto semicolons = std::count(header.begin(), header.end(), ';');
    return semicolons > commas ? ';' : ',';
  }

  void finish() {
    compact();
    if (table_.pairs.size() > most_target_pairs) {
      refuse(fmt::format("has more than {} different pairs; leave out the weakest.",
                         most_target_pairs));
    }
    // Strong evidence includes weak; a pair is not to be both.
    std::vector<TargetPair>& pairs = table_.pairs;
    const auto is_surplus = [](const TargetPair& before, const TargetPair& pair) {
      return before.mirna == pair.mirna && before.gene == pair.gene &&
             before.evidence == Evidence::strong && pair.evidence == Evidence::weak;
    };
    std::vector<TargetPair> kept;
    kept.reserve(pairs.size());
    for (const TargetPair& pair : pairs) {
      if (kept.empty() || !is_surplus(kept.back(), pair)) kept.push_back(pair);
    }
    pairs = std::move(kept);
    if (!pairs.empty()) return;
    if (n_transcripts_ > 0 && transcripts_.empty()) {
      refuse(
          "names targets by transcripts, and which genes they belong to is not known. Give a "
          "table of transcripts and gene symbols.");
    }
    std::string reasons;
    for (const std::string& sentence : describe(table_)) reasons += " " + sentence + ".";
    refuse(fmt::format("holds no target of the {} predicted miRNAs.{}", n_mirnas_, reasons));
  }

  std::string path_;
  targets::MirnaFinder finder_;
  TargetOptions options_;
  std::size_t n_mirnas_;
  LineReader* reader_ = nullptr;
  FieldRules rules_;
  TargetTable table_;
  std::unordered_map<std::string, std::int32_t> genes_;
  std::unordered_map<std::string, std::string> transcripts_;
  Index n_transcripts_ = 0;
  std::size_t compact_at_ = first_compaction;
};

}  // namespace

TargetTable read_targets(const std::string& path, std::span<const ProfileMirna> mirnas,
                         const TargetOptions& options) {
  return TargetReader(path, mirnas, options).read();
}

TargetTable bundled_targets(std::span<const ProfileMirna> mirnas) {
  TargetTable table = read_targets(find_data_file("targets_seed_motifs.tsv").string(), mirnas);
  table.source = "bundled conserved seed motifs (Xie et al. 2005; MSigDB C3, v6.2; CC BY 4.0)";
  return table;
}

}  // namespace sicmir
