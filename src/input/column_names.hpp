// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What the name of a column or line of a text table says it is.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sicmir {

/// Lower case, with one underscore for whatever separates words: "adj.P.Val" is "adj_p_val".
[[nodiscard]] std::string normalised_name(std::string_view name);

/// The next eight take a name as normalised_name() gives it.
/// Columns that DESeq2, edgeR, limma, Seurat's FindMarkers and their like write.
[[nodiscard]] bool names_statistic(const std::string& name);
/// Statistics only where others are: short names, which samples may have.
[[nodiscard]] bool may_name_statistic(const std::string& name);
/// gene_length_bp, Transcript.length, percentage_gene_gc_content.
[[nodiscard]] bool names_size(const std::string& name);
/// Of a gene's place in the genome: chromosome, start, end, strand.
[[nodiscard]] bool names_coordinate(const std::string& name);
/// Begins or ends with what is computed of several samples: mean_ctrl, kd_sd.
[[nodiscard]] bool names_summary(const std::string& name);
/// What other columns add up to.
[[nodiscard]] bool names_total(const std::string& name);
/// Measurements and labels of cells as Seurat, scanpy and scater call them.
[[nodiscard]] bool names_cell_metadata(const std::string& name);

/// Columns of long tables that name the sample or cell, or hold its value.
[[nodiscard]] bool names_sample_column(const std::string& name);
[[nodiscard]] bool names_value_column(const std::string& name);

/// Columns of numbers that gene tables put before the samples (featureCounts, StringTie, GDC...).
[[nodiscard]] bool names_annotation(std::string_view header);
[[nodiscard]] bool names_entrez(std::string_view header);
/// A column that `sicmir assemble` writes beside the genes.
[[nodiscard]] bool is_own_column(std::string_view name);

/// True if the first line of a table or list names its columns: it says "gene", "barcode", "x"...,
/// and is no id itself. `others`: the lines below.
[[nodiscard]] bool is_header_word(std::string_view word);
[[nodiscard]] bool is_list_header(std::string_view first, std::span<const std::string> others);

/// A sample's name and the quantity that stands before or behind it; "" where there is none.
struct NamedQuantity {
  std::string_view quantity;
  std::string sample;
};
[[nodiscard]] NamedQuantity cut_quantity(std::string_view header);

/// True if the name is that of a quantity of one sample: TPM, expected_count, unstranded.
[[nodiscard]] bool names_quantity(std::string_view name);
/// How much rather a quantity is taken than others: counts before all. 0: not known.
[[nodiscard]] int preference_of_quantity(std::string_view name);

/// The names of quantities, if a line below the header gives several of each sample (Firehose:
/// raw_counts, median_length_normalized, RPKM); else empty. Both without the leading column.
[[nodiscard]] std::vector<std::string> quantities_below_header(std::span<const std::string> header,
                                                               std::span<const std::string> below);

}  // namespace sicmir
