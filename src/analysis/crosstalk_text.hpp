// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Cross-talk as tables and as pictures.

#include <string>
#include <vector>

#include "analysis/crosstalk.hpp"

namespace sicmir {

struct CrosstalkContext {
  const Profiles& profiles;
  const CrosstalkOptions& options;
  std::string targets;                                    ///< the table, in words
  Evidence evidence = Evidence::predicted;                ///< kind of its pairs
  Index n_pairs = 0, n_in_panel = 0, n_not_measured = 0;  ///< of the table
};

/// The triples that a table lists, as positions: those whose excesses and deficit are above 0, or
/// `all`; by p, then by score, falling.
[[nodiscard]] std::vector<std::size_t> listed_triples(const Crosstalk& found, bool all);

[[nodiscard]] std::string crosstalk_tsv(const Crosstalk& found, const CrosstalkContext& context,
                                        const std::vector<std::size_t>& listed);
/// The same, with groups, controls and how it was computed.
[[nodiscard]] std::string crosstalk_json(const Crosstalk& found, const CrosstalkContext& context,
                                         const std::vector<std::size_t>& listed);
/// TSV: what each group sends and receives.
[[nodiscard]] std::string crosstalk_net_tsv(const Crosstalk& found);

/// Dots of the strongest miRNAs and pairs of groups: area by p (or score), colour by score.
[[nodiscard]] std::string crosstalk_dots_svg(const Crosstalk& found,
                                             const CrosstalkContext& context);
/// Senders x receivers: number of called triples, or sums of scores where nothing was tested.
[[nodiscard]] std::string crosstalk_heat_svg(const Crosstalk& found,
                                             const CrosstalkContext& context);

}  // namespace sicmir
