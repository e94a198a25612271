// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What `index` reads of a data set: its summary.h5. Everything here comes from the analysis of its
/// profiles; nothing is computed again.

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "analysis/profiles.hpp"
#include "atlas/data_set.hpp"
#include "sicmir/types.hpp"

namespace sicmir::atlas {

inline constexpr float not_known = std::numeric_limits<float>::quiet_NaN();

/// Of one miRNA in one cell type, as `sicmir markers` has it. NaN: not to be had.
struct MarkerValue {
  std::int32_t mirna = 0;  ///< position in Summary::mirnas
  float z = not_known;     ///< difference to the other types of the same samples, in z-scores
  float log2rpm = not_known;
  float p = not_known;
  float fdr = not_known;
  float expression = not_known;   ///< mean log2(RPM + 1) in the type
  float tau = not_known;          ///< 0 (everywhere alike) to 1 (in one type alone)
  std::int32_t rival = none;      ///< the type that is hardest to tell from; position in types
  float rival_z = not_known;      ///< difference to it
  float probability = not_known;  ///< that the types truly differ by 1 log2 or more
};

/// Markers of one cell type of one data set.
struct TypeMarkers {
  std::int32_t type = 0;            ///< position in DataSet::types
  std::vector<MarkerValue> values;  ///< best first
};

/// One condition against the data set's reference condition in one cell type, as `sicmir compare`
/// has it, with 3 samples or more on either side.
struct Contrast {
  std::int32_t type = 0;       ///< position in DataSet::types
  std::int32_t condition = 0;  ///< position in DataSet::conditions; likewise the next
  std::int32_t reference = 0;
  Index n_condition = 0;  ///< replicates
  Index n_reference = 0;
  std::vector<float> effect;  ///< per miRNA: difference in z-scores
  std::vector<float> error;   ///< per miRNA: its (moderated) standard error
};

/// miRNA to target in one cell type, as `sicmir network` has it; at most most_edges of a data set.
struct Edge {
  std::int32_t type = 0;
  std::int32_t mirna = 0;
  std::string target;     ///< gene symbol
  float correlation = 0;  ///< over the profiles or cells that the network was made of
  float weight = 0;       ///< by which edges are ranked
};
inline constexpr Index most_edges = 150;

/// Cross-talk by a miRNA from one cell type to another, as `sicmir crosstalk` has it; at most
/// most_triples of a data set.
struct Triple {
  std::int32_t sender = 0;  ///< position in DataSet::types
  std::int32_t receiver = 0;
  std::int32_t mirna = 0;
  float score = 0;
  float p = not_known;
};
inline constexpr Index most_triples = 200;

struct Summary {
  std::vector<ProfileMirna> mirnas;
  Matrix mean;  ///< miRNAs x groups: mean z over the profiles at or above the floor; NaN: none
  Matrix sd;    ///< likewise: their standard deviation (n - 1); NaN below 2
  std::vector<TypeMarkers> markers;  ///< all miRNAs, per type that has markers; sorted by type
  std::vector<Contrast> contrasts;   ///< sorted by type, then condition
  std::vector<Edge> edges;
  std::vector<Triple> triples;
};

/// Writes `folder`/summary.h5. Equal summaries make equal bytes. Throws Error(not_written).
void write_summary(const Summary& summary, const std::filesystem::path& folder);

/// Reads it; `set`: of the same folder. Sizes are checked before memory is allocated, positions
/// against the lists that they point to. Throws Error(bad_input).
[[nodiscard]] Summary read_summary(const std::filesystem::path& folder, const DataSet& set);

}  // namespace sicmir::atlas
