// SPDX-License-Identifier: BSD-3-Clause
#include "cli/site_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include "base/output_file.hpp"
#include "sicmir/error.hpp"

namespace sicmir::cli {
namespace {

namespace fs = std::filesystem;

constexpr unsigned threads = 2;
constexpr unsigned most_connections = 512;
constexpr unsigned idle_seconds = 60;

struct ContentType {
  std::string_view ending, type;
};
constexpr std::array content_types = {
    ContentType{".html", "text/html; charset=utf-8"},
    ContentType{".js", "text/javascript; charset=utf-8"},
    ContentType{".css", "text/css; charset=utf-8"},
    ContentType{".json", "application/json"},
    ContentType{".svg", "image/svg+xml"},
    ContentType{".png", "image/png"},
    ContentType{".txt", "text/plain; charset=utf-8"},
    ContentType{".tsv", "text/tab-separated-values; charset=utf-8"},
    ContentType{".gz", "application/gzip"}};

std::string_view type_of(const fs::path& file) {
  const std::string ending = file.extension().string();
  for (const ContentType& one : content_types) {
    if (ending == one.ending) return one.type;
  }
  return "application/octet-stream";
}

/// Strong: another size or time of writing, another tag. Files of a site are replaced by renaming.
std::string tag_of(const struct stat& status) {
  return fmt::format("\"{:x}-{:x}-{:x}-{:x}\"", status.st_ino, status.st_size,
                     status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

/// Whether one of the tags in an If-None-Match header is this one.
bool is_listed(std::string_view header, std::string_view tag) {
  return header == "*" || header.find(tag) != std::string_view::npos;
}

struct FreeResponse {
  void operator()(MHD_Response* response) const noexcept { MHD_destroy_response(response); }
};
using Response = std::unique_ptr<MHD_Response, FreeResponse>;

MHD_Result send(MHD_Connection* connection, unsigned status, const Response& response) {
  constexpr std::array<std::pair<const char*, const char*>, 4> headers = {
      {{MHD_HTTP_HEADER_X_CONTENT_TYPE_OPTIONS, "nosniff"},
       {"Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"},
       {"Referrer-Policy", "no-referrer"},
       {"Cross-Origin-Resource-Policy", "same-origin"}}};
  if (response == nullptr) return MHD_NO;
  for (const auto& [name, value] : headers) MHD_add_response_header(response.get(), name, value);
  return MHD_queue_response(connection, status, response.get());
}

MHD_Result refuse(MHD_Connection* connection, unsigned status, std::string_view text) {
  const Response response(MHD_create_response_from_buffer(
      text.size(), const_cast<char*>(text.data()), MHD_RESPMEM_MUST_COPY));
  MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
  if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
    MHD_add_response_header(response.get(), MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  }
  return send(connection, status, response);
}

/// Files below these are named by their content (docs/atlas-format.md) and never change.
bool is_for_ever(std::string_view path) {
  return path.starts_with("/assets/") || path.starts_with("/d/");
}

MHD_Result send_file(MHD_Connection* connection, const fs::path& file, std::string_view path) {
  Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status {};
  if (!descriptor || ::fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return refuse(connection, MHD_HTTP_NOT_FOUND, "There is no such file.\n");
  }
  const std::string tag = tag_of(status);
  const char* known =
      MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
  const bool is_known = known != nullptr && is_listed(known, tag);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const Response response(is_known
                              ? MHD_create_response_from_buffer(0, nullptr, MHD_RESPMEM_PERSISTENT)
                              : MHD_create_response_from_fd64(size, descriptor.release()));
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response.get(), MHD_HTTP_HEADER_ETAG, tag.c_str());
  MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CACHE_CONTROL,
                          is_for_ever(path) ? "max-age=31536000, immutable" : "no-cache");
  if (!is_known) {
    MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CONTENT_TYPE,
                            std::string(type_of(file)).c_str());
  }
  return send(connection, is_known ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

MHD_Result answer(void* folder, MHD_Connection* connection, const char* url, const char* method,
                  const char* /*version*/, const char* /*body*/, std::size_t* body_bytes,
                  void** state) {
  static int seen = 0;
  if (*state == nullptr) {  // the headers; the answer goes out with the next call
    *state = &seen;
    return MHD_YES;
  }
  if (*body_bytes != 0) {  // read and forgotten
    *body_bytes = 0;
    return MHD_YES;
  }
  try {
    const char* host =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    if (host == nullptr || !is_this_host(host)) {
      return refuse(connection, MHD_HTTP_FORBIDDEN, "Only this machine is served.\n");
    }
    const std::string_view verb = method;
    if (verb != MHD_HTTP_METHOD_GET && verb != MHD_HTTP_METHOD_HEAD) {
      return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD are answered.\n");
    }
    const fs::path file = file_for(*static_cast<const fs::path*>(folder), url);
    if (file.empty()) return refuse(connection, MHD_HTTP_NOT_FOUND, "There is no such file.\n");
    return send_file(connection, file, url);
  } catch (const std::exception&) {
    return MHD_NO;  // closes the connection: nothing may be thrown into the C library
  }
}

/// Decodes %XX. The library's own decoder would end a path at %00.
std::size_t decode(void* /*unused*/, MHD_Connection* /*connection*/, char* text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::size_t to = 0;
  for (std::size_t at = 0; text[at] != '\0'; ++at, ++to) {
    const bool is_code = text[at] == '%' && text[at + 1] != '\0';
    const int high = is_code ? digit(text[at + 1]) : -1;
    const int low = high >= 0 ? digit(text[at + 2]) : -1;
    if (low >= 0 && high * 16 + low != 0) {
      text[to] = static_cast<char>(high * 16 + low);
      at += 2;
    } else {
      text[to] = text[at];
    }
  }
  text[to] = '\0';
  return to;
}

}  // namespace

bool is_this_host(std::string_view host) {
  // A port is digits behind the last colon; those of an IPv6 address are within brackets.
  const std::size_t colon = host.rfind(':');
  const std::size_t bracket = host.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view port = host.substr(colon + 1);
    if (port.find_first_not_of("0123456789") != std::string_view::npos) return false;
    host = host.substr(0, colon);
  }
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

fs::path file_for(const fs::path& folder, std::string_view path) {
  if (!path.starts_with('/') || path.find('\\') != std::string_view::npos) return {};
  fs::path file = folder;
  for (std::size_t start = 1; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    const bool is_last = end == path.size();
    if (part.starts_with('.') || (part.empty() && !is_last)) return {};
    file /= part.empty() ? std::string_view("index.html") : part;
    start = end + 1;
  }
  std::error_code error;
  const fs::path real = fs::canonical(file, error);
  if (error || !fs::is_regular_file(real, error)) return {};
  const auto [end_of_folder, rest] =
      std::mismatch(folder.begin(), folder.end(), real.begin(), real.end());
  return end_of_folder == folder.end() ? real : fs::path();
}

void SiteServer::Stop::operator()(MHD_Daemon* daemon) const noexcept {
  MHD_stop_daemon(daemon);
}

SiteServer::SiteServer(const fs::path& folder, std::uint16_t port) {
  std::error_code error;
  folder_ = fs::canonical(folder, error);
  if (error || !fs::is_regular_file(folder_ / "index.html", error)) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: there is no web site here. Make it with `sicmir atlas index`.",
                            folder.string()));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  daemon_.reset(MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, port, nullptr, nullptr, &answer,
                                 &folder_, MHD_OPTION_SOCK_ADDR, &address,
                                 MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_CONNECTION_LIMIT,
                                 most_connections, MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds,
                                 MHD_OPTION_UNESCAPE_CALLBACK, &decode, nullptr, MHD_OPTION_END));
  if (daemon_ == nullptr) {
    throw Error(ExitCode::usage,
                fmt::format("127.0.0.1:{}: cannot be listened on: {}. Choose another --port.", port,
                            std::strerror(errno)));
  }
  const MHD_DaemonInfo* info = MHD_get_daemon_info(daemon_.get(), MHD_DAEMON_INFO_BIND_PORT);
  port_ = info == nullptr || info->port == 0 ? port : info->port;
}

SiteServer::~SiteServer() = default;

std::string SiteServer::address() const {
  return fmt::format("http://127.0.0.1:{}/", port_);
}

}  // namespace sicmir::cli
