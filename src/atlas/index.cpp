// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "atlas/claim.hpp"
#include "atlas/seal.hpp"
#include "atlas/write_catalogue.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"

namespace sicmir::atlas {
namespace {

namespace fs = std::filesystem;

void check_seal(const fs::path& folder, const Seals& seals, const char* name) {
  const auto stated = seals.find(name);
  if (stated == seals.end()) {
    throw Error(ExitCode::bad_input, fmt::format("{}: states no checksum of {}; it is damaged.",
                                                 (folder / set_files::checksums).string(), name));
  }
  const FileSeal found = seal_of(folder / name);
  if (found == stated->second) return;
  throw Error(ExitCode::bad_input,
              fmt::format("{}: has {} bytes with the checksum {}; expected {} with {}. It is "
                          "damaged or was changed: remove the data set and add it again.",
                          (folder / name).string(), found.bytes, found.digest, stated->second.bytes,
                          stated->second.digest));
}

std::vector<FoundSet> read_sets(const AtlasFolder& folder) {
  std::vector<FoundSet> found;
  for (const std::string& id : finished_sets(folder)) {
    const fs::path path = folder.set(id);
    const Seals seals = read_seals(path / set_files::checksums);
    check_seal(path, seals, set_files::description);
    check_seal(path, seals, set_files::summary);
    found.push_back({read_data_set(path), seal_of(path / set_files::checksums).digest, 0});
  }
  return found;
}

std::string words_of(const Comparability& one) {
  return fmt::format(
      "model {} ({}), scale {}, {}, format {}", one.model_name, one.model, one.scale,
      one.targets.empty() ? std::string("no table of targets") : "targets " + one.targets,
      one.format);
}

/// Sets without networks go with any table of targets.
bool is_alike(const Comparability& a, const Comparability& b) {
  return a.model == b.model && a.scale == b.scale && a.format == b.format &&
         (a.targets == b.targets || a.targets.empty() || b.targets.empty());
}

/// Numbers the kinds of sets that can be compared, in the order of their first set.
Index settle_comparability(std::vector<FoundSet>& sets, bool allow_mixed) {
  std::vector<Comparability> kinds;
  std::vector<std::vector<std::string>> members;
  for (FoundSet& one : sets) {
    const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const Comparability& kind) {
      return is_alike(kind, one.set.comparability);
    });
    const auto number = static_cast<std::size_t>(found - kinds.begin());
    if (found == kinds.end()) {
      kinds.push_back(one.set.comparability);
      members.emplace_back();
    } else if (found->targets.empty()) {
      found->targets = one.set.comparability.targets;
    }
    members[number].push_back(one.set.id);
    one.comparable = static_cast<std::int32_t>(number);
  }
  if (kinds.size() < 2) return static_cast<Index>(kinds.size());
  std::string list;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    list += fmt::format("\n  {}: {}", words_of(kinds[i]), joined(members[i], ", "));
  }
  if (!allow_mixed) {
    throw Error(ExitCode::bad_input,
                fmt::format("{} kinds of data sets cannot be compared with each other:{}\n",
                            kinds.size(), list),
                {Remedy::keep_kinds_apart});
  }
  log_warning("{} kinds of data sets are kept apart in every comparison:{}", kinds.size(), list);
  return static_cast<Index>(kinds.size());
}

/// Folders of removed sets leave data/sets by renaming, so that none is half there.
Index delete_removed(const AtlasFolder& folder) {
  Index n = 0;
  for (const std::string& id : removed_sets(folder)) {
    const fs::path away = folder.claims() / fmt::format(".removed-{}", id);
    std::error_code error;
    fs::remove_all(away, error);
    fs::rename(folder.set(id), away, error);
    if (error) {
      throw Error(ExitCode::not_written, fmt::format("{}: cannot be removed: {}.",
                                                     folder.set(id).string(), error.message()));
    }
    fs::remove_all(away, error);
    ++n;
  }
  return n;
}

}  // namespace

IndexReport build_index(const AtlasFolder& folder, const IndexOptions& options) {
  (void)finished_sets(folder);  // before anything is created in what is no atlas
  const Claim claim(folder, index_claim, options.resume);
  std::vector<FoundSet> sets = read_sets(folder);
  if (sets.empty()) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: holds no finished data set. Add one with `sicmir atlas add`.",
                            folder.root().string()));
  }
  const Index n_comparable = settle_comparability(sets, options.allow_mixed);
  OutputFile output(folder.catalogue().string());
  output.create();
  IndexReport report = write_catalogue(folder, sets, output.temporary_path());
  const FileSeal seal = seal_of(output.temporary_path());
  output.commit();
  write_seals({{folder.catalogue().filename().string(), seal}}, folder.catalogue_seal());
  report.n_comparable = n_comparable;
  report.catalogue_bytes = seal.bytes;
  if (options.write_site) {
    options.write_site(folder, Catalogue::open(folder.catalogue()), options.threads);
  }
  report.n_removed = delete_removed(folder);
  return report;
}

}  // namespace sicmir::atlas
