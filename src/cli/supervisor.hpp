// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Explains crashes inside libraries.

#include <functional>

#include "cli/parser.hpp"

namespace sicmir::cli {

/// Runs `work` in a child process and returns its exit code.
///
/// HDF5 1.10 reads and writes beyond its buffers on some damaged or forged files, wherever it is
/// called. If such a crash kills the child, the temporary files of its outputs are removed and a
/// message names the file that HDF5 was reading: exit code 3 for an input, 4 for a model. If obs,
/// obsm, obsp and uns were being copied, `work` runs again without that. Signals to this process
/// are passed on; if one of them ends the child, it ends this process too. SICMIR_SUPERVISE=0 runs
/// `work` in this process (for debuggers).
int supervised(const std::function<int(const RunSettings&)>& work);

/// From here on, an exception that no one catches ends this process: with "out of memory" and exit
/// code 1 if memory ran out (also in a thread, or where no exception may leave), else by SIGABRT.
void explain_terminate();

}  // namespace sicmir::cli
