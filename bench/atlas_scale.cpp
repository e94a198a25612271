// SPDX-License-Identifier: BSD-3-Clause
/// Makes an atlas of the published size without its cells: what `sicmir atlas index` reads, of
/// made-up numbers. usage: atlas_scale FOLDER [SETS]
///
/// 632 data sets, 726 cell types with Zipf frequencies, 12 types a set on average, 1,298 miRNAs;
/// half of the sets have contrasts, all have markers, edges and triples.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "atlas/atlas_folder.hpp"
#include "atlas/data_set.hpp"
#include "atlas/seal.hpp"
#include "atlas/summary.hpp"
#include "base/random.hpp"

namespace {

using namespace sicmir;
using namespace sicmir::atlas;

constexpr int n_types = 726;
constexpr int n_mirnas = 1298;

/// About normal: the sum of four uniform numbers.
float about_normal(training::Random& random) {
  const float sum = random.uniform() + random.uniform() + random.uniform() + random.uniform();
  return (sum - 2) * 1.7F;
}

std::vector<Term> some_types(training::Random& random, std::size_t count) {
  std::set<int> chosen;
  while (chosen.size() < count) {
    // Zipf: the logarithm of the rank is uniform.
    chosen.insert(static_cast<int>(std::pow(static_cast<float>(n_types), random.uniform())) - 1);
  }
  std::vector<Term> types;
  for (const int type : chosen) {
    types.push_back({fmt::format("type {:03}", type), fmt::format("CL:{:07}", type)});
  }
  return types;
}

DataSet make_set(int number, training::Random& random) {
  DataSet set;
  set.id = fmt::format("set-{:04}", number);
  set.title = fmt::format("Made-up data set {}", number);
  set.n_cells = static_cast<Index>(
      std::min(1e6, 4000 * std::exp(1.6 * static_cast<double>(about_normal(random)))));
  set.types = some_types(random, 4 + random.below(17));
  set.tissues = {{fmt::format("tissue {:02}", random.below(60)), ""}};
  set.diseases = {{fmt::format("disease {:02}", random.below(40)), ""}};
  const bool has_contrast = number % 2 == 0;
  if (has_contrast) set.diseases.push_back({"normal", "PATO:0000461"});
  set.conditions = set.diseases;
  const std::int32_t n_conditions = has_contrast ? 2 : 1;
  for (int i = 0; i < 8; ++i) {
    set.samples.push_back({fmt::format("s{}", i), fmt::format("{}-{}", number, i), "", 0,
                           i % n_conditions, i % n_conditions, set.n_cells / 8});
  }
  for (std::int32_t type = 0; type < static_cast<std::int32_t>(set.types.size()); ++type) {
    for (std::int32_t c = 0; c < n_conditions; ++c) {
      set.groups.push_back({type, 0, c, c, 100, 8 / n_conditions, 8 / n_conditions, 0});
    }
  }
  set.reference_condition = has_contrast ? "normal" : "";
  set.comparability = {"0", "made up", "dataset", "", format_version};
  set.version = "0";
  return set;
}

std::vector<float> numbers(training::Random& random, std::size_t count) {
  std::vector<float> values(count);
  for (float& value : values) value = about_normal(random);
  return values;
}

Summary make_summary(const DataSet& set, training::Random& random) {
  Summary summary;
  for (int m = 0; m < n_mirnas; ++m) {
    summary.mirnas.push_back({fmt::format("hsa-miR-{}-5p", m),
                              fmt::format("MIMAT{:07}", m),
                              "measured",
                              5,
                              1,
                              {0.5, 0.5, 0.5, 100}});
  }
  const auto n_groups = static_cast<Index>(set.groups.size());
  summary.mean = Matrix::NullaryExpr(n_mirnas, n_groups, [&] { return about_normal(random); });
  summary.sd = Matrix::Constant(n_mirnas, n_groups, 0.5F);
  for (std::int32_t type = 0; type < static_cast<std::int32_t>(set.types.size()); ++type) {
    TypeMarkers& markers = summary.markers.emplace_back();
    markers.type = type;
    for (std::int32_t m = 0; m < n_mirnas; ++m) {
      MarkerValue value;
      value.mirna = m;
      value.z = value.rival_z = about_normal(random);
      value.log2rpm = value.z;
      markers.values.push_back(value);
    }
    if (set.conditions.size() < 2) continue;
    Contrast& contrast = summary.contrasts.emplace_back();
    contrast.type = type;
    contrast.condition = set.conditions[0].name == set.reference_condition ? 1 : 0;
    contrast.reference = 1 - contrast.condition;
    contrast.n_condition = contrast.n_reference = 4;
    contrast.effect = numbers(random, n_mirnas);
    contrast.error = std::vector<float>(n_mirnas, 0.5F);
  }
  for (Index i = 0; i < most_edges; ++i) {
    summary.edges.push_back({0, static_cast<std::int32_t>(i), fmt::format("GENE{}", i), 0.5F, 1});
  }
  for (Index i = 0; i < most_triples; ++i) {
    summary.triples.push_back({0, 1, static_cast<std::int32_t>(i), 0.5F, 0.5F});
  }
  return summary;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const AtlasFolder folder(argv[1]);
  const int n_sets = argc > 2 ? std::atoi(argv[2]) : 632;
  make_folder(folder.claims());
  for (int i = 0; i < n_sets; ++i) {
    training::Random random(
        training::key(1, training::Purpose::made_up, static_cast<std::uint64_t>(i)));
    const DataSet set = make_set(i, random);
    const std::filesystem::path place = folder.set(set.id);
    make_folder(place);
    std::ofstream(place / set_files::description) << data_set_json(set);
    write_summary(make_summary(set, random), place);
    Seals seals;
    for (const char* name : {set_files::description, set_files::summary}) {
      seals[name] = seal_of(place / name);
    }
    write_seals(seals, place / set_files::checksums);
  }
}
