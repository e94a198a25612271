// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "base/joined.hpp"
#include "bundle/bundled_files.hpp"
#include "hdf5/h5.hpp"
#include "hdf5/raw_vector.hpp"
#include "model/layers.hpp"
#include "model/model_parts.hpp"
#include "sicmir/model.hpp"
#include "sicmir/version.hpp"

namespace sicmir {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('|', start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

/// Reads one model file; every check names the file and the place.
class Reader {
 public:
  explicit Reader(const std::string& path) : file_(open(path)) {}

  ModelCard read(bool with_weights) {
    read_header();
    read_genes();
    read_mirnas();
    read_harmonisation();
    read_differences();
    read_training_patients();
    read_members(with_weights);
    if (with_weights) {
      const std::string found = model_parts::checksum(card_.model);
      if (found != card_.model.checksum) {
        file_.fail("/", fmt::format("the checksum of the contents is {} but the file says {}; it "
                                    "was damaged or edited. Copy it again.",
                                    found, card_.model.checksum));
      }
    }
    return std::move(card_);
  }

 private:
  static h5::File open(const std::string& path) {
    if (bundle::bytes_of(path)) return h5::File::open_read(path, ExitCode::bad_model);
    std::ifstream stream(path, std::ios::binary);
    std::error_code ignored;
    if (!stream || std::filesystem::is_directory(path, ignored)) {
      throw Error(ExitCode::bad_model, fmt::format("{}: the model file cannot be opened.", path),
                  {Remedy::choose_model});
    }
    std::array<char, 8> start{};
    stream.read(start.data(), start.size());
    if (!h5::has_signature(start)) {
      throw Error(
          ExitCode::bad_model,
          fmt::format("{}: not a sicmir model: models are HDF5 files, and this is not one.", path));
    }
    return h5::File::open_read(path, ExitCode::bad_model);
  }

  std::string text(hid_t object, const std::string& name, std::string_view where) {
    const std::optional<std::string> value = h5::text_attribute(object, name);
    if (!value) file_.fail(where, fmt::format("has no text attribute '{}'.", name));
    return *value;
  }

  void read_header() {
    if (h5::text_attribute(file_.id(), "format").value_or("") != model_parts::format_name) {
      file_.fail("/", "not a sicmir model: its attribute 'format' is not 'sicmir-model'.");
    }
    card_.model.made_by = text(file_.id(), "made_by", "/");
    const auto version = h5::integer_attribute(file_.id(), "format_version");
    if (!version || version->size() != 1) {
      file_.fail("/", "has no integer attribute 'format_version'.");
    }
    if (version->front() < 1) {
      file_.fail("/",
                 fmt::format("format_version is {}; 1 or more was expected.", version->front()));
    }
    if (version->front() > model_format_version) {
      file_.fail("/", fmt::format("is of model format {}, written by {}; this is sicmir {}, which "
                                  "reads up to format {}. Update sicmir.",
                                  version->front(), card_.model.made_by, sicmir::version,
                                  model_format_version));
    }
    card_.format_version = static_cast<int>(version->front());
    card_.model.name = text(file_.id(), "name", "/");
    card_.model.made_from = text(file_.id(), "made_from", "/");
    card_.model.checksum = text(file_.id(), "checksum", "/");
  }

  void check_length(const std::string& where, std::size_t found, std::size_t expected) {
    if (found != expected) {
      file_.fail(where, fmt::format("has {} entries; {} were expected.", found, expected));
    }
  }

  std::vector<std::string> texts(const h5::Handle& group, const std::string& prefix,
                                 const std::string& name, std::size_t expected) {
    std::vector<std::string> values = h5::read_texts(file_, group.get(), name);
    check_length(prefix + name, values.size(), expected);
    return values;
  }

  std::vector<double> doubles(const h5::Handle& group, const std::string& prefix,
                              const std::string& name, std::size_t expected) {
    std::vector<double> values = h5::read_doubles(file_, group.get(), name);
    check_length(prefix + name, values.size(), expected);
    return values;
  }

  void check_names(const std::string& where, const std::vector<std::string>& names) {
    std::set<std::string_view> seen;
    for (const std::string& name : names) {
      if (name.empty()) file_.fail(where, "holds an empty name.");
      if (!seen.insert(name).second) {
        file_.fail(where, fmt::format("holds '{}' twice; names must be unique.", name));
      }
    }
    if (names.empty()) file_.fail(where, "is empty.");
  }

  void read_genes() {
    const h5::Handle group = h5::open_group(file_, file_.id(), "genes");
    const std::vector<std::string> symbols = h5::read_texts(file_, group.get(), "symbol");
    check_names("/genes/symbol", symbols);
    const std::size_t n = symbols.size();
    if (n > model_parts::max_genes) {
      file_.fail("/genes/symbol", fmt::format("names {} genes; at most {} are supported.", n,
                                              model_parts::max_genes));
    }
    const auto current = texts(group, "/genes/", "current_symbol", n);
    const auto ensembl = texts(group, "/genes/", "ensembl_id", n);
    const auto entrez = texts(group, "/genes/", "entrez_id", n);
    const auto older = texts(group, "/genes/", "older_ensembl_ids", n);
    const auto aliases = texts(group, "/genes/", "aliases", n);
    const auto mean = doubles(group, "/genes/", "mean", n);
    const auto sd = doubles(group, "/genes/", "sd", n);
    Model& model = card_.model;
    for (std::size_t i = 0; i < n; ++i) {
      model.panel.genes.push_back(
          {symbols[i], current[i], ensembl[i], entrez[i], split(older[i]), split(aliases[i])});
      const bool known = !std::isnan(mean[i]);  // unknown: training had no value of this gene
      if (known && !(std::isfinite(mean[i]) && std::isfinite(sd[i]) && sd[i] >= 0.0)) {
        file_.fail("/genes", fmt::format("mean and sd of gene {} are {} and {}; finite numbers and "
                                         "sd >= 0 were expected.",
                                         symbols[i], mean[i], sd[i]));
      }
    }
    model.gene_mean = Eigen::Map<const Eigen::VectorXd>(mean.data(), static_cast<Index>(n));
    model.gene_sd = Eigen::Map<const Eigen::VectorXd>(sd.data(), static_cast<Index>(n));
    model.recipe.name = text(group.get(), "unit_recipe", "/genes");
    if (model.recipe.name != UnitRecipe{}.name) {
      file_.fail("/genes", fmt::format("unit_recipe is '{}', which this sicmir {} does not know.",
                                       model.recipe.name, sicmir::version));
    }
    const auto factor = h5::read_doubles(file_, group.get(), "unit_factor");
    check_length("/genes/unit_factor", factor.size(), 1);
    model.recipe.factor = factor.front();
    if (!(model.recipe.factor > 0.0) || !std::isfinite(model.recipe.factor)) {
      file_.fail("/genes/unit_factor", "must be a positive number.");
    }
  }

  void read_mirnas() {
    const h5::Handle group = h5::open_group(file_, file_.id(), "mirnas");
    const std::vector<std::string> names = h5::read_texts(file_, group.get(), "name");
    check_names("/mirnas/name", names);
    const std::size_t n = names.size();
    const auto accession = texts(group, "/mirnas/", "accession", n);
    const auto other = texts(group, "/mirnas/", "other_name", n);
    const auto target = texts(group, "/mirnas/", "target", n);
    const auto mean = doubles(group, "/mirnas/", "mean", n);
    const auto sd = doubles(group, "/mirnas/", "sd", n);
    const auto pooled = doubles(group, "/mirnas/", "pearson_pooled", n);
    const auto within = doubles(group, "/mirnas/", "pearson_within_cohort", n);
    const auto unseen = doubles(group, "/mirnas/", "pearson_leave_cohort_out", n);
    const auto samples = doubles(group, "/mirnas/", "n_held_out", n);
    const bool calibrated = h5::kind_of(group.get(), "interval_factor") != h5::ObjectKind::absent;
    const auto unknown = std::vector<double>(n, std::nan(""));
    const auto factor = calibrated ? doubles(group, "/mirnas/", "interval_factor", n) : unknown;
    const auto typical = calibrated ? doubles(group, "/mirnas/", "typical_spread", n) : unknown;
    for (std::size_t i = 0; i < n; ++i) {
      if (!std::isnan(factor[i]) && !(std::isfinite(factor[i]) && factor[i] >= 0.0 &&
                                      std::isfinite(typical[i]) && typical[i] >= 0.0)) {
        file_.fail("/mirnas", fmt::format("interval_factor and typical_spread of {} are {} and {}; "
                                          "finite numbers >= 0 were expected.",
                                          names[i], factor[i], typical[i]));
      }
      const bool known = !std::isnan(mean[i]);  // unknown: an imported model
      if (known && !(std::isfinite(mean[i]) && std::isfinite(sd[i]) && sd[i] >= 0.0)) {
        file_.fail("/mirnas", fmt::format("mean and sd of {} are {} and {}; finite numbers and "
                                          "sd >= 0 were expected.",
                                          names[i], mean[i], sd[i]));
      }
      if (!(samples[i] >= 0.0 && samples[i] <= 1e15)) {
        file_.fail("/mirnas/n_held_out", "must be counts.");
      }
      card_.model.mirnas.push_back(
          {names[i],
           accession[i],
           other[i],
           mean[i],
           sd[i],
           {pooled[i], within[i], unseen[i], static_cast<Index>(samples[i])},
           target[i],
           {factor[i], typical[i]}});
    }
  }

  /// Part of a dataset of float32 or float16, row-major: from `first` on as many as `extent` says,
  /// in each dimension.
  void read_floats(const h5::Handle& dataset, const std::string& what,
                   const std::vector<hsize_t>& first, const std::vector<hsize_t>& extent,
                   std::span<float> values) {
    const h5::Handle half = model_parts::float16_type();
    const bool halves = std::endian::native == std::endian::little &&
                        H5Tequal(h5::Handle(H5Dget_type(dataset.get())).get(), half.get()) > 0;
    h5::RawVector<std::uint16_t> bits(halves ? values.size() : 0);
    const h5::Handle in_file(H5Dget_space(dataset.get()));
    const h5::Handle in_memory(
        H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr));
    if (H5Sselect_hyperslab(in_file.get(), H5S_SELECT_SET, first.data(), nullptr, extent.data(),
                            nullptr) < 0 ||
        H5Dread(dataset.get(), halves ? half.get() : H5T_NATIVE_FLOAT, in_memory.get(),
                in_file.get(), H5P_DEFAULT,
                halves ? static_cast<void*>(bits.data()) : values.data()) < 0) {
      file_.fail(what, "cannot be read; the file is damaged or incomplete.");
    }
    // HDF5 converts them bit by bit, which took most of the time of a small prediction.
    std::transform(bits.begin(), bits.end(), values.begin(), [](std::uint16_t number) {
      return Eigen::half_impl::half_to_float(Eigen::half_impl::raw_uint16_to_half(number));
    });
    for (const float value : values) {
      if (!std::isfinite(value)) {
        file_.fail(what, "holds NaN or infinite numbers; the training went wrong.");
      }
    }
  }

  /// A dataset of this shape that may well hold as many real numbers, which is checked before
  /// anything is allocated for them.
  h5::Handle open_floats(const h5::Handle& group, const std::string& what, const std::string& name,
                         const std::vector<hsize_t>& expected) {
    h5::Handle dataset = h5::open_dataset(file_, group.get(), name);
    const std::vector<hsize_t> found = h5::shape(file_, dataset.get());
    if (found != expected) {
      file_.fail(what, fmt::format("has shape [{}]; [{}] was expected.", joined(found, ", "),
                                   joined(expected, ", ")));
    }
    if (h5::type_class(dataset.get()) != h5::TypeClass::real) {
      file_.fail(what, "does not hold real numbers.");
    }
    (void)h5::check_claim(file_, dataset.get());
    return dataset;
  }

  std::vector<float> floats(const h5::Handle& group, const std::string& where,
                            const std::string& name, hsize_t length) {
    const h5::Lock lock;
    const h5::Handle dataset = open_floats(group, where + name, name, {length});
    std::vector<float> values(length);
    read_floats(dataset, where + name, {0}, {length}, values);
    return values;
  }

  std::vector<hsize_t> shape_of(const h5::Handle& group, const std::string& where,
                                const std::string& name, std::size_t rank) {
    const h5::Handle dataset = h5::open_dataset(file_, group.get(), name);
    std::vector<hsize_t> found = h5::shape(file_, dataset.get());
    if (found.size() != rank) {
      file_.fail(where + name,
                 fmt::format("has {} dimensions; {} were expected.", found.size(), rank));
    }
    return found;
  }

  void read_harmonisation() {
    if (h5::kind_of(file_.id(), "harmonisation") == h5::ObjectKind::absent) return;
    const h5::Handle group = h5::open_group(file_, file_.id(), "harmonisation");
    if (h5::kind_of(group.get(), "platform") != h5::ObjectKind::absent) read_offsets(group);
    if (h5::kind_of(group.get(), "reference_quantiles") != h5::ObjectKind::absent) {
      read_ranks(group);
    }
  }

  void read_differences() {
    if (h5::kind_of(file_.id(), "differences") == h5::ObjectKind::absent) return;
    const h5::Handle parent = h5::open_group(file_, file_.id(), "differences");
    for (const std::string& scale : h5::members(file_, parent.get())) {
      const h5::Handle group = h5::open_group(file_, parent.get(), scale);
      card_.model.differences.emplace(
          scale, model_parts::read_differences(file_, group.get(), "/differences/" + scale + "/"));
    }
  }

  void read_training_patients() {
    const std::string name = "training_patients";
    if (h5::kind_of(file_.id(), name) == h5::ObjectKind::absent) return;
    std::vector<double>& hashes = card_.model.training_patients;
    hashes = h5::read_doubles(file_, file_.id(), name);
    // Sorted, so that a NaN is found as well.
    const auto out_of_place = std::adjacent_find(hashes.begin(), hashes.end(),
                                                 [](double a, double b) { return !(a < b); });
    if (out_of_place != hashes.end()) {
      file_.fail("/" + name,
                 fmt::format("the hash at {} is not larger than the one before; a rising list was "
                             "expected. The file was damaged or edited.",
                             out_of_place - hashes.begin() + 2));
    }
  }

  void read_offsets(const h5::Handle& group) {
    const std::string where = "/harmonisation/";
    const std::vector<std::string> names = h5::read_texts(file_, group.get(), "platform");
    const std::vector<double> values = h5::read_doubles(file_, group.get(), "platform_offsets");
    const std::size_t n_genes = card_.model.panel.genes.size();
    if (values.size() != names.size() * n_genes) {
      file_.fail(where + "platform_offsets",
                 fmt::format("has {} entries; {} genes for each of {} platforms were expected.",
                             values.size(), n_genes, names.size()));
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
      Eigen::VectorXd offsets = Eigen::Map<const Eigen::VectorXd>(values.data() + i * n_genes,
                                                                  static_cast<Index>(n_genes));
      if (!offsets.allFinite()) {
        file_.fail(where + "platform_offsets", "holds NaN or infinite numbers.");
      }
      if (names[i].empty() ||
          !card_.model.platform_offsets.emplace(names[i], std::move(offsets)).second) {
        file_.fail(where + "platform",
                   fmt::format("'{}' is empty or given twice; names must be unique.", names[i]));
      }
    }
  }

  void read_ranks(const h5::Handle& group) {
    const std::string where = "/harmonisation/";
    const std::string quantiles = where + "reference_quantiles";
    const std::vector<std::string> names = h5::read_texts(file_, group.get(), "rank_platform");
    const std::vector<std::int64_t> genes = h5::read_integers(file_, group.get(), "rank_genes");
    const std::vector<double> values = h5::read_doubles(file_, group.get(), "reference_quantiles");
    const std::size_t n_genes = card_.model.panel.genes.size();
    check_length(where + "rank_genes", genes.size(), names.size() * n_genes);
    std::size_t next = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      RankProfile profile;
      for (std::size_t gene = i * n_genes; gene < (i + 1) * n_genes; ++gene) {
        if (genes[gene] != 0 && genes[gene] != 1) {
          file_.fail(where + "rank_genes",
                     fmt::format("holds {}; 0 or 1 was expected.", genes[gene]));
        }
        profile.genes.push_back(static_cast<std::uint8_t>(genes[gene]));
      }
      const auto n = static_cast<std::size_t>(
          std::count(profile.genes.begin(), profile.genes.end(), std::uint8_t{1}));
      if (n < 2 || n > values.size() - next) {
        file_.fail(quantiles, fmt::format("has {} entries left for the {} genes of platform '{}'; "
                                          "one for each of 2 or more was expected.",
                                          values.size() - next, n, names[i]));
      }
      for (const std::size_t end = next + n; next < end; ++next) {
        if (!std::isfinite(values[next])) file_.fail(quantiles, "holds NaN or infinite numbers.");
        if (!profile.quantiles.empty() && values[next] < profile.quantiles.back()) {
          file_.fail(quantiles,
                     fmt::format("falls from {} to {} at entry {}; quantiles must not fall.",
                                 profile.quantiles.back(), values[next], next));
        }
        profile.quantiles.push_back(values[next]);
      }
      if (!card_.model.platform_offsets.contains(names[i]) ||
          !card_.model.rank_profiles.emplace(names[i], std::move(profile)).second) {
        file_.fail(
            where + "rank_platform",
            fmt::format("'{}' is none of /harmonisation/platform, or given twice.", names[i]));
      }
    }
    check_length(quantiles, values.size(), next);
  }

  void read_members(bool with_weights) {
    const h5::Handle members = h5::open_group(file_, file_.id(), "members");
    const std::string are = h5::text_attribute(members.get(), "are").value_or("rivals");
    if (are != "rivals" && are != "parts") {
      file_.fail("/members", fmt::format("are '{}', which this sicmir {} does not know.", are,
                                         sicmir::version));
    }
    card_.model.parts = are == "parts";
    const std::vector<std::string> names =
        numbered(members, "/members", "member", model_parts::max_members);
    double sum = 0.0;
    for (const std::string& name : names) {
      const std::string where = "/members/" + name + "/";
      const h5::Handle group = h5::open_group(file_, members.get(), name);
      const auto weight = h5::read_doubles(file_, group.get(), "weight");
      if (weight.size() != 1 || !(weight[0] > 0.0 && weight[0] <= 1.0)) {
        file_.fail(where + "weight", "must be one number above 0 and at most 1.");
      }
      sum += weight[0];
      card_.model.members.push_back({weight[0], {}});
      read_layers(group, where, with_weights);
    }
    if (std::fabs(sum - 1.0) > 1e-6) {
      file_.fail("/members", fmt::format("the weights sum to {}; 1 was expected.", sum));
    }
  }

  /// Names of the members of a group, which must be 000, 001...
  std::vector<std::string> numbered(const h5::Handle& group, const std::string& where,
                                    std::string_view what, std::size_t most) {
    std::vector<std::string> names = h5::members(file_, group.get());
    if (names.empty() || names.size() > most) {
      file_.fail(where,
                 fmt::format("has {} {}s; 1 to {} were expected.", names.size(), what, most));
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string expected = fmt::format("{:03}", i);
      if (names[i] != expected) {
        file_.fail(where,
                   fmt::format("holds '{}' where {} '{}' was expected.", names[i], what, expected));
      }
    }
    return names;
  }

  /// The layers of the last member so far.
  void read_layers(const h5::Handle& member, const std::string& member_place, bool with_weights) {
    const h5::Handle parent = h5::open_group(file_, member.get(), "layers");
    const std::string place = member_place + "layers";
    std::vector<Layer>& stack = card_.model.members.back().layers;
    auto width = static_cast<hsize_t>(card_.model.panel.size());
    std::vector<std::string> words;
    for (const std::string& name : numbered(parent, place, "layer", model_parts::max_layers)) {
      const std::string where = fmt::format("{}/{}/", place, name);
      const h5::Handle group = h5::open_group(file_, parent.get(), name);
      const std::string type = text(group.get(), "type", where);
      std::optional<Layer> layer = layers::blank(type);
      if (!layer) {
        file_.fail(where, fmt::format("is of type '{}', which this sicmir {} does not support.",
                                      type, sicmir::version));
      }
      const hsize_t outputs = read_fields(*layer, group, where, width, with_weights);
      words.push_back(
          layers::words_of(*layer, static_cast<Index>(width), static_cast<Index>(outputs)));
      width = outputs;
      if (with_weights) stack.push_back(std::move(*layer));
    }
    if (width != card_.model.mirnas.size()) {
      file_.fail(place, fmt::format("the last layer has {} outputs, but /mirnas names {}.", width,
                                    card_.model.mirnas.size()));
    }
    card_.members.push_back(joined(words, " "));
  }

  /// Fills a layer that gets `width` features; how many it gives. Without weights, those stay empty
  /// and only their shapes are checked.
  hsize_t read_fields(Layer& layer, const h5::Handle& group, const std::string& where,
                      hsize_t width, bool with_weights) {
    hsize_t outputs = width;
    const auto number = [&](const layers::Number& field, double& value) {
      const std::string name(field.name);
      const auto found = h5::read_doubles(file_, group.get(), name);
      if (found.size() != 1 || !field.holds(found[0])) {
        file_.fail(where + name, fmt::format("must be one number {}.", field.range));
      }
      value = found[0];
    };
    const auto numbers = [&](const layers::Numbers& field, Eigen::VectorXf& values) {
      const std::string name(field.name);
      if (field.optional && h5::kind_of(group.get(), name) != h5::ObjectKind::dataset) return;
      if (field.trained) card_.n_parameters += static_cast<Index>(outputs);
      if (!with_weights) {
        const h5::Lock lock;
        (void)open_floats(group, where + name, name, {outputs});
        return;
      }
      values = vector(group, where, name, outputs);
      if (!field.negative && (values.array() < 0.0F).any()) {
        file_.fail(where + name, "holds negative numbers.");
      }
    };
    const auto weights = [&](const layers::Weights& field, Matrix& values) {
      const std::string name(field.name);
      const std::vector<hsize_t> extent = shape_of(group, where, name, 2);
      if (extent[1] != width || extent[0] == 0) {
        file_.fail(where + name,
                   fmt::format("has shape [{}, {}]; {} inputs were expected as second number.",
                               extent[0], extent[1], width));
      }
      outputs = extent[0];
      card_.n_parameters += static_cast<Index>(outputs * width);
      card_.model.float16 = card_.model.float16 || is_float16(group, name);
      if (with_weights) values = matrix(group, where, name, extent);
    };
    layers::visit_fields(layer, layers::Overloaded{number, numbers, weights});
    return outputs;
  }

  /// outputs x inputs, one output's weights behind each other in the file; one input's in the
  /// result. By a few outputs at once, which stay in the cache until they are in their places.
  Matrix matrix(const h5::Handle& group, const std::string& where, const std::string& name,
                const std::vector<hsize_t>& extent) {
    const h5::Lock lock;
    const h5::Handle dataset = open_floats(group, where + name, name, extent);
    Matrix result(static_cast<Index>(extent[0]), static_cast<Index>(extent[1]));
    const h5::Handle how(H5Dget_create_plist(dataset.get()));
    // A chunk would be inflated again for every part of it.
    const bool in_parts = H5Pget_layout(how.get()) == H5D_CONTIGUOUS;
    const hsize_t at_once = in_parts ? std::min<hsize_t>(64, extent[0]) : extent[0];
    constexpr Index tile = 16;
    std::vector<float> part(at_once * extent[1]);
    for (hsize_t first = 0; first < extent[0]; first += at_once) {
      const hsize_t count = std::min(at_once, extent[0] - first);
      read_floats(dataset, where + name, {first, 0}, {count, extent[1]},
                  std::span(part).first(count * extent[1]));
      const Eigen::Map<const model_parts::RowMajor> from(part.data(), static_cast<Index>(count),
                                                         result.cols());
      for (Index input = 0; input < result.cols(); input += tile) {
        const Index inputs = std::min(tile, result.cols() - input);
        result.block(static_cast<Index>(first), input, from.rows(), inputs) =
            from.middleCols(input, inputs);
      }
    }
    return result;
  }

  bool is_float16(const h5::Handle& group, const std::string& name) {
    const h5::Lock lock;
    const h5::Handle dataset = h5::open_dataset(file_, group.get(), name);
    const h5::Handle type(H5Dget_type(dataset.get()));
    return H5Tget_size(type.get()) == 2;
  }

  Eigen::VectorXf vector(const h5::Handle& group, const std::string& where, const std::string& name,
                         hsize_t length) {
    const std::vector<float> values = floats(group, where, name, length);
    return Eigen::Map<const Eigen::VectorXf>(values.data(), static_cast<Index>(values.size()));
  }

  h5::File file_;
  ModelCard card_;
};

}  // namespace

DifferenceCalibration model_parts::read_differences(const h5::File& file, hid_t group,
                                                    const std::string& where) {
  DifferenceCalibration found;
  for (const auto& field : difference_fields) {
    found.*field.values = h5::read_doubles(file, group, std::string(field.name));
  }
  for (const std::vector<double>* ends : {&found.accuracies, &found.differences}) {
    const bool finite =
        std::all_of(ends->begin(), ends->end(), [](double end) { return std::isfinite(end); });
    if (ends->empty() || !finite || !std::is_sorted(ends->begin(), ends->end())) {
      file.fail(where, "accuracy_from and difference_from must be finite and rise.");
    }
  }
  const std::size_t expected = found.accuracies.size() * found.differences.size();
  for (const auto& field : std::span(difference_fields).subspan(2)) {
    const std::size_t n = (found.*field.values).size();
    if (n == expected) continue;
    file.fail(where + std::string(field.name),
              fmt::format("has {} entries; {} were expected.", n, expected));
  }
  return found;
}

Model read_model(const std::string& path) {
  return Reader(path).read(true).model;
}

ModelCard read_model_card(const std::string& path) {
  return Reader(path).read(false);
}

}  // namespace sicmir
