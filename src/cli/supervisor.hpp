#pragma once
/// Keeps a crash inside a library from being the user's last word.

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace sicmir::cli {

/// Runs `work` on `arguments` in a child process and returns its exit code.
///
/// HDF5 1.10 reads and writes beyond its buffers on some damaged or forged files, wherever it is
/// called. If the child is killed by such a crash, the temporary files of its outputs are removed
/// and a message names the file that HDF5 read: 3 for an input, 4 for a model. A crash while
/// obs, obsm, obsp and uns were carried over costs those, not the predictions: `work` runs again
/// with --no-carry. Signals to this process are passed on; if one of them ends the child, it ends
/// this process too. SICMIR_SUPERVISE=0 runs `work` in this process (for debuggers).
int supervised(const std::vector<std::string>& arguments,
               const std::function<int(std::vector<std::string>)>& work);

}  // namespace sicmir::cli
