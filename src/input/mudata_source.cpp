// SPDX-License-Identifier: BSD-3-Clause
/// MuData (.h5mu): an AnnData object for each modality, in /mod (mudata's "MuData specification").

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/joined.hpp"
#include "base/printable.hpp"
#include "input/h5_matrix_source.hpp"

namespace sicmir {
namespace {

using ascii::lower;

/// The modality that holds gene expression: by the names in use, or the only one.
std::string rna_of(const h5::File& file) {
  std::vector<std::string> modalities;
  if (h5::kind_of(file.id(), "mod") == h5::ObjectKind::group) {
    const h5::Handle group = h5::open_group(file, file.id(), "mod");
    modalities = h5::members(file, group.get());
  }
  constexpr std::array<std::string_view, 6> usual = {
      "rna", "gex", "scrna", "gene expression", "transcriptome", "mrna"};
  for (const std::string_view name : usual) {
    for (const std::string& modality : modalities) {
      if (lower(modality) == name) return modality;
    }
  }
  if (modalities.size() == 1) return modalities.front();
  std::vector<std::string> shown;
  shown.reserve(modalities.size());
  for (const std::string& modality : modalities) shown.push_back(printable(modality));
  throw Error(ExitCode::bad_input,
              fmt::format("{}: this is a MuData file, and none of its modalities ({}) is called "
                          "rna. Write the one that holds gene expression as AnnData, in Python: "
                          "mudata.read_h5mu(IN)[\"NAME\"].write_h5ad(OUT).",
                          file.path(), shown.empty() ? "none" : joined(shown, ", ")));
}

}  // namespace

bool is_mudata(const h5::File& file) {
  const std::string encoding = h5::text_attribute(file.id(), "encoding-type").value_or("");
  return encoding == "MuData" ||
         (encoding.empty() && h5::kind_of(file.id(), "mod") == h5::ObjectKind::group);
}

H5Parts open_mudata(const h5::File& file, const SourceOptions& options, const GeneIndex& genes) {
  if (h5::kind_of(file.id(), "uns/sicmir") == h5::ObjectKind::group &&
      h5::kind_of(file.id(), "mod/mirna") == h5::ObjectKind::group) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: this is a file of profiles that sicmir wrote: the counts of "
                            "groups of cells, with their predicted miRNAs (mod/mirna). To predict "
                            "its profiles again, write its RNA as AnnData, in Python: "
                            "mudata.read_h5mu(IN)[\"rna\"].write_h5ad(OUT).",
                            file.path()));
  }
  const std::string modality = rna_of(file);
  auto rna = std::make_unique<h5::File>(
      h5::File::open_read(AnnotationPlace(file.path(), file.path(), "mod/" + modality)));
  if (!is_h5ad(*rna)) {
    file.fail("mod/" + printable(modality), "is no AnnData object (it needs obs and var).");
  }
  H5Parts parts = open_h5ad(std::move(rna), options, genes);
  parts.description.format = fmt::format("MuData, modality {}", printable(modality));
  parts.description.is_h5ad = false;
  return parts;
}

}  // namespace sicmir
