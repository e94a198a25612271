// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A smaller copy of a site, for hosts with little space.

#include <filesystem>

#include "atlas/atlas_folder.hpp"
#include "atlas/catalogue.hpp"
#include "atlas/site.hpp"

namespace sicmir::atlas {

/// Writes the public half of an atlas anew, of `excerpt`, to the folder `to`. It is written beside
/// it and renamed when it is complete and synced. Throws Error(usage): `to` holds something, is no
/// folder or stands within the atlas; Error(bad_input): a data set is not the one that `catalogue`
/// was made of, or was removed since; Error(not_written).
SiteReport export_site(const AtlasFolder& folder, const Catalogue& catalogue,
                       const SiteExcerpt& excerpt, const std::filesystem::path& to, int threads);

}  // namespace sicmir::atlas
