// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The parts of the page of `sicmir report` that other analyses fill: networks and cross-talk.

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/markers.hpp"
#include "analysis/profiles.hpp"
#include "analysis/targets.hpp"
#include "sicmir/gene_map.hpp"
#include "sicmir/prepared_model.hpp"

namespace sicmir::cli {

struct PageTable {
  std::string caption;
  std::string file;  ///< of the full table
  std::string tsv;   ///< all of it
};

/// Names on the left and on the right, and links between them.
struct PageLinks {
  struct Link {
    std::size_t left = 0, right = 0;  ///< positions
    double value = 0;                 ///< a correlation
  };
  std::vector<std::string> left, right;
  std::vector<Link> links;
};

/// From lines to columns: one number per pair.
struct PageGrid {
  std::string what;  ///< the numbers
  std::vector<std::string> names;
  std::vector<std::vector<double>> values;  ///< [sender][receiver]; NaN: none
};

struct PagePart {
  std::string words;              ///< what it is, or why there is none
  std::vector<PageTable> tables;  ///< empty: was not run
  PageLinks links;                ///< may be empty
  PageGrid grid;                  ///< likewise
};

struct PartOptions {
  LabelsFrom labels_from = LabelsFrom::clusters;
  std::uint64_t seed = 1;
  int threads = 1;
};

/// What `sicmir network` finds with its own defaults; logs its warnings. Where the profiles do not
/// allow it, the part says why.
[[nodiscard]] PagePart network_part(const Profiles& profiles, const TargetTable& targets,
                                    const PartOptions& options);
/// The genes behind the first marker of each group, as `sicmir explain` finds them; likewise.
/// `input`: its name, for messages.
[[nodiscard]] PagePart reasons_part(const Profiles& profiles, const MarkerSet& markers,
                                    const PreparedModel& model, const GeneIndex& index,
                                    const std::string& input, int threads);
/// What `sicmir crosstalk` finds, likewise.
[[nodiscard]] PagePart crosstalk_part(const Profiles& profiles, const TargetTable& targets,
                                      const PartOptions& options);

}  // namespace sicmir::cli
