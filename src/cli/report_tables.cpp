// SPDX-License-Identifier: BSD-3-Clause
#include "cli/report_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <system_error>

#include "analysis/difference_text.hpp"
#include "text/tsv_field.hpp"

namespace sicmir::cli {
namespace {

using tsv::field;

constexpr std::array names = {"markers.tsv",  "profiles.tsv",  "cells.tsv",
                              "accuracy.tsv", "reasons.tsv",   "hubs.tsv",
                              "edges.tsv",    "crosstalk.tsv", "crosstalk_net.tsv"};

std::string profiles_tsv(const Profiles& profiles) {
  std::string text =
      "sample\tgroup\tdonor\tcondition\ttissue\tcells\tmolecules\tbelow_floor\tpanel_genes\t"
      "median_z\tinterquartile_range_z\n";
  for (const Profile& one : profiles.profiles) {
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{:.0f}\t{}\t{}\t{}\t{}\n", field(one.sample),
                        field(one.group), field(one.donor), field(one.condition), field(one.tissue),
                        one.n_cells, one.n_counts, one.below_floor ? "yes" : "no",
                        one.n_panel_genes, tsv::number(one.median_z), tsv::number(one.iqr_z));
  }
  return text;
}

std::string cells_tsv(const PageContent& content, const Profiles& profiles) {
  std::string text = "cell\tgroup\tx\ty";
  for (const Index mirna : content.mirnas) {
    text += "\t" + field(profiles.mirnas[static_cast<std::size_t>(mirna)].name);
  }
  if (!content.map) return text + "\n";
  const PageMap& map = *content.map;
  for (const std::string& gene : map.genes.genes) text += "\t" + field(gene);
  text += "\n";
  std::vector<std::string> groups;
  for (const Profile& one : profiles.profiles) groups.push_back(one.group);
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  const bool is_input = !map.coordinates.name.empty();
  for (std::size_t i = 0; i < map.view.cells.size(); ++i) {
    const auto cell = static_cast<Index>(i);
    const double x =
        is_input ? map.coordinates.x[i] : static_cast<double>(map.view.components(0, cell));
    const double y =
        is_input ? map.coordinates.y[i] : static_cast<double>(map.view.components(1, cell));
    text += fmt::format("{}\t{}\t{}\t{}", field(map.view.names[i]),
                        field(groups[static_cast<std::size_t>(map.view.groups[i])]), tsv::number(x),
                        tsv::number(y));
    for (Index k = 0; k < map.view.mirnas.rows(); ++k) {
      text += "\t" + tsv::number(static_cast<double>(map.view.mirnas(k, cell)));
    }
    for (Index k = 0; k < map.genes.values.rows(); ++k) {
      text += "\t" + tsv::number(static_cast<double>(map.genes.values(k, cell)));
    }
    text += "\n";
  }
  return text;
}

std::string accuracy_tsv(const Profiles& profiles) {
  std::string text =
      "mirna\taccession\tpearson_within_cohort\tpearson_pooled\tpearson_leave_cohort_out\t"
      "n_held_out\n";
  for (const ProfileMirna& one : profiles.mirnas) {
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", field(one.name), field(one.mimat),
                        tsv::number(one.accuracy.within_cohort), tsv::number(one.accuracy.pooled),
                        tsv::number(one.accuracy.leave_cohort_out), one.accuracy.n);
  }
  return text;
}

}  // namespace

std::vector<std::string> table_files(const std::string& folder) {
  std::vector<std::string> files;
  files.reserve(names.size());
  for (const char* name : names) {
    files.push_back((std::filesystem::path(folder) / name).string());
  }
  return files;
}

void make_table_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!std::filesystem::is_directory(folder)) {
    throw Error(ExitCode::not_written,
                fmt::format("{}: the folder cannot be made: {}.", folder,
                            error ? error.message() : "a file of this name is in its place"));
  }
}

void write_tables(const std::string& folder, const PageContent& content, const Profiles& profiles,
                  const MarkerSet& markers, TextFiles& files) {
  const std::vector<std::string> paths = table_files(folder);
  files.add(paths[0], markers_tsv(markers, profiles));
  files.add(paths[1], profiles_tsv(profiles));
  files.add(paths[2], cells_tsv(content, profiles));
  files.add(paths[3], accuracy_tsv(profiles));
  for (const PagePart* part : {&content.reasons, &content.network, &content.crosstalk}) {
    for (const PageTable& table : part->tables) {
      files.add((std::filesystem::path(folder) / table.file).string(), table.tsv);
    }
  }
}

}  // namespace sicmir::cli
