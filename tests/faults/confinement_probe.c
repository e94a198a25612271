// SPDX-License-Identifier: BSD-3-Clause
// Tries, from inside of the program, what code that got hold of it would try: preloaded (LD_PRELOAD)
// by tests/cli/test_confinement.py. When the program first syncs an output, one line for each try goes
// to the file SICMIR_PROBE_LOG names: what was tried and how it ended.
//
//   SICMIR_PROBE_LOG     file that exists
//   SICMIR_PROBE_FOLDER  folder with the file "there", in which nothing may be written
//   SICMIR_PROBE_OUTPUT  folder in which outputs may be written
//   SICMIR_PROBE_OLD     1: answers as a kernel that has neither seccomp nor Landlock
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int log_file = -1;

__attribute__((constructor)) static void open_log(void) {
  const char* name = getenv("SICMIR_PROBE_LOG");
  if (name != NULL) log_file = open(name, O_WRONLY | O_APPEND | O_CLOEXEC);
}

static void tell(const char* tried, long result) {
  char line[200];
  const char* how = result >= 0 ? "done" : strerrorname_np(errno);
  const int length = snprintf(line, sizeof line, "%s\t%s\n", tried, how);
  if (write(log_file, line, (size_t)length) != length) _exit(99);
}

static const char* in(const char* variable, const char* name) {
  static char path[4][4096];
  static int turn = 0;
  char* here = path[turn++ % 4];
  snprintf(here, sizeof path[0], "%s/%s", getenv(variable), name);
  return here;
}

static void try_files(void) {
  tell("create elsewhere", open(in("SICMIR_PROBE_FOLDER", "new"), O_WRONLY | O_CREAT, 0600));
  tell("write elsewhere", open(in("SICMIR_PROBE_FOLDER", "there"), O_WRONLY));
  tell("truncate elsewhere", truncate(in("SICMIR_PROBE_FOLDER", "there"), 0));
  tell("remove elsewhere", unlink(in("SICMIR_PROBE_FOLDER", "there")));
  tell("mkdir elsewhere", mkdir(in("SICMIR_PROBE_FOLDER", "folder"), 0700));
  tell("link elsewhere", symlink("/", in("SICMIR_PROBE_FOLDER", "link")));
  tell("create beside output", open(in("SICMIR_PROBE_OUTPUT", "probe"), O_WRONLY | O_CREAT, 0600));
  tell("move elsewhere",
       rename(in("SICMIR_PROBE_OUTPUT", "probe"), in("SICMIR_PROBE_FOLDER", "moved")));
  tell("remove beside output", unlink(in("SICMIR_PROBE_OUTPUT", "probe")));
  tell("link beside output", symlink("/", in("SICMIR_PROBE_OUTPUT", "link")));
  tell("read elsewhere", open(in("SICMIR_PROBE_FOLDER", "there"), O_RDONLY));
  char name[] = "/tmp/sicmir-probe-XXXXXX";
  tell("create temporary", mkstemp(name));
  tell("remove temporary", unlink(name));
}

static void try_calls(void) {
  char* arguments[] = {"true", NULL};
  tell("socket", socket(AF_INET, SOCK_STREAM, 0));
  tell("unix socket", socket(AF_UNIX, SOCK_STREAM, 0));
  int pair[2];
  tell("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  tell("io_uring", syscall(SYS_io_uring_setup, 1, NULL));
  const pid_t pid = fork();
  if (pid == 0) {  // a process of its own, should it succeed
    tell("exec", execve("/bin/true", arguments, NULL));
    _exit(0);
  }
  tell("fork", pid);
  if (pid > 0) waitpid(pid, NULL, 0);
  tell("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
  char byte = 0;
  struct iovec own = {&byte, 1};
  tell("process_vm_readv", process_vm_readv(getpid(), &own, 1, &own, 1, 0));
  tell("unshare", syscall(SYS_unshare, 0x10000000));  // a user namespace
  tell("type on the terminal", ioctl(2, TIOCSTI, "x"));
  tell("signal to another process", kill(getppid(), 0));
}

int fsync(int file) {
  static int calls = 0;
  if (log_file >= 0 && __sync_fetch_and_add(&calls, 1) == 0) {
    try_files();
    try_calls();
  }
  return (int)syscall(SYS_fsync, file);
}

static int is_old(void) {
  const char* old = getenv("SICMIR_PROBE_OLD");
  return old != NULL && *old == '1';
}

int prctl(int option, ...) {
  va_list list;
  va_start(list, option);
  unsigned long a[4];
  for (int i = 0; i < 4; ++i) a[i] = va_arg(list, unsigned long);
  va_end(list);
  if (is_old() && option == PR_SET_SECCOMP) {
    errno = EINVAL;
    return -1;
  }
  return (int)syscall(SYS_prctl, option, a[0], a[1], a[2], a[3]);
}

long syscall(long number, ...) {
  static long (*next)(long, ...) = NULL;
  if (next == NULL) *(void**)&next = dlsym(RTLD_NEXT, "syscall");
  va_list list;
  va_start(list, number);
  long a[6];
  for (int i = 0; i < 6; ++i) a[i] = va_arg(list, long);
  va_end(list);
  if (is_old() && number >= 444 && number <= 446) {
    errno = ENOSYS;
    return -1;
  }
  return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
