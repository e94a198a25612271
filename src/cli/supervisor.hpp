// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Explains crashes inside libraries, and sudden ends.

#include <cstdint>
#include <functional>

#include "cli/parser.hpp"

namespace sicmir::cli {

/// How work under supervision ended.
struct RunEnding {
  int code = 0;                        ///< exit code
  int signal = 0;                      ///< that the run is to end by; 0: none
  std::int64_t peak_memory_bytes = 0;  ///< of the process that did the work; 0: not known
};

/// Runs `work` in a child process.
///
/// HDF5 1.10 reads and writes beyond its buffers on some damaged or forged files, wherever it is
/// called. If such a crash kills the child, the temporary files of its outputs are removed and a
/// message names the file that HDF5 was reading: exit code 3 for an input, 4 for a model. If obs,
/// obsm, obsp and uns were being copied, `work` runs again without that. Signals to this process
/// are passed on. SICMIR_SUPERVISE=0 runs `work` in this process (for debuggers).
[[nodiscard]] RunEnding supervise(const std::function<int(const RunSettings&)>& work);

/// Ends this process by the signal of `ending`, if there is one; else returns its exit code.
int end_as(const RunEnding& ending);

/// While this lives, signals that ask for an end (SIGINT, SIGTERM, SIGHUP) do not end this process:
/// a child gets them, and stop_signal() tells. Not with SICMIR_SUPERVISE=0.
class SignalsHeld {
 public:
  SignalsHeld();
  ~SignalsHeld();
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;
};

/// The signal that asked this process to end; 0: none.
[[nodiscard]] int stop_signal() noexcept;

/// Peak resident memory of this process; 0: not known.
[[nodiscard]] std::int64_t peak_memory_bytes();

/// Ends this process with "out of memory" and exit code 1, without unwinding; temporary files of
/// outputs are removed. Allocates nothing.
[[noreturn]] void end_for_lack_of_memory() noexcept;

/// From here on, an exception that no one catches ends this process: with "out of memory" and exit
/// code 1 if memory ran out (also in a thread, or where no exception may leave), else by SIGABRT.
void explain_terminate();

}  // namespace sicmir::cli
