#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "core/digest.hpp"
#include "hdf5/h5.hpp"
#include "output/output_file.hpp"
#include "sicmir/model.hpp"
#include "sicmir/version.hpp"

namespace sicmir {
namespace {

constexpr std::string_view format_name = "sicmir-model";
constexpr std::size_t max_layers = 1000;
constexpr std::size_t max_genes = 65535;  // spools keep panel positions in 16 bits

std::string join(const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, "|"));
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('|', start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

template <class Vector>
std::span<const typename Vector::Scalar> as_span(const Vector& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

std::string layer_type(const Layer& layer) {
  constexpr std::array names = {"linear", "batch_norm", "relu", "dropout"};
  return names[layer.index()];
}

/// Over everything that the model is; the same whatever file it is stored in.
std::string checksum(const Model& model) {
  Digest digest;
  digest.add(std::string_view(model.name));
  digest.add(std::string_view(model.made_by));
  digest.add(std::string_view(model.made_from));
  for (const PanelGene& gene : model.panel.genes) {
    for (const std::string& text :
         {gene.symbol, gene.current_symbol, gene.ensembl_id, gene.entrez_id,
          join(gene.older_ensembl_ids), join(gene.aliases)}) {
      digest.add(std::string_view(text));
    }
  }
  digest.add(as_span(model.gene_mean));
  digest.add(as_span(model.gene_sd));
  digest.add(std::string_view(model.recipe.name));
  digest.add(model.recipe.factor);
  for (const ModelMirna& mirna : model.mirnas) {
    for (const std::string& text : {mirna.name, mirna.accession, mirna.other_name, mirna.target}) {
      digest.add(std::string_view(text));
    }
    const std::array numbers = {mirna.mean,
                                mirna.sd,
                                mirna.accuracy.pooled,
                                mirna.accuracy.within_cohort,
                                mirna.accuracy.leave_cohort_out,
                                static_cast<double>(mirna.accuracy.n)};
    for (const double number : numbers) {
      digest.add(std::isnan(number) ? std::nan("") : number);  // one NaN, whatever its payload
    }
  }
  for (const Layer& layer : model.layers) {
    digest.add(std::string_view(layer_type(layer)));
    if (const auto* linear = std::get_if<Linear>(&layer)) {
      digest.add(static_cast<double>(linear->weight.rows()));
      digest.add(as_span(linear->weight));
      digest.add(as_span(linear->bias));
    } else if (const auto* norm = std::get_if<BatchNorm>(&layer)) {
      for (const Eigen::VectorXf* part :
           {&norm->gamma, &norm->beta, &norm->mean, &norm->variance}) {
        digest.add(as_span(*part));
      }
      digest.add(norm->eps);
    } else if (const auto* dropout = std::get_if<Dropout>(&layer)) {
      digest.add(dropout->rate);
    }
  }
  return digest.hex();
}

/// Reads one model file; every check names the file and the place.
class Reader {
 public:
  explicit Reader(const std::string& path) : file_(open(path)) {}

  ModelCard read(bool with_weights) {
    read_header();
    read_genes();
    read_mirnas();
    read_layers(with_weights);
    if (with_weights) {
      const std::string found = checksum(card_.model);
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
    std::ifstream stream(path, std::ios::binary);
    std::error_code ignored;
    if (!stream || std::filesystem::is_directory(path, ignored)) {
      throw Error(
          ExitCode::bad_model,
          fmt::format("{}: the model file cannot be opened. Give a model with --model.", path));
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
    if (h5::text_attribute(file_.id(), "format").value_or("") != format_name) {
      file_.fail("/",
                 "not a sicmir model: its attribute 'format' is not 'sicmir-model'. A matrix "
                 "is given as the input, a model with --model.");
    }
    card_.model.made_by = text(file_.id(), "made_by", "/");
    const auto version = h5::integer_attribute(file_.id(), "format_version");
    if (!version || version->size() != 1 || version->front() < 1) {
      file_.fail("/", "has no integer attribute 'format_version'.");
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
    if (n > max_genes) {
      file_.fail("/genes/symbol",
                 fmt::format("names {} genes; at most {} are supported.", n, max_genes));
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
    for (std::size_t i = 0; i < n; ++i) {
      if (!std::isfinite(mean[i]) || !std::isfinite(sd[i]) || sd[i] < 0.0) {
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
           target[i]});
    }
  }

  /// Float32 data set of the given shape, row-major in the file; nothing is allocated before the
  /// shape and the stored size have been checked.
  std::vector<float> floats(const h5::Handle& group, const std::string& where,
                            const std::string& name, const std::vector<hsize_t>& expected) {
    const h5::Lock lock;
    const h5::Handle dataset = h5::open_dataset(file_, group.get(), name);
    const std::vector<hsize_t> found = h5::shape(file_, dataset.get());
    if (found != expected) {
      file_.fail(where + name, fmt::format("has shape [{}]; [{}] was expected.",
                                           fmt::join(found, ", "), fmt::join(expected, ", ")));
    }
    if (h5::type_class(dataset.get()) != h5::TypeClass::real) {
      file_.fail(where + name, "does not hold real numbers.");
    }
    hsize_t count = 1;
    for (const hsize_t extent : expected) count *= extent;
    if (count / 1100 > h5::stored_bytes(dataset.get())) {
      file_.fail(where + name, "claims more numbers than the file can hold; it is damaged.");
    }
    std::vector<float> values(count);
    if (H5Dread(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) <
        0) {
      file_.fail(where + name, "cannot be read; the file is damaged or incomplete.");
    }
    for (const float value : values) {
      if (!std::isfinite(value)) {
        file_.fail(where + name, "holds NaN or infinite numbers; the training went wrong.");
      }
    }
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

  void read_layers(bool with_weights) {
    const h5::Handle layers = h5::open_group(file_, file_.id(), "layers");
    const std::vector<std::string> names = h5::members(file_, layers.get());
    if (names.empty() || names.size() > max_layers) {
      file_.fail("/layers",
                 fmt::format("has {} layers; 1 to {} were expected.", names.size(), max_layers));
    }
    hsize_t width = static_cast<hsize_t>(card_.model.panel.size());
    std::vector<std::string> words;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string expected_name = fmt::format("{:03}", i);
      if (names[i] != expected_name) {
        file_.fail("/layers", fmt::format("holds '{}' where layer '{}' was expected.", names[i],
                                          expected_name));
      }
      const std::string where = "/layers/" + names[i] + "/";
      const h5::Handle group = h5::open_group(file_, layers.get(), names[i]);
      const std::string type = text(group.get(), "type", where);
      if (type == "linear") {
        words.push_back(read_linear(group, where, width, with_weights));
      } else if (type == "batch_norm") {
        read_batch_norm(group, where, width, with_weights);
        words.emplace_back("BatchNorm");
      } else if (type == "relu") {
        card_.model.layers.emplace_back(Relu{});
        words.emplace_back("ReLU");
      } else if (type == "dropout") {
        const auto rate = h5::read_doubles(file_, group.get(), "rate");
        if (rate.size() != 1 || !(rate[0] >= 0.0 && rate[0] < 1.0)) {
          file_.fail(where + "rate", "must be one number from 0 to below 1.");
        }
        card_.model.layers.emplace_back(Dropout{rate[0]});
        words.push_back(fmt::format("Dropout({})", rate[0]));
      } else {
        file_.fail(where, fmt::format("is of type '{}', which this sicmir {} does not know.", type,
                                      sicmir::version));
      }
    }
    if (width != card_.model.mirnas.size()) {
      file_.fail("/layers", fmt::format("the last layer has {} outputs, but /mirnas names {}.",
                                        width, card_.model.mirnas.size()));
    }
    card_.layers = fmt::format("{}", fmt::join(words, " "));
    if (!with_weights) card_.model.layers.clear();
  }

  std::string read_linear(const h5::Handle& group, const std::string& where, hsize_t& width,
                          bool with_weights) {
    const std::vector<hsize_t> extent = shape_of(group, where, "weight", 2);
    if (extent[1] != width || extent[0] == 0) {
      file_.fail(where + "weight",
                 fmt::format("has shape [{}, {}]; {} inputs were expected as second number.",
                             extent[0], extent[1], width));
    }
    const bool has_bias = h5::kind_of(group.get(), "bias") == h5::Kind::dataset;
    card_.n_parameters += static_cast<Index>(extent[0] * extent[1] + (has_bias ? extent[0] : 0));
    if (with_weights) {
      Linear linear;
      const std::vector<float> weight = floats(group, where, "weight", extent);
      using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
      linear.weight = Eigen::Map<const RowMajor>(weight.data(), static_cast<Index>(extent[0]),
                                                 static_cast<Index>(extent[1]));
      if (has_bias) linear.bias = vector(group, where, "bias", extent[0]);
      card_.model.layers.emplace_back(std::move(linear));
    }
    std::string word = fmt::format("Linear({}, {})", width, extent[0]);
    width = extent[0];
    return word;
  }

  Eigen::VectorXf vector(const h5::Handle& group, const std::string& where, const std::string& name,
                         hsize_t length) {
    const std::vector<float> values = floats(group, where, name, {length});
    return Eigen::Map<const Eigen::VectorXf>(values.data(), static_cast<Index>(values.size()));
  }

  void read_batch_norm(const h5::Handle& group, const std::string& where, hsize_t width,
                       bool with_weights) {
    card_.n_parameters += static_cast<Index>(2 * width);
    if (!with_weights) return;
    BatchNorm norm;
    norm.gamma = vector(group, where, "gamma", width);
    norm.beta = vector(group, where, "beta", width);
    norm.mean = vector(group, where, "mean", width);
    norm.variance = vector(group, where, "variance", width);
    const auto eps = h5::read_doubles(file_, group.get(), "eps");
    if (eps.size() != 1 || !(eps[0] > 0.0 && eps[0] < 1.0)) {
      file_.fail(where + "eps", "must be one number above 0 and below 1.");
    }
    norm.eps = eps[0];
    if ((norm.variance.array() < 0.0f).any()) {
      file_.fail(where + "variance", "holds negative numbers.");
    }
    card_.model.layers.emplace_back(std::move(norm));
  }

  h5::File file_;
  ModelCard card_;
};

template <class Get>
auto column(const auto& items, Get get) {
  std::vector<std::decay_t<decltype(get(items.front()))>> values;
  values.reserve(items.size());
  for (const auto& item : items) values.push_back(get(item));
  return values;
}

void write_genes(const h5::File& file, const Model& model) {
  const h5::Handle group = h5::create_group(file, file.id(), "genes");
  const auto write = [&](const std::string& name, auto get) {
    h5::write_texts(file, group.get(), name, column(model.panel.genes, get));
  };
  write("symbol", [](const PanelGene& gene) { return gene.symbol; });
  write("current_symbol", [](const PanelGene& gene) { return gene.current_symbol; });
  write("ensembl_id", [](const PanelGene& gene) { return gene.ensembl_id; });
  write("entrez_id", [](const PanelGene& gene) { return gene.entrez_id; });
  write("older_ensembl_ids", [](const PanelGene& gene) { return join(gene.older_ensembl_ids); });
  write("aliases", [](const PanelGene& gene) { return join(gene.aliases); });
  h5::write_doubles(file, group.get(), "mean", as_span(model.gene_mean));
  h5::write_doubles(file, group.get(), "sd", as_span(model.gene_sd));
  h5::set_text_attribute(file, group.get(), "unit_recipe", model.recipe.name);
  h5::write_doubles(file, group.get(), "unit_factor", {&model.recipe.factor, 1});
}

void write_mirnas(const h5::File& file, const Model& model) {
  const h5::Handle group = h5::create_group(file, file.id(), "mirnas");
  const auto texts = [&](const std::string& name, auto get) {
    h5::write_texts(file, group.get(), name, column(model.mirnas, get));
  };
  const auto numbers = [&](const std::string& name, auto get) {
    h5::write_doubles(file, group.get(), name, column(model.mirnas, get));
  };
  texts("name", [](const ModelMirna& mirna) { return mirna.name; });
  texts("accession", [](const ModelMirna& mirna) { return mirna.accession; });
  texts("other_name", [](const ModelMirna& mirna) { return mirna.other_name; });
  texts("target", [](const ModelMirna& mirna) { return mirna.target; });
  numbers("mean", [](const ModelMirna& mirna) { return mirna.mean; });
  numbers("sd", [](const ModelMirna& mirna) { return mirna.sd; });
  numbers("pearson_pooled", [](const ModelMirna& mirna) { return mirna.accuracy.pooled; });
  numbers("pearson_within_cohort",
          [](const ModelMirna& mirna) { return mirna.accuracy.within_cohort; });
  numbers("pearson_leave_cohort_out",
          [](const ModelMirna& mirna) { return mirna.accuracy.leave_cohort_out; });
  numbers("n_held_out",
          [](const ModelMirna& mirna) { return static_cast<double>(mirna.accuracy.n); });
}

void write_layers(const h5::File& file, const Model& model) {
  const h5::Handle layers = h5::create_group(file, file.id(), "layers");
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const Layer& layer = model.layers[i];
    const h5::Handle group = h5::create_group(file, layers.get(), fmt::format("{:03}", i));
    h5::set_text_attribute(file, group.get(), "type", layer_type(layer));
    const auto write = [&](const std::string& name, const std::vector<hsize_t>& extent,
                           const float* data) {
      h5::write_array(file, group.get(), name, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, extent, data);
    };
    const auto length = [](const auto& values) {
      return std::vector<hsize_t>{static_cast<hsize_t>(values.size())};
    };
    if (const auto* linear = std::get_if<Linear>(&layer)) {
      const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> weight =
          linear->weight;
      write("weight", {static_cast<hsize_t>(weight.rows()), static_cast<hsize_t>(weight.cols())},
            weight.data());
      if (linear->bias.size() != 0) write("bias", length(linear->bias), linear->bias.data());
    } else if (const auto* norm = std::get_if<BatchNorm>(&layer)) {
      write("gamma", length(norm->gamma), norm->gamma.data());
      write("beta", length(norm->beta), norm->beta.data());
      write("mean", length(norm->mean), norm->mean.data());
      write("variance", length(norm->variance), norm->variance.data());
      h5::write_doubles(file, group.get(), "eps", {&norm->eps, 1});
    } else if (const auto* dropout = std::get_if<Dropout>(&layer)) {
      h5::write_doubles(file, group.get(), "rate", {&dropout->rate, 1});
    }
  }
}

}  // namespace

Model read_model(const std::string& path) {
  return Reader(path).read(true).model;
}

ModelCard read_model_card(const std::string& path) {
  return Reader(path).read(false);
}

void write_model(Model& model, const std::string& path) {
  (void)fold(model.layers);  // a model that cannot be used is not written
  model.made_by = fmt::format("sicmir {}", sicmir::version);
  model.checksum = checksum(model);
  OutputFile output(path);
  if (output.is_direct()) {
    throw Error(ExitCode::usage, path + ": a model is HDF5 and needs a regular file.");
  }
  output.create();
  h5::File file = h5::File::create(output.temporary_path());
  h5::set_text_attribute(file, file.id(), "format", format_name);
  h5::set_integer_attribute(file, file.id(), "format_version", model_format_version);
  h5::set_text_attribute(file, file.id(), "name", model.name);
  h5::set_text_attribute(file, file.id(), "made_by", model.made_by);
  h5::set_text_attribute(file, file.id(), "made_from", model.made_from);
  h5::set_text_attribute(file, file.id(), "checksum", model.checksum);
  write_genes(file, model);
  write_mirnas(file, model);
  write_layers(file, model);
  file.close();
  output.commit();
}

std::string find_model(const std::string& path) {
  if (!path.empty()) return path;
  if (const char* chosen = std::getenv("SICMIR_MODEL"); chosen != nullptr && *chosen != '\0') {
    return chosen;
  }
  constexpr std::string_view name = "sicmir-tcga.h5";
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::array candidates = {
      program.parent_path() / ".." / SICMIR_INSTALL_DATADIR / "sicmir" / name,
      std::filesystem::path(SICMIR_SOURCE_DIR) / "models" / name,
  };
  std::string looked;
  for (const std::filesystem::path& candidate : candidates) {
    if (std::filesystem::exists(candidate, error)) return candidate.lexically_normal().string();
    looked += "\n  " + candidate.lexically_normal().string();
  }
  throw Error(ExitCode::bad_model,
              "no model was found. Give one with --model or $SICMIR_MODEL. Looked at:" + looked);
}

}  // namespace sicmir
