// SPDX-License-Identifier: BSD-3-Clause
// seccomp: seccomp(2), Documentation/userspace-api/seccomp_filter.rst of Linux.
// Landlock: landlock(7), Documentation/userspace-api/landlock.rst. Its numbers are written out
// here, since the headers of older systems lack some.
#include "cli/confinement.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/log.hpp"
#include "base/output_file.hpp"
#include "base/output_place.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SICMIR_UNDER_SANITIZER true
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SICMIR_UNDER_SANITIZER true
#endif
#ifndef SICMIR_UNDER_SANITIZER
#define SICMIR_UNDER_SANITIZER false
#endif

namespace sicmir::cli {
namespace {

namespace fs = std::filesystem;

// Options that name what a command writes. One that is not here cannot write outside of the folders
// of the others: tests/cli/test_confinement.py compares this list with the manual.
constexpr auto written_options = std::to_array<std::string_view>(
    {"--output",      "--output-dir", "--report",     "--save-input", "--uncertainty",
     "--export-h5ad", "--tables",     "--metrics",    "--checkpoint", "--held-out",
     "--svg",         "--dots",       "--heatmap",    "--net",        "--edges",
     "--graph",       "--enrichment", "--per-sample", "--json",       "--to"});
constexpr auto written_atlases =
    std::to_array<std::string_view>({"atlas-add", "atlas-index", "atlas-remove"});

// A folder that is made beside its place, and takes it when it is whole.
constexpr std::string_view replaced_folder = "--to";

std::string folder_around(const std::string& path) {
  std::error_code ignored;
  fs::path place = fs::weakly_canonical(fs::absolute(path, ignored), ignored);
  if (!place.has_filename()) place = place.parent_path();  // of a slash at the end
  return place.parent_path().string();
}

bool names_an_output(const Command& command, const Option& option) {
  if (option.is_flag()) return false;
  if (option.name() == "ATLAS") {
    return std::find(written_atlases.begin(), written_atlases.end(), command.name()) !=
           written_atlases.end();
  }
  return std::find(written_options.begin(), written_options.end(), option.name()) !=
         written_options.end();
}

#if defined(__x86_64__)
constexpr std::uint32_t own_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__) && defined(__AARCH64EL__)
constexpr std::uint32_t own_architecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t own_architecture = 0;  // no filter
#endif

// Not in the headers of every system; the same on all architectures.
constexpr long number_of_io_uring_setup = 425;
constexpr long number_of_pidfd_getfd = 438;
constexpr long number_of_landlock_create_ruleset = 444;
constexpr long number_of_landlock_add_rule = 445;
constexpr long number_of_landlock_restrict_self = 446;

constexpr std::array refused_calls = {
    // The network, and what works as if through it.
    long{SYS_socket}, long{SYS_socketpair}, long{SYS_connect}, long{SYS_bind}, long{SYS_listen},
    long{SYS_accept}, long{SYS_accept4}, number_of_io_uring_setup,
    // Other programs.
    long{SYS_execve}, long{SYS_execveat},
    // Other processes.
    long{SYS_ptrace}, long{SYS_process_vm_readv}, long{SYS_process_vm_writev},
    number_of_pidfd_getfd,
    // The system, and parts of the kernel that are seldom used and often attacked.
    long{SYS_mount}, long{SYS_umount2}, long{SYS_pivot_root}, long{SYS_chroot}, long{SYS_unshare},
    long{SYS_setns}, long{SYS_bpf}, long{SYS_perf_event_open}, long{SYS_userfaultfd},
    long{SYS_add_key}, long{SYS_request_key}, long{SYS_keyctl}, long{SYS_init_module},
    long{SYS_finit_module}, long{SYS_delete_module}, long{SYS_kexec_load}, long{SYS_reboot},
    long{SYS_swapon}, long{SYS_swapoff}, long{SYS_open_by_handle_at}, long{SYS_personality}};

constexpr sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
/// Goes `yes` or `no` instructions further.
constexpr sock_filter jump(std::uint16_t comparison, std::uint32_t value, std::uint8_t yes,
                           std::uint8_t no) {
  return BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | comparison | BPF_K), value, yes, no);
}
constexpr sock_filter answer(std::uint32_t value) {
  return BPF_STMT(BPF_RET | BPF_K, value);
}
constexpr std::uint32_t refusal = SECCOMP_RET_ERRNO | EPERM;

std::vector<sock_filter> filter() {
  std::vector<sock_filter> program = {
      load(offsetof(seccomp_data, arch)),
      jump(BPF_JEQ, own_architecture, 1, 0),
      answer(refusal),
      load(offsetof(seccomp_data, nr)),
  };
#if defined(__x86_64__)
  constexpr std::uint32_t x32 = 0x40000000;  // its calls have numbers of their own
  program.push_back(jump(BPF_JGE, x32, 0, 1));
  program.push_back(answer(refusal));
#endif
  for (const long call : refused_calls) {
    program.push_back(jump(BPF_JEQ, static_cast<std::uint32_t>(call), 0, 1));
    program.push_back(answer(refusal));
  }
  // Typing on the user's terminal would start programs by another hand.
  program.push_back(jump(BPF_JEQ, std::uint32_t{SYS_ioctl}, 0, 4));
  program.push_back(load(offsetof(seccomp_data, args) + sizeof(std::uint64_t)));  // little endian
  program.push_back(jump(BPF_JEQ, std::uint32_t{TIOCSTI}, 1, 0));
  program.push_back(jump(BPF_JEQ, std::uint32_t{TIOCLINUX}, 0, 1));
  program.push_back(answer(refusal));
  program.push_back(answer(SECCOMP_RET_ALLOW));
  return program;
}

void refuse_calls() {
  if (own_architecture == 0) {
    log_debug("confinement: no seccomp filter for this kind of processor");
    return;
  }
  std::vector<sock_filter> instructions = filter();
  const sock_fprog program = {static_cast<unsigned short>(instructions.size()),
                              instructions.data()};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) {
    log_debug("confinement: no seccomp filter ({})", std::strerror(errno));
  }
}

/// Of a kernel of the first version of Landlock with TRUNCATE (3) and with scopes (6). A shorter
/// one takes it if what it does not know is 0.
struct Ruleset {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scopes = 0;
};
struct [[gnu::packed]] RuleBeneath {
  std::uint64_t allowed = 0;
  std::int32_t parent = -1;
};

constexpr std::uint64_t execute = 1U << 0;
constexpr std::uint64_t write_file = 1U << 1;
constexpr std::uint64_t remove_folder = 1U << 4;
constexpr std::uint64_t remove_file = 1U << 5;
constexpr std::uint64_t make_device = 1U << 6 | 1U << 9 | 1U << 10 | 1U << 11;  // sockets, pipes
constexpr std::uint64_t make_folder = 1U << 7;
constexpr std::uint64_t make_file = 1U << 8;
constexpr std::uint64_t make_link = 1U << 12;
constexpr std::uint64_t move = 1U << 13;
constexpr std::uint64_t truncate_file = 1U << 14;
constexpr std::uint64_t to_strange_processes = 1U << 0 | 1U << 1;  // abstract sockets, signals

constexpr std::uint64_t in_folders =
    write_file | remove_folder | remove_file | make_folder | make_file | move | truncate_file;
constexpr std::uint64_t of_files = write_file | truncate_file;

/// Places to write in, each with its links.
class Places {
 public:
  explicit Places(const std::vector<std::string>& outputs) {
    for (const std::string& output : outputs) {
      const std::string place = place_of_output(output);
      if (place.empty()) continue;
      paths_.push_back(place);
      std::error_code error;
      if (fs::is_directory(output, error)) add_links(output, 2);
    }
    add_temporary();
  }
  [[nodiscard]] const std::vector<std::string>& paths() const { return paths_; }

 private:
  /// As open_temporary() looks for them.
  void add_temporary() {
    const char* const chosen = std::getenv("TMPDIR");
    bool is_one_writable = false;
    for (const char* folder : {chosen == nullptr ? "" : chosen, "/tmp", "/var/tmp"}) {
      if (*folder == '\0') continue;
      paths_.emplace_back(folder);
      is_one_writable = is_one_writable || access(folder, W_OK | X_OK) == 0;
    }
    if (!is_one_writable) paths_.emplace_back(".");
  }

  void add_links(const fs::path& folder, int depth) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      std::error_code ignored;
      if (entry->is_symlink(ignored)) {
        const std::string place = place_of_output(entry->path().string());
        if (!place.empty()) paths_.push_back(place);
      } else if (depth > 1 && entry->is_directory(ignored)) {
        add_links(entry->path(), depth - 1);
      }
    }
  }

  std::vector<std::string> paths_;
};

/// False: it has to be there, and cannot be had.
bool add_rule(int ruleset, const std::string& path, std::uint64_t known) {
  const Descriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place) return true;  // nothing can be written there; the output's own check says why
  struct stat status {};
  if (fstat(place.get(), &status) != 0) return false;
  RuleBeneath rule;
  rule.allowed = (S_ISDIR(status.st_mode) ? in_folders : of_files) & known;
  rule.parent = place.get();
  constexpr int beneath = 1;
  return syscall(number_of_landlock_add_rule, ruleset, beneath, &rule, 0) == 0;
}

void restrict_writing(const std::vector<std::string>& outputs) {
  constexpr unsigned ask_for_version = 1;
  const long version =
      syscall(number_of_landlock_create_ruleset, nullptr, std::size_t{0}, ask_for_version);
  // Version 1 forbids every move from folder to folder, which an atlas needs.
  if (version < 2) {
    log_debug("confinement: no limits to writing (Landlock: {})",
              version < 0 ? std::strerror(errno) : "version 1");
    return;
  }
  Ruleset rules;
  rules.files = execute | in_folders | make_device | make_link;
  if (version < 3) rules.files &= ~truncate_file;
  if (version >= 6) rules.scopes = to_strange_processes;
  const Descriptor ruleset(
      static_cast<int>(syscall(number_of_landlock_create_ruleset, &rules, sizeof rules, 0)));
  bool is_complete = static_cast<bool>(ruleset);
  const Places places(outputs);
  for (const std::string& place : places.paths()) {
    is_complete = is_complete && add_rule(ruleset.get(), place, rules.files);
  }
  if (!is_complete || syscall(number_of_landlock_restrict_self, ruleset.get(), 0) != 0) {
    log_debug("confinement: no limits to writing (Landlock: {})", std::strerror(errno));
  }
}

}  // namespace

std::vector<std::string> written_paths(const Command& command) {
  std::vector<std::string> paths;
  for (const Option& option : command.options()) {
    if (!option.given() || !names_an_output(command, option)) continue;
    for (const std::string& path : *option.given()) {
      paths.push_back(option.name() == replaced_folder ? folder_around(path) : path);
    }
  }
  return paths;
}

void confine(const std::vector<std::string>& outputs) {
  if (SICMIR_UNDER_SANITIZER) return;  // LeakSanitizer traces its own process
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    log_debug("confinement: none ({})", std::strerror(errno));
    return;
  }
  restrict_writing(outputs);
  refuse_calls();
}

}  // namespace sicmir::cli
