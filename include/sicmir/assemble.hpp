// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// From a download of the NCI's Genomic Data Commons to tables that train() reads.

#include <string>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir {

/// Workflows whose files hold mRNA expression; one of them makes a table, since units differ.
enum class GdcWorkflow : std::uint8_t {
  automatic,  ///< the first of those below that the download has
  star,       ///< *.rna_seq.augmented_star_gene_counts.tsv
  fpkm_uq,    ///< *.FPKM-UQ.txt.gz
  fpkm,       ///< *.FPKM.txt.gz
  htseq,      ///< *.htseq.counts.gz, *.htseq_counts.txt.gz
};

struct AssembleOptions {
  std::string
      folder;  ///< what gdc-client filled: FILE_ID/FILE_NAME; files right in it are found too
  std::vector<std::string> sample_sheets;  ///< gdc_sample_sheet.*.tsv
  std::string prefix;                      ///< of the outputs
  GdcWorkflow workflow = GdcWorkflow::automatic;
  std::string column = "tpm_unstranded";  ///< of STAR's files
  bool all_genes = false;                 ///< the first file's genes instead of the panel's
  bool skip_broken = false;               ///< leave out what cannot be read instead of failing
};

struct AssembleReport {
  Index n_samples = 0, n_patients = 0, n_cohorts = 0, n_normal = 0;
  std::vector<std::string> outputs;   ///< paths written
  std::vector<std::string> warnings;  ///< sentences for the log
};

/// Pairs mRNA and miRNA files by sample and writes PREFIX.mrna.tsv.gz (samples as lines: the
/// panel's genes, then total_of_all_genes and upper_quartile_of_all_genes, in the unit of the
/// files), PREFIX.mirna.tsv.gz (mature RPM), PREFIX.stemloop.tsv.gz (stem-loop RPM, where the
/// download has it) and PREFIX.samples.tsv. One file is open at a time, and one sample is in
/// memory. Formats: the GDC's documentation of its mRNA and miRNA pipelines. Throws
/// Error(bad_input): a sheet that is none, files that are missing, empty, cut short or something
/// else (each named), no pair; Error(not_written).
AssembleReport assemble(const AssembleOptions& options);

}  // namespace sicmir
