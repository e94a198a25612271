// SPDX-License-Identifier: BSD-3-Clause
#include "base/own_files.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/joined.hpp"
#include "base/log.hpp"
#include "sicmir/error.hpp"

namespace sicmir {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view descriptors = "/proc/self/fd/";

/// N of /proc/self/fd/N and /dev/fd/N; -1 for other paths.
int named_descriptor(std::string_view path) noexcept {
  for (const std::string_view folder : {descriptors, std::string_view("/dev/fd/")}) {
    if (!path.starts_with(folder)) continue;
    const std::string_view name = path.substr(folder.size());
    int number = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size()) return number;
  }
  return -1;
}

Descriptor unnamed_file_in(const std::string& folder) {
  std::string path = folder + "/sicmir-XXXXXX";
  Descriptor file(::mkostemp(path.data(), O_CLOEXEC));
  if (file) ::unlink(path.c_str());
  return file;
}

}  // namespace

std::optional<fs::path> folder_of_program() {
  std::error_code error;
  fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) {
    // As the program was started, which is enough: nothing here changes the working directory.
    const unsigned long started_as = getauxval(AT_EXECFN);
    if (started_as == 0) return std::nullopt;
    // The kernel gives the address as a number.
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    self = fs::canonical(reinterpret_cast<const char*>(started_as), error);
    if (error) return std::nullopt;
  }
  return self.parent_path();
}

std::string path_of_descriptor(int descriptor) {
  return std::string(descriptors) + std::to_string(descriptor);
}

int open_input(const std::string& path) noexcept {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor >= 0 || errno != ENOENT) return descriptor;
  const int named = named_descriptor(path);
  if (named >= 0) descriptor = fcntl(named, F_DUPFD_CLOEXEC, 3);
  if (descriptor < 0) errno = ENOENT;
  return descriptor;
}

TemporaryPlace open_temporary() {
  const char* const variable = std::getenv("TMPDIR");
  const std::string chosen = variable == nullptr ? "" : variable;
  std::vector<std::string> folders = {"/tmp", "/var/tmp", "."};
  if (!chosen.empty()) folders.insert(folders.begin(), chosen);
  std::vector<std::string> tried;
  for (const std::string& folder : folders) {
    if (Descriptor file = unnamed_file_in(folder)) {
      if (!chosen.empty() && folder != chosen) {
        log_warning("TMPDIR: no file can be created there ({}); temporary files go to {}.",
                    tried.front(), folder == "." ? "the current directory" : folder);
      }
      return {std::move(file), folder};
    }
    tried.push_back(fmt::format("{}: {}", folder, std::strerror(errno)));
  }
  Descriptor memory(memfd_create("sicmir", MFD_CLOEXEC));
  if (memory) {
    log_warning(
        "no directory takes temporary files ({}); they are kept in memory. Set TMPDIR to a "
        "writable directory to save it.",
        joined(tried, ", "));
    return {std::move(memory), "memory"};
  }
  throw Error(ExitCode::not_written,
              fmt::format("no directory takes temporary files ({}). Set TMPDIR to a writable "
                          "directory.",
                          joined(tried, ", ")));
}

}  // namespace sicmir
