// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "base/digest.hpp"
#include "base/joined.hpp"
#include "base/output_file.hpp"
#include "base/own_files.hpp"
#include "bundle/bundled_files.hpp"
#include "hdf5/h5.hpp"
#include "model/layers.hpp"
#include "model/model_parts.hpp"
#include "sicmir/model.hpp"
#include "sicmir/version.hpp"

namespace sicmir {
namespace {

using model_parts::as_span;

std::string join(const std::vector<std::string>& parts) {
  return joined(parts, "|");
}

void add_layers(Digest& digest, const std::vector<Layer>& stack) {
  const layers::Overloaded add = {
      [&](const layers::Number&, double value) { digest.add(value); },
      [&](const layers::Numbers&, const Eigen::VectorXf& values) { digest.add(as_span(values)); },
      [&](const layers::Weights&, const Matrix& weights) {
        digest.add(static_cast<double>(weights.rows()));
        digest.add(as_span(weights));
      }};
  for (const Layer& layer : stack) {
    digest.add(layers::name_of(layer));
    layers::visit_fields(layer, add);
  }
}

}  // namespace

std::vector<double> model_parts::all_quantiles(const Model& model) {
  std::vector<double> values;
  for (const auto& [platform, profile] : model.rank_profiles) {
    values.insert(values.end(), profile.quantiles.begin(), profile.quantiles.end());
  }
  return values;
}

h5::Handle model_parts::float16_type() {
  h5::Handle type(H5Tcopy(H5T_IEEE_F32LE));
  H5Tset_fields(type.get(), 15, 10, 5, 0, 10);
  H5Tset_size(type.get(), 2);
  H5Tset_ebias(type.get(), 15);
  return type;
}

std::string model_parts::checksum(const Model& model) {
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
                                static_cast<double>(mirna.accuracy.n),
                                mirna.interval.factor,
                                mirna.interval.typical_spread};
    for (const double number : numbers) {
      digest.add(std::isnan(number) ? std::nan("") : number);  // one NaN, whatever its payload
    }
  }
  digest.add(std::span<const double>(all_quantiles(model)));
  for (const auto& [platform, offsets] : model.platform_offsets) {
    digest.add(std::string_view(platform));
    digest.add(as_span(offsets));
  }
  for (const auto& [platform, profile] : model.rank_profiles) {
    digest.add(std::string_view(platform));
    digest.add(std::span<const std::uint8_t>(profile.genes));
  }
  for (const Member& member : model.members) {
    digest.add(member.weight);
    add_layers(digest, member.layers);
  }
  if (model.parts) digest.add(std::string_view("parts"));
  for (const auto& [scale, calibration] : model.differences) {
    digest.add(std::string_view(scale));
    for (const auto& field : difference_fields) {
      for (const double number : calibration.*field.values) {
        digest.add(std::isnan(number) ? std::nan("") : number);
      }
    }
  }
  return digest.hex();
}

namespace {

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
  if (!has_intervals(model)) return;
  numbers("interval_factor", [](const ModelMirna& mirna) { return mirna.interval.factor; });
  numbers("typical_spread", [](const ModelMirna& mirna) { return mirna.interval.typical_spread; });
}

void write_layers(const h5::File& file, const h5::Handle& member, const std::vector<Layer>& stack,
                  bool float16) {
  const h5::Lock lock;
  const h5::Handle parent = h5::create_group(file, member.get(), "layers");
  const h5::Handle half = model_parts::float16_type();
  for (std::size_t i = 0; i < stack.size(); ++i) {
    const h5::Handle group = h5::create_group(file, parent.get(), fmt::format("{:03}", i));
    h5::set_text_attribute(file, group.get(), "type", layers::name_of(stack[i]));
    const auto write = [&](std::string_view name, hid_t stored, const std::vector<hsize_t>& extent,
                           const float* data) {
      h5::write_array(file, group.get(), std::string(name), stored, H5T_NATIVE_FLOAT, extent, data);
    };
    layers::visit_fields(
        stack[i],
        layers::Overloaded{
            [&](const layers::Number& field, const double& value) {
              h5::write_doubles(file, group.get(), std::string(field.name), {&value, 1});
            },
            [&](const layers::Numbers& field, const Eigen::VectorXf& values) {
              if (field.optional && values.size() == 0) return;
              write(field.name, H5T_IEEE_F32LE, {static_cast<hsize_t>(values.size())},
                    values.data());
            },
            [&](const layers::Weights& field, const Matrix& weights) {
              const model_parts::RowMajor by_output = weights;
              write(field.name, float16 ? half.get() : H5T_IEEE_F32LE,
                    {static_cast<hsize_t>(weights.rows()), static_cast<hsize_t>(weights.cols())},
                    by_output.data());
            }});
  }
}

void write_members(const h5::File& file, const Model& model) {
  const h5::Handle members = h5::create_group(file, file.id(), "members");
  if (model.parts) h5::set_text_attribute(file, members.get(), "are", "parts");
  for (std::size_t i = 0; i < model.members.size(); ++i) {
    const Member& member = model.members[i];
    const h5::Handle group = h5::create_group(file, members.get(), fmt::format("{:03}", i));
    h5::write_doubles(file, group.get(), "weight", {&member.weight, 1});
    write_layers(file, group, member.layers, model.float16);
  }
}

void round_to_float16(Matrix& weights) {
  weights = weights.cast<Eigen::half>().cast<float>().eval();
  if (!weights.allFinite()) {
    throw Error(ExitCode::usage,
                "a weight is beyond 65504, the largest float16. Store them as float32.");
  }
}

/// Makes the model what the file will hold.
void settle(Model& model) {
  (void)Network(model.members);  // a model that cannot be used is not written
  double sum = 0.0;
  for (const Member& member : model.members) sum += member.weight;
  for (Member& member : model.members) {
    if (std::fabs(sum - 1.0) > 1e-12) member.weight /= sum;
    if (!model.float16) continue;
    for (Layer& layer : member.layers) {
      layers::visit_fields(layer, layers::Overloaded{[](const auto&, const auto&) {},
                                                     [](const layers::Weights&, Matrix& weights) {
                                                       round_to_float16(weights);
                                                     }});
    }
  }
}

void write_harmonisation(const h5::File& file, const Model& model) {
  if (model.rank_profiles.empty() && model.platform_offsets.empty()) return;
  const h5::Handle group = h5::create_group(file, file.id(), "harmonisation");
  if (!model.rank_profiles.empty()) {
    std::vector<std::string> platforms;
    std::vector<std::int64_t> genes;
    for (const auto& [platform, profile] : model.rank_profiles) {
      platforms.push_back(platform);
      genes.insert(genes.end(), profile.genes.begin(), profile.genes.end());
    }
    h5::write_texts(file, group.get(), "rank_platform", platforms);
    h5::write_integers(file, group.get(), "rank_genes", genes);
    h5::write_doubles(file, group.get(), "reference_quantiles", model_parts::all_quantiles(model));
  }
  if (model.platform_offsets.empty()) return;
  std::vector<std::string> names;
  std::vector<double> values;
  for (const auto& [platform, offsets] : model.platform_offsets) {
    names.push_back(platform);
    values.insert(values.end(), offsets.begin(), offsets.end());
  }
  h5::write_texts(file, group.get(), "platform", names);
  h5::write_doubles(file, group.get(), "platform_offsets", values);
}

void write_differences(const h5::File& file, const Model& model) {
  if (model.differences.empty()) return;
  const h5::Handle parent = h5::create_group(file, file.id(), "differences");
  for (const auto& [scale, calibration] : model.differences) {
    const h5::Handle group = h5::create_group(file, parent.get(), scale);
    for (const auto& field : model_parts::difference_fields) {
      h5::write_doubles(file, group.get(), std::string(field.name), calibration.*field.values);
    }
  }
}

}  // namespace

double id_hash(std::string_view id) {
  return static_cast<double>(short_digest(id) >> 11U);
}

void write_model(Model& model, const std::string& path) {
  settle(model);
  model.made_by = fmt::format("sicmir {}", sicmir::version);
  model.checksum = model_parts::checksum(model);
  OutputFile output(path);
  if (output.is_direct()) {
    throw Error(ExitCode::usage, path + ": a model is HDF5 and needs a regular file.");
  }
  output.create();
  h5::File file = h5::File::create(output.temporary_path());
  h5::set_text_attribute(file, file.id(), "format", model_parts::format_name);
  // Readers of version 1 pass rank profiles over and would predict from other numbers.
  h5::set_integer_attribute(file, file.id(), "format_version",
                            model.rank_profiles.empty() ? 1 : model_format_version);
  h5::set_text_attribute(file, file.id(), "name", model.name);
  h5::set_text_attribute(file, file.id(), "made_by", model.made_by);
  h5::set_text_attribute(file, file.id(), "made_from", model.made_from);
  h5::set_text_attribute(file, file.id(), "checksum", model.checksum);
  write_genes(file, model);
  write_mirnas(file, model);
  write_harmonisation(file, model);
  write_differences(file, model);
  if (!model.training_patients.empty()) {
    h5::write_doubles(file, file.id(), "training_patients", model.training_patients);
  }
  write_members(file, model);
  file.close();
  output.commit();
}

double DifferenceCalibration::probability(double accuracy, double difference) const {
  const auto place = [](const std::vector<double>& lower_ends, double value) {
    return std::upper_bound(lower_ends.begin(), lower_ends.end(), value) - lower_ends.begin() - 1;
  };
  const auto accuracy_class = place(accuracies, accuracy);
  const auto bin = place(differences, std::fabs(difference));
  if (std::isnan(accuracy) || std::isnan(difference) || accuracy_class < 0 || bin < 0) {
    return std::nan("");
  }
  return likely[static_cast<std::size_t>(accuracy_class) * differences.size() +
                static_cast<std::size_t>(bin)];
}

bool has_intervals(const Model& model) {
  return std::any_of(model.mirnas.begin(), model.mirnas.end(),
                     [](const ModelMirna& mirna) { return mirna.interval.known(); });
}

std::string find_model(const std::string& path) {
  if (!path.empty()) return path;
  if (const char* chosen = std::getenv("SICMIR_MODEL"); chosen != nullptr && *chosen != '\0') {
    return chosen;
  }
  constexpr std::string_view name = "sicmir-tcga.h5";
  if (const auto bundled = bundle::path_of(name)) return *bundled;
  std::vector<std::filesystem::path> candidates;
  if (const auto folder = folder_of_program()) {
    candidates.push_back(*folder / ".." / SICMIR_INSTALL_DATADIR / "sicmir" / name);
  }
  candidates.push_back(std::filesystem::path(SICMIR_SOURCE_DIR) / "models" / name);
  std::error_code error;
  std::string looked;
  for (const std::filesystem::path& candidate : candidates) {
    if (std::filesystem::exists(candidate, error)) return candidate.lexically_normal().string();
    looked += "\n  " + candidate.lexically_normal().string();
  }
  throw Error(ExitCode::bad_model, "no model was found. Looked at:" + looked + "\n ",
              {Remedy::choose_model});
}

}  // namespace sicmir
