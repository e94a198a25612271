// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/serve.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/output_file.hpp"
#include "sicmir/error.hpp"

namespace sicmir::atlas {

namespace fs = std::filesystem;

namespace {

// docs/atlas-site.md states the same.
constexpr const char* policy =
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'";
constexpr const char* for_ever = "public, max-age=31536000, immutable";

constexpr std::array<std::pair<std::string_view, const char*>, 7> content_types = {{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".json", "application/json"},
    {".gz", "application/gzip"},
    {".bin", "application/octet-stream"},
}};

const char* content_type(std::string_view path) {
  for (const auto& [ending, type] : content_types) {
    if (path.ends_with(ending)) return type;
  }
  return nullptr;
}

bool is_named_by_content(std::string_view path) {
  return path.find('/') != std::string_view::npos;
}

struct ResponseFree {
  void operator()(MHD_Response* response) const noexcept { MHD_destroy_response(response); }
};
using Response = std::unique_ptr<MHD_Response, ResponseFree>;

Response text_response(std::string_view text) {
  // The library copies the text and takes it through a pointer that is not const.
  return Response(MHD_create_response_from_buffer(text.size(), const_cast<char*>(text.data()),
                                                  MHD_RESPMEM_MUST_COPY));
}

MHD_Result send(MHD_Connection* connection, unsigned status, const Response& response) {
  if (!response) return MHD_NO;
  MHD_add_response_header(response.get(), "Content-Security-Policy", policy);
  MHD_add_response_header(response.get(), "X-Content-Type-Options", "nosniff");
  MHD_add_response_header(response.get(), "Referrer-Policy", "no-referrer");
  MHD_add_response_header(response.get(), "Cross-Origin-Resource-Policy", "same-origin");
  return MHD_queue_response(connection, status, response.get());
}

MHD_Result refuse(MHD_Connection* connection, unsigned status, std::string_view why) {
  const Response response = text_response(why);
  if (response)
    MHD_add_response_header(response.get(), "Content-Type", "text/plain; charset=utf-8");
  if (response && status == MHD_HTTP_METHOD_NOT_ALLOWED) {
    MHD_add_response_header(response.get(), "Allow", "GET, HEAD");
  }
  return send(connection, status, response);
}

}  // namespace

std::string served_path(std::string_view url) {
  if (!url.starts_with('/')) return {};
  const std::string_view path = url.substr(1);
  if (path.empty()) return "index.html";
  if (path == "index.html" || path == "manifest.json") return std::string(path);
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
  const bool is_of_site =
      path.starts_with("d/") || path.starts_with("assets/") || path.starts_with("downloads/");
  if (!is_of_site || path.find_first_not_of(allowed) != std::string_view::npos ||
      path.find("/.") != std::string_view::npos || path.find("//") != std::string_view::npos ||
      content_type(path) == nullptr || path.size() > 200) {
    return {};
  }
  return std::string(path);
}

struct SiteServer::Parts {
  fs::path site;
  Descriptor folder;
  std::uint16_t port = 0;
  MHD_Daemon* daemon = nullptr;

  [[nodiscard]] bool is_own_host(const char* host) const {
    if (host == nullptr) return false;
    const std::string_view name(host);
    for (const std::string_view own : {"127.0.0.1", "localhost"}) {
      if (name == own || name == fmt::format("{}:{}", own, port)) return true;
    }
    return false;
  }

  MHD_Result answer(MHD_Connection* connection, const char* url, std::string_view method) const {
    if (!is_own_host(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host"))) {
      return refuse(connection, MHD_HTTP_FORBIDDEN,
                    "This server answers to 127.0.0.1 and localhost.\n");
    }
    if (method != "GET" && method != "HEAD") {
      return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD.\n");
    }
    const std::string path = served_path(url);
    if (path.empty()) return refuse(connection, MHD_HTTP_NOT_FOUND, "There is no such file.\n");
    return send_file(connection, path);
  }

  MHD_Result send_file(MHD_Connection* connection, const std::string& path) const {
    Descriptor file(::openat(folder.get(), path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat about {};
    if (!file || ::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) {
      return refuse(connection, MHD_HTTP_NOT_FOUND, "There is no such file.\n");
    }
    const std::string tag =
        is_named_by_content(path)
            ? fmt::format("\"{}\"", path)
            : fmt::format("\"{:x}-{:x}-{:x}-{:x}\"", about.st_ino, about.st_size,
                          about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
    const char* held = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "If-None-Match");
    const bool is_held =
        held != nullptr && std::string_view(held).find(tag) != std::string_view::npos;
    Response response = is_held ? text_response("")
                                : Response(MHD_create_response_from_fd64(
                                      static_cast<std::uint64_t>(about.st_size), file.get()));
    if (!response) return MHD_NO;
    if (!is_held) {
      file.release();  // the response closes it
      MHD_add_response_header(response.get(), "Content-Type", content_type(path));
    }
    MHD_add_response_header(response.get(), "ETag", tag.c_str());
    MHD_add_response_header(response.get(), "Cache-Control",
                            is_named_by_content(path) ? for_ever : "no-cache");
    return send(connection, is_held ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
  }

  static MHD_Result handle(void* self, MHD_Connection* connection, const char* url,
                           const char* method, const char* /*version*/, const char* /*upload*/,
                           std::size_t* upload_size, void** state) {
    // The first call comes before the body; bodies are refused unread.
    static char seen = 0;
    if (*state == nullptr && *upload_size == 0) {
      *state = &seen;
      return MHD_YES;
    }
    try {
      return static_cast<const Parts*>(self)->answer(connection, url, method);
    } catch (...) {  // nothing may leave through the library; the connection is closed
      return MHD_NO;
    }
  }
};

SiteServer::SiteServer(fs::path site, std::uint16_t port, int threads)
    : parts_(std::make_unique<Parts>()) {
  parts_->site = std::move(site);
  if (!fs::is_regular_file(parts_->site / "manifest.json")) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: holds no manifest.json; expected the site of an atlas. Make it "
                            "with `sicmir atlas index`.",
                            parts_->site.string()));
  }
  parts_->folder = Descriptor(::open(parts_->site.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto start = [&](unsigned flags) {
    return MHD_start_daemon(flags, port, nullptr, nullptr, &Parts::handle, parts_.get(),
                            MHD_OPTION_SOCK_ADDR, reinterpret_cast<sockaddr*>(&address),
                            MHD_OPTION_CONNECTION_LIMIT, 500U, MHD_OPTION_CONNECTION_TIMEOUT, 30U,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, std::size_t{32768},
                            MHD_OPTION_THREAD_POOL_SIZE,
                            static_cast<unsigned>(std::clamp(threads, 1, 16)), MHD_OPTION_END);
  };
  parts_->daemon = start(MHD_USE_AUTO_INTERNAL_THREAD);
  if (parts_->daemon == nullptr) {
    throw Error(ExitCode::usage, fmt::format("Port {} of 127.0.0.1 cannot be used: {}.", port,
                                             std::strerror(errno)));
  }
  const MHD_DaemonInfo* info = MHD_get_daemon_info(parts_->daemon, MHD_DAEMON_INFO_BIND_PORT);
  parts_->port = info != nullptr ? info->port : port;
}

SiteServer::~SiteServer() {
  if (parts_->daemon != nullptr) MHD_stop_daemon(parts_->daemon);
}

std::uint16_t SiteServer::port() const noexcept {
  return parts_->port;
}

}  // namespace sicmir::atlas
