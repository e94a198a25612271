#pragma once
/// A model and its HDF5 file (format: docs/model-format.md).

#include <optional>
#include <string>
#include <vector>

#include "sicmir/gene_map.hpp"
#include "sicmir/network.hpp"
#include "sicmir/normalize.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// Held-out accuracy of one miRNA; NaN where not measured.
struct Accuracy {
  double pooled = 0;            ///< Pearson over all held-out samples
  double within_cohort = 0;     ///< Pearson after removing each cohort's mean
  double leave_cohort_out = 0;  ///< Pearson within cohorts that training never saw
  Index n = 0;                  ///< held-out samples with a measurement
};

struct ModelMirna {
  std::string name;        ///< mature name, miRBase v22; case-sensitive
  std::string accession;   ///< MIMAT...
  std::string other_name;  ///< v21 name where it differs, else empty
  double mean = 0;         ///< of log2(RPM + 1) over the training samples
  double sd = 1;
  Accuracy accuracy;
  std::string target = "measured";  ///< or "estimated": from stem-loops
};

struct Model {
  std::string name;       ///< short name, e.g. "sicmir-tcga"
  std::string made_by;    ///< "sicmir X.Y.Z"
  std::string made_from;  ///< training data in a sentence
  GenePanel panel;
  Eigen::VectorXd gene_mean;  ///< n_genes, in the unit of `recipe`; NaN: not known
  Eigen::VectorXd gene_sd;    ///< n_genes
  UnitRecipe recipe;
  std::vector<ModelMirna> mirnas;
  std::vector<Layer> layers;  ///< as trained
  std::string checksum;       ///< of everything above, 32 hex digits; set by reading and writing
};

/// A model's card: everything but the weights.
struct ModelCard {
  int format_version = 0;
  Index n_parameters = 0;
  std::string layers;  ///< e.g. "Linear(977, 1024) BatchNorm ReLU Dropout(0.3) ..."
  Model model;         ///< with empty layers
};

inline constexpr int model_format_version = 1;

/// Every name, type, shape and value is checked before it is used or allocated; Error(bad_model)
/// says which and what to do.
[[nodiscard]] Model read_model(const std::string& path);
[[nodiscard]] ModelCard read_model_card(const std::string& path);
/// Writes under a temporary name and renames; sets `model.checksum`.
void write_model(Model& model, const std::string& path);

/// `path` if not empty, else $SICMIR_MODEL, then ../share/sicmir/ beside the executable, then the
/// source tree that the program was built from.
[[nodiscard]] std::string find_model(const std::string& path);

}  // namespace sicmir
