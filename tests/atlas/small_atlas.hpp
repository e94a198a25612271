// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// An atlas of two data sets with numbers by hand.

#include <filesystem>
#include <string>
#include <vector>

#include "atlas/atlas_folder.hpp"
#include "atlas/data_set.hpp"
#include "atlas/seal.hpp"
#include "atlas/summary.hpp"
#include "atlas/write_cells.hpp"
#include "support/scratch.hpp"

namespace sicmir::atlas::test {

/// Types B and T; "liver" has both, in normal and cirrhosis; "lung" has T and endothelium.
inline DataSet small_set(const std::string& id, const std::string& other_type,
                         const std::string& tissue) {
  DataSet set;
  set.id = id;
  set.title = "Set " + id;
  set.is_public = PublicPart::cells;
  set.n_cells = 5;
  set.types = {{"T", "CL:0000084"}, {other_type, ""}};
  if (set.types[1].name < set.types[0].name) std::swap(set.types[0], set.types[1]);
  set.tissues = {{tissue, "UBERON:1"}};
  set.diseases = {{"cirrhosis", "MONDO:1"}, {"normal", "PATO:0000461"}};
  set.conditions = set.diseases;
  set.samples = {{"s1", "d1", "female", 0, 1, 1, 3}, {"s2", id + "-d2", "male", 0, 0, 0, 2}};
  // Type 0 normal, type 0 cirrhosis, type 1 normal.
  set.groups = {{0, 0, 0, 0, 100, 3, 2, 1}, {0, 0, 1, 1, 50, 2, 2, 0}, {1, 0, 1, 1, 10, 1, 1, 0}};
  set.reference_condition = "normal";
  set.comparability = {"checksum", "model", "dataset", "", format_version};
  set.version = "0";
  set.input = "/private/" + id + ".h5ad";
  set.input_checksum = "0123";
  set.input_bytes = 12;
  set.options = {{"group-by", "cell_type"}};
  set.facts = {{"scale", "dataset"}};
  return set;
}

/// Three miRNAs; means of the three groups are `base` + group + miRNA / 4.
inline Summary small_summary(float base) {
  Summary summary;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  summary.mirnas = {{"hsa-miR-1-3p", "MIMAT0000416", "measured", 5, 2, {0.5, 0.25, nan, 40}},
                    {"hsa-miR-21-5p", "MIMAT0000076", "measured", 12, 1, {0.75, 0.5, nan, 40}},
                    {"hsa-miR-155-5p", "", "estimated", nan, nan, {nan, nan, nan, 0}}};
  summary.mean.resize(3, 3);
  for (Index g = 0; g < 3; ++g) {
    for (Index m = 0; m < 3; ++m) {
      summary.mean(m, g) = base + static_cast<float>(g) + static_cast<float>(m) / 4;
    }
  }
  summary.sd = Matrix::Constant(3, 3, 0.5F);
  summary.sd(0, 2) = not_known;
  const auto marker = [](std::int32_t mirna, float z, std::int32_t rival) {
    MarkerValue value;
    value.mirna = mirna;
    value.z = value.rival_z = z;
    value.rival = rival;
    return value;
  };
  summary.markers = {{0, {marker(1, base + 3, 1), marker(0, base + 1, 1)}},
                     {1, {marker(2, base + 2, 0)}}};
  Contrast contrast;
  contrast.type = 0;
  contrast.condition = 0;
  contrast.reference = 1;
  contrast.n_condition = 3;
  contrast.n_reference = 4;
  contrast.effect = {base, 1.0F, not_known};
  contrast.error = {0.5F, 0.25F, not_known};
  summary.contrasts = {contrast};
  summary.edges = {{0, 1, "PTEN", -0.5F, 2.0F}};
  summary.triples = {{0, 1, 2, 0.75F, 0.01F}};
  return summary;
}

/// Writes what `atlas add` leaves, but for real profiles.
inline void put_set(const AtlasFolder& folder, const DataSet& set, const Summary& summary) {
  const std::filesystem::path place = folder.set(set.id);
  make_folder(place);
  sicmir::test::put(place / set_files::description, data_set_json(set));
  write_summary(summary, place);
  CellTable cells;
  CellSpool spool(3);
  for (int i = 0; i < 5; ++i) {
    cells.names.push_back("cell" + std::to_string(i));
    cells.types.push_back(i % 3 - 1);
    cells.samples.push_back(i % 2);
    cells.map.insert(cells.map.end(), {static_cast<float>(i), static_cast<float>(-i)});
    const float z = static_cast<float>(i);
    spool.append(std::vector<float>{z, i == 2 ? not_known : -z / 8, 7.0F});
  }
  cells.map_name = "X_umap";
  write_cells(cells, spool, 3, place, 1);
  sicmir::test::put(place / set_files::profiles, "no profiles");
  Seals seals;
  for (const char* name :
       {set_files::description, set_files::summary, set_files::cells, set_files::profiles}) {
    seals[name] = seal_of(place / name);
  }
  write_seals(seals, place / set_files::checksums);
}

/// Liver (base 0) and lung (base 2).
inline AtlasFolder small_atlas(const sicmir::test::Scratch& scratch) {
  AtlasFolder folder(scratch / "A");
  put_set(folder, small_set("liver", "B", "liver"), small_summary(0));
  put_set(folder, small_set("lung", "endothelium", "lung"), small_summary(2));
  return folder;
}

/// To a place where there is none: for tests that damage what they are given.
inline void copy(const AtlasFolder& from, const AtlasFolder& to) {
  std::filesystem::copy(from.root(), to.root(), std::filesystem::copy_options::recursive);
}

}  // namespace sicmir::atlas::test
