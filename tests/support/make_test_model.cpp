// SPDX-License-Identifier: BSD-3-Clause
// Writes a model of random weights over the genes of data/landmarks.tsv and the first miRNAs of
// data/mirnas.tsv, the same on every run:
// make_test_model FOLDER MODEL [MIRNAS [WIDTH [NAME [relu-bn]]]].
// FOLDER holds the two tables. For tests that need a model whose every number is known.
#include <cmath>
#include <cstdint>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>

#include "sicmir/model.hpp"
#include "sicmir/reference_tables.hpp"

namespace {

using sicmir::Index;

/// Uniform in -1 .. 1; written out, because the standard library's distributions may differ.
class Random {
 public:
  float operator()() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<float>(static_cast<double>(state_ >> 11) / 4503599627370496.0 - 1.0);
  }
  Eigen::VectorXf vector(Index n, float centre, float spread) {
    Eigen::VectorXf values(n);
    for (float& value : values) value = centre + spread * (*this)();
    return values;
  }

 private:
  std::uint64_t state_ = 20260101;
};

sicmir::Linear linear(Random& random, Index outputs, Index inputs) {
  sicmir::Linear layer;
  layer.weight.resize(outputs, inputs);
  const float spread = std::sqrt(3.0F / static_cast<float>(inputs));
  for (Index i = 0; i < outputs; ++i) layer.weight.row(i) = random.vector(inputs, 0, spread);
  layer.bias = random.vector(outputs, 0, 0.1F);
  return layer;
}

sicmir::BatchNorm batch_norm(Random& random, Index width) {
  return {random.vector(width, 1.0F, 0.3F), random.vector(width, 0.0F, 0.2F),
          random.vector(width, 0.3F, 0.2F), random.vector(width, 1.0F, 0.4F), 1e-5};
}

sicmir::Model make(const std::string& folder, Index n_mirnas, Index width, bool relu_first) {
  sicmir::Model model;
  model.made_from = "random numbers, for tests";
  Random random;
  model.panel = sicmir::read_gene_panel(folder + "/landmarks.tsv");
  const Index n_genes = model.panel.size();
  model.gene_mean = random.vector(n_genes, 9.0F, 3.0F).cast<double>();
  model.gene_sd = random.vector(n_genes, 1.2F, 0.8F).cast<double>();
  for (const auto& mirna : sicmir::read_mirna_table(folder + "/mirnas.tsv")) {
    if (static_cast<Index>(model.mirnas.size()) == n_mirnas) break;
    const double accuracy = 0.5 + 0.4 * static_cast<double>(random());
    model.mirnas.push_back({mirna.name,
                            mirna.accession,
                            mirna.v21_name,
                            4.0 + static_cast<double>(random()),
                            1.5 + static_cast<double>(random()),
                            {accuracy, accuracy - 0.05, accuracy - 0.1, 100},
                            "measured",
                            {}});
  }
  // The published order: batch norm before the first ReLU and after the second.
  std::vector<sicmir::Layer> layers = {
      linear(random, width, n_genes),
      batch_norm(random, width),
      sicmir::Relu{},
      sicmir::Dropout{0.3},
      linear(random, width, width),
      sicmir::Relu{},
      batch_norm(random, width),
      sicmir::Dropout{0.3},
      linear(random, static_cast<Index>(model.mirnas.size()), width)};
  // The other order in which the method was written down: batch norm after both.
  if (relu_first) std::swap(layers[1], layers[2]);
  model.members = {{1.0, std::move(layers)}};
  return model;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 3) throw std::runtime_error("give the folder of the tables and the model's name");
    const Index n_mirnas = argc > 3 ? std::stol(argv[3]) : 1298;
    const Index width = argc > 4 ? std::stol(argv[4]) : 1024;
    sicmir::Model model = make(argv[1], n_mirnas, width, argc > 6);
    model.name = argc > 5 ? argv[5] : "random";
    sicmir::write_model(model, argv[2]);
  } catch (const std::exception& error) {
    std::cerr << "make_test_model: " << error.what() << '\n';
    return 1;
  }
}
