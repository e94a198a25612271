// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Files that appear complete or not at all, and the streams (pipes, devices) that cannot.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>

namespace sicmir {

/// The reader at the other end of a pipe has gone (EPIPE). Not a fault of the user's: the program
/// ends quietly with 141. Needs SIGPIPE ignored; otherwise the signal ends the program first.
class BrokenPipe : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "the output pipe was closed"; }
};

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  [[nodiscard]] int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  int release() noexcept;
  void reset() noexcept;

 private:
  int fd_ = -1;
};

/// Where an output goes. A regular file is written as `.NAME.XXXXXX.part` beside its place, synced,
/// closed and renamed by commit(); symbolic links are followed first, so that the link stays and
/// its target is replaced. Anything else ("-", FIFOs, devices, /dev/fd/N) is written directly.
class OutputFile {
 public:
  /// Looks where `path` leads and whether it can be written, without creating anything. Throws
  /// Error(not_written) if the folder is missing or closed, or `path` is a folder.
  explicit OutputFile(std::string path);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  /// Removes the temporary file unless commit() succeeded.
  ~OutputFile();

  /// True: pipe, device or standard output, written directly; only streams of text go there.
  [[nodiscard]] bool is_direct() const noexcept { return kind_ != Kind::regular; }
  /// As the user gave it, for messages.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// The file that is being written; empty if direct or before create().
  [[nodiscard]] const std::string& temporary_path() const noexcept { return temporary_; }

  /// Of the file that is being written; stays this object's.
  [[nodiscard]] int descriptor() const noexcept { return file_.get(); }

  /// Creates the temporary file, or opens the stream (waits for a FIFO's reader).
  void create();
  /// Throws Error(not_written) with the system's reason, BrokenPipe on EPIPE.
  void write(std::span<const char> bytes);
  /// Asks the system to start writing what it holds of the file, so that commit() waits less.
  void start_writeback() noexcept;
  /// Syncs, closes, renames, syncs the folder.
  void commit();
  /// Error(not_written) "PATH: cannot be written: REASON" with the remedy for that errno.
  [[noreturn]] void fail(int system_error) const;

 private:
  enum class Kind : std::uint8_t { regular, descriptor, special };

  void discard() noexcept;

  std::string path_;
  std::string target_;  // path_ with the links resolved; absolute if regular
  std::string folder_;  // of target_
  std::string temporary_;
  Kind kind_ = Kind::regular;
  int source_descriptor_ = -1;  // Kind::descriptor: what to duplicate
  bool replaces_ = false;       // target_ exists
  mode_t mode_ = 0;             // replaces_: permissions to keep
  uid_t owner_ = 0;
  gid_t group_ = 0;
  Descriptor file_;
  int registered_ = -1;  // slot in the list that a signal handler clears
};

/// Removes the temporary files of all outputs that are not complete. Async-signal-safe: to be
/// called by the handlers of SIGINT and SIGTERM before the program ends.
void remove_unfinished_outputs() noexcept;

/// From here on, remove_unfinished_outputs() also knows the outputs of child processes. To be
/// called before there is any output or child.
void share_unfinished_outputs();

/// True if both paths lead to the same existing file (device and inode).
[[nodiscard]] bool same_file(const std::string& a, const std::string& b);

/// True if outputs under both paths would be one regular file, there already or not.
[[nodiscard]] bool same_output(const std::string& a, const std::string& b);

/// True if `path` is "-", a descriptor (/dev/fd/N, /dev/stdout) or exists and is not a regular
/// file.
[[nodiscard]] bool is_stream_path(const std::string& path);

}  // namespace sicmir
