// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/export_markers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "anndata/h5ad_layout.hpp"
#include "base/log.hpp"
#include "base/text_list.hpp"
#include "hdf5/h5_output.hpp"

namespace sicmir {
namespace {

constexpr const char* key = "rank_genes_groups";

/// A group, its markers by falling difference.
struct Ranked {
  std::string name;
  std::vector<const Marker*> markers;
};

std::vector<Ranked> rank(const MarkerSet& markers) {
  std::vector<Ranked> groups;
  for (const MarkerGroup& group : markers.groups) {
    if (group.comparators.empty()) continue;
    Ranked& ranked = groups.emplace_back(Ranked{group.name, {}});
    for (const Marker& one : group.markers) ranked.markers.push_back(&one);
    const auto score = [](const Marker* one) { return std::isnan(one->z) ? -1e300 : one->z; };
    std::stable_sort(ranked.markers.begin(), ranked.markers.end(),
                     [&](const Marker* a, const Marker* b) { return score(a) > score(b); });
  }
  return groups;
}

/// A record: one field of `type` per group, in `width` bytes each.
h5::Handle record_type(const H5Output& out, const std::vector<Ranked>& groups, hid_t type,
                       std::size_t width) {
  h5::Handle record = out.checked(H5Tcreate(H5T_COMPOUND, width * groups.size()));
  for (std::size_t i = 0; i < groups.size(); ++i) {
    out.check(H5Tinsert(record.get(), groups[i].name.c_str(), i * width, type));
  }
  return record;
}

void write_records(const H5Output& out, hid_t parent, const char* name, hid_t stored, hid_t memory,
                   std::size_t n, const void* values) {
  const hsize_t extent = n;
  h5::Handle dataset =
      create_dataset(out, parent, name, stored, std::span<const hsize_t>(&extent, 1));
  write_lines(out, dataset.get(), memory, 0, extent, values);
  set_encoding(out, dataset.get(), "rec-array", "0.2.0");
  out.close(std::move(dataset));
}

void write_names(const H5Output& out, hid_t parent, const std::vector<Ranked>& groups,
                 const Profiles& profiles) {
  const h5::Handle text = utf8_type();
  const h5::Handle record = record_type(out, groups, text.get(), sizeof(const char*));
  std::vector<const char*> names;
  const std::size_t n = groups.front().markers.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (const Ranked& group : groups) {
      names.push_back(
          profiles.mirnas[static_cast<std::size_t>(group.markers[i]->mirna)].name.c_str());
    }
  }
  write_records(out, parent, "names", record.get(), record.get(), n, names.data());
}

void write_numbers(const H5Output& out, hid_t parent, const char* name,
                   const std::vector<Ranked>& groups,
                   const std::function<double(const Marker&)>& get) {
  const h5::Handle stored = record_type(out, groups, H5T_IEEE_F64LE, sizeof(double));
  const h5::Handle memory = record_type(out, groups, H5T_NATIVE_DOUBLE, sizeof(double));
  std::vector<double> values;
  const std::size_t n = groups.front().markers.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (const Ranked& group : groups) values.push_back(get(*group.markers[i]));
  }
  write_records(out, parent, name, stored.get(), memory.get(), n, values.data());
}

/// That the copy can take it is found before the copying.
void check_input(const std::string& input, const std::vector<Ranked>& groups) {
  const h5::File file = h5::File::open_read(input);
  const h5::ObjectKind uns = h5::kind_of(file.id(), "uns");
  if (uns != h5::ObjectKind::group && uns != h5::ObjectKind::absent) {
    file.fail("uns", "is no group, so that nothing can be added to it.");
  }
  if (h5::kind_of(file.id(), std::string("uns/") + key) != h5::ObjectKind::absent) {
    log_warning("{}: uns/{} is replaced in the copy", input, key);
  }
  // A record's description must fit into 64 kB of an object header (HDF5 file format, IV.A.1).
  constexpr std::size_t most = 60'000;
  constexpr std::size_t per_field = 48;
  std::size_t bytes = 0;
  for (const Ranked& group : groups) bytes += per_field + group.name.size();
  if (bytes > most) {
    file.fail(std::string("uns/") + key,
              fmt::format("cannot hold {} groups with names as long as these.", groups.size()));
  }
}

}  // namespace

void export_markers(const MarkerSet& markers, const Profiles& profiles,
                    const MarkerOptions& options, const std::string& group_by,
                    const std::string& input, const std::string& path) {
  const std::vector<Ranked> groups = rank(markers);
  const h5::Lock lock;
  check_input(input, groups);
  H5Output out(path);
  out.create_copy(input);
  if (H5Lexists(out.id(), "uns", H5P_DEFAULT) <= 0) {
    (void)create_group(out, out.id(), "uns", "dict", "0.1.0");
  }
  {
    const h5::Handle uns = out.checked(H5Gopen2(out.id(), "uns", H5P_DEFAULT));
    if (H5Lexists(uns.get(), key, H5P_DEFAULT) > 0) {
      out.check(H5Ldelete(uns.get(), key, H5P_DEFAULT));
    }
    const h5::Handle table = create_group(out, uns.get(), key, "dict", "0.1.0");
    {
      const h5::Handle params = create_group(out, table.get(), "params", "dict", "0.1.0");
      write_string(out, params.get(), "groupby", group_by);
      write_string(out, params.get(), "reference", "rest");
      write_string(out, params.get(), "method", "sicmir markers");
      write_string(out, params.get(), "labels_from", to_string(options.labels_from));
      write_string(out, params.get(), "corr_method", "benjamini-hochberg");
    }
    write_names(out, table.get(), groups, profiles);
    write_numbers(out, table.get(), "scores", groups, [](const Marker& one) { return one.z; });
    write_numbers(out, table.get(), "logfoldchanges", groups,
                  [](const Marker& one) { return one.log2rpm; });
    write_numbers(out, table.get(), "pvals", groups, [](const Marker& one) { return one.p; });
    write_numbers(out, table.get(), "pvals_adj", groups, [](const Marker& one) { return one.fdr; });
  }
  out.commit();
}

}  // namespace sicmir
