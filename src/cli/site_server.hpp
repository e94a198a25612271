// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A web server for one folder of static files, for this machine alone.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct MHD_Daemon;

namespace sicmir::cli {

/// Serves the files of a folder on 127.0.0.1 until it is destroyed. Only GET and HEAD, only regular
/// files in the folder (links out of it and names that begin with a dot count as missing), only
/// requests whose Host is this machine: a page of another site cannot read them by naming an
/// address of its own (DNS rebinding).
class SiteServer {
 public:
  /// `port` 0: any that is free. Throws Error(bad_input) if there is no such folder, Error(usage)
  /// if the port is taken.
  SiteServer(const std::filesystem::path& folder, std::uint16_t port);
  SiteServer(const SiteServer&) = delete;
  SiteServer& operator=(const SiteServer&) = delete;
  ~SiteServer();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// http://127.0.0.1:PORT/
  [[nodiscard]] std::string address() const;

 private:
  struct Stop {
    void operator()(MHD_Daemon* daemon) const noexcept;
  };
  std::filesystem::path folder_;  // absolute, without links
  std::uint16_t port_ = 0;
  std::unique_ptr<MHD_Daemon, Stop> daemon_;
};

/// Whether a Host header names this machine: localhost, 127.0.0.1 or [::1], with any port.
[[nodiscard]] bool is_this_host(std::string_view host);

/// The file that a path of a request (decoded, "/a/b.json") means below `folder`, which is absolute
/// and without links; empty: none.
[[nodiscard]] std::filesystem::path file_for(const std::filesystem::path& folder,
                                             std::string_view path);

}  // namespace sicmir::cli
