// SPDX-License-Identifier: BSD-3-Clause
// Makes a chosen call of the system fail: preloaded (LD_PRELOAD) into the program by
// tests/faults/faults.py.
//
//   SICMIR_FAULT_COUNTER  file of at least 16 bytes: calls so far, calls that were made to fail;
//   shared by
//                         threads and child processes
//   SICMIR_FAULT_KIND     write, open, close, rename, sync, truncate, mkdir, unlink, mmap, thread
//   or memory SICMIR_FAULT_AT       number of the call that fails, from 1; 0: none, calls are only
//   counted SICMIR_FAULT_ERRNO    what errno says; "short": a write takes half of its bytes and
//   succeeds SICMIR_FAULT_STAYS    1: all later calls of the kind fail, too, as on a full disk
//   SICMIR_FAULT_UNDER    folders (with ':' between), whose files are meant; others are left alone
//   SICMIR_FAULT_STDOUT   1: the stream of standard output is meant as well
//   SICMIR_FAULT_STACKS   file that receives a number for the call stack of each allocation, 8
//   bytes each
//
// Allocations count from main() on, whatever the allocator does inside does not.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
  kind_none,
  kind_write,
  kind_open,
  kind_close,
  kind_rename,
  kind_sync,
  kind_truncate,
  kind_mkdir,
  kind_unlink,
  kind_mmap,
  kind_thread,
  kind_memory
};
static const char* const kind_names[] = {"",       "write", "open",     "close",
                                         "rename", "sync",  "truncate", "mkdir",
                                         "unlink", "mmap",  "thread",   "memory"};

struct counter {
  _Atomic uint64_t calls;
  _Atomic uint64_t failed;
};

static struct counter* counter;
static enum kind chosen = kind_none;
static uint64_t fails_at;
static int fails_with;
static int is_short;
static int stays;
static char under[4 * PATH_MAX];
static char standard_output[PATH_MAX];
static int stacks = -1;
static _Atomic int armed;    // main() has begun
static __thread int inside;  // this thread is in a function of this file

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const char* setting(const char* name) {
  const char* value = getenv(name);
  return value == NULL ? "" : value;
}

__attribute__((constructor)) static void set_up(void) {
  const char* const path = setting("SICMIR_FAULT_COUNTER");
  if (*path == '\0') return;
  const int file = REAL(open)(path, O_RDWR | O_CLOEXEC);
  if (file < 0) abort();
  counter = REAL(mmap)(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (counter == MAP_FAILED) abort();
  REAL(close)(file);
  fails_at = strtoull(setting("SICMIR_FAULT_AT"), NULL, 10);
  is_short = strcmp(setting("SICMIR_FAULT_ERRNO"), "short") == 0;
  fails_with = atoi(setting("SICMIR_FAULT_ERRNO"));
  stays = atoi(setting("SICMIR_FAULT_STAYS"));
  snprintf(under, sizeof under, "%s", setting("SICMIR_FAULT_UNDER"));
  if (atoi(setting("SICMIR_FAULT_STDOUT")) != 0) {
    const ssize_t length = readlink("/proc/self/fd/1", standard_output, sizeof standard_output - 1);
    standard_output[length < 0 ? 0 : length] = '\0';
  }
  if (*setting("SICMIR_FAULT_STACKS") != '\0') {
    stacks = REAL(open)(setting("SICMIR_FAULT_STACKS"), O_WRONLY | O_APPEND | O_CLOEXEC);
    void* frame;
    backtrace(&frame, 1);  // loads what it needs now
  }
  const char* const kind = setting("SICMIR_FAULT_KIND");
  for (size_t i = 1; i < sizeof kind_names / sizeof *kind_names; ++i) {
    if (strcmp(kind, kind_names[i]) == 0) chosen = (enum kind)i;
  }
}

// Counts a call; says whether it is to fail, and sets errno.
static int is_to_fail(void) {
  const uint64_t number = atomic_fetch_add(&counter->calls, 1) + 1;
  if (fails_at == 0 || number < fails_at || (number > fails_at && !stays)) return 0;
  atomic_fetch_add(&counter->failed, 1);
  errno = fails_with;
  return 1;
}

static int lies_under(const char* path) {
  for (const char* begin = under; *begin != '\0';) {
    const char* end = strchrnul(begin, ':');
    const size_t length = (size_t)(end - begin);
    if (length > 0 && strncmp(path, begin, length) == 0) return 1;
    begin = *end == '\0' ? end : end + 1;
  }
  return 0;
}

static int is_meant(int descriptor) {
  char name[64];
  char path[PATH_MAX];
  snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(name, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = '\0';
  return lies_under(path) || (*standard_output != '\0' && strcmp(path, standard_output) == 0);
}

// Names that the program gives are absolute, or of the folder that it works in.
static int is_meant_path(const char* path) {
  if (path == NULL) return 0;
  if (*path == '/') return lies_under(path);
  char full[2 * PATH_MAX];
  if (getcwd(full, PATH_MAX) == NULL) return 0;
  strcat(full, "/");
  strncat(full, path, PATH_MAX - 1);
  return lies_under(full);
}

static int fails(enum kind kind, int descriptor) {
  if (chosen != kind || !is_meant(descriptor)) return 0;
  return is_to_fail();
}

static int fails_path(enum kind kind, const char* path) {
  if (chosen != kind || !is_meant_path(path)) return 0;
  return is_to_fail();
}

// Writes
// ---------------------------------------------------------------------------------------------------

ssize_t write(int descriptor, const void* bytes, size_t size) {
  if (fails(kind_write, descriptor)) {
    if (!is_short) return -1;
    size = size > 1 ? size / 2 : size;
  }
  return REAL(write)(descriptor, bytes, size);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t at) {
  if (fails(kind_write, descriptor)) {
    if (!is_short) return -1;
    size = size > 1 ? size / 2 : size;
  }
  return REAL(pwrite)(descriptor, bytes, size, at);
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t at) {
  return pwrite(descriptor, bytes, size, at);
}

ssize_t writev(int descriptor, const struct iovec* parts, int count) {
  if (fails(kind_write, descriptor)) {
    if (!is_short) return -1;
    if (count > 0) return REAL(write)(descriptor, parts[0].iov_base, (parts[0].iov_len + 1) / 2);
  }
  return REAL(writev)(descriptor, parts, count);
}

ssize_t sendfile(int to, int from, off_t* at, size_t size) {
  ssize_t (*real)(int, int, off_t*, size_t) = dlsym(RTLD_NEXT, "sendfile");
  if (fails(kind_write, to)) {
    if (!is_short) return -1;
    size = size > 1 ? size / 2 : size;
  }
  return real(to, from, at, size);
}

ssize_t copy_file_range(int from, off64_t* from_at, int to, off64_t* to_at, size_t size,
                        unsigned flags) {
  if (fails(kind_write, to)) {
    if (!is_short) return -1;
    size = size > 1 ? size / 2 : size;
  }
  return REAL(copy_file_range)(from, from_at, to, to_at, size, flags);
}

// Names
// ----------------------------------------------------------------------------------------------------

static mode_t mode_of(int flags, va_list more) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
}

static int for_writing(int flags) {
  return (flags & O_ACCMODE) != O_RDONLY || (flags & O_DIRECTORY) != 0;
}

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = mode_of(flags, more);
  va_end(more);
  if (for_writing(flags) && fails_path(kind_open, path)) return -1;
  return REAL(open)(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = mode_of(flags, more);
  va_end(more);
  return open(path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = mode_of(flags, more);
  va_end(more);
  if (chosen == kind_open && for_writing(flags) && (lies_under(path) || is_meant(folder)) &&
      is_to_fail())
    return -1;
  return REAL(openat)(folder, path, flags, mode);
}

int openat64(int folder, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = mode_of(flags, more);
  va_end(more);
  return openat(folder, path, flags, mode);
}

int mkostemp(char* path, int flags) {
  if (fails_path(kind_open, path)) return -1;
  return REAL(mkostemp)(path, flags);
}

int mkostemp64(char* path, int flags) {
  return mkostemp(path, flags);
}

int close(int descriptor) {
  const int failed = fails(kind_close, descriptor);
  const int result = REAL(close)(descriptor);  // Linux closes it, whatever it says
  if (!failed) return result;
  errno = fails_with;
  return -1;
}

int rename(const char* from, const char* to) {
  if (fails_path(kind_rename, to)) return -1;
  return REAL(rename)(from, to);
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  if (fails_path(kind_rename, to)) return -1;
  return REAL(renameat)(from_folder, from, to_folder, to);
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  if (fails_path(kind_rename, to)) return -1;
  return REAL(renameat2)(from_folder, from, to_folder, to, flags);
}

int link(const char* from, const char* to) {
  if (fails_path(kind_rename, to)) return -1;
  return REAL(link)(from, to);
}

int mkdir(const char* path, mode_t mode) {
  if (fails_path(kind_mkdir, path)) return -1;
  return REAL(mkdir)(path, mode);
}

int unlink(const char* path) {
  if (fails_path(kind_unlink, path)) return -1;
  return REAL(unlink)(path);
}

int fsync(int descriptor) {
  return fails(kind_sync, descriptor) ? -1 : REAL(fsync)(descriptor);
}

int fdatasync(int descriptor) {
  return fails(kind_sync, descriptor) ? -1 : REAL(fdatasync)(descriptor);
}

int ftruncate(int descriptor, off_t size) {
  return fails(kind_truncate, descriptor) ? -1 : REAL(ftruncate)(descriptor, size);
}

int ftruncate64(int descriptor, off64_t size) {
  return ftruncate(descriptor, size);
}

int fallocate(int descriptor, int mode, off_t at, off_t size) {
  return fails(kind_truncate, descriptor) ? -1 : REAL(fallocate)(descriptor, mode, at, size);
}

// Memory and threads
// ---------------------------------------------------------------------------------------

void* mmap(void* address, size_t size, int protection, int flags, int descriptor, off_t at) {
  if (chosen == kind_mmap && atomic_load(&armed) && is_to_fail()) return MAP_FAILED;
  return REAL(mmap)(address, size, protection, flags, descriptor, at);
}

void* mmap64(void* address, size_t size, int protection, int flags, int descriptor, off64_t at) {
  return mmap(address, size, protection, flags, descriptor, at);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* how, void* (*work)(void*),
                   void* argument) {
  if (chosen == kind_thread && is_to_fail()) return fails_with;
  return REAL(pthread_create)(thread, how, work, argument);
}

static void note_stack(void) {
  void* frames[16];
  const int count = backtrace(frames, 16);
  uint64_t number = 1469598103934665603u;  // FNV-1a
  for (int i = 2; i < count; ++i)
    number = (number ^ (uint64_t)(uintptr_t)frames[i]) * 1099511628211u;
  if (REAL(write)(stacks, &number, sizeof number) != sizeof number) abort();
}

static int memory_fails(void) {
  if (chosen != kind_memory || inside || !atomic_load(&armed)) return 0;
  inside = 1;
  if (stacks >= 0) note_stack();
  const int failed = is_to_fail();
  inside = 0;
  if (failed) errno = ENOMEM;
  return failed;
}

// The program's own malloc() calls these; that of programs without one is the C library's, and ends
// here, too.
void* __libc_malloc(size_t size) {
  static void* (*real)(size_t);
  if (real == NULL) real = dlsym(RTLD_NEXT, "__libc_malloc");
  return memory_fails() ? NULL : real(size);
}

void* __libc_calloc(size_t count, size_t size) {
  static void* (*real)(size_t, size_t);
  if (real == NULL) real = dlsym(RTLD_NEXT, "__libc_calloc");
  return memory_fails() ? NULL : real(count, size);
}

void* __libc_realloc(void* memory, size_t size) {
  static void* (*real)(void*, size_t);
  if (real == NULL) real = dlsym(RTLD_NEXT, "__libc_realloc");
  return size > 0 && memory_fails() ? NULL : real(memory, size);
}

void* __libc_memalign(size_t alignment, size_t size) {
  static void* (*real)(size_t, size_t);
  if (real == NULL) real = dlsym(RTLD_NEXT, "__libc_memalign");
  return memory_fails() ? NULL : real(alignment, size);
}

void* malloc(size_t size) {
  return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  return __libc_calloc(count, size);
}

void* realloc(void* memory, size_t size) {
  return __libc_realloc(memory, size);
}

// main(), from which on allocations count.
static int (*program)(int, char**, char**);

static int armed_program(int argc, char** argv, char** environment) {
  if (counter != NULL) atomic_store(&armed, 1);
  const int code = program(argc, argv, environment);
  return code;
}

int __libc_start_main(int (*main)(int, char**, char**), int argc, char** argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void* stack_end) {
  int (*real)(int (*)(int, char**, char**), int, char**, void (*)(void), void (*)(void),
              void (*)(void), void*) = dlsym(RTLD_NEXT, "__libc_start_main");
  program = main;
  return real(armed_program, argc, argv, init, fini, rtld_fini, stack_end);
}
