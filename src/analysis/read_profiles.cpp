// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "analysis/profile_names.hpp"
#include "analysis/profiles.hpp"
#include "anndata/h5ad_layout.hpp"
#include "hdf5/h5.hpp"
#include "hdf5/h5_chunks.hpp"
#include "hdf5/h5_storage.hpp"
#include "model/model_parts.hpp"

namespace sicmir {
namespace {

using h5::Handle;

/// No model has more miRNAs, no data set more profiles; more than this is damage.
constexpr Index most_mirnas = 100'000;
constexpr Index most_profiles = 1'000'000;
constexpr std::size_t most_facts = 1000;

/// "" or "mod/mirna/", in front of what stands in a modality.
std::string join(const std::string& group, const char* name) {
  return group.empty() ? name : group + "/" + name;
}

std::optional<std::string> fact_of(const h5::File& file, const std::string& name) {
  const std::string path = "uns/sicmir/" + name;
  if (h5::kind_of(file.id(), path) != h5::ObjectKind::dataset) return std::nullopt;
  const Handle dataset = h5::open_dataset(file, file.id(), path);
  if (h5::type_class(dataset.get()) != h5::TypeClass::text) return std::nullopt;
  const std::vector<std::string> texts = h5::read_texts(file, file.id(), path);
  return texts.size() == 1 ? std::optional(texts.front()) : std::nullopt;
}

class Reader {
 public:
  explicit Reader(const std::string& path) : file_(h5::File::open_read(path)) {}

  Profiles read() {
    const std::string encoding = h5::text_attribute(file_.id(), "encoding-type").value_or("");
    const bool is_mudata = encoding == "MuData";
    check_format(encoding);
    const std::string mirna = is_mudata ? "mod/mirna" : "";
    read_obs(mirna);
    read_mirnas(mirna);
    read_floats(join(mirna, "X"), result_.z);
    if (h5::kind_of(file_.id(), join(mirna, "layers/log2rpm")) != h5::ObjectKind::absent) {
      read_floats(join(mirna, "layers/log2rpm"), result_.log2rpm);
    }
    if (is_mudata) {
      check_same_profiles("obs");
      check_same_profiles("mod/rna/obs");
      read_genes();
      read_counts();
    }
    read_facts();
    return std::move(result_);
  }

 private:
  [[noreturn]] void fail(const std::string& where, const std::string& what) const {
    file_.fail(where, what);
  }

  void check_format(const std::string& encoding) const {
    const std::optional<std::string> format = fact_of(file_, names::format_fact);
    if ((encoding != "MuData" && encoding != "anndata") || !format) {
      fail("/",
           fmt::format("is no file of profiles{}; expected what `sicmir profile` writes, which "
                       "says so in uns/sicmir/{}. Make one with `sicmir profile`.",
                       encoding.empty() ? std::string() : fmt::format(" but {}", encoding),
                       names::format_fact));
    }
    if (*format != names::format_version) {
      fail(fmt::format("uns/sicmir/{}", names::format_fact),
           fmt::format("is '{}', a version that this program does not know; expected '{}'. Use a "
                       "newer sicmir.",
                       *format, names::format_version));
    }
  }

  h5ad::ColumnValues column_of(const h5ad::Table& table, const char* name,
                               h5ad::ColumnKind kind) const {
    const h5ad::Column* column = table.find(name);
    if (column == nullptr) {
      fail(table.name(), fmt::format("has no column '{}', which every file of profiles has; the "
                                     "file is damaged or was changed.",
                                     name));
    }
    if (kind == h5ad::ColumnKind::texts) {
      h5ad::ColumnValues values;
      values.kind = kind;
      values.texts = table.read(*column).as_texts();  // categories, too: AnnData makes them
      return values;
    }
    const bool numbers_fit = column->kind == kind || (kind == h5ad::ColumnKind::reals &&
                                                      column->kind == h5ad::ColumnKind::integers);
    if (!numbers_fit || column->nullable) {
      fail(table.name() + "/" + name, "holds another kind of values than a file of profiles does.");
    }
    return table.read(*column);
  }

  std::vector<double> reals_of(const h5ad::Table& table, const char* name) const {
    h5ad::ColumnValues values = column_of(table, name, h5ad::ColumnKind::reals);
    if (values.kind == h5ad::ColumnKind::integers) {
      return {values.integers.begin(), values.integers.end()};
    }
    return std::move(values.reals);
  }

  std::vector<std::int64_t> integers_of(const h5ad::Table& table, const char* name) const {
    return column_of(table, name, h5ad::ColumnKind::integers).integers;
  }

  void read_obs(const std::string& group) {
    const h5ad::Table obs(file_, join(group, "obs"));
    check_length(obs, most_profiles, "profiles");
    std::vector<Profile>& all = result_.profiles;
    all.resize(static_cast<std::size_t>(obs.size()));
    for (const names::TextColumn& column : names::text_columns) {
      if (!column.required && obs.find(column.name) == nullptr) continue;
      const auto values = column_of(obs, column.name, h5ad::ColumnKind::texts).texts;
      for (std::size_t i = 0; i < all.size(); ++i) all[i].*column.of = values[i];
    }
    const std::vector<std::int64_t> n_cells = integers_of(obs, "n_cells");
    const std::vector<double> n_counts = reals_of(obs, "n_counts");
    const std::vector<std::int64_t> n_panel = integers_of(obs, "n_panel_genes");
    const std::vector<double> median = reals_of(obs, "median_z");
    const std::vector<double> range = reals_of(obs, "iqr_z");
    const auto below = column_of(obs, "below_floor", h5ad::ColumnKind::booleans).integers;
    const std::vector<std::string> index = obs.read(obs.index()).as_texts();
    for (std::size_t i = 0; i < all.size(); ++i) {
      Profile& profile = all[i];
      profile.n_cells = n_cells[i];
      profile.n_counts = n_counts[i];
      profile.below_floor = below[i] != 0;
      profile.n_panel_genes = n_panel[i];
      profile.median_z = median[i];
      profile.iqr_z = range[i];
      check_profile(obs.name(), profile, index[i], i);
    }
    names_ = index;
  }

  void check_profile(const std::string& where, const Profile& profile, const std::string& name,
                     std::size_t i) const {
    const auto refuse = [&](const std::string& what) {
      fail(where, fmt::format("line {} ('{}'): {}; the file is damaged or was changed.", i + 1,
                              name, what));
    };
    if (profile.n_cells < 1) refuse(fmt::format("has {} cells", profile.n_cells));
    if (!(std::isfinite(profile.n_counts) && profile.n_counts >= 0.0)) {
      refuse(fmt::format("has {} molecules", profile.n_counts));
    }
    if (profile.n_panel_genes < 0) refuse("has fewer than 0 genes of the panel");
    if (profile.name() != name) {
      refuse(fmt::format("its sample and group are '{}' and '{}', so that '{}' was expected",
                         profile.sample, profile.group, profile.name()));
    }
    if (i == 0) return;
    const Profile& before = result_.profiles[i - 1];
    if (std::tie(before.sample, before.group) >= std::tie(profile.sample, profile.group)) {
      refuse("stands there twice, or the lines are not sorted by sample and group");
    }
  }

  void check_length(const h5ad::Table& table, Index most, const char* what) const {
    if (table.size() >= 1 && table.size() <= most) return;
    fail(table.name(), fmt::format("lists {} {}; expected 1 to {}.", table.size(), what, most));
  }

  void check_same_profiles(const std::string& name) const {
    const h5ad::Table obs(file_, name);
    if (obs.size() == result_.size() && obs.read(obs.index()).as_texts() == names_) return;
    fail(name, "lists other profiles than mod/mirna/obs; the file is damaged or was changed.");
  }

  void check_unique(const std::string& where, const std::vector<std::string>& ids) const {
    std::set<std::string_view> seen;
    for (const std::string& id : ids) {
      if (id.empty() || !seen.insert(id).second) {
        fail(where, id.empty() ? std::string("holds an empty name.")
                               : fmt::format("names '{}' twice.", id));
      }
    }
  }

  void read_mirnas(const std::string& group) {
    const h5ad::Table var(file_, join(group, "var"));
    check_length(var, most_mirnas, "miRNAs");
    std::vector<ProfileMirna>& all = result_.mirnas;
    const std::vector<std::string> index = var.read(var.index()).as_texts();
    check_unique(var.name(), index);
    all.resize(index.size());
    const auto mimat = column_of(var, "mimat", h5ad::ColumnKind::texts).texts;
    const auto target = column_of(var, "target", h5ad::ColumnKind::texts).texts;
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].name = index[i];
      all[i].mimat = mimat[i];
      all[i].target = target[i];
    }
    for (const names::MirnaColumn& column : names::mirna_columns) {
      const std::vector<double> values = reals_of(var, column.name);
      for (std::size_t i = 0; i < all.size(); ++i) {
        // NaN stands for a figure that the model does not have.
        const bool is_count = std::string_view(column.name) == "n_held_out";
        if (std::isinf(values[i]) || (is_count && !(values[i] >= 0.0 && values[i] < 1e15))) {
          fail(var.name() + "/" + column.name, fmt::format("line {}: is {}.", i + 1, values[i]));
        }
        column.set(all[i], values[i]);
      }
    }
    if (var.find(names::cell_variance) == nullptr) return;
    const std::vector<double> variances = reals_of(var, names::cell_variance);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (std::isinf(variances[i]) || variances[i] < 0.0) {
        fail(var.name() + "/" + names::cell_variance,
             fmt::format("line {}: is {}; expected a variance.", i + 1, variances[i]));
      }
      all[i].cell_variance = variances[i];
    }
  }

  void read_genes() {
    const h5ad::Table var(file_, "mod/rna/var");
    if (var.size() < 1 || var.size() > most_profile_values / result_.size()) {
      fail(var.name(),
           fmt::format("lists {} genes of {} profiles; expected at most {} values, which take "
                       "600 MB.",
                       var.size(), result_.size(), most_profile_values));
    }
    result_.genes.columns.push_back({"_index", var.read(var.index()).as_texts()});
    check_unique(var.name(), result_.genes.columns.front().ids);
    for (const h5ad::Column& column : var.columns()) {
      if (column.kind == h5ad::ColumnKind::texts || column.kind == h5ad::ColumnKind::categories) {
        result_.genes.columns.push_back({column.name, var.read(column).as_texts()});
      } else if (column.name == names::in_panel && column.kind == h5ad::ColumnKind::booleans &&
                 !column.nullable) {
        const h5ad::ColumnValues values = var.read(column);
        result_.in_panel.assign(values.integers.begin(), values.integers.end());
      }
    }
  }

  /// Lines of a data set of profiles x `n_features`, converted to `memory`; `take(line, values)`.
  template <class T, class Take>
  void read_lines(const std::string& path, Index n_features, hid_t memory, Take take) const {
    const h5::Lock lock;
    if (h5::kind_of(file_.id(), path) != h5::ObjectKind::dataset) {
      fail(path, "is no dense matrix, as a file of profiles has it.");
    }
    const Handle dataset = h5::open_dataset(file_, file_.id(), path);
    const h5::TypeClass type = h5::type_class(dataset.get());
    if (type != h5::TypeClass::real && type != h5::TypeClass::integer) {
      fail(path, "does not hold numbers.");
    }
    const std::vector<hsize_t> extent = h5::shape(file_, dataset.get());
    const std::vector<hsize_t> expected = {static_cast<hsize_t>(result_.size()),
                                           static_cast<hsize_t>(n_features)};
    if (extent != expected) {
      fail(path, fmt::format("has the shape {}; expected {} profiles x {} features.",
                             shape_text(extent), expected[0], expected[1]));
    }
    (void)h5::check_claim(file_, dataset.get());
    std::vector<T> line(static_cast<std::size_t>(n_features));
    if (auto codec = h5::ChunkCodec::of(file_, dataset.get())) {
      const std::vector<hsize_t> chunk = h5::chunk_shape(dataset.get());
      // Chunks of whole lines are what is written; others (AnnData's, after a change) are gathered.
      std::vector<T> band;
      h5::ChunkReader chunks(std::move(*codec), dataset.get(), memory);
      for (hsize_t top = 0; top < extent[0]; top += chunk[0]) {
        const hsize_t n_lines = std::min(chunk[0], extent[0] - top);
        band.resize(static_cast<std::size_t>(n_lines * extent[1]));
        for (hsize_t left = 0; left < extent[1]; left += chunk[1]) {
          const hsize_t width = std::min(chunk[1], extent[1] - left);
          const std::array<hsize_t, 2> corner = {top, left};
          const auto* values = static_cast<const T*>(chunks.at(dataset.get(), corner));
          for (hsize_t i = 0; i < n_lines; ++i) {
            std::copy_n(values + i * chunk[1], width, band.data() + i * extent[1] + left);
          }
        }
        for (hsize_t i = 0; i < n_lines; ++i) {
          take(static_cast<std::size_t>(top + i),
               std::span<const T>(band).subspan(i * extent[1], extent[1]));
        }
      }
      return;
    }
    for (hsize_t i = 0; i < extent[0]; ++i) {
      const std::array<hsize_t, 2> start = {i, 0};
      const std::array<hsize_t, 2> count = {1, extent[1]};
      const Handle space(H5Dget_space(dataset.get()));
      const Handle target(H5Screate_simple(2, count.data(), nullptr));
      if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(),
                              nullptr) < 0 ||
          H5Dread(dataset.get(), memory, target.get(), space.get(), H5P_DEFAULT, line.data()) < 0) {
        fail(path, "cannot be read; the file is damaged or incomplete.");
      }
      take(static_cast<std::size_t>(i), std::span<const T>(line));
    }
  }

  static std::string shape_text(const std::vector<hsize_t>& extent) {
    std::string text;
    for (const hsize_t length : extent) {
      text += fmt::format("{}{}", text.empty() ? "" : " x ", length);
    }
    return text.empty() ? "of one number" : text;
  }

  void read_floats(const std::string& path, Matrix& values) const {
    const auto n_mirnas = static_cast<Index>(result_.mirnas.size());
    if (n_mirnas > most_profile_values / result_.size()) {
      fail(path, fmt::format("has {} x {} values; expected at most {}.", result_.size(), n_mirnas,
                             most_profile_values));
    }
    bool is_sized = false;
    read_lines<float>(path, n_mirnas, H5T_NATIVE_FLOAT,
                      [&](std::size_t i, std::span<const float> line) {
                        // Not before the file was seen to hold them.
                        if (!is_sized) values.resize(n_mirnas, result_.size());
                        is_sized = true;
                        for (std::size_t m = 0; m < line.size(); ++m) {
                          if (!std::isfinite(line[m])) refuse(path, i, m, line[m]);
                          values(static_cast<Index>(m), static_cast<Index>(i)) = line[m];
                        }
                      });
  }

  template <class T>
  [[noreturn]] void refuse(const std::string& path, std::size_t i, std::size_t feature,
                           T value) const {
    fail(path, fmt::format("profile {} ('{}'), feature {}: is {}; the file is damaged or was "
                           "changed.",
                           i + 1, names_[i], feature + 1, value));
  }

  void read_counts() {
    const Index n_genes = result_.n_genes();
    read_lines<double>("mod/rna/X", n_genes, H5T_NATIVE_DOUBLE,
                       [&](std::size_t i, std::span<const double> line) {
                         for (std::size_t gene = 0; gene < line.size(); ++gene) {
                           const bool is_count = std::isfinite(line[gene]) && line[gene] >= 0.0;
                           if (!is_count) refuse("mod/rna/X", i, gene, line[gene]);
                         }
                         result_.profiles[i].counts.assign(line.begin(), line.end());
                       });
    const char* detected = "mod/rna/layers/n_detected";
    // Wider than what is stored, so that nothing is clipped before it is judged.
    read_lines<std::int64_t>(detected, n_genes, H5T_NATIVE_INT64,
                             [&](std::size_t i, std::span<const std::int64_t> line) {
                               Profile& profile = result_.profiles[i];
                               for (std::size_t gene = 0; gene < line.size(); ++gene) {
                                 const bool fits =
                                     line[gene] >= 0 && line[gene] <= profile.n_cells &&
                                     line[gene] <= std::numeric_limits<std::int32_t>::max();
                                 if (!fits) refuse(detected, i, gene, line[gene]);
                               }
                               profile.n_detected.reserve(line.size());
                               for (const std::int64_t n : line) {
                                 profile.n_detected.push_back(static_cast<std::int32_t>(n));
                               }
                             });
  }

  void read_facts() {
    const h5::Lock lock;
    const Handle group = h5::open_group(file_, file_.id(), "uns/sicmir");
    const std::vector<std::string> members = h5::members(file_, group.get());
    if (members.size() > most_facts) {
      fail("uns/sicmir",
           fmt::format("holds {} entries; expected at most {}.", members.size(), most_facts));
    }
    for (const std::string& name : members) {
      const std::optional<std::string> value = fact_of(file_, name);
      if (value && name != names::format_fact) result_.facts.emplace_back(name, *value);
    }
    const auto number = [&](const char* name) {
      const auto found = std::find_if(result_.facts.begin(), result_.facts.end(),
                                      [&](const auto& fact) { return fact.first == name; });
      const std::string text = found == result_.facts.end() ? "" : found->second;
      char* end = nullptr;
      const double value = std::strtod(text.c_str(), &end);
      if (text.empty() || *end != '\0' || !(value >= 0.0 && value < 1e15)) {
        fail(fmt::format("uns/sicmir/{}", name),
             fmt::format("is '{}'; expected a number that is not negative.", text));
      }
      return value;
    };
    if (h5::kind_of(group.get(), "differences") != h5::ObjectKind::absent) {
      const Handle tables = h5::open_group(file_, group.get(), "differences");
      result_.differences =
          model_parts::read_differences(file_, tables.get(), "uns/sicmir/differences/");
    }
    result_.floor = {static_cast<Index>(number("min_cells")), number("min_counts")};
  }

  h5::File file_;
  Profiles result_;
  std::vector<std::string> names_;  // of the profiles
};

}  // namespace

Profiles read_profiles(const std::string& path) {
  return Reader(path).read();
}

bool is_profiles_file(const std::string& path) {
  try {
    const h5::File file = h5::File::open_read(path);
    return fact_of(file, names::format_fact).has_value();
  } catch (const Error&) {
    return false;
  }
}

}  // namespace sicmir
