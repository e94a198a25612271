// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A small, complete model for tests.

#include <random>
#include <string>

#include "sicmir/model.hpp"

namespace sicmir::test {

/// 6 genes -> 5 -> 4 miRNAs with arbitrary but fixed numbers.
inline Model small_model() {
  std::mt19937 generator(7);
  const auto number = [&] {
    return static_cast<float>(static_cast<double>(generator()) / 4294967296.0 - 0.5);
  };
  const auto matrix = [&](Index outputs, Index inputs) {
    Matrix values(outputs, inputs);
    for (Index i = 0; i < values.size(); ++i) values.data()[i] = number();
    return values;
  };
  Model model;
  model.name = "small";
  model.made_from = "numbers";
  for (int i = 0; i < 6; ++i) {
    const std::string n = std::to_string(i);
    model.panel.genes.push_back({"GENE" + n,
                                 "NOW" + n,
                                 "ENSG0000000000" + n,
                                 "100" + n,
                                 {"ENSG0000000001" + n, "ENSG0000000002" + n},
                                 {"OLD" + n}});
  }
  model.gene_mean = Eigen::VectorXd::LinSpaced(6, 1.0, 6.0);
  model.gene_sd = Eigen::VectorXd::LinSpaced(6, 0.5, 1.0);
  for (int i = 0; i < 4; ++i) {
    const std::string n = std::to_string(i);
    model.mirnas.push_back({"hsa-miR-" + n,
                            "MIMAT000000" + n,
                            i == 2 ? "hsa-miR-old" : "",
                            1.0 + i,
                            2.0,
                            {0.5, 0.25, std::nan(""), 10 + i},
                            i == 3 ? "estimated" : "measured",
                            {}});
  }
  model.members.emplace_back();
  std::vector<Layer>& layers = model.members[0].layers;
  layers.emplace_back(Linear{matrix(5, 6), {}});
  layers.emplace_back(
      BatchNorm{matrix(5, 1), matrix(5, 1), matrix(5, 1), matrix(5, 1).cwiseAbs(), 1e-5});
  layers.emplace_back(Relu{});
  layers.emplace_back(Dropout{0.3});
  layers.emplace_back(Linear{matrix(4, 5), matrix(4, 1)});
  return model;
}

}  // namespace sicmir::test
