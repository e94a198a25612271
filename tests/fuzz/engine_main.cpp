// SPDX-License-Identifier: BSD-3-Clause
/// Runs a fuzz target in libFuzzer's engine (llvm.org/docs/LibFuzzer.html).

#include "fuzz/fuzz_target.hpp"
#include "sicmir/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    sicmir::fuzz::fuzz_one({reinterpret_cast<const char*>(data), size});
  } catch (const sicmir::Error&) {  // refused: the right answer to most inputs
  }
  return 0;
}
