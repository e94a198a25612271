// SPDX-License-Identifier: BSD-3-Clause
// Of the static program alone. Its libraries must load no code from the machine that it happens to
// run on: neither filters of HDF5 nor converters of iconv, which are compiled for that machine's C
// library. These stand in for functions of the C library, and always fail.
#include <cerrno>
#include <cstddef>

extern "C" {

void* dlopen(const char* /*file*/, int /*mode*/) {
  return nullptr;
}
void* dlsym(void* /*handle*/, const char* /*symbol*/) {
  return nullptr;
}
int dlclose(void* /*handle*/) {
  return 0;
}
char* dlerror() {
  static char words[] = "a static program loads no code";
  return words;
}

// libarchive then takes the names in archives byte by byte.
void* iconv_open(const char* /*to*/, const char* /*from*/) {
  errno = EINVAL;
  return reinterpret_cast<void*>(-1);
}
std::size_t iconv(void* /*converter*/, char** /*in*/, std::size_t* /*in_left*/, char** /*out*/,
                  std::size_t* /*out_left*/) {
  errno = EBADF;
  return static_cast<std::size_t>(-1);
}
int iconv_close(void* /*converter*/) {
  return 0;
}

}  // extern "C"
