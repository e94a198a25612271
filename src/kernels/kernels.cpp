#include "kernels/kernels.hpp"

#include <array>
#include <cstdlib>
#include <string>

#include "sicmir/types.hpp"

namespace sicmir::kernels {

#ifdef SICMIR_HAS_KERNELS_v2
extern const Kernels kernels_v2;
#endif
#ifdef SICMIR_HAS_KERNELS_v3
extern const Kernels kernels_v3;
#endif
#ifdef SICMIR_HAS_KERNELS_generic
extern const Kernels kernels_generic;
#endif

namespace {

struct Candidate {
  const Kernels* kernels;
  bool runs_here;
};

const Kernels& choose() {
  const std::array candidates = {
#ifdef SICMIR_HAS_KERNELS_v3
      Candidate{&kernels_v3, __builtin_cpu_supports("avx2") != 0 &&
                                 __builtin_cpu_supports("fma") != 0 &&
                                 __builtin_cpu_supports("bmi2") != 0},
#endif
#ifdef SICMIR_HAS_KERNELS_v2
      Candidate{&kernels_v2, true},
#endif
#ifdef SICMIR_HAS_KERNELS_generic
      Candidate{&kernels_generic, true},
#endif
  };
  const char* variable = std::getenv("SICMIR_KERNEL");
  const std::string wanted = variable == nullptr ? "" : variable;
  std::string names;
  for (const Candidate& candidate : candidates) {
    if (!candidate.runs_here) continue;
    if (wanted.empty() || candidate.kernels->name == wanted) {
      return *candidate.kernels;
    }
    names += (names.empty() ? "" : ", ") + std::string(candidate.kernels->name);
  }
  throw Error(ExitCode::usage, "SICMIR_KERNEL is '" + wanted +
                                   "', but this program on this processor has: " + names +
                                   ". Unset SICMIR_KERNEL or name one of these.");
}

}  // namespace

const Kernels& active() {
  static const Kernels& chosen = choose();
  return chosen;
}

}  // namespace sicmir::kernels
