// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/claim.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include "atlas/json_place.hpp"
#include "atlas/seal.hpp"
#include "base/output_file.hpp"
#include "sicmir/error.hpp"

namespace sicmir::atlas {
namespace {

namespace fs = std::filesystem;

constexpr const char* owner_file = "owner.json";
constexpr const char* stale_prefix = ".stale-";

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

/// Field 22 of /proc/PID/stat (proc(5)); empty: there is no such process, or it has ended and
/// nobody has asked how.
std::string start_of(std::int64_t pid) {
  std::ifstream stream(fmt::format("/proc/{}/stat", pid));
  std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(text.substr(name_end + 1));
  std::string state;  // field 3
  fields >> state;
  if (state == "Z" || state == "X") return {};
  std::string field;
  for (int i = 4; i <= 22; ++i) fields >> field;
  return field;
}

void write_owner(const ClaimOwner& owner, const fs::path& folder) {
  OutputFile file((folder / owner_file).string());
  file.create();
  file.write(
      json_text(Json{{"host", owner.host}, {"pid", owner.pid}, {"started", owner.started}}, 2) +
      "\n");
  file.commit();
}

[[noreturn]] void refuse(const fs::path& claim, const ClaimOwner& owner, bool resume) {
  const std::string what = claim.filename() == index_claim
                               ? std::string("another `sicmir atlas index` is running")
                               : fmt::format("'{}' is being added", claim.filename().string());
  if (owner.pid == 0) {
    throw Error(ExitCode::usage,
                fmt::format("{}: {} by a process that has not said which.", claim.string(), what),
                {Remedy::take_over});
  }
  if (resume) {
    throw Error(ExitCode::usage,
                fmt::format("{}: {} by process {} of this host, {}, which is alive. Wait for it, "
                            "or end it.",
                            claim.string(), what, owner.pid, owner.host));
  }
  throw Error(
      ExitCode::usage,
      fmt::format("{}: {} by process {} on {}.", claim.string(), what, owner.pid, owner.host),
      {Remedy::take_over});
}

/// Claims that were taken over: the one of this process, and those of processes that were killed
/// before they deleted theirs.
void remove_stale_claims(const AtlasFolder& folder) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder.claims(), error)) {
    if (!entry.path().filename().string().starts_with(stale_prefix)) continue;
    std::error_code ignored;  // another process may be deleting it
    fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

ClaimOwner owner_of(const fs::path& folder) {
  try {
    const JsonPlace root = JsonPlace::open(folder / owner_file);
    return {root.at("host").text(), root.at("pid").integer(1, INT_MAX), root.at("started").text()};
  } catch (const Error&) {
    return {};  // killed before it was written
  }
}

bool is_alive_here(const ClaimOwner& owner) {
  if (owner.pid <= 0 || owner.host != host_name()) return false;
  if (start_of(::getpid()).empty()) {
    // Without /proc, a number that was given again looks like the process that had it first.
    return ::kill(static_cast<pid_t>(owner.pid), 0) == 0 || errno == EPERM;
  }
  return !owner.started.empty() && start_of(owner.pid) == owner.started;
}

Claim::Claim(const AtlasFolder& folder, std::string name, bool resume)
    : path_(folder.claims() / name), owner_{host_name(), ::getpid(), start_of(::getpid())} {
  make_folder(folder.claims());
  if (::mkdir(path_.c_str(), 0777) != 0) {
    if (errno != EEXIST) {
      throw Error(ExitCode::not_written,
                  fmt::format("{}: cannot be created: {}.", path_.string(), std::strerror(errno)));
    }
    const ClaimOwner other = owner_of(path_);
    if (!resume || is_alive_here(other)) refuse(path_, other, resume);
    // Of several that take it over, one can rename it.
    const fs::path stale =
        folder.claims() / fmt::format("{}{}-{}-{}", stale_prefix, name, owner_.host, owner_.pid);
    std::error_code error;
    fs::rename(path_, stale, error);
    if (error || ::mkdir(path_.c_str(), 0777) != 0) refuse(path_, owner_of(path_), false);
  }
  remove_stale_claims(folder);
  try {
    write_owner(owner_, path_);
    make_folder(work());
  } catch (...) {
    std::error_code error;
    fs::remove_all(path_, error);
    throw;
  }
}

bool Claim::is_ours() const {
  return owner_of(path_) == owner_;
}

void Claim::publish(const fs::path& target) {
  const auto gone = [&](const char* why) {
    throw Error(ExitCode::usage,
                fmt::format("{}: {}; what was made here is given up.", target.string(), why));
  };
  if (!is_ours()) gone("the claim was taken over by another process");
  make_folder(target.parent_path());
  std::error_code error;
  fs::rename(work(), target, error);
  if (error == std::errc::directory_not_empty || error == std::errc::file_exists) {
    gone("is there already");
  }
  if (error) {
    throw Error(ExitCode::not_written,
                fmt::format("{}: cannot be renamed to {}: {}.", work().string(), target.string(),
                            error.message()));
  }
  sync(target.parent_path());
}

Claim::~Claim() {
  std::error_code error;
  if (is_ours()) fs::remove_all(path_, error);
}

}  // namespace sicmir::atlas
