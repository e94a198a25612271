// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A web server for the site of an atlas on this machine.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace sicmir::atlas {

/// Serves the files of one site to programs on this machine (127.0.0.1), by GET and HEAD, from
/// threads of its own. Answers only requests whose Host is this machine, so that no foreign page
/// can reach it under a name of its own; gives out only files of the kinds that a site has, and
/// follows no links. Content-named files may be cached for ever, the others are checked by ETag.
class SiteServer {
 public:
  /// `port` 0: one that is free. Throws Error(bad_input) if `site` holds no manifest.json, and
  /// Error(usage) if the port is taken.
  SiteServer(std::filesystem::path site, std::uint16_t port, int threads);
  SiteServer(const SiteServer&) = delete;
  SiteServer& operator=(const SiteServer&) = delete;
  /// Ends the connections.
  ~SiteServer();

  [[nodiscard]] std::uint16_t port() const noexcept;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The path within the site that a request for `url` means; empty: none that a site has.
[[nodiscard]] std::string served_path(std::string_view url);

}  // namespace sicmir::atlas
