#include "cli/supervisor.hpp"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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
#include <string_view>

#include "base/output_file.hpp"
#include "base/work_note.hpp"
#include "sicmir/types.hpp"

namespace sicmir::cli {
namespace {

constexpr std::array passed_on = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

volatile std::sig_atomic_t child = 0;
volatile std::sig_atomic_t asked_to_end = 0;  // the signal, if one came

extern "C" void pass_on(int signal) {
  asked_to_end = signal;
  if (child > 0) kill(static_cast<pid_t>(child), signal);
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

/// Returns when the child has ended. A child that computes for a minute inside one call of the HDF5
/// library, which has endless loops for some damaged files, is aborted. (CPU time, since a slow
/// disk may take as long as it wants.)
void end_if_stuck(pid_t pid) {
  constexpr double max_cpu_seconds = 60;
  constexpr int poll_milliseconds = 5000;
  pollfd ended{static_cast<int>(syscall(SYS_pidfd_open, pid, 0)), POLLIN, 0};
  if (ended.fd < 0) return;  // Linux before 5.3: no watch
  std::uint64_t call = 0;
  double since = 0;
  for (;;) {
    const int answer = poll(&ended, 1, poll_milliseconds);
    if (answer > 0 || (answer < 0 && errno != EINTR)) break;
    const std::uint64_t now = library_calls();
    const double cpu = cpu_seconds(pid);
    if (now == 0 || now != call) {
      call = now;
      since = cpu;
    } else if (cpu - since > max_cpu_seconds) {
      kill(pid, SIGABRT);
    }
  }
  close(ended.fd);
}

/// The exit status of the child as waitpid() has it; -1 if there could be no child.
int run_in_child(const std::vector<std::string>& arguments,
                 const std::function<int(std::vector<std::string>)>& work) {
  const pid_t parent = getpid();
  // A signal that comes before `child` is set waits until then.
  sigset_t held;
  sigset_t before;
  sigemptyset(&held);
  for (const int signal : passed_on) sigaddset(&held, signal);
  sigprocmask(SIG_BLOCK, &held, &before);
  const pid_t pid = fork();
  if (pid == 0) {
    // Should this end without a word (SIGKILL), nobody would be left to end its child.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    if (getppid() != parent) std::raise(SIGTERM);
    const int code = work(arguments);
    std::fflush(nullptr);
    std::exit(code);
  }
  child = static_cast<std::sig_atomic_t>(pid);
  if (pid > 0) {
    for (const int signal : passed_on) std::signal(signal, pass_on);
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return -1;
  end_if_stuck(pid);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  child = 0;
  for (const int signal : passed_on) std::signal(signal, SIG_DFL);
  return status;
}

int explain(int signal) {
  const WorkNote note = latest_work_note();
  if (note.work == Work::other) {
    spdlog::error("internal: ended by signal {} ({}). Please report this with the command line.",
                  signal, strsignal(signal));
    return static_cast<int>(ExitCode::internal);
  }
  const bool is_model = note.work == Work::reading_model;
  spdlog::error(
      "{}: a crash (signal {}, {}) in reading this file with the HDF5 library, as happens "
      "with damaged files. Fetch or {} the file again. If other programs read all of it, please "
      "report this.",
      note.path, signal, strsignal(signal), is_model ? "train" : "write");
  return static_cast<int>(is_model ? ExitCode::bad_model : ExitCode::bad_input);
}

}  // namespace

int supervised(const std::vector<std::string>& arguments,
               const std::function<int(std::vector<std::string>)>& work) {
  const char* wanted = std::getenv("SICMIR_SUPERVISE");
  if (wanted != nullptr && std::string_view(wanted) == "0") return work(arguments);
  share_work_notes();
  share_unfinished_outputs();
  int status = run_in_child(arguments, work);
  if (status == -1) return work(arguments);
  if (WIFSIGNALED(status) && is_crash(WTERMSIG(status)) &&
      latest_work_note().work == Work::carrying_over) {
    remove_unfinished_outputs();
    spdlog::warn(
        "{}: the HDF5 library crashed in reading obs, obsm, obsp or uns; the file is damaged. "
        "Predicting again without carrying them over.",
        latest_work_note().path);
    std::vector<std::string> again = arguments;
    again.emplace_back("--no-carry");
    status = run_in_child(again, work);
  }
  // A child that was done when the signal came has not died of it; its caller may have more to do.
  if (!WIFSIGNALED(status) && asked_to_end == 0) return WEXITSTATUS(status);
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : static_cast<int>(asked_to_end);
  remove_unfinished_outputs();
  if (is_crash(signal)) return explain(signal);
  if (signal == SIGKILL) {
    spdlog::error(
        "killed from outside (signal 9), most often for want of memory: the system's, the "
        "container's or the job's limit. Fewer --threads or smaller --block-cells need less.");
    return static_cast<int>(ExitCode::internal);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  return static_cast<int>(ExitCode::internal);
}

}  // namespace sicmir::cli
