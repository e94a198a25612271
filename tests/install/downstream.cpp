// SPDX-License-Identifier: BSD-3-Clause
// Predicts with the installed library: downstream MODEL INPUT OUTPUT.
#include <exception>
#include <iostream>
#include <memory>
#include <sicmir/cell_source.hpp>
#include <sicmir/matrix_sink.hpp>
#include <sicmir/predict.hpp>
#include <sicmir/version.hpp>

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    const sicmir::PreparedModel model(sicmir::read_model(argv[1]));
    const sicmir::GeneIndex genes(model.card().panel);
    const std::unique_ptr<sicmir::CellSource> source = sicmir::open_source(argv[2], {}, genes);
    const std::unique_ptr<sicmir::MatrixSink> sink = sicmir::open_sink(argv[3], {});
    const sicmir::RunReport report = sicmir::predict(*source, model, genes, {}, *sink);
    std::cout << sicmir::version << ' ' << report.cells_written << '\n';
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
