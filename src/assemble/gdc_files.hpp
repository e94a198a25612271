// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Readers of the GDC's expression files, one sample each.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "input/panel_collector.hpp"
#include "sicmir/assemble.hpp"
#include "sicmir/gene_map.hpp"

namespace sicmir::gdc {

/// Reads gene expression file after file. All files of a download list the same genes in the same
/// order; the first one read says which, and one that differs is cut short or something else.
class MrnaReader {
 public:
  /// `workflow` must have been decided. `column`: of STAR's files. The index outlives the reader.
  MrnaReader(const GeneIndex& index, GdcWorkflow workflow, std::string column);

  /// Replaces `block` by the one sample of `path`: panel values, total and upper quartile over all
  /// genes but N_*, __* and PAR_Y lines. With `all`, also every counted gene's value in file order.
  /// Throws Error(bad_input) naming the file.
  void read(const std::string& path, const std::string& sample, CellBlock& block,
            std::vector<double>* all = nullptr);

  /// Ids of the counted genes, in file order; after the first read().
  [[nodiscard]] const std::vector<std::string>& counted_genes() const { return counted_; }

 private:
  void parse(const std::string& path);
  void accept_genes(const std::string& path);

  const GeneIndex& index_;
  GdcWorkflow workflow_;
  std::string column_;
  std::string first_path_;
  std::vector<std::string> genes_;  // of the first file
  std::vector<std::string> counted_;
  std::vector<std::string> new_genes_;  // of the file in hand, from where it differs
  std::size_t n_same_ = 0;              // lines of the file in hand that agree with genes_
  std::vector<double> values_;
  std::optional<GeneMap> map_;
  std::optional<PanelCollector> collector_;
};

/// Sum of reads_per_million over the isoforms of each mature miRNA, by MIMAT accession.
[[nodiscard]] std::map<std::string, double> read_isoforms(const std::string& path,
                                                          double& total_rpm);

/// reads_per_million of each stem-loop, by name, in file order.
[[nodiscard]] std::vector<std::pair<std::string, double>> read_stemloops(const std::string& path);

}  // namespace sicmir::gdc
