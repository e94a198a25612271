// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What else differs between profiles and is to be taken into account.

#include <span>
#include <string>
#include <vector>

#include "analysis/profiles.hpp"

namespace sicmir {

/// Columns of a design. Outer: column; inner: one value per profile.
struct Covariates {
  std::vector<std::string> names;  ///< "age"; of a category "sex male"
  std::vector<std::vector<double>> columns;
};

/// Reads a table (TSV with a header) that has a column `sample`, perhaps `group`, and one column
/// per covariate. Columns of numbers are taken as they are. Others are categories: one column of 0
/// and 1 for each but the first in the order of their bytes. Lines of other samples are passed
/// over. Throws Error(bad_input) naming file and line: missing column or value, a profile without
/// its line or with two.
[[nodiscard]] Covariates read_covariates(const std::string& path,
                                         std::span<const Profile> profiles);

}  // namespace sicmir
