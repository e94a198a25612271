// SPDX-License-Identifier: BSD-3-Clause
#include "input/column_names.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "base/ascii.hpp"

namespace sicmir {
namespace {

using ascii::all_digits;
using ascii::lower;

using Words = std::span<const std::string_view>;

bool holds(Words list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words;
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t end = std::min(name.find('_', start), name.size());
    if (end > start) words.push_back(name.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

/// `word` alone, or as a whole word at the beginning or the end of `name`.
bool begins_or_ends_with(std::string_view name, std::string_view word) {
  if (name == word) return true;
  if (name.size() <= word.size() + 1) return false;
  return (name.starts_with(word) && name[word.size()] == '_') ||
         (name.ends_with(word) && name[name.size() - word.size() - 1] == '_');
}

bool all_words_in(const std::vector<std::string>& words, Words vocabulary, Words core) {
  return !words.empty() && std::all_of(words.begin(), words.end(), [&](const std::string& word) {
    return holds(vocabulary, word);
  }) && std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return holds(core, word);
  });
}

struct Quantity {
  std::string_view name;
  int preference;
};

/// Quantities of one sample, the longer names first; counts are what the model wants.
constexpr std::array<Quantity, 78> quantities = {{
    {"fpkm_uq_unstrand", 20},
    {"fpkm_unstrand", 20},
    {"tpm_unstrand", 50},
    {"reads_per_million_mirna_mapped", 60},
    {"median_length_normalized", 10},
    {"posterior_mean_count", 70},
    {"reads_per_million", 60},
    {"fpkm_uq_unstranded", 20},
    {"normalized_counts", 40},
    {"normalised_counts", 40},
    {"normalized_count", 40},
    {"normalised_count", 40},
    {"scaled_estimate", 20},
    {"stranded_second", 80},
    {"fpkm_unstranded", 20},
    {"effective_length", 1},
    {"effectivelength", 1},
    {"tpm_unstranded", 50},
    {"stranded_first", 80},
    {"expected_count", 90},
    {"detection_pval", 1},
    {"countsfromabundance", 1},
    {"transcript_id", 1},
    {"cross_mapped", 1},
    {"detection_p", 1},
    {"norm_counts", 40},
    {"read_counts", 90},
    {"raw_counts", 95},
    {"read_count", 90},
    {"est_counts", 90},
    {"unstranded", 95},
    {"avg_signal", 20},
    {"eff_length", 1},
    {"normalized", 40},
    {"normalised", 40},
    {"raw_count", 95},
    {"abundance", 50},
    {"readcount", 90},
    {"rawcounts", 95},
    {"numreads", 90},
    {"coverage", 10},
    {"basemean", 5},
    {"variance", 5},
    {"fpkm_uq", 20},
    {"counts", 95},
    {"isopct", 1},
    {"length", 1},
    {"fpkmuq", 20},
    {"count", 95},
    {"reads", 90},
    {"ntpm", 50},
    {"ptpm", 50},
    {"fpkm", 20},
    {"rpkm", 20},
    {"umis", 95},
    {"rlog", 10},
    {"norm", 40},
    {"tpm", 50},
    {"cpm", 45},
    {"rpm", 60},
    {"raw", 94},
    {"umi", 95},
    {"vst", 10},
    {"fpm", 45},
    {"fpkm_conf_lo", 1},
    {"fpkm_conf_hi", 1},
    {"quant_status", 1},
    {"bead_stderr", 1},
    {"bead_stdev", 1},
    {"avg_nbeads", 1},
    {"conf_high", 1},
    {"conf_low", 1},
    {"conf_hi", 1},
    {"conf_lo", 1},
    {"ci_lower", 1},
    {"ci_upper", 1},
    {"abs_call", 1},
    {"nbeads", 1},
}};

const Quantity* find_quantity(std::string_view name) {
  const auto* found = std::find_if(quantities.begin(), quantities.end(),
                                   [&](const Quantity& quantity) { return quantity.name == name; });
  return found == quantities.end() ? nullptr : &*found;
}

}  // namespace

std::string normalised_name(std::string_view name) {
  std::string result;
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) != 0 || c == '%') {
      result += static_cast<char>(std::tolower(u));
    } else if (!result.empty() && result.back() != '_') {
      result += '_';
    }
  }
  while (!result.empty() && result.back() == '_') result.pop_back();
  return result;
}

bool names_statistic(const std::string& name) {
  static constexpr std::array<std::string_view, 46> known = {
      "basemean",        "log2foldchange",
      "lfcse",           "pvalue",
      "p_value",         "pval",
      "p_val",           "padj",
      "p_adj",           "adj_p_val",
      "adj_pval",        "adj_p_value",
      "p_value_adj",     "p_val_adj",
      "p_adjust",        "pval_adj",
      "pvalue_adj",      "qvalue",
      "q_value",         "qval",
      "logfc",           "log2fc",
      "log_fc",          "log2_fc",
      "foldchange",      "fold_change",
      "avg_log2fc",      "avg_logfc",
      "logcpm",          "aveexpr",
      "svalue",          "s_value",
      "dispersion",      "dispgeneest",
      "dispfit",         "dispmap",
      "dispoutlier",     "betaconv",
      "maxcooks",        "tagwise_dispersion",
      "bonferroni",      "log2_fold_change",
      "log_fold_change", "log2ratio",
      "wald_stat",       "allzero"};
  static constexpr std::array<std::string_view, 14> whole = {
      "fdr",      "lods",    "mean",     "average", "median",  "stdev",       "variance",
      "row_mean", "rowmean", "rowmeans", "basevar", "std_dev", "neg_log10_p", "adjp"};
  if (holds(whole, name)) return true;
  return std::any_of(known.begin(), known.end(),
                     [&](std::string_view word) { return begins_or_ends_with(name, word); });
}

bool may_name_statistic(const std::string& name) {
  static constexpr std::array<std::string_view, 25> known = {
      "stat", "t",   "b",  "f",   "lr",    "df",    "rank", "score", "significant",
      "sig",  "lfc", "fc", "avg", "sd",    "std",   "cv",   "max",   "min",
      "var",  "se",  "z",  "w",   "pct_1", "pct_2", "chisq"};
  return holds(known, name);
}

bool names_size(const std::string& name) {
  static constexpr std::array<std::string_view, 36> vocabulary = {
      "gene",       "transcript", "exon",      "exons",   "exonic",  "tx",         "cds", "merged",
      "median",     "mean",       "max",       "total",   "union",   "effective",  "eff", "length",
      "lengths",    "len",        "width",     "size",    "sizes",   "bp",         "kb",  "nt",
      "in",         "of",         "gc",        "content", "percent", "percentage", "pct", "bases",
      "genelength", "gccontent",  "efflength", "%gc"};
  static constexpr std::array<std::string_view, 13> core = {
      "length", "lengths",    "len",       "width",     "size", "sizes", "bp",
      "kb",     "genelength", "gccontent", "efflength", "gc",   "%gc"};
  static constexpr std::array<std::string_view, 8> counts = {
      "n_exons",          "exon_count", "exon_number", "n_transcripts",
      "transcript_count", "gc%",        "gene_gc%",    "num_exons"};
  return holds(counts, name) || all_words_in(words_of(name), vocabulary, core);
}

bool names_coordinate(const std::string& name) {
  static constexpr std::array<std::string_view, 31> known = {"chr",
                                                             "chrom",
                                                             "chromosome",
                                                             "chromosome_name",
                                                             "seqnames",
                                                             "seqname",
                                                             "seqid",
                                                             "start",
                                                             "end",
                                                             "stop",
                                                             "begin",
                                                             "strand",
                                                             "pos",
                                                             "position",
                                                             "band",
                                                             "txstart",
                                                             "txend",
                                                             "tx_start",
                                                             "tx_end",
                                                             "start_position",
                                                             "end_position",
                                                             "gene_start",
                                                             "gene_end",
                                                             "gene_start_bp",
                                                             "gene_end_bp",
                                                             "chr_start",
                                                             "chr_end",
                                                             "chromosome_start",
                                                             "chromosome_end",
                                                             "cdsstart",
                                                             "cdsend"};
  return holds(known, name);
}

bool names_summary(const std::string& name) {
  static constexpr std::array<std::string_view, 16> known = {
      "mean",   "means", "avg", "average", "median", "sd",  "std", "stdev",
      "stddev", "sem",   "se",  "cv",      "var",    "max", "min", "variance"};
  return std::any_of(known.begin(), known.end(),
                     [&](std::string_view word) { return begins_or_ends_with(name, word); });
}

bool names_total(const std::string& name) {
  static constexpr std::array<std::string_view, 22> vocabulary = {
      "total",  "totals",  "sum",    "sums",    "row",    "rows",      "grand",   "all",
      "counts", "count",   "reads",  "umis",    "umi",    "of",        "samples", "sample",
      "cells",  "overall", "rowsum", "rowsums", "summed", "expression"};
  static constexpr std::array<std::string_view, 8> core = {
      "total", "totals", "sum", "sums", "rowsum", "rowsums", "overall", "summed"};
  return all_words_in(words_of(name), vocabulary, core);
}

bool names_cell_metadata(const std::string& name) {
  static constexpr std::array<std::string_view, 76> known = {"n_counts",
                                                             "n_genes",
                                                             "n_umi",
                                                             "n_umis",
                                                             "n_reads",
                                                             "n_features",
                                                             "ngene",
                                                             "ngenes",
                                                             "numi",
                                                             "numis",
                                                             "nread",
                                                             "nreads",
                                                             "nfeatures",
                                                             "ncount",
                                                             "ncounts",
                                                             "n_genes_by_counts",
                                                             "n_cells",
                                                             "library_size",
                                                             "libsize",
                                                             "lib_size",
                                                             "size_factor",
                                                             "size_factors",
                                                             "sizefactor",
                                                             "sizefactors",
                                                             "s_score",
                                                             "g2m_score",
                                                             "phase",
                                                             "cc_difference",
                                                             "pseudotime",
                                                             "dpt_pseudotime",
                                                             "detected",
                                                             "mito",
                                                             "mt_frac",
                                                             "mito_frac",
                                                             "frac_mt",
                                                             "percentmito",
                                                             "pmito",
                                                             "percentmt",
                                                             "mitopercent",
                                                             "percent_ribo",
                                                             "age",
                                                             "sex",
                                                             "bmi",
                                                             "batch",
                                                             "donor",
                                                             "sample",
                                                             "patient",
                                                             "condition",
                                                             "treatment",
                                                             "group",
                                                             "replicate",
                                                             "time",
                                                             "timepoint",
                                                             "day",
                                                             "plate",
                                                             "well",
                                                             "array_row",
                                                             "array_col",
                                                             "in_tissue",
                                                             "x",
                                                             "y",
                                                             "x_centroid",
                                                             "y_centroid",
                                                             "cell_type",
                                                             "celltype",
                                                             "orig_ident",
                                                             "label",
                                                             "index",
                                                             "level_0",
                                                             "leiden",
                                                             "louvain",
                                                             "seurat_clusters",
                                                             "cluster",
                                                             "clusters",
                                                             "doublet_score",
                                                             "predicted_doublet"};
  static constexpr std::array<std::string_view, 26> starts = {
      "ncount_",      "nfeature_",       "percent_", "pct_",     "n_counts_", "n_genes_",
      "total_counts", "log1p_",          "log10_",   "subsets_", "altexps_",  "qc_",
      "umap_",        "tsne_",           "x_umap",   "x_tsne",   "x_pca",     "unnamed_",
      "doublet_",     "scrublet",        "leiden_",  "louvain_", "scds_",     "predicted_",
      "pct_counts",   "prediction_score"};
  static constexpr std::array<std::string_view, 4> numbered = {"pc_", "umap", "tsne", "unnamed"};
  if (name.empty() || holds(known, name) || names_total(name)) return true;
  if (name.find("_snn_res") != std::string::npos || name.find("_score") != std::string::npos) {
    return true;
  }
  const auto begins = [&](std::string_view start) { return name.starts_with(start); };
  if (std::any_of(starts.begin(), starts.end(), begins)) return true;
  return std::any_of(numbered.begin(), numbered.end(), [&](std::string_view start) {
    return begins(start) && all_digits(std::string_view(name).substr(start.size()));
  });
}

bool names_sample_column(const std::string& name) {
  static constexpr std::array<std::string_view, 46> known = {
      "sample",      "samples",      "sample_id", "sampleid",   "sample_name", "samplename",
      "cell",        "cells",        "cell_id",   "cellid",     "cell_name",   "cell_barcode",
      "barcode",     "barcodes",     "cb",        "bc",         "tissue",      "tissues",
      "patient",     "patient_id",   "donor",     "donor_id",   "individual",  "subject",
      "run",         "run_id",       "library",   "replicate",  "cell_type",   "celltype",
      "cell_line",   "cellline",     "spot",      "spot_id",    "case_id",     "column",
      "col",         "variable",     "var2",      "key",        "name",        "obs",
      "observation", "brain_region", "region",    "single_cell"};
  return holds(known, name);
}

bool names_value_column(const std::string& name) {
  static constexpr std::array<std::string_view, 20> known = {
      "value",    "values",    "expression", "expr",    "exp",       "level",      "n",
      "signal",   "intensity", "freq",       "x",       "ntpm",      "log2tpm",    "logtpm",
      "log2_tpm", "z",         "zscore",     "z_score", "umi_count", "read_counts"};
  return holds(known, name) || names_quantity(name);
}

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

bool is_own_column(std::string_view name) {
  return name == "total_of_all_genes" || name == "upper_quartile_of_all_genes";
}

bool is_header_word(std::string_view word) {
  static constexpr std::array<std::string_view, 24> known = {"",
                                                             "x",
                                                             "v1",
                                                             "v2",
                                                             "v3",
                                                             "geneid",
                                                             "geneids",
                                                             "genename",
                                                             "genenames",
                                                             "genesymbol",
                                                             "cellid",
                                                             "cellname",
                                                             "cellbarcode",
                                                             "sampleid",
                                                             "samplename",
                                                             "ensemblid",
                                                             "ensemblgeneid",
                                                             "featureid",
                                                             "rownames",
                                                             "colnames",
                                                             "symbols",
                                                             "locus",
                                                             "unnamed_0",
                                                             "geneidentifier"};
  static constexpr std::array<std::string_view, 48> words_of_headers = {
      "gene",          "genes",      "id",       "ids",    "name",     "names",
      "symbol",        "barcode",    "barcodes", "cell",   "cells",    "sample",
      "samples",       "feature",    "features", "type",   "ensembl",  "entrez",
      "hgnc",          "stable",     "version",  "refseq", "mirna",    "mirnas",
      "transcript",    "accession",  "number",   "index",  "label",    "ref",
      "hybridization", "official",   "approved", "ncbi",   "probe",    "set",
      "target",        "tracking",   "row",      "column", "obs",      "var",
      "identifier",    "annotation", "tissue",   "level",  "external", "input"};
  const std::string name = normalised_name(word);
  if (holds(known, name)) return true;
  const std::vector<std::string> words = words_of(name);
  // sample_1 and cell_17 are names.
  return !words.empty() && std::all_of(words.begin(), words.end(), [&](const std::string& each) {
    return holds(words_of_headers, each);
  });
}

bool is_list_header(std::string_view first, std::span<const std::string> others) {
  // pandas calls a column without a name 0.
  if (first == "0") return std::none_of(others.begin(), others.end(), all_digits);
  return is_header_word(first) &&
         (first.empty() || std::find(others.begin(), others.end(), first) == others.end());
}

NamedQuantity cut_quantity(std::string_view header) {
  const std::string name = normalised_name(header);
  for (const Quantity& quantity : quantities) {
    const std::size_t n = quantity.name.size();
    if (name.size() < n + 2) continue;
    // "P1_norm" may be a patient's normal tissue.
    const bool may_follow = quantity.name != "norm" && quantity.name != "raw";
    if (name.starts_with(quantity.name) && name[n] == '_') {
      return {quantity.name, name.substr(n + 1)};
    }
    if (may_follow && name.ends_with(quantity.name) && name[name.size() - n - 1] == '_') {
      return {quantity.name, name.substr(0, name.size() - n - 1)};
    }
  }
  return {"", name};
}

bool names_quantity(std::string_view name) {
  return find_quantity(normalised_name(name)) != nullptr;
}

int preference_of_quantity(std::string_view name) {
  const Quantity* quantity = find_quantity(normalised_name(name));
  return quantity == nullptr ? 0 : quantity->preference;
}

std::vector<std::string> quantities_below_header(std::span<const std::string> header,
                                                 std::span<const std::string> below) {
  std::set<std::string> distinct(below.begin(), below.end());
  if (distinct.size() < 2 || below.size() != header.size()) return {};
  std::size_t n_known = 0;
  for (const std::string& word : distinct) {
    n_known += find_quantity(normalised_name(word)) != nullptr ? 1 : 0;
  }
  std::map<std::string_view, std::size_t> times;
  for (const std::string& name : header) ++times[name];
  const bool all_repeat = std::all_of(
      times.begin(), times.end(), [&](const auto& each) { return each.second == distinct.size(); });
  if (n_known < 2 && !all_repeat) return {};
  return {distinct.begin(), distinct.end()};
}

}  // namespace sicmir
