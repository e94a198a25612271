// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Which miRNAs belong together: arms of one hairpin, and families that share a seed.

#include <map>
#include <string>
#include <vector>

#include "analysis/profiles.hpp"

namespace sicmir {

/// Looks miRNAs up in the reference tables, by accession and else by name.
class MirnaKin {
 public:
  MirnaKin();

  /// Names of the hairpins that it is cut from (miRBase 22); empty: not known.
  [[nodiscard]] const std::vector<std::string>& stem_loops(const ProfileMirna& mirna) const;
  /// Bases 2 to 8, which most of its targets pair with (Bartel 2009,
  /// https://doi.org/10.1016/j.cell.2009.01.002); miRNAs with the same are one family. Empty: not
  /// known.
  [[nodiscard]] const std::string& seed(const ProfileMirna& mirna) const;

 private:
  struct Kin {
    std::vector<std::string> stem_loops;
    std::string seed;
  };
  [[nodiscard]] const Kin& of(const ProfileMirna& mirna) const;

  std::map<std::string, Kin, std::less<>> by_name_;
};

}  // namespace sicmir
