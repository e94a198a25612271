// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace sicmir {

/// CPUs that this process may use: its affinity mask, bounded by the cgroup's quota and, under
/// Slurm, by SLURM_CPUS_PER_TASK. At least 1.
[[nodiscard]] int usable_cpus();

/// `requested` if positive, else usable_cpus().
[[nodiscard]] inline int thread_count(int requested) {
  return requested > 0 ? requested : usable_cpus();
}

}  // namespace sicmir
