// SPDX-License-Identifier: BSD-3-Clause
#include <cstdlib>
#include <stdexcept>

#include "fuzz/fuzz_target.hpp"

namespace sicmir::fuzz {

Folder::Folder() {
  std::error_code ignored;
  const bool in_memory = std::filesystem::is_directory("/dev/shm", ignored);
  path_ = (in_memory ? "/dev/shm" : std::filesystem::temp_directory_path().string()) +
          "/sicmir-fuzz-XXXXXX";
  if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no folder for the input");
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::put(const std::string& name, std::string_view bytes) const {
  const std::filesystem::path path = std::filesystem::path(path_) / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path.string();
}

const Folder& folder() {
  static const Folder one;
  return one;
}

const GeneIndex& index() {
  static const GeneIndex one([] {
    GenePanel panel;
    panel.genes = {{"TP53", "TP53", "ENSG00000141510", "7157", {}, {}},
                   {"MYC", "MYC", "ENSG00000136997", "4609", {}, {}},
                   {"CDK4", "CDK4", "ENSG00000135446", "1019", {}, {}},
                   {"BIRC5", "BIRC5", "ENSG00000089685", "332", {}, {"API4"}},
                   {"HLA-DRA", "HLA-DRA", "ENSG00000204287", "3122", {}, {}}};
    return panel;
  }());
  return one;
}

namespace {

void read_selected(const std::string& path, bool all_genes) {
  SourceOptions options;
  options.all_genes = all_genes;
  options.threads = 1;
  options.upper_quartile_up_to = 100;
  const auto source = open_source(path, options, index());
  if (all_genes) {
    source->select(GeneSelection::all(source->features()));
  } else {
    source->select(GeneMap(index(), source->features(), {0.01, Duplicates::sum}, path));
  }
  CellBlock block;
  while (source->next(block, 3)) {
    // What a block promises (types.hpp); a parser that breaks it would spoil what comes after.
    const auto n_values = static_cast<Index>(block.values.size());
    bool sound = block.offsets.front() == 0 && block.offsets.back() == n_values &&
                 static_cast<Index>(block.genes.size()) == n_values &&
                 static_cast<Index>(block.cells.size()) == block.size();
    for (std::size_t c = 1; sound && c < block.offsets.size(); ++c) {
      sound = block.offsets[c - 1] <= block.offsets[c];
      for (Index i = block.offsets[c - 1] + 1; sound && i < block.offsets[c]; ++i) {
        const auto at = static_cast<std::size_t>(i);
        sound = block.genes[at - 1] < block.genes[at];
      }
    }
    if (!sound) throw std::logic_error("a block that breaks its promises");
  }
}

}  // namespace

void read_whole(const std::string& path) {
  // Each may refuse on grounds of its own.
  try {
    read_selected(path, true);
  } catch (const Error&) {
  }
  read_selected(path, false);
}

}  // namespace sicmir::fuzz
