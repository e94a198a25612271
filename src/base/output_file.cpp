// SPDX-License-Identifier: BSD-3-Clause
#include "base/output_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "base/log.hpp"
#include "base/output_place.hpp"
#include "sicmir/types.hpp"

namespace sicmir {
namespace {

/// Temporary files that exist now. Fixed storage, because a signal handler reads it: it may neither
/// allocate nor lock.
struct Slot {
  std::atomic<int> state = 0;  // 0 free, 1 being filled, 2 in use
  std::array<char, PATH_MAX> path{};
};
using Slots = std::array<Slot, 16>;
Slots own_slots;
Slots* slots = &own_slots;  // or in memory shared with child processes
static_assert(std::atomic<int>::is_always_lock_free);

int register_temporary(const std::string& path) {
  if (path.size() >= PATH_MAX) return -1;
  for (std::size_t i = 0; i < slots->size(); ++i) {
    int free = 0;
    Slot& slot = (*slots)[i];
    if (!slot.state.compare_exchange_strong(free, 1)) continue;
    std::memcpy(slot.path.data(), path.c_str(), path.size() + 1);
    slot.state.store(2);
    return static_cast<int>(i);
  }
  return -1;
}

void unregister_temporary(int slot) noexcept {
  if (slot >= 0) (*slots)[static_cast<std::size_t>(slot)].state.store(0);
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

std::optional<std::string> real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(path.c_str(), nullptr),
                                                             &std::free);
  if (resolved == nullptr) return std::nullopt;
  return std::string(resolved.get());
}

/// N if `path` names descriptor N of this process (/dev/fd/N, /proc/self/fd/N).
std::optional<int> descriptor_of(const std::string& path) {
  const std::string name = name_of(path);
  if (name.empty() || name.size() > 6 ||
      !std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  // Where /proc is not mounted, the names still mean what they mean elsewhere.
  const auto folder = real_path(folder_of(path));
  if (!folder) {
    const std::string named = folder_of(path);
    if (named != "/proc/self/fd" && named != "/dev/fd") return std::nullopt;
  } else if (*folder != fmt::format("/proc/{}/fd", getpid()) && *folder != "/dev/fd") {
    return std::nullopt;
  }
  return std::stoi(name);
}

/// Where a path leads: a descriptor of this process, or a path that is no symbolic link.
struct Destination {
  std::string target;
  std::optional<int> descriptor;
  int error = 0;
};

Destination resolve(const std::string& path) {
  if (path == "-") return {path, STDOUT_FILENO, 0};
  Destination destination{path, std::nullopt, 0};
  constexpr int max_links = 40;  // as the kernel
  for (int links = 0; links <= max_links; ++links) {
    destination.descriptor = descriptor_of(destination.target);
    if (destination.descriptor) return destination;
    struct stat status {};
    if (lstat(destination.target.c_str(), &status) != 0) {
      destination.error = errno == ENOENT ? 0 : errno;
      return destination;
    }
    if (!S_ISLNK(status.st_mode)) return destination;
    std::array<char, PATH_MAX> link{};
    const ssize_t length = readlink(destination.target.c_str(), link.data(), link.size());
    if (length < 0) {
      destination.error = errno;
      return destination;
    }
    const std::string to(link.data(), static_cast<std::size_t>(length));
    destination.target = to.starts_with('/') ? to : folder_of(destination.target) + "/" + to;
  }
  destination.error = ELOOP;
  return destination;
}

std::string random_letters() {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::array<unsigned char, 6> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    static std::atomic<unsigned> counter = 0;
    const unsigned mixed = static_cast<unsigned>(getpid()) * 2654435761u + counter.fetch_add(1);
    std::memcpy(bytes.data(), &mixed, sizeof mixed);
  }
  std::string text;
  for (const unsigned char byte : bytes) text += letters[byte % letters.size()];
  return text;
}

/// The user's name for a directory: "." is hard to see in a sentence.
std::string folder_words(const std::string& folder) {
  return folder == "." ? "the current directory" : fmt::format("directory '{}'", folder);
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int Descriptor::release() noexcept {
  return std::exchange(fd_, -1);
}

void Descriptor::reset() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
  if (path_.empty()) {
    throw Error(ExitCode::usage,
                "The output path is empty. Specify a file, or '-' for standard output.");
  }
  const Destination destination = resolve(path_);
  if (destination.error != 0) fail(destination.error);
  target_ = destination.target;
  if (destination.descriptor) {
    kind_ = Kind::descriptor;
    source_descriptor_ = *destination.descriptor;
    const int flags = fcntl(source_descriptor_, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) {
      throw Error(ExitCode::not_written,
                  fmt::format("{}: descriptor {} is not open for writing. Check the redirection.",
                              path_ == "-" ? "standard output" : path_, source_descriptor_));
    }
    return;
  }
  struct stat status {};
  const bool exists = ::stat(target_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) {
    throw Error(ExitCode::not_written,
                fmt::format("{}: is a directory. Specify a file in it.", path_));
  }
  if (exists && !S_ISREG(status.st_mode)) {
    kind_ = Kind::special;
    if (access(target_.c_str(), W_OK) != 0) fail(errno);
    return;
  }
  folder_ = folder_of(target_);
  const std::string folder_as_given = folder_;
  const auto real_folder = real_path(folder_);
  if (!real_folder) {
    const int reason = errno;
    throw Error(ExitCode::not_written,
                reason == ENOENT
                    ? fmt::format("{}: {} does not exist. Create it (mkdir -p), or choose another.",
                                  path_, folder_words(folder_as_given))
                    : fmt::format("{}: {} cannot be reached: {}.", path_,
                                  folder_words(folder_as_given), std::strerror(reason)));
  }
  folder_ = *real_folder;
  target_ = (folder_ == "/" ? "" : folder_) + "/" + name_of(target_);
  if (name_of(target_).empty()) {
    throw Error(ExitCode::not_written, fmt::format("{}: ends in a slash. Specify a file.", path_));
  }
  if (::stat(folder_.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) fail(ENOTDIR);
  if (access(folder_.c_str(), W_OK | X_OK) != 0) {
    throw Error(ExitCode::not_written,
                fmt::format("{}: nothing can be written in {}: {}. Choose another directory, or "
                            "change its permissions.",
                            path_, folder_words(folder_as_given), std::strerror(errno)));
  }
  if (exists) {
    if (access(target_.c_str(), W_OK) != 0) fail(errno);
    if (::stat(target_.c_str(), &status) != 0) fail(errno);
    replaces_ = true;
    mode_ = status.st_mode & 0777;
    owner_ = status.st_uid;
    group_ = status.st_gid;
  }
}

OutputFile::~OutputFile() {
  discard();
}

void OutputFile::discard() noexcept {
  file_.reset();
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
    unregister_temporary(std::exchange(registered_, -1));
    temporary_.clear();
  }
}

void OutputFile::create() {
  if (kind_ == Kind::descriptor) {
    file_ = Descriptor(fcntl(source_descriptor_, F_DUPFD_CLOEXEC, 3));
    if (!file_) fail(errno);
    return;
  }
  if (kind_ == Kind::special) {
    do {
      file_ = Descriptor(::open(target_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    } while (!file_ && errno == EINTR);
    if (!file_) fail(errno);
    return;
  }
  constexpr std::size_t max_name = NAME_MAX - 13;  // ".", ".XXXXXX" and ".part"
  const std::string name = name_of(target_).substr(0, max_name);
  const std::string prefix = (folder_ == "/" ? "" : folder_) + "/." + name + ".";
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::string candidate = prefix + random_letters() + ".part";
    // 0666 less the umask: what any program would have created.
    file_ = Descriptor(::open(candidate.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (file_) {
      temporary_ = std::move(candidate);
      registered_ = register_temporary(temporary_);
      return;
    }
    if (errno != EEXIST) fail(errno);
  }
  fail(EEXIST);
}

void OutputFile::write(std::span<const char> bytes) {
  while (!bytes.empty()) {
    constexpr std::size_t most = std::size_t{1} << 30;  // Linux writes at most 2 GiB at a time
    const ssize_t written = ::write(file_.get(), bytes.data(), std::min(bytes.size(), most));
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {  // somebody made the pipe non-blocking
      pollfd wait{file_.get(), POLLOUT, 0};
      if (::poll(&wait, 1, -1) < 0 && errno != EINTR) fail(errno);
      continue;
    }
    if (errno == EPIPE) throw BrokenPipe();
    fail(errno);
  }
}

void OutputFile::start_writeback() noexcept {
  if (kind_ == Kind::regular) sync_file_range(file_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
}

void OutputFile::commit() {
  if (is_direct()) {
    // Network file systems report a lost write when the descriptor is closed.
    if (::close(file_.release()) != 0 && errno != EINTR) fail(errno);
    return;
  }
  if (replaces_) {
    // Another owner's file stays theirs where that is permitted; where not, it is ours.
    if (fchown(file_.get(), owner_, group_) != 0) {
      log_debug("{}: the owner of the replaced file could not be kept.", path_);
    }
    if (fchmod(file_.get(), mode_) != 0) fail(errno);
  }
  if (fsync(file_.get()) != 0) fail(errno);
  if (::close(file_.release()) != 0 && errno != EINTR) fail(errno);
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) fail(errno);
  unregister_temporary(std::exchange(registered_, -1));
  temporary_.clear();
  // The new name must survive a power cut too. Some file systems cannot sync a folder (EINVAL), and
  // a folder may be writable but not readable: the file itself is safe then.
  const Descriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder && fsync(folder.get()) != 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT)) {
    fail(errno);
  }
}

void OutputFile::fail(int system_error) const {
  std::string remedy;
  switch (system_error) {
    case ENOSPC:
    case EDQUOT:
      remedy = " Free some space, or choose another directory.";
      break;
    case EFBIG:
      remedy = " The file would exceed the size limit (ulimit -f, or the file system).";
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      remedy = " Check its permissions, or choose another file.";
      break;
    case ENOTDIR:
      remedy = " A part of the path is a file, not a directory.";
      break;
    case ELOOP:
      remedy = " Its symbolic links form a loop.";
      break;
    default:
      break;
  }
  throw Error(ExitCode::not_written,
              fmt::format("{}: cannot be written: {}.{}", path_ == "-" ? "standard output" : path_,
                          std::strerror(system_error), remedy));
}

std::string place_of_output(const std::string& path) {
  const Destination destination = resolve(path);
  if (destination.descriptor) return {};
  std::string place = destination.target;
  struct stat status {};
  if (::stat(place.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) return place;
  while (place != "." && place != "/") {
    place = folder_of(place);
    if (::stat(place.c_str(), &status) == 0) break;
  }
  return place;
}

void remove_unfinished_outputs() noexcept {
  for (Slot& slot : *slots) {
    if (slot.state.load() != 2) continue;
    ::unlink(slot.path.data());
    slot.state.store(0);
  }
}

void share_unfinished_outputs() {
  if (slots != &own_slots) return;
  void* memory =
      mmap(nullptr, sizeof(Slots), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  slots = std::construct_at(static_cast<Slots*>(memory));  // as long as the process lives
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat first {};
  struct stat second {};
  return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

bool same_output(const std::string& a, const std::string& b) {
  if (is_stream_path(a) || is_stream_path(b)) return false;
  if (same_file(a, b)) return true;
  const auto place = [](const std::string& path) {
    const std::filesystem::path target = resolve(path).target;
    return std::pair(real_path(folder_of(target.string())), target.filename());
  };
  const auto first = place(a);
  return first.first && first == place(b);
}

bool is_stream_path(const std::string& path) {
  if (path == "-") return true;
  const Destination destination = resolve(path);
  if (destination.descriptor) return true;
  struct stat status {};
  return ::stat(destination.target.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

}  // namespace sicmir
