// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "analysis/profile_names.hpp"
#include "analysis/profiles.hpp"
#include "base/each.hpp"
#include "base/text_list.hpp"
#include "hdf5/h5_output.hpp"
#include "model/model_parts.hpp"
#include "output/chunk_encoder.hpp"
#include "parallel/thread_pool.hpp"
#include "sicmir/version.hpp"

namespace sicmir {
namespace {

using h5::Handle;

TextList list_of(const std::vector<std::string>& texts) {
  TextList list;
  for (const std::string& text : texts) list.append(as_utf8(text));
  return list;
}

/// A whole one-dimensional data set with the encoding "array".
void write_numbers(const H5Output& out, hid_t parent, const std::string& name, hid_t stored,
                   hid_t memory, std::size_t count, const void* values) {
  const h5::Lock lock;
  const std::array<hsize_t, 1> extent = {count};
  Handle dataset = create_dataset(out, parent, name, stored, extent);
  write_lines(out, dataset.get(), memory, 0, count, values);
  set_encoding(out, dataset.get(), "array", "0.2.0");
  out.close(std::move(dataset));
}

void write_integers(const H5Output& out, hid_t parent, const std::string& name,
                    const std::vector<std::int64_t>& values) {
  write_numbers(out, parent, name, H5T_STD_I64LE, H5T_NATIVE_INT64, values.size(), values.data());
}

void write_bools(const H5Output& out, hid_t parent, const std::string& name,
                 const std::vector<std::int8_t>& values) {
  const h5::Lock lock;
  const Handle type = bool_type(out);
  write_numbers(out, parent, name, type.get(), type.get(), values.size(), values.data());
}

/// A data frame: its columns are written by the caller, then named.
class Frame {
 public:
  Frame(const H5Output& out, hid_t parent, const std::string& name,
        const std::vector<std::string>& index)
      : out_(out), group_(create_group(out, parent, name, "dataframe", "0.2.0")) {
    write_string_array(out_, group_.get(), "_index", list_of(index));
    set_text(out_, group_.get(), "_index", "_index");
  }
  void texts(const std::string& name, const std::vector<std::string>& values) {
    write_string_array(out_, group_.get(), name, list_of(values));
    order_.push_back(name);
  }
  void integers(const std::string& name, const std::vector<std::int64_t>& values) {
    write_integers(out_, group_.get(), name, values);
    order_.push_back(name);
  }
  void numbers(const std::string& name, const std::vector<double>& values) {
    write_double_array(out_, group_.get(), name, values);
    order_.push_back(name);
  }
  void bools(const std::string& name, const std::vector<std::int8_t>& values) {
    write_bools(out_, group_.get(), name, values);
    order_.push_back(name);
  }
  void close() { set_texts(out_, group_.get(), "column-order", order_); }

 private:
  const H5Output& out_;
  Handle group_;
  std::vector<std::string> order_;
};

std::vector<std::string> names_of(const std::vector<Profile>& profiles) {
  std::vector<std::string> names;
  names.reserve(profiles.size());
  for (const Profile& profile : profiles) names.push_back(profile.name());
  return names;
}

class Writer {
 public:
  Writer(const Profiles& profiles, const std::string& path, int threads)
      : profiles_(profiles), out_(path), pool_(std::max(threads, 1)) {}

  void mudata() {
    const h5::Lock lock;
    out_.create(fmt::format("MuData (format-version={};creator=sicmir;creator-version={})",
                            names::mudata_version, version));
    const hid_t root = out_.id();
    set_encoding(out_, root, "MuData", names::mudata_version);
    set_text(out_, root, "encoder", "sicmir");
    set_text(out_, root, "encoder-version", version);
    set_integer(out_, root, "axis", 0);  // the profiles are shared, the features are not
    {
      const Handle mod = create_group(out_, root, "mod", "", "");
      set_texts(out_, mod.get(), "mod-order", std::array<std::string, 2>{"rna", "mirna"});
      const Handle rna = create_group(out_, mod.get(), "rna", "anndata", "0.1.0");
      write_rna(rna.get());
      const Handle mirna = create_group(out_, mod.get(), "mirna", "anndata", "0.1.0");
      write_mirna(mirna.get());
    }
    write_obs(root, false);
    std::vector<std::string> features = profiles_.genes.columns.front().ids;
    for (const ProfileMirna& mirna : profiles_.mirnas) features.push_back(mirna.name);
    Frame(out_, root, "var", features).close();
    write_maps(root);
    empty(root, {"obsp", "varp"});
    write_facts(root);
    out_.commit();
  }

  void anndata() {
    const h5::Lock lock;
    out_.create();
    set_encoding(out_, out_.id(), "anndata", "0.1.0");
    write_mirna(out_.id());
    out_.commit();
  }

 private:
  void empty(hid_t parent, std::initializer_list<const char*> names) const {
    for (const char* name : names) (void)create_group(out_, parent, name, "dict", "0.1.0");
  }

  void write_rna(hid_t group) {
    const auto n_genes = static_cast<hsize_t>(profiles_.n_genes());
    write_matrix(group, "X", H5T_IEEE_F64LE, sizeof(double), n_genes, [&](std::size_t i) {
      return std::as_bytes(std::span(profiles_.profiles[i].counts));
    });
    const Handle layers = create_group(out_, group, "layers", "dict", "0.1.0");
    write_matrix(
        layers.get(), "n_detected", H5T_STD_I32LE, sizeof(std::int32_t), n_genes,
        [&](std::size_t i) { return std::as_bytes(std::span(profiles_.profiles[i].n_detected)); });
    write_obs(group, false);
    Frame var(out_, group, "var", profiles_.genes.columns.front().ids);
    for (std::size_t i = 1; i < profiles_.genes.columns.size(); ++i) {
      var.texts(profiles_.genes.columns[i].name, profiles_.genes.columns[i].ids);
    }
    if (!profiles_.in_panel.empty()) {
      var.bools(names::in_panel, {profiles_.in_panel.begin(), profiles_.in_panel.end()});
    }
    var.close();
    empty(group, {"obsm", "obsp", "varm", "varp"});
    write_facts(group);
  }

  void write_mirna(hid_t group) {
    const auto write = [&](hid_t parent, const char* name, const Matrix& values) {
      write_matrix(
          parent, name, H5T_IEEE_F32LE, sizeof(float), static_cast<hsize_t>(values.rows()),
          [&](std::size_t i) {
            const float* first = values.col(static_cast<Index>(i)).data();
            return std::as_bytes(std::span(first, static_cast<std::size_t>(values.rows())));
          });
    };
    write(group, "X", profiles_.z);
    const Handle layers = create_group(out_, group, "layers", "dict", "0.1.0");
    if (profiles_.has_log2rpm()) write(layers.get(), "log2rpm", profiles_.log2rpm);
    write_obs(group, true);
    write_mirnas(group);
    empty(group, {"obsm", "obsp", "varm", "varp"});
    write_facts(group);
  }

  void write_obs(hid_t group, bool with_quality) {
    const std::vector<Profile>& all = profiles_.profiles;
    Frame obs(out_, group, "obs", names_of(all));
    for (const names::TextColumn& column : names::text_columns) {
      std::vector<std::string> values = each<std::string>(all, std::mem_fn(column.of));
      const bool is_known = std::any_of(values.begin(), values.end(),
                                        [](const std::string& value) { return !value.empty(); });
      if (is_known || column.required) obs.texts(column.name, values);
    }
    obs.integers("n_cells", each<std::int64_t>(all, std::mem_fn(&Profile::n_cells)));
    obs.numbers("n_counts", each<double>(all, std::mem_fn(&Profile::n_counts)));
    obs.bools("below_floor", each<std::int8_t>(all, std::mem_fn(&Profile::below_floor)));
    if (with_quality) {
      obs.integers("n_panel_genes", each<std::int64_t>(all, std::mem_fn(&Profile::n_panel_genes)));
      obs.numbers("median_z", each<double>(all, std::mem_fn(&Profile::median_z)));
      obs.numbers("iqr_z", each<double>(all, std::mem_fn(&Profile::iqr_z)));
    }
    obs.close();
  }

  void write_mirnas(hid_t group) const {
    const std::vector<ProfileMirna>& all = profiles_.mirnas;
    Frame var(out_, group, "var", each<std::string>(all, std::mem_fn(&ProfileMirna::name)));
    var.texts("mimat", each<std::string>(all, std::mem_fn(&ProfileMirna::mimat)));
    var.texts("target", each<std::string>(all, std::mem_fn(&ProfileMirna::target)));
    for (const names::MirnaColumn& column : names::mirna_columns) {
      var.numbers(column.name, each<double>(all, column.get));
    }
    const bool has_variances = std::any_of(all.begin(), all.end(), [](const ProfileMirna& mirna) {
      return !std::isnan(mirna.cell_variance);
    });
    if (has_variances) {
      var.numbers(names::cell_variance,
                  each<double>(all, std::mem_fn(&ProfileMirna::cell_variance)));
    }
    var.close();
  }

  /// Which of the file's profiles and features a modality has, and where: numbers from 1, 0 for
  /// none; and the same as truth values.
  void write_maps(hid_t root) const {
    const auto n_profiles = static_cast<std::size_t>(profiles_.size());
    const auto n_genes = static_cast<std::size_t>(profiles_.n_genes());
    const std::size_t n_features = n_genes + profiles_.mirnas.size();
    const Handle obsmap = create_group(out_, root, "obsmap", "dict", "0.1.0");
    const Handle varmap = create_group(out_, root, "varmap", "dict", "0.1.0");
    const Handle obsm = create_group(out_, root, "obsm", "dict", "0.1.0");
    const Handle varm = create_group(out_, root, "varm", "dict", "0.1.0");
    for (const bool is_rna : {true, false}) {
      const std::string name = is_rna ? "rna" : "mirna";
      write_map(obsmap.get(), obsm.get(), name, 0, n_profiles, n_profiles);
      write_map(varmap.get(), varm.get(), name, is_rna ? 0 : n_genes, is_rna ? n_genes : n_features,
                n_features);
    }
  }

  void write_map(hid_t map, hid_t mask, const std::string& name, std::size_t first,
                 std::size_t last, std::size_t size) const {
    std::vector<std::uint32_t> numbers(size, 0);
    std::vector<std::int8_t> has(size, 0);
    for (std::size_t i = first; i < last; ++i) {
      numbers[i] = static_cast<std::uint32_t>(i - first + 1);
      has[i] = 1;
    }
    write_numbers(out_, map, name, H5T_STD_U32LE, H5T_NATIVE_UINT32, size, numbers.data());
    write_bools(out_, mask, name, has);
  }

  void write_facts(hid_t group) const {
    const Handle uns = create_group(out_, group, "uns", "dict", "0.1.0");
    const Handle ours = create_group(out_, uns.get(), "sicmir", "dict", "0.1.0");
    write_string(out_, ours.get(), names::format_fact, names::format_version);
    for (const auto& [key, value] : profiles_.facts) write_string(out_, ours.get(), key, value);
    if (!profiles_.differences) return;
    const Handle tables = create_group(out_, ours.get(), "differences", "dict", "0.1.0");
    for (const auto& field : model_parts::difference_fields) {
      const std::vector<double>& values = *profiles_.differences.*field.values;
      write_numbers(out_, tables.get(), std::string(field.name), H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE,
                    values.size(), values.data());
    }
  }

  /// Profiles as lines, in chunks of whole lines near 512 KB; deflated in all threads.
  template <class Line>
  void write_matrix(hid_t parent, const std::string& name, hid_t type, std::size_t element,
                    hsize_t n_features, Line line) {
    const auto n_lines = static_cast<std::size_t>(profiles_.size());
    const std::size_t line_bytes = element * static_cast<std::size_t>(n_features);
    if (n_lines == 0 || line_bytes == 0) {
      throw Error(ExitCode::internal, "There is no profile, or no feature, to write.");
    }
    const std::size_t fit = std::min((std::size_t{1} << 19) / line_bytes, n_lines);
    const std::size_t per_chunk = std::max(std::bit_floor(fit), std::size_t{1});
    const std::array<hsize_t, 2> extent = {n_lines, n_features};
    const std::array<hsize_t, 2> chunk = {per_chunk, n_features};
    const Handle space = out_.checked(H5Screate_simple(2, extent.data(), nullptr));
    const Handle creation(H5Pcreate(H5P_DATASET_CREATE));
    out_.check(H5Pset_chunk(creation.get(), 2, chunk.data()));
    out_.check(H5Pset_obj_track_times(creation.get(), false));
    out_.check(H5Pset_fill_time(creation.get(), H5D_FILL_TIME_NEVER));
    out_.check(set_shuffle_and_deflate(creation.get()));
    Handle dataset = out_.checked(H5Dcreate2(parent, name.c_str(), type, space.get(), H5P_DEFAULT,
                                             creation.get(), H5P_DEFAULT));
    set_encoding(out_, dataset.get(), "array", "0.2.0");

    const std::size_t n_chunks = (n_lines + per_chunk - 1) / per_chunk;
    const std::size_t at_once = 4 * static_cast<std::size_t>(pool_.size());
    std::vector<std::vector<std::uint8_t>> encoded(std::min(at_once, n_chunks));
    for (std::size_t first = 0; first < n_chunks; first += at_once) {
      const std::size_t count = std::min(at_once, n_chunks - first);
      pool_.run(static_cast<Index>(count), [&](Index number, int) {
        const auto at = static_cast<std::size_t>(number);
        std::vector<std::uint8_t> plain(per_chunk * line_bytes, 0);
        for (std::size_t i = 0; i < per_chunk && (first + at) * per_chunk + i < n_lines; ++i) {
          const std::span<const std::byte> bytes = line((first + at) * per_chunk + i);
          std::memcpy(plain.data() + i * line_bytes, bytes.data(), bytes.size());
        }
        shuffle_and_deflate(plain, element, encoded[at]);
      });
      for (std::size_t at = 0; at < count; ++at) {
        const std::array<hsize_t, 2> corner = {(first + at) * per_chunk, 0};
        out_.check(H5Dwrite_chunk(dataset.get(), H5P_DEFAULT, 0, corner.data(), encoded[at].size(),
                                  encoded[at].data()));
      }
    }
    out_.close(std::move(dataset));
  }

  const Profiles& profiles_;
  H5Output out_;
  ThreadPool pool_;
};

}  // namespace

void write_profiles(const Profiles& profiles, const std::string& path, int threads) {
  Writer(profiles, path, threads).mudata();
}

void write_profile_mirnas(const Profiles& profiles, const std::string& path, int threads) {
  Writer(profiles, path, threads).anndata();
}

}  // namespace sicmir
