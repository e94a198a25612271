// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/assemble.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <tuple>
#include <unordered_map>

#include "assemble/gdc_files.hpp"
#include "assemble/sample_sheet.hpp"
#include "assemble/workflow_words.hpp"
#include "base/counted.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "sicmir/reference_tables.hpp"
#include "text/text_output.hpp"

namespace sicmir {

namespace {

using gdc::Assay;
using gdc::SheetFile;

constexpr std::size_t shown_problems = 20;
// The RPM of a file's lines add up to a million, give or take cross-mapped reads.
constexpr double least_total_rpm = 0.9e6;

/// A sample and the files that were chosen for it; a null pointer: none.
struct Chosen {
  const SheetFile* mrna = nullptr;
  const SheetFile* mature = nullptr;
  const SheetFile* stemloop = nullptr;

  const SheetFile*& of(Assay assay) {
    return assay == Assay::mrna ? mrna : assay == Assay::mature ? mature : stemloop;
  }
};

GdcWorkflow choose_workflow(const std::vector<SheetFile>& files, GdcWorkflow wanted,
                            std::vector<std::string>& warnings) {
  std::map<GdcWorkflow, Index> n_files;
  for (const SheetFile& file : files) {
    if (file.assay == Assay::mrna) ++n_files[file.workflow];
  }
  if (n_files.empty()) return wanted;
  if (wanted == GdcWorkflow::automatic) wanted = n_files.begin()->first;
  for (const auto& [workflow, n] : n_files) {
    if (workflow == wanted) continue;
    warnings.push_back(fmt::format(
        "{} of the workflow {} passed over, since {} is used and units differ",
        counted(n, "mRNA file"), workflow_words.word(workflow), workflow_words.word(wanted)));
  }
  return wanted;
}

/// One file per sample and assay; says what was passed over.
std::map<std::pair<std::string, std::string>, Chosen> choose(const std::vector<SheetFile>& files,
                                                             GdcWorkflow workflow) {
  std::map<std::pair<std::string, std::string>, Chosen> samples;
  Index n_passed_over = 0;
  for (const SheetFile& file : files) {
    if (file.assay == Assay::mrna && file.workflow != workflow) continue;
    const SheetFile*& chosen = samples[{file.cohort, file.sample}].of(file.assay);
    if (chosen == nullptr) {
      chosen = &file;
      continue;
    }
    const bool better = gdc::preferred(file, *chosen);
    const SheetFile& loser = better ? *chosen : file;
    if (better) chosen = &file;
    ++n_passed_over;
    log_debug("{}: {} ({}) is used, {} ({}) is not", file.sample, chosen->barcode, chosen->id,
              loser.barcode, loser.id);
  }
  if (n_passed_over > 0) {
    log_info(
        "{} a sample, passed over: frozen before FFPE, vial A "
        "before B, the highest plate, then the smaller file id; -v names them",
        counted(n_passed_over, "file repeats", "files repeat"));
  }
  return samples;
}

/// What cannot be read, gathered so that one run names all of it.
class Problems {
 public:
  explicit Problems(bool skip) : skip_(skip) {}

  void add(const std::string& what) {
    ++n_;
    if (skip_) {
      log_warning("left out: {}", what);
    } else if (first_.size() < shown_problems) {
      first_.push_back(what);
    }
  }
  [[nodiscard]] Index count() const { return n_; }
  void judge() const {
    if (n_ == 0 || skip_) return;
    const auto shown = static_cast<Index>(first_.size());
    throw Error(
        ExitCode::bad_input,
        fmt::format("{} cannot be used:\n  {}{}\n", counted(n_, "file"), joined(first_, "\n  "),
                    n_ > shown ? fmt::format("\n  ... and {} more", n_ - shown) : ""),
        {Remedy::skip_broken_files});
  }

 private:
  bool skip_;
  Index n_ = 0;
  std::vector<std::string> first_;
};

/// Where gdc-client put a file; flat folders are understood, too. Empty: not there.
std::string find_file(const std::string& folder, const SheetFile& file) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path own = fs::path(folder) / file.id / file.name;
  if (fs::is_regular_file(own, ignored)) return own.string();
  const fs::path flat = fs::path(folder) / file.name;
  return fs::is_regular_file(flat, ignored) ? flat.string() : std::string{};
}

/// Texts that came from files are never trusted to be free of tabs and line ends.
std::string safe(const std::string& text) {
  std::string result = text;
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; },
      ' ');
  return result;
}

/// The tables that are written, a line at a time.
class Tables {
 public:
  Tables(const AssembleOptions& options, const GenePanel& panel,
         const std::vector<ReferenceMirna>& mirnas, bool has_mature, bool has_stemloop)
      : options_(options), panel_(panel), mirnas_(mirnas) {
    mrna_ = open(".mrna.tsv.gz", true);
    if (has_mature) mature_ = open(".mirna.tsv.gz", true);
    if (has_stemloop) stemloop_ = open(".stemloop.tsv.gz", true);
    samples_ = open(".samples.tsv", false);
    samples_->append("sample\tpatient\tcohort\ttype\tmrna_file\tmirna_file\tstemloop_file\n");
    if (!mature_) return;
    std::string line = "sample";
    for (const ReferenceMirna& mirna : mirnas) line += "\t" + mirna.name;
    mature_->append(line + "\n");
  }

  void write_mrna(const CellBlock& block, const std::vector<double>& all,
                  const std::vector<std::string>& genes) {
    if (!wrote_header_) write_mrna_header(genes);
    std::string line = safe(block.cells.front());
    if (options_.all_genes) {
      for (const double value : all) line += fmt::format("\t{}", value);
    } else {
      std::vector<float> values(panel_.genes.size(), 0.0f);
      for (std::size_t i = 0; i < block.genes.size(); ++i) {
        values[static_cast<std::size_t>(block.genes[i])] = block.values[i];
      }
      for (const float value : values) line += fmt::format("\t{}", value);
      line += fmt::format("\t{}\t{}", block.totals.front(), block.upper_quartiles.front());
    }
    mrna_->append(line + "\n");
  }

  void write_mature(const std::string& sample, const std::map<std::string, double>& sums) {
    std::string line = safe(sample);
    for (const ReferenceMirna& mirna : mirnas_) {
      const auto found = sums.find(mirna.accession);
      line += fmt::format("\t{}", found == sums.end() ? 0.0 : found->second);
    }
    mature_->append(line + "\n");
  }

  /// The names must be those of the first file.
  void write_stemloop(const std::string& sample, const std::string& path,
                      const std::vector<std::pair<std::string, double>>& values) {
    std::string line = safe(sample);
    std::string header = "sample";
    for (const auto& [name, value] : values) {
      header += "\t" + safe(name);
      line += fmt::format("\t{}", value);
    }
    if (stemloop_header_.empty()) {
      stemloop_header_ = header;
      stemloop_->append(header + "\n");
    } else if (header != stemloop_header_) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: lists other stem-loops than the files before, {} in number; it "
                              "is cut short, or of another data release.",
                              path, values.size()));
    }
    stemloop_->append(line + "\n");
  }

  void write_sample(const std::string& sample, const Chosen& chosen) {
    const auto id = [](const SheetFile* file) { return file == nullptr ? "" : file->id; };
    samples_->append(fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", safe(sample),
                                 safe(chosen.mrna->patient), safe(chosen.mrna->cohort),
                                 chosen.mrna->type, id(chosen.mrna), id(chosen.mature),
                                 id(chosen.stemloop)));
  }

  std::vector<std::string> finish() {
    for (const auto& output : outputs_) output->finish();
    return paths_;
  }

 private:
  TextOutput* open(const std::string& ending, bool gzip) {
    paths_.push_back(options_.prefix + ending);
    outputs_.push_back(std::make_unique<TextOutput>(paths_.back(), gzip));
    outputs_.back()->create();
    return outputs_.back().get();
  }

  void write_mrna_header(const std::vector<std::string>& genes) {
    wrote_header_ = true;
    std::string line = "sample";
    if (options_.all_genes) {
      for (const std::string& gene : genes) line += "\t" + safe(gene);
    } else {
      for (const PanelGene& gene : panel_.genes) line += "\t" + gene.symbol;
      line += "\ttotal_of_all_genes\tupper_quartile_of_all_genes";
    }
    mrna_->append(line + "\n");
  }

  const AssembleOptions& options_;
  const GenePanel& panel_;
  const std::vector<ReferenceMirna>& mirnas_;
  std::vector<std::string> paths_;
  std::vector<std::unique_ptr<TextOutput>> outputs_;
  TextOutput* mrna_ = nullptr;
  TextOutput* mature_ = nullptr;
  TextOutput* stemloop_ = nullptr;
  TextOutput* samples_ = nullptr;
  bool wrote_header_ = false;
  std::string stemloop_header_;
};

/// One sample's files, read. What is not there stays empty.
struct Contents {
  CellBlock mrna;
  std::vector<double> all;
  std::map<std::string, double> mature;
  std::vector<std::pair<std::string, double>> stemloops;
  std::string stemloop_path;
};

class SampleReader {
 public:
  SampleReader(const AssembleOptions& options, const GeneIndex& index, GdcWorkflow workflow,
               Problems& problems)
      : options_(options), mrna_(index, workflow, options.column), problems_(problems) {}

  /// False, and the reason among the problems, if a file cannot be used.
  bool read(const std::string& sample, const Chosen& chosen, Contents& contents) {
    bool good = true;
    const auto with = [&](const SheetFile* file, auto&& work) {
      if (file == nullptr) return;
      const std::string path = find_file(options_.folder, *file);
      try {
        if (path.empty()) {
          throw Error(ExitCode::bad_input, fmt::format("{}/{}/{}: is not there.", options_.folder,
                                                       file->id, file->name));
        }
        work(path);
      } catch (const Error& error) {
        if (error.code() != ExitCode::bad_input) throw;
        problems_.add(error.what());
        good = false;
      }
    };
    with(chosen.mrna, [&](const std::string& path) {
      mrna_.read(path, sample, contents.mrna, options_.all_genes ? &contents.all : nullptr);
    });
    with(chosen.mature, [&](const std::string& path) {
      double total = 0;
      contents.mature = gdc::read_isoforms(path, total);
      if (total < least_total_rpm && n_low_++ == 0) first_low_ = path;
    });
    with(chosen.stemloop, [&](const std::string& path) {
      contents.stemloops = gdc::read_stemloops(path);
      contents.stemloop_path = path;
    });
    return good;
  }

  [[nodiscard]] const std::vector<std::string>& genes() const { return mrna_.counted_genes(); }

  void warn(std::vector<std::string>& warnings) const {
    if (n_low_ == 0) return;
    warnings.push_back(
        fmt::format("{} less than 900,000 reads per million in all and may be cut short; "
                    "the first: {}",
                    counted(n_low_, "isoform file holds", "isoform files hold"), first_low_));
  }

 private:
  const AssembleOptions& options_;
  gdc::MrnaReader mrna_;
  Problems& problems_;
  Index n_low_ = 0;
  std::string first_low_;
};

}  // namespace

AssembleReport assemble(const AssembleOptions& options) {
  AssembleReport report;
  const GenePanel panel = read_gene_panel(find_data_file("landmarks.tsv"));
  const std::vector<ReferenceMirna> mirnas = read_mirna_table(find_data_file("mirnas.tsv"));
  const GeneIndex index(panel);
  gdc::SampleSheet sheet = gdc::read_sample_sheets(options.sample_sheets);
  report.warnings = std::move(sheet.warnings);
  if (sheet.n_other > 0) {
    log_info("{} of the sample sheet without expression; passed over",
             counted(sheet.n_other, "file"));
  }
  const GdcWorkflow workflow = choose_workflow(sheet.files, options.workflow, report.warnings);
  auto samples = choose(sheet.files, workflow);

  std::array<Index, 2> n_single = {0, 0};
  Index n_control = 0;
  for (auto at = samples.begin(); at != samples.end();) {
    const Chosen& chosen = at->second;
    const bool has_mirna = chosen.mature != nullptr || chosen.stemloop != nullptr;
    const bool is_pair = chosen.mrna != nullptr && has_mirna;
    const bool is_control = is_pair && chosen.mrna->type == "control";
    if (!is_pair) ++n_single[has_mirna ? 1 : 0];
    if (is_control) ++n_control;
    at = is_pair && !is_control ? std::next(at) : samples.erase(at);
  }
  if (n_single[0] + n_single[1] > 0) {
    log_info("{} mRNA only, {} miRNA only; left out",
             counted(n_single[0], "sample has", "samples have"), n_single[1]);
  }
  if (n_control > 0) {
    log_info("{} (types 20 to 29) left out", counted(n_control, "control sample"));
  }
  if (samples.empty()) {
    throw Error(ExitCode::bad_input,
                fmt::format("the sample sheet names no sample with both mRNA ({}) and miRNA; {} "
                            "have mRNA only, {} miRNA only. Put both kinds of files into the cart.",
                            workflow_words.word(workflow), n_single[0], n_single[1]));
  }

  const auto has = [&](const SheetFile* Chosen::*file) {
    return std::any_of(samples.begin(), samples.end(),
                       [&](const auto& sample) { return sample.second.*file != nullptr; });
  };
  Tables tables(options, panel, mirnas, has(&Chosen::mature), has(&Chosen::stemloop));
  Problems problems(options.skip_broken);
  SampleReader reader(options, index, workflow, problems);
  std::set<std::string> patients;
  std::set<std::string> cohorts;
  const auto n_all = static_cast<Index>(samples.size());
  constexpr Index say_every = 500;
  Index n_done = 0;
  for (const auto& [key, chosen] : samples) {
    const std::string& sample = key.second;
    Contents contents;
    if (++n_done % say_every == 0) log_info("{} of {} samples", n_done, n_all);
    if (!reader.read(sample, chosen, contents)) continue;
    // Once a file is broken nothing will be written, but all of them should be named.
    if (problems.count() > 0 && !options.skip_broken) continue;
    try {
      if (chosen.stemloop != nullptr) {
        tables.write_stemloop(sample, contents.stemloop_path, contents.stemloops);
      }
    } catch (const Error& error) {
      if (error.code() != ExitCode::bad_input) throw;
      problems.add(error.what());
      continue;
    }
    tables.write_mrna(contents.mrna, contents.all, reader.genes());
    if (chosen.mature != nullptr) tables.write_mature(sample, contents.mature);
    tables.write_sample(sample, chosen);
    ++report.n_samples;
    if (chosen.mrna->type == "normal") ++report.n_normal;
    patients.insert(chosen.mrna->patient);
    cohorts.insert(key.first);
  }
  problems.judge();
  if (report.n_samples == 0) {
    throw Error(ExitCode::bad_input, "none of the samples could be read; nothing is written.");
  }
  reader.warn(report.warnings);
  report.n_patients = static_cast<Index>(patients.size());
  report.n_cohorts = static_cast<Index>(cohorts.size());
  report.outputs = tables.finish();
  return report;
}

}  // namespace sicmir
