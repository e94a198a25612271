// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <system_error>

#include "analysis/profiles.hpp"
#include "atlas/catalogue.hpp"
#include "atlas/cell_values.hpp"
#include "atlas/data_set.hpp"
#include "atlas/info.hpp"
#include "atlas/seal.hpp"
#include "atlas/site.hpp"
#include "atlas/summary.hpp"
#include "base/joined.hpp"
#include "base/output_file.hpp"
#include "base/suggest.hpp"
#include "sicmir/error.hpp"

namespace sicmir::atlas {
namespace {

namespace fs = std::filesystem;

constexpr const char* add_again = "Remove the data set and add it again.";

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

class Check {
 public:
  explicit Check(const AtlasFolder& folder) : folder_(folder) {}

  CheckReport run() {
    const std::vector<std::string> removed = removed_sets(folder_);
    for (const std::string& id : finished_sets(folder_)) check_set(id);
    check_strangers(removed);
    check_claims();
    check_catalogue();
    return std::move(report_);
  }

 private:
  void damage(const fs::path& where, std::string what) {
    report_.damages.push_back({where.string(), std::move(what)});
  }

  /// What `work` throws is damage at `where`.
  bool attempt(const fs::path& where, const std::function<void()>& work) {
    try {
      work();
      return true;
    } catch (const Error& error) {
      damage(where, error.what());
      return false;
    }
  }

  bool check_file(const fs::path& folder, const std::string& name, const FileSeal& stated) {
    const fs::path file = folder / name;
    std::error_code error;
    if (!fs::is_regular_file(file, error)) {
      damage(file, fmt::format("is missing. {}", add_again));
      return false;
    }
    FileSeal found;
    if (!attempt(file, [&] { found = seal_of(file); })) return false;
    ++report_.n_files;
    if (found == stated) return true;
    if (found.bytes != stated.bytes) {
      damage(file,
             fmt::format("has {} bytes; expected {}. {}", found.bytes, stated.bytes, add_again));
    } else {
      damage(file, fmt::format("has the checksum {}; expected {}. {}", found.digest, stated.digest,
                               add_again));
    }
    return false;
  }

  void check_set(const std::string& id) {
    ++report_.n_sets;
    const fs::path folder = folder_.set(id);
    Seals seals;
    if (!attempt(folder / set_files::checksums,
                 [&] { seals = read_seals(folder / set_files::checksums); })) {
      return;
    }
    attempt(folder, [&] { seal_digests_[id] = seal_of(folder / set_files::checksums).digest; });
    bool is_whole = true;
    for (const char* name :
         {set_files::description, set_files::summary, set_files::cells, set_files::profiles}) {
      if (seals.contains(name)) continue;
      damage(folder / set_files::checksums,
             fmt::format("states no checksum of {}. {}", name, add_again));
      is_whole = false;
    }
    for (const auto& [name, seal] : seals) is_whole = check_file(folder, name, seal) && is_whole;
    for (const fs::path& entry : entries_of(folder)) {
      const std::string name = entry.filename().string();
      if (name == set_files::checksums || seals.contains(name)) continue;
      damage(entry, "does not belong to the data set. Move it elsewhere or delete it.");
    }
    if (is_whole) check_content(folder);
  }

  /// Files that are as they were written, but may never have been right.
  void check_content(const fs::path& folder) {
    DataSet set;
    if (!attempt(folder / set_files::description, [&] { set = read_data_set(folder); })) return;
    Summary summary;
    if (!attempt(folder / set_files::summary, [&] { summary = read_summary(folder, set); })) {
      return;
    }
    attempt(folder / set_files::cells, [&] {
      const CellValues cells(folder, static_cast<Index>(set.types.size()),
                             static_cast<Index>(set.samples.size()),
                             static_cast<Index>(summary.mirnas.size()));
      (void)cells.types();
      (void)cells.samples();
      if (cells.n_cells() == set.n_cells) return;
      throw Error(ExitCode::bad_input, fmt::format("has {} cells, but set.json says {}. {}",
                                                   cells.n_cells(), set.n_cells, add_again));
    });
    attempt(folder / set_files::profiles,
            [&] { (void)read_profiles((folder / set_files::profiles).string()); });
  }

  void check_strangers(const std::vector<std::string>& removed) {
    std::error_code error;
    for (const fs::path& entry : entries_of(folder_.sets())) {
      const std::string name = entry.filename().string();
      if (is_set_id(name) && fs::is_directory(entry, error)) continue;
      damage(entry, "is no data set. Move it elsewhere or delete it.");
    }
    for (const std::string& id : removed) {
      report_.notes.push_back(
          {folder_.set(id).string(), "was removed; the next `sicmir atlas index` deletes it."});
    }
    const std::set<std::string> known = {folder_.sets().filename(),
                                         folder_.claims().filename(),
                                         folder_.catalogue().filename(),
                                         folder_.catalogue_seal().filename(),
                                         site_words_file,
                                         site_cells_folder};
    for (const fs::path& entry : entries_of(folder_.data())) {
      const std::string name = entry.filename().string();
      if (known.contains(name)) continue;
      damage(entry, name.starts_with('.') && name.ends_with(".part")
                        ? "was left by a command that was stopped. Delete it unless an index is "
                          "running."
                        : "does not belong to the atlas. Move it elsewhere or delete it.");
    }
  }

  void check_claims() {
    for (const ClaimInfo& claim : claims_in(folder_)) {
      const fs::path place = folder_.claims() / claim.name;
      const std::string what = claim.name == index_claim ? "`sicmir atlas index`" : "an add";
      if (claim.is_alive_here) {
        report_.notes.push_back(
            {place.string(), fmt::format("{} is running (process {}).", what, claim.owner.pid)});
      } else if (claim.name.starts_with('.') && claim.name != index_claim) {
        damage(place, "was left by a command that was stopped. Delete it.");
      } else {
        damage(place,
               fmt::format("was left by {} ({}). If that has ended, run it again with --resume, or "
                           "delete this folder.",
                           what,
                           claim.owner.pid == 0 ? std::string("which did not say by whom")
                                                : fmt::format("process {} on {}", claim.owner.pid,
                                                              claim.owner.host)));
      }
    }
  }

  void check_catalogue() {
    const fs::path file = folder_.catalogue();
    std::error_code error;
    if (!fs::exists(file, error)) {
      damage(file, "is missing. Make it with `sicmir atlas index`.");
      return;
    }
    attempt(folder_.catalogue_seal(), [&] {
      const Seals seals = read_seals(folder_.catalogue_seal());
      const auto stated = seals.find(file.filename().string());
      ++report_.n_files;
      if (stated != seals.end() && stated->second == seal_of(file)) return;
      throw Error(ExitCode::bad_input,
                  "states another checksum than the catalogue has: that is damaged, or an index "
                  "was stopped. Make it again with `sicmir atlas index`.");
    });
    attempt(file, [&] {
      std::map<std::string, std::string> stated;
      const Catalogue catalogue = Catalogue::open(file);
      for (const CatalogueSet& set : catalogue.sets()) stated[set.id] = set.seal;
      if (stated == seal_digests_) return;
      std::vector<std::string> differing;
      for (const auto& [id, seal] : seal_digests_) {
        if (!stated.contains(id) || stated[id] != seal) differing.push_back(id);
        stated.erase(id);
      }
      for (const auto& [id, seal] : stated) differing.push_back(id);
      throw Error(ExitCode::bad_input,
                  fmt::format("was made of other data sets than there are now; they differ in {}. "
                              "Make it again with `sicmir atlas index`.",
                              joined(differing, ", ")));
    });
  }

  const AtlasFolder& folder_;
  std::map<std::string, std::string> seal_digests_;  // by set
  CheckReport report_;
};

}  // namespace

CheckReport check_atlas(const AtlasFolder& folder) {
  return Check(folder).run();
}

void mark_removed(const AtlasFolder& folder, const std::string& id) {
  const std::vector<std::string> sets = finished_sets(folder);
  if (std::find(sets.begin(), sets.end(), id) == sets.end()) {
    throw Error(ExitCode::usage, fmt::format("{}: has no data set '{}'.{}", folder.root().string(),
                                             id, did_you_mean(id, sets)));
  }
  OutputFile file((folder.set(id) / set_files::removed).string());
  file.create();
  file.commit();
}

}  // namespace sicmir::atlas
