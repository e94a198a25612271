#pragma once
/// Fitting a model to paired mRNA and miRNA samples.

#include <functional>
#include <string>
#include <vector>

#include "sicmir/model.hpp"
#include "sicmir/normalize.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// Order of batch norm and ReLU after each hidden linear layer; dropout always comes last.
enum class LayerOrder : std::uint8_t {
  bn_relu,    ///< batch norm first, everywhere
  relu_bn,    ///< ReLU first, everywhere
  published,  ///< as the released scripts: batch norm first in the first layer, ReLU first after it
};
enum class MirnaValues : std::uint8_t { rpm, log2rpm };

/// One table of expression and its kind of values.
struct ExpressionFile {
  std::string path;
  Values values = Values::automatic;
};

struct MirnaFile {
  std::string path;
  MirnaValues values = MirnaValues::rpm;
  std::string target = "measured";  ///< or "estimated": written into the model per miRNA
};

struct TrainOptions {
  std::vector<Index> hidden = {1024, 1024};
  LayerOrder order = LayerOrder::bn_relu;
  double dropout = 0.3;
  Index epochs = 100;
  Index batch = 64;
  double learning_rate = 1e-3;
  double weight_decay = 0.0;
  double validation = 0.1;  ///< fraction of the patients held out
  std::uint64_t seed = 1;
  int threads = 0;
};

}  // namespace sicmir
