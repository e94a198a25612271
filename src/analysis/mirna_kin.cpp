// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/mirna_kin.hpp"

#include "sicmir/reference_tables.hpp"

namespace sicmir {

MirnaKin::MirnaKin() {
  for (const ReferenceMirna& mirna : reference_mirnas()) {
    Kin kin{mirna.precursors, mirna.seed()};
    by_name_.emplace(mirna.name, kin);
    by_name_.emplace(mirna.accession, std::move(kin));
  }
}

const MirnaKin::Kin& MirnaKin::of(const ProfileMirna& mirna) const {
  static const Kin none;
  auto found = by_name_.find(mirna.mimat);
  if (found == by_name_.end()) found = by_name_.find(mirna.name);
  return found == by_name_.end() ? none : found->second;
}

const std::vector<std::string>& MirnaKin::stem_loops(const ProfileMirna& mirna) const {
  return of(mirna).stem_loops;
}

const std::string& MirnaKin::seed(const ProfileMirna& mirna) const {
  return of(mirna).seed;
}

}  // namespace sicmir
