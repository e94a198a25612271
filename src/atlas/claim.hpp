// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Who is making what in an atlas: a folder that mkdir() can make but once.

#include <filesystem>
#include <string>

#include "atlas/atlas_folder.hpp"

namespace sicmir::atlas {

/// Who made a claim.
struct ClaimOwner {
  std::string host;
  std::int64_t pid = 0;
  std::string started;  ///< of the process, in the kernel's count: tells it from a later one

  bool operator==(const ClaimOwner&) const = default;
};

/// What `name` may stand for besides the ids of data sets.
inline constexpr const char* index_claim = ".index";

class Claim {
 public:
  /// Claims `name`. Throws Error(usage), naming host and process, if somebody has it. `resume`:
  /// takes a claim over, with all that was made under it, unless its process is alive on this host;
  /// age plays no part, and processes of other hosts cannot be seen.
  Claim(const AtlasFolder& folder, std::string name, bool resume);
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  /// Gives the claim back, with all that was made under it.
  ~Claim();

  /// An empty folder to work in.
  [[nodiscard]] std::filesystem::path work() const { return path_ / "set"; }
  /// Renames the folder of work() to `target`, which must not be there. Throws Error(usage) if the
  /// claim was taken over meanwhile, or the target is there.
  void publish(const std::filesystem::path& target);

 private:
  [[nodiscard]] bool is_ours() const;

  std::filesystem::path path_;
  ClaimOwner owner_;
};

/// The owner of the claim in `folder`; pid 0: it does not say.
[[nodiscard]] ClaimOwner owner_of(const std::filesystem::path& folder);

/// Whether that process is alive on this host; false for other hosts.
[[nodiscard]] bool is_alive_here(const ClaimOwner& owner);

}  // namespace sicmir::atlas
