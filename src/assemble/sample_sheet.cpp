// SPDX-License-Identifier: BSD-3-Clause
#include "assemble/sample_sheet.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/ascii.hpp"
#include "base/counted.hpp"
#include "base/joined.hpp"
#include "genes/sample_ids.hpp"
#include "text/byte_input.hpp"
#include "text/line_reader.hpp"
#include "text/number_text.hpp"

namespace sicmir::gdc {

namespace {

using ascii::lower;

constexpr std::size_t vial_position = 15;   // TCGA-XX-XXXX-SSV
constexpr std::size_t plate_position = 21;  // TCGA-XX-XXXX-SSV-PPR-LLLL-CC: LLLL
constexpr std::size_t plate_length = 4;
constexpr std::size_t patient_length = 12;

/// "File ID", "file_id" and "File.ID" (as R writes it) are one column.
std::string column_key(std::string_view name) {
  std::string key;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') key += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) key += c;
  }
  return key;
}

bool is_tcga(std::string_view id) {
  return id.size() >= patient_length && id.starts_with("TCGA-");
}

/// Some cells of a sheet list several entities: "TCGA-..., TCGA-...". The first one.
std::string first_entity(const std::string& field, bool& several) {
  const std::size_t comma = field.find(',');
  if (comma == std::string::npos) return field;
  std::string first = field.substr(0, comma);
  std::size_t start = comma;
  while (start < field.size()) {
    const std::size_t from = field.find_first_not_of(", ", start);
    if (from == std::string::npos) break;
    start = std::min(field.find(',', from), field.size());
    if (field.substr(from, start - from) != first) several = true;
  }
  return first;
}

/// Which assay a file holds, by the endings that the GDC gives.
std::optional<std::pair<Assay, GdcWorkflow>> assay_of(std::string name) {
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  struct Ending {
    std::string_view text;
    Assay assay;
    GdcWorkflow workflow;
  };
  constexpr std::array endings = {
      Ending{"augmented_star_gene_counts.tsv", Assay::mrna, GdcWorkflow::star},
      Ending{".FPKM-UQ.txt", Assay::mrna, GdcWorkflow::fpkm_uq},
      Ending{".FPKM.txt", Assay::mrna, GdcWorkflow::fpkm},
      Ending{".htseq.counts", Assay::mrna, GdcWorkflow::htseq},
      Ending{".htseq_counts.txt", Assay::mrna, GdcWorkflow::htseq},
      Ending{"isoforms.quantification.txt", Assay::mature, GdcWorkflow::automatic},
      Ending{"mirnas.quantification.txt", Assay::stemloop, GdcWorkflow::automatic},
  };
  for (const Ending& ending : endings) {
    if (name.ends_with(ending.text)) return std::pair{ending.assay, ending.workflow};
  }
  return std::nullopt;
}

/// Where the columns of one sheet are.
class Columns {
 public:
  Columns(const std::vector<std::string>& header, const std::string& file) {
    for (std::size_t i = 0; i < header.size(); ++i) at_.emplace(column_key(header[i]), i);
    for (const std::string_view needed : {"File ID", "File Name", "Project ID", "Sample ID"}) {
      if (at_.contains(column_key(needed))) continue;
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: line 1 names no column '{}'; found: {}. Expected is the sample "
                              "sheet that the GDC portal's cart offers (gdc_sample_sheet.*.tsv).",
                              file, needed, joined(header, ", ")));
    }
  }
  /// Empty if there is no such column.
  [[nodiscard]] std::string get(const std::vector<std::string>& fields,
                                std::string_view name) const {
    const auto found = at_.find(column_key(name));
    return found == at_.end() ? std::string{} : fields[found->second];
  }

 private:
  std::map<std::string, std::size_t> at_;
};

std::string type_of(const Columns& columns, const std::vector<std::string>& fields,
                    const std::string& barcode) {
  std::string type = type_of_barcode(barcode);
  if (type != "unknown") return type;
  const std::string told =
      lower(columns.get(fields, "Sample Type") + " " + columns.get(fields, "Tissue Type"));
  if (told.find("normal") != std::string::npos) return "normal";
  if (told.find("tumor") != std::string::npos || told.find("metast") != std::string::npos ||
      told.find("cancer") != std::string::npos) {
    return "tumour";
  }
  return type;
}

SheetFile make_file(const Columns& columns, const std::vector<std::string>& fields, bool& several) {
  SheetFile file;
  file.id = columns.get(fields, "File ID");
  file.name = columns.get(fields, "File Name");
  file.barcode = first_entity(columns.get(fields, "Sample ID"), several);
  file.sample = training::sample_key(file.barcode);
  for (const std::string_view column :
       {"Aliquot Submitter ID", "Entity Submitter ID", "Aliquot ID"}) {
    const std::string aliquot = first_entity(columns.get(fields, column), several);
    if (aliquot.starts_with(file.barcode) && aliquot.size() > file.barcode.size()) {
      file.barcode = aliquot;
    }
  }
  bool ignored = false;
  file.patient = first_entity(columns.get(fields, "Case ID"), ignored);
  if (is_tcga(file.barcode)) file.patient = file.barcode.substr(0, patient_length);
  if (file.patient.empty()) file.patient = file.sample;
  file.cohort = first_entity(columns.get(fields, "Project ID"), ignored);
  if (file.cohort.starts_with("TCGA-")) file.cohort.erase(0, 5);
  file.type = type_of(columns, fields, file.barcode);
  const std::string ffpe = lower(columns.get(fields, "Is FFPE"));
  file.ffpe = lower(columns.get(fields, "Preservation Method")).find("ffpe") != std::string::npos ||
              lower(columns.get(fields, "Sample Type")).find("ffpe") != std::string::npos ||
              ffpe == "true" || ffpe == "yes";
  return file;
}

void read_sheet(const std::string& path, SampleSheet& sheet, std::set<std::string>& seen) {
  const auto input = ByteInput::open(path);
  LineReader lines(*input);
  std::string_view line;
  FieldRules rules;
  std::optional<Columns> columns;
  std::size_t n_fields = 0;
  Index n_several = 0;
  while (lines.next(line)) {
    if (line.find_first_not_of(" \t,") == std::string_view::npos) continue;
    if (!columns && line.find('\t') == std::string_view::npos) rules.separator = ',';
    std::vector<std::string> fields;
    for (const std::string_view field : split_fields(line, rules)) {
      fields.push_back(unquoted(field));
    }
    if (!columns) {
      columns.emplace(fields, path);
      n_fields = fields.size();
      continue;
    }
    if (fields.size() != n_fields) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: line {} has {} fields; line 1 has {}. Fetch the sheet again.",
                              path, lines.number(), fields.size(), n_fields));
    }
    const auto assay = assay_of(columns->get(fields, "File Name"));
    if (!assay) {
      ++sheet.n_other;
      continue;
    }
    bool several = false;
    SheetFile file = make_file(*columns, fields, several);
    if (file.id.empty() || file.barcode.empty()) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: line {} has no File ID or no Sample ID.", path, lines.number()));
    }
    if (several) {
      ++n_several;
      continue;
    }
    std::tie(file.assay, file.workflow) = *assay;
    if (seen.insert(file.id).second) sheet.files.push_back(std::move(file));
  }
  if (!columns) throw Error(ExitCode::bad_input, fmt::format("{}: is empty.", path));
  if (n_several > 0) {
    sheet.warnings.push_back(fmt::format("{}: {} to several samples at once, left out", path,
                                         counted(n_several, "file belongs", "files belong")));
  }
}

std::string part(const std::string& barcode, std::size_t at, std::size_t length) {
  return barcode.size() > at ? barcode.substr(at, length) : std::string{};
}

}  // namespace

std::string type_of_barcode(std::string_view barcode) {
  constexpr std::size_t type_position = 13;
  if (!is_tcga(barcode) || barcode.size() < type_position + 2) return "unknown";
  const char tens = barcode[type_position];
  const char ones = barcode[type_position + 1];
  if (ones < '0' || ones > '9') return "unknown";
  switch (tens) {
    case '0':
      return ones == '0' ? "unknown" : "tumour";
    case '1':
      return "normal";
    case '2':
      return "control";
    default:
      return "unknown";
  }
}

bool preferred(const SheetFile& a, const SheetFile& b) {
  if (a.ffpe != b.ffpe) return b.ffpe;
  const std::string vial_a = part(a.barcode, vial_position, 1);
  const std::string vial_b = part(b.barcode, vial_position, 1);
  if (vial_a != vial_b) return vial_a < vial_b;
  const std::string plate_a = part(a.barcode, plate_position, plate_length);
  const std::string plate_b = part(b.barcode, plate_position, plate_length);
  if (plate_a != plate_b) return plate_a > plate_b;
  return a.id < b.id;
}

SampleSheet read_sample_sheets(const std::vector<std::string>& paths) {
  SampleSheet sheet;
  std::set<std::string> seen;
  for (const std::string& path : paths) read_sheet(path, sheet, seen);
  return sheet;
}

}  // namespace sicmir::gdc
