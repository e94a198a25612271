// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The GDC's sample sheets, and which of a sample's files is used.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sicmir/assemble.hpp"

namespace sicmir::gdc {

enum class Assay : std::uint8_t { mrna, mature, stemloop };

/// One file of the download.
struct SheetFile {
  std::string id, name;
  Assay assay = Assay::mrna;
  GdcWorkflow workflow = GdcWorkflow::automatic;  ///< of mRNA files
  std::string sample;   ///< as training pairs samples: 15 characters of a TCGA barcode
  std::string barcode;  ///< the longest that is known: sample (16 characters) or aliquot (28)
  std::string patient;
  std::string cohort;  ///< project id, without TCGA-
  std::string type;    ///< "tumour", "normal", "control" or "unknown"
  bool ffpe = false;
};

struct SampleSheet {
  std::vector<SheetFile> files;  ///< each file id once
  Index n_other = 0;             ///< lines on files of other kinds
  std::vector<std::string> warnings;
};

/// Columns are found by name: File ID, File Name, Project ID, Case ID, Sample ID; where they exist,
/// Sample Type (older sheets), Tissue Type and Preservation Method (newer ones) and a column of
/// aliquot barcodes (Aliquot ID, Aliquot Submitter ID, Entity Submitter ID). Throws
/// Error(bad_input) naming file and line.
[[nodiscard]] SampleSheet read_sample_sheets(const std::vector<std::string>& paths);

/// True if `a` is preferred to `b`, both of one sample and assay: frozen before FFPE, then the
/// first vial (A), then the highest plate, then the smaller file id, so that the choice is
/// definite.
[[nodiscard]] bool preferred(const SheetFile& a, const SheetFile& b);

/// tumour (01-09), normal (10-19) or control (20-29) by digits 14 and 15 of a TCGA barcode;
/// "unknown" for other ids.
[[nodiscard]] std::string type_of_barcode(std::string_view barcode);

}  // namespace sicmir::gdc
