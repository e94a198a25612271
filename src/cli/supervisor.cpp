// SPDX-License-Identifier: BSD-3-Clause
#include "cli/supervisor.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <fstream>
#include <new>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "base/output_file.hpp"
#include "base/work_note.hpp"
#include "sicmir/error.hpp"

namespace sicmir::cli {
namespace {

constexpr std::array passed_on = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

volatile std::sig_atomic_t child = 0;
volatile std::sig_atomic_t asked_to_end = 0;  // the signal, if one came
bool was_stuck = false;                       // the child was aborted for making no progress
bool signals_held = false;                    // by a SignalsHeld

extern "C" void pass_on(int signal) {
  asked_to_end = signal;
  if (child > 0) kill(static_cast<pid_t>(child), signal);
}

void handle_passed_on(void (*handler)(int)) {
  for (const int signal : passed_on) std::signal(signal, handler);
}

bool is_supervised() {
  const char* wanted = std::getenv("SICMIR_SUPERVISE");
  return wanted == nullptr || std::string_view(wanted) != "0";
}

bool is_crash(int signal) {
  constexpr std::array crashes = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
  return std::find(crashes.begin(), crashes.end(), signal) != crashes.end();
}

/// CPU time of a process in seconds; 0 if it cannot be told.
double cpu_seconds(pid_t pid) {
  clockid_t clock = 0;
  timespec time{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

extern "C" void wake(int /*signal*/) {}

/// While it lives, the end of a child wakes who waits with it. (Where a launcher had SIGCHLD
/// ignored, the system would forget how the child ended.)
class ChildSignal {
 public:
  ChildSignal() {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, &mask_before_);
    handler_before_ = std::signal(SIGCHLD, wake);
  }
  ChildSignal(const ChildSignal&) = delete;
  ChildSignal& operator=(const ChildSignal&) = delete;
  ~ChildSignal() { restore(); }

  /// As it was before; the child calls it, too.
  void restore() noexcept {
    std::signal(SIGCHLD, handler_before_);
    sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  }
  /// Until a child ends, another signal comes, or the time is over. Works on any Linux;
  /// pidfd_open(), which is simpler, needs 5.3.
  void wait(const timespec& most) const noexcept {
    sigset_t awake = mask_before_;
    sigdelset(&awake, SIGCHLD);
    (void)ppoll(nullptr, 0, &most, &awake);
  }

 private:
  sigset_t mask_before_{};
  void (*handler_before_)(int) = SIG_DFL;
};

/// Whether the child has ended; it stays to be waited for.
bool has_ended(pid_t pid) {
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    if (errno != EINTR) return true;
  }
  return info.si_pid == pid;
}

/// Returns when the child has ended. A child that computes for a minute inside one call of the HDF5
/// library, which has endless loops for some damaged files, is aborted. (CPU time, since a slow
/// disk may take as long as it wants.)
void end_if_stuck(pid_t pid, const ChildSignal& signal) {
  constexpr double max_cpu_seconds = 60;
  constexpr timespec a_while{5, 0};
  std::uint64_t call = 0;
  double since = 0;
  while (!has_ended(pid)) {
    const std::uint64_t now = library_calls();
    const double cpu = cpu_seconds(pid);
    if (now == 0 || now != call) {
      call = now;
      since = cpu;
    } else if (cpu - since > max_cpu_seconds) {
      was_stuck = true;
      kill(pid, SIGABRT);
    }
    signal.wait(a_while);
  }
}

/// The exit status of the child as waitpid() has it; -1 if there could be no child. Its peak memory
/// goes to `ending`.
int run_in_child(const std::function<int(const RunSettings&)>& work, const RunSettings& settings,
                 RunEnding& ending) {
  was_stuck = false;
  const pid_t parent = getpid();
  ChildSignal child_signal;
  // A signal that comes before `child` is set waits until then.
  sigset_t held;
  sigset_t before;
  sigemptyset(&held);
  for (const int signal : passed_on) sigaddset(&held, signal);
  sigprocmask(SIG_BLOCK, &held, &before);
  const pid_t pid = fork();
  if (pid == 0) {
    // If the parent is killed, nobody else would end its child.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    handle_passed_on(SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    child_signal.restore();
    if (getppid() != parent) std::raise(SIGTERM);
    const int code = work(settings);
    std::fflush(nullptr);
    std::exit(code);
  }
  child = static_cast<std::sig_atomic_t>(pid);
  if (pid > 0) handle_passed_on(pass_on);
  // One that came between two children, while SignalsHeld, had nobody to go to.
  if (pid > 0 && asked_to_end != 0) kill(pid, static_cast<int>(asked_to_end));
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return -1;
  end_if_stuck(pid, child_signal);
  int status = 0;
  rusage usage{};
  while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  child = 0;
  if (!signals_held) handle_passed_on(SIG_DFL);
  ending.peak_memory_bytes = std::int64_t{usage.ru_maxrss} * 1024;  // in kB
  return status;
}

int explain(int signal) {
  const WorkNote note = latest_work_note();
  if (note.work == Work::other) {
    log_error("internal: ended by signal {} ({}). Please report this with the command line.",
              signal, strsignal(signal));
    return static_cast<int>(ExitCode::internal);
  }
  const bool is_model = note.work == Work::reading_model;
  const std::string what =
      was_stuck ? "the HDF5 library made no progress for a minute of CPU time with this file"
                : fmt::format("crash (signal {}, {}) after the HDF5 library opened this file",
                              signal, strsignal(signal));
  log_error(
      "{}: {}. It may be damaged: {} it again. If other programs read all of it, please report "
      "this with the command line.",
      note.path, what, is_model ? "fetch or train" : "copy or write");
  return static_cast<int>(is_model ? ExitCode::bad_model : ExitCode::bad_input);
}

[[noreturn]] void terminated() {
  try {
    if (std::current_exception()) std::rethrow_exception(std::current_exception());
  } catch (const std::bad_alloc&) {
    end_for_lack_of_memory();
  } catch (...) {  // NOLINT(bugprone-empty-catch): it ends as an uncaught exception does
  }
  std::abort();
}

}  // namespace

void end_for_lack_of_memory() noexcept {
  remove_unfinished_outputs();
  // Without the logger, which allocates.
  constexpr std::string_view words =
      "error: out of memory. Use fewer --threads or smaller --block-cells.\n";
  const auto written = ::write(STDERR_FILENO, words.data(), words.size());
  (void)written;
  _exit(static_cast<int>(ExitCode::internal));
}

void explain_terminate() {
  std::set_terminate(terminated);
}

SignalsHeld::SignalsHeld() {
  if (!is_supervised()) return;
  signals_held = true;
  handle_passed_on(pass_on);
}

SignalsHeld::~SignalsHeld() {
  if (!signals_held) return;
  signals_held = false;
  handle_passed_on(SIG_DFL);
}

int stop_signal() noexcept {
  return static_cast<int>(asked_to_end);
}

std::int64_t peak_memory_bytes() {
  // From proc(5); without /proc from getrusage(), whose figure begins with that of the program that
  // started this one.
  std::ifstream status("/proc/self/status");
  constexpr std::string_view field = "VmHWM:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return std::stoll(line.substr(field.size())) * 1024;  // in kB
  }
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? std::int64_t{usage.ru_maxrss} * 1024 : 0;
}

RunEnding supervise(const std::function<int(const RunSettings&)>& work) {
  RunEnding ending;
  const auto run_here = [&] {
    ending.code = work({});
    ending.peak_memory_bytes = peak_memory_bytes();
    return ending;
  };
  if (!is_supervised()) return run_here();
  share_work_notes();
  share_unfinished_outputs();
  int status = run_in_child(work, {}, ending);
  if (status == -1) return run_here();
  if (WIFSIGNALED(status) && is_crash(WTERMSIG(status)) &&
      latest_work_note().work == Work::carrying_over) {
    remove_unfinished_outputs();
    log_warning(
        "{}: the HDF5 library {} while reading obs, obsm, obsp or uns; the file may be damaged. "
        "Predicting again without copying them.",
        latest_work_note().path, was_stuck ? "made no progress" : "crashed");
    status = run_in_child(work, RunSettings{.carry = false}, ending);
  }
  // A child that had ended when the signal came was not ended by it.
  if (!WIFSIGNALED(status)) {
    ending.code = WEXITSTATUS(status);
    ending.signal = stop_signal();
    if (ending.signal != 0) remove_unfinished_outputs();
    return ending;
  }
  const int signal = WTERMSIG(status);
  remove_unfinished_outputs();
  ending.code = static_cast<int>(ExitCode::internal);
  if (is_crash(signal)) {
    ending.code = explain(signal);
  } else if (signal == SIGKILL) {
    log_error(
        "killed (signal 9), most often for lack of memory: a limit of the system, the container "
        "or the job. Use fewer --threads or smaller --block-cells.");
  } else {
    ending.signal = signal;
  }
  return ending;
}

int end_as(const RunEnding& ending) {
  if (ending.signal == 0) return ending.code;
  std::signal(ending.signal, SIG_DFL);
  std::raise(ending.signal);
  return static_cast<int>(ExitCode::internal);
}

}  // namespace sicmir::cli
